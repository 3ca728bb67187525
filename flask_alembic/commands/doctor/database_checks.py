"""What is wrong with one database: its version table, or a revision left half done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ...hooks.payloads import Finding
from ...runtime.connections import default_schema
from ...runtime.environment import environment_of, lock_key
from ...runtime.id_width import longest_id
from ...runtime.resume import read_unfinished
from ...script.identifiers import WIDTH
from ...script.source_analysis import created_tables
from .fixes import VersionRows, widen
from .row_findings import implied, read_rows

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from ...backends.base import Backend
    from ...runtime.databases import Database
    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory


@dataclass(frozen=True, slots=True)
class DatabaseChecks:
    """One database that the doctor looks at."""

    environment: Environment
    """The app's environment."""

    scripts: AppScriptDirectory
    """The history."""

    database: Database
    """The database."""

    connection: Connection
    """A connection to it; whoever opened it ends its transaction."""

    table: VersionRows
    """Its version table."""

    option: str = ""
    """What names it in a command, where there are several."""

    @property
    def name(self) -> str:
        """The name of the database."""
        return self.database.name

    @property
    def backend(self) -> Backend:
        """What knows its kind."""
        return self.database.backend


def patient_of(app: Flask, name: str, connection: Connection) -> DatabaseChecks:
    """Return what the checks of a database need.

    :param app: The application.
    :param name: The name of the database.
    :param connection: A connection to it.
    """
    environment = environment_of(app)
    databases = environment.databases()
    database = databases[name]
    option = f" --database {name}" if len(databases) > 1 else ""
    table = read_rows(environment, database, connection)
    scripts = environment.scripts()
    return DatabaseChecks(environment, scripts, database, connection, table, option)


def table_findings(patient: DatabaseChecks) -> Iterator[Finding]:
    """Yield what is wrong with the version table as such: missing, stale, elsewhere.

    :param patient: The database.
    """
    import sqlalchemy as sa

    name, table = patient.name, patient.table
    inspector = sa.inspect(patient.connection)
    own = patient.backend.own_tables(lock_key(patient.environment, name))
    names = inspector.get_table_names(default_schema(patient.connection))
    tables = {*names} - own - {table.name}
    others = _elsewhere(patient.backend, inspector, table)
    if not table.rows and others:
        yield Finding(
            "version-table-elsewhere",
            f"The database {name!r} has no versions in "
            f"{_full(table.schema, table.name)}, but there is a version table "
            f"{others[0]}.",
            "flask db status",
            name,
            "Set version_table and version_table_schema in ALEMBIC_CONTEXT to what they "
            "were before; flask db status then shows the versions.",
        )
    elif not table.rows and tables:
        such = f"{len(tables)} table(s), such as {sorted(tables)[0]},"
        what = "no rows in its" if table.exists else "no"
        yield Finding(
            "no-versions",
            f"The database {name!r} has {such} and {what} version table: it was made by "
            "other means, or the versions were lost.",
            f"flask db adopt{patient.option}",
            name,
            "It compares the tables with what the revisions build before it writes "
            "anything.",
        )
    elif table.ids and not tables and _builds_tables(patient):
        option = patient.option
        yield Finding(
            "stale-versions",
            f"The version table of database {name!r} says {', '.join(table.ids)}, but "
            "there is no table at all: it was emptied, or restored without them.",
            f"flask db stamp --purge base{option} && flask db upgrade{option}",
            name,
        )


def _builds_tables(patient: DatabaseChecks) -> bool:
    """Whether the revisions up to there create any table of this database."""
    scripts = patient.scripts
    known = [id_ for id_ in patient.table.ids if id_ in scripts.known_ids()]
    if not known:
        return False
    above = implied(scripts, known)
    heads = tuple(id_ for id_ in known if id_ not in above)
    created = created_tables(scripts.iterate_revisions(heads, "base"))
    if not patient.option:
        return bool(created)
    # A revision serves several databases; only the models tell whose a table is.
    models = {
        table.name
        for metadata in patient.database.metadata
        for table in metadata.tables.values()
    }
    return not models.isdisjoint(name for _, name in created)


def _full(schema: str | None, name: str) -> str:
    return f"{schema}.{name}" if schema else name


def _elsewhere(backend: Backend, inspector: Any, table: VersionRows) -> list[str]:
    """Return version tables of another schema or of the usual name."""
    default = inspector.dialect.default_schema_name
    schemas = inspector.get_schema_names() if backend.schemas_are_inside else []
    places: list[tuple[str | None, str]] = [
        *((schema, table.name) for schema in schemas if schema != default),
        (None, table.name),
        (None, "alembic_version"),
        (table.schema, "alembic_version"),
    ]
    here = (table.schema if table.schema != default else None, table.name)
    return [
        _full(*place)
        for place in dict.fromkeys(places)
        if place not in (here, (table.schema, table.name))
        and inspector.has_table(place[1], schema=place[0])
    ]


def width_findings(patient: DatabaseChecks) -> Iterator[Finding]:
    """Yield a version column that is too narrow for an id of the history.

    :param patient: The database.
    """
    longest, table = longest_id(patient.scripts), patient.table
    width = table.width if table.exists else WIDTH
    if not width or len(longest) <= width or not patient.backend.enforces_length:
        return
    holds = "holds" if table.exists else "will hold"
    yield Finding(
        "narrow-column",
        f"The version column of database {patient.name!r} {holds} {width} characters, "
        f"but the revision {longest!r} has {len(longest)}: the upgrade to it is "
        "refused.",
        f"flask db doctor --fix{patient.option}",
        patient.name,
        fix=partial(widen, patient.environment, patient.database, table.exists),
    )


def partially_applied(patient: DatabaseChecks) -> Iterator[Finding]:
    """Yield a revision that is partially applied, where DDL commits as it goes.

    :param patient: The database.
    """
    found = read_unfinished(patient.environment, patient.name, patient.connection)
    if found is None:
        return
    effect = "; ".join(f"{each.ordinal}. {each}" for each in found.in_effect)
    uncertain = (
        f" It is not known whether this one was applied: {found.uncertain.sql}"
        if found.uncertain is not None
        else ""
    )
    obstacle = f" It cannot be resumed: {found.obstacle}." if found.obstacle else ""
    yield Finding(
        "half-applied",
        f"The {found.direction} of {found.revision} in database {patient.name!r} "
        f"stopped half way, and {patient.backend.name} does not undo what was done. In "
        f"effect: {effect or 'nothing'}.{uncertain}{obstacle}",
        f"flask db stamp {found.revision}{patient.option}"
        if obstacle
        else f"flask db {found.direction} --resume{patient.option}",
        patient.name,
        "If the rest was applied or reverted by hand, say so instead: flask db stamp "
        f"{found.revision}{patient.option} (or its parent).",
    )
