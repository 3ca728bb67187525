"""The rows of a version table: what is in them, and which should not be there."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...hooks.payloads import Finding
from ...hooks.redaction import shown
from ...runtime.connections import reading_versions
from ...script.source_analysis import squashed_ids
from .fixes import (
    VersionRows,
    delete_empty,
    delete_row,
    leave_one,
    repeated,
    version_table,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...runtime.databases import Database
    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory


def read_rows(
    environment: Environment, database: Database, connection: Connection
) -> VersionRows:
    """Read a version table, whatever state it is in.

    :param environment: The app's environment.
    :param database: The database.
    :param connection: A connection to it; the caller ends the transaction.
    """
    import sqlalchemy as sa

    options = environment.version_options(database.name)
    name = options.get("version_table", "alembic_version")
    schema = options.get("version_table_schema")
    inspector = sa.inspect(connection)
    if not inspector.has_table(name, schema=schema):
        return VersionRows(name, schema, False)
    columns = inspector.get_columns(name, schema=schema)
    types = {column["name"]: column["type"] for column in columns}
    width = int(getattr(types.get("version_num"), "length", None) or 0)
    table = version_table(name, schema)
    with reading_versions(database, connection, name, schema):
        rows = connection.execute(sa.select(table.c.version_num)).scalars().all()
    # Whoever made the table may have made a column of numbers.
    texts = [None if row is None else str(row) for row in rows]
    ordered = sorted(texts, key=lambda row: (row is not None, str(row)))
    return VersionRows(name, schema, True, tuple(ordered), width)


def row_findings(
    scripts: AppScriptDirectory, database: str, table: VersionRows, option: str = ""
) -> Iterator[Finding]:
    """Yield what is wrong with the rows.

    :param scripts: The history.
    :param database: The name of the database.
    :param table: Its version table.
    :param option: What names the database in a command, where there are several.
    """
    command = f"flask db doctor --fix{option}"
    known = scripts.known_ids()
    if table.empty:
        yield Finding(
            "empty-row",
            f"The version table of database {database!r} has {len(table.empty)} "
            "empty row(s), which match no revision and stop every command.",
            command,
            database,
            fix=partial(delete_empty, table),
        )
    twice = repeated(table)
    if twice:
        yield Finding(
            "repeated-row",
            f"The version table of database {database!r} has {', '.join(twice)} more "
            "than once, so a step would change several rows.",
            command,
            database,
            fix=partial(leave_one, table),
        )
    ancestors = implied(scripts, [id_ for id_ in table.ids if id_ in known])
    for id_, head in ancestors.items():
        yield Finding(
            "ancestor-row",
            f"The version table of database {database!r} has {id_} beside {head}, which "
            "comes after it: two rows where one is meant, and every upgrade stops.",
            command,
            database,
            fix=partial(delete_row, table, id_),
        )
    for id_ in table.ids:
        if id_ not in known:
            yield unknown(scripts, database, id_, table, option)


def implied(scripts: AppScriptDirectory, ids: Iterable[str]) -> dict[str, str]:
    """Return the ids that are ancestors of others among them, and of which.

    :param scripts: The history.
    :param ids: Ids that it has.
    """
    given = list(ids)
    found: dict[str, str] = {}
    for head in given:
        seen: set[str] = set()
        todo = _parents(scripts, head)
        while todo:
            id_ = todo.pop()
            if id_ in seen:
                continue
            seen.add(id_)
            if id_ in given and id_ != head:
                found.setdefault(id_, head)
            todo += _parents(scripts, id_)
    return found


def _parents(scripts: AppScriptDirectory, id_: str) -> list[str]:
    down = scripts.get_revision(id_).down_revision or ()
    return [down] if isinstance(down, str) else list(down)


def unknown(
    scripts: AppScriptDirectory,
    database: str,
    id_: str,
    table: VersionRows,
    option: str = "",
) -> Finding:
    """Return what to say of a row whose revision no file has.

    :param scripts: The history.
    :param database: The name of the database.
    :param id_: The id.
    :param table: The version table.
    :param option: What names the database in a command, where there are several.
    """
    known = scripts.known_ids()
    alike = [each for each in known if each.casefold() == id_.casefold()]
    cut = [each for each in known if len(id_) == table.width and each.startswith(id_)]
    others = [each for each in table.ids if each in known]
    where = f"The database {database!r} is at {shown(id_)}"
    if len(alike) == 1:
        return Finding(
            "case-row",
            f"{where}, and the file has {alike[0]!r}: they differ in upper and lower "
            "case only.",
            _stamp([*others, alike[0]], option),
            database,
        )
    if len(cut) == 1:
        return Finding(
            "cut-row",
            f"{where}, which is {cut[0]!r} cut off: the version column holds only "
            f"{table.width} characters.",
            _stamp([*others, cut[0]], option),
            database,
            "Make the column wider first, with flask db doctor --fix.",
        )
    squashed = replaced_by(scripts, id_)
    if squashed is not None:
        return Finding(
            "squashed-revision",
            f"{where}, which was squashed into {squashed} before this database had all "
            "of it.",
            f"flask db upgrade {squashed}{option}",
            database,
            "Put the old files back in place of the new one for that; they are where "
            "squash --keep put them, or in the version control.",
        )
    if scripts.left_out:
        return Finding(
            "unknown-revision",
            f"{where}, which matches no revision file, and {'; '.join(scripts.left_out)}: "
            "the plugin may provide the revision.",
            "flask db plugins",
            database,
            "Enable the plugin, then run flask db doctor again.",
        )
    return Finding(
        "unknown-revision",
        f"{where}, which matches no revision file: the database is ahead of this code, or "
        "the file was deleted or is in another branch.",
        f"git log --all --oneline -- {shlex.quote(f'*{id_}*')}",
        database,
        "Restore the file: this lists the commits that had it. If the tables match a "
        "revision you have (flask db drift compares them), run "
        f"{_stamp([*others, 'REVISION'], option)}",
    )


def _stamp(ids: Sequence[str], option: str) -> str:
    """Return what makes those the only rows."""
    first, *others = ids
    return " && ".join(
        [
            f"flask db stamp --purge {first}{option}",
            *(f"flask db stamp {each}{option}" for each in others),
        ]
    )


def replaced_by(scripts: AppScriptDirectory, id_: str) -> str | None:
    """Return the revision that another one was squashed into.

    :param scripts: The history.
    :param id_: The id of the other one.
    """
    for script in scripts.walk_revisions():
        if id_ in squashed_ids(script):
            return str(script.revision)
    return None
