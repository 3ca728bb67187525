"""Models against databases: what a new revision would hold."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, DatabaseNotConfigured
from ..hooks import specs
from ..hooks.payloads import Problem
from ..runtime.connections import connected, current_heads, reading
from ..runtime.databases import Database, choose, metadatas_of
from ..runtime.invocation import Invocation, invoked
from ..runtime.version_rows import require_known_revisions
from .model_discovery import import_models, where_models_are
from .scratch_database import scratch_bind
from .unmanaged_tables import Unmanaged, leave_unmanaged

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection, Engine

    from ..runtime.environment import Environment
    from .diff import Difference
    from .model_catalog import ScratchSource

logger = logging.getLogger("flask_alembic.runtime")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What ``check`` found.

    .. versionadded:: 4.0
    """

    diffs: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Per database: Alembic's difference tuples; empty ones left out."""

    operations: Mapping[str, str] = field(default_factory=dict)
    """Per database: the Python text that a revision would hold."""

    problems: tuple[Problem, ...] = ()
    """What else was found."""

    differences: Mapping[str, tuple[Difference, ...]] = field(default_factory=dict)
    """Per database: what differs in words."""

    unmanaged_tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per database: tables that are not in the models and that no revision created."""

    unmanaged_indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per database: the same of indexes that Alembic does not see."""

    alembic_only: Mapping[str, str] = field(default_factory=dict)
    """Per database: why only Alembic has compared, without the server's own words."""

    @property
    def ok(self) -> bool:
        """Whether models and databases agree and nothing else is an error."""
        return not self.diffs and not any(
            problem.severity == "error" for problem in self.problems
        )


def require_models(
    databases: Sequence[Database], environment: Environment | None = None
) -> None:
    """Refuse to compare when no model at all is known.

    A comparison would find that every table has to be dropped.

    Models are imported first where ``import_models`` says so, and mappers configured:
    libraries add tables then, such as those of versions.

    :param databases: The databases to compare.
    :param environment: The app's environment, to say where there are models.
    :raises ConfigurationError: When their metadata holds no table, or a module with
        models cannot be imported.
    """
    if environment is not None and environment.settings.import_models:
        import_models(environment)
    _configure_mappers()
    if not any(metadata.tables for one in databases for metadata in one.metadata):
        told = where_models_are(environment) if environment is not None else ""
        raise DatabaseNotConfigured(
            "There are 0 tables in your metadata: are the models imported?",
            f"{told}Import them where the app is created, or pass "
            "Alembic(metadatas=...) if they are on another base; for a revision without "
            "comparison use --empty.",
        )


def _configure_mappers() -> None:
    """Configure the mappers, as the first query of the app would."""
    orm = sys.modules.get("sqlalchemy.orm")
    if orm is None:
        return
    from sqlalchemy.exc import SQLAlchemyError

    try:
        orm.configure_mappers()
    except SQLAlchemyError as error:
        # Queries need what is wrong there, tables do not.
        logger.warning("The mappers of the models cannot be configured: %s", error)


def refuse_losing_all(
    database: Database, connection: Connection, script: MigrationScript
) -> None:
    """Refuse a revision that would drop every table there is.

    That is what a comparison finds when the models are not imported, or only those
    of another part of the app.

    :param database: The database that was compared.
    :param connection: A connection to it.
    :param script: What was found; the operations of this database are its last.
    :raises ConfigurationError: With the tables.
    """
    from alembic.operations.ops import DropTableOp
    from sqlalchemy import inspect

    operations = script.upgrade_ops_list[-1].ops
    dropped = [op.table_name for op in operations if isinstance(op, DropTableOp)]
    if not dropped:
        return
    inspector = inspect(connection)
    kept = (
        inspector.has_table(table.name, schema=connection.schema_for_object(table))
        for metadata in database.metadata
        for table in metadata.tables.values()
    )
    if not any(kept):
        raise ConfigurationError(
            f"The revision would drop every table of database {database.name!r} "
            f"({', '.join(sorted(dropped))}): none of them is in the models.",
            "Check that all models are imported where the app is created; if the "
            "tables shall go, use --force.",
        )


def _contexts(
    call: Invocation, names: Sequence[str]
) -> Iterator[tuple[Database, MigrationContext]]:
    """Yield a context for each database, connected while the caller uses it."""
    environment = call.environment
    databases = choose(environment.databases(), names)
    require_models(databases, environment)
    scripts = environment.scripts()
    for database in databases:
        with connected(environment, call.hooks, database) as connection:
            heads = current_heads(environment, database, connection)
            require_known_revisions(scripts, database.name, heads)
            context = environment.environment_context(database, scripts, connection)
            yield database, context.get_context()


def produce(
    environment: Environment, context: MigrationContext, database: Database
) -> MigrationScript:
    """Return the operations that bring one database to its models.

    Tables that no revision has created are not dropped.

    :param environment: The app's environment.
    :param context: A context that is connected to it.
    :param database: The database.
    """
    return compared(environment, context, database).script


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing one database with the models has found."""

    script: MigrationScript
    """The operations that bring the database to the models."""

    unmanaged: Unmanaged
    """The tables and indexes that are left alone."""

    alembic_only: str = ""
    """Why only Alembic has compared, and not the server; empty where it has."""


def compared(
    environment: Environment, context: MigrationContext, database: Database
) -> Comparison:
    """Return the operations, and what is left alone.

    What plugins take out in ``process_revision_directives`` is not there.

    :param environment: The app's environment.
    :param context: A context that is connected to the database.
    :param database: The database.
    """
    from .unchanged_tables import produce_migrations

    with reading(database), referring_within(environment, database):
        script, reason = produce_migrations(
            context, database.metadata, scratch_source(environment, database)
        )
        unmanaged = leave_unmanaged(script, context.script)
        script = _changed(environment, context, script)
    return Comparison(script, unmanaged, reason)


@contextmanager
def referring_within(environment: Environment, database: Database) -> Iterator[None]:
    """Say of a foreign key to a table of another database where that table is.

    :param environment: The app's environment.
    :param database: The database that is compared inside.
    :raises ConfigurationError: With the column, the table and the other database.
    """
    from sqlalchemy.exc import NoReferencedTableError

    try:
        yield
    except NoReferencedTableError as error:
        found = {**metadatas_of(environment.app)}
        found |= {name: each.metadata for name, each in environment.databases().items()}
        for name, metadatas in found.items():
            if name != database.name and any(
                error.table_name in each.tables for each in metadatas
            ):
                column = str(error).partition("column '")[2].partition("'")[0]
                raise ConfigurationError(
                    f"The foreign key of column {column} refers to table "
                    f"{error.table_name}, which is in another database: {name!r}.",
                    "A foreign key cannot leave its database: leave it out, or put "
                    "both models on the same bind.",
                ) from error
        raise


def scratch_source(
    environment: Environment, database: Database
) -> ScratchSource | None:
    """Return where the tables of the models can be made to compare them.

    :param environment: The app's environment.
    :param database: The database.
    :return: ``None`` where ``skip_unchanged_tables`` is off.
    """
    from .model_catalog import ScratchSource, cache_path

    if not environment.settings.of("skip_unchanged_tables", database.name):
        return None

    @contextmanager
    def scratch() -> Iterator[Engine]:
        with scratch_bind(environment, database) as made:
            yield made.engine

    return ScratchSource(
        database.backend,
        scratch,
        cache_path(str(environment.locations.script), database.name),
    )


def _changed(
    environment: Environment, context: MigrationContext, script: MigrationScript
) -> MigrationScript:
    """Return what plugins and the app leave of a comparison, as for a revision.

    The built-in plugins are not asked: they say the same in other operations, which
    would be no differences to read.
    """
    from alembic.operations.ops import DowngradeOps, MigrationScript, UpgradeOps

    own = context.opts.get("process_revision_directives")
    assert script.upgrade_ops is not None
    if script.upgrade_ops.is_empty():
        return script
    if own is None and not environment.hooks.implemented(
        specs.process_revision_directives
    ):
        return script
    directives = [script]
    heads = context.get_current_heads()
    environment.hooks.modify_by_plugins(
        specs.process_revision_directives,
        context=context,
        revision=heads,
        directives=directives,
    )
    if own is not None:
        own(context, heads, directives)
    if len(directives) == 1:
        return directives[0]
    ups = [
        each for one in directives for ops in one.upgrade_ops_list for each in ops.ops
    ]
    downs = [
        each for one in directives for ops in one.downgrade_ops_list for each in ops.ops
    ]
    return MigrationScript(None, UpgradeOps(ups), DowngradeOps(downs))


def produce_migrations(
    environment: Environment, databases: Sequence[str] = ()
) -> MigrationScript:
    """Return the operations that a new revision would hold.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none. With several, the script holds
        one list of operations for each.
    """
    from alembic.operations.ops import MigrationScript

    with invoked(environment, "compare", databases=tuple(databases)) as call:
        made = {
            database.name: produce(environment, context, database)
            for database, context in _contexts(call, databases)
        }
        if len(made) == 1:
            return next(iter(made.values()))
        upgrades: Any = [script.upgrade_ops for script in made.values()]
        downgrades: Any = [script.downgrade_ops for script in made.values()]
        for name, up, down in zip(made, upgrades, downgrades, strict=True):
            # By these a template, and whoever asked, knows whose operations they are.
            up.upgrade_token = f"{name}_upgrades"
            down.downgrade_token = f"{name}_downgrades"
        return MigrationScript(
            rev_id=None, upgrade_ops=upgrades, downgrade_ops=downgrades
        )


def compare_metadata(
    environment: Environment, databases: Sequence[str] = ()
) -> list[Any]:
    """Return the differences between models and databases as Alembic's tuples.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    """
    with invoked(environment, "compare", databases=tuple(databases)) as call:
        found: list[Any] = []
        for database, context in _contexts(call, databases):
            script = produce(environment, context, database)
            assert script.upgrade_ops is not None
            found += script.upgrade_ops.as_diffs()
        return found
