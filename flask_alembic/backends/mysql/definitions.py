"""The parts of tables of MySQL and MariaDB in the words of ``SHOW CREATE TABLE``.

A table has one line for each column, index and constraint; what follows the last
parenthesis are its options: engine, row format, versioning, partitions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from ..schema_objects import StoredDefinition

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NAME: Final = r"`((?:[^`]|``)*)`"
_LINE: Final = re.compile(
    rf"(?P<column>{_NAME}) "
    rf"|(?P<index>(?:UNIQUE |FULLTEXT |SPATIAL |VECTOR )?KEY {_NAME})"
    rf"|(?P<constraint>CONSTRAINT {_NAME} (?P<kind>FOREIGN|CHECK))"
    r"|(?P<key>PRIMARY KEY)|(?P<period>PERIOD FOR )"
)
_UNVERSIONED: Final = "WITHOUT SYSTEM VERSIONING"
_COUNTER: Final = re.compile(r" AUTO_INCREMENT=\d+")
_OPTION: Final = re.compile(
    r"\A(?P<options>.*?)(?P<rest>\s+(?:WITH |/\*!|PARTITION ).*)?\Z", re.DOTALL
)


def stored_definitions(
    connection: Connection, tables: Collection[str]
) -> list[StoredDefinition]:
    """Return the parts of tables as the server writes them.

    :param connection: A connection to the database.
    :param tables: The tables.
    """
    found: list[StoredDefinition] = []
    for table in sorted(tables):
        quoted = ".".join(_quoted(name) for name in table.split(".", 1))
        shown = connection.exec_driver_sql(
            f"SHOW CREATE TABLE {quoted}".replace("%", "%%")
        )
        found += _parts(table, quoted, str(shown.one()[1]))
    return found


def column_definition(connection: Connection, table: str, column: str) -> str:
    """Return the line of a column in ``SHOW CREATE TABLE``.

    :param connection: A connection to the database.
    :param table: The table, its database in front if that is another one.
    :param column: The column.
    :return: Empty if there is none.
    """
    kind_and_name = ("column", f"{table}.{column}")
    for each in stored_definitions(connection, [table]):
        if (each.kind, each.name) == kind_and_name:
            return each.text
    return ""


def restoring(table: str, line: str) -> str:
    """Return the statement that gives a column a definition.

    :param table: The table, its database in front if that is another one.
    :param line: The line of ``SHOW CREATE TABLE``.
    """
    quoted = ".".join(_quoted(name) for name in table.split(".", 1))
    return f"ALTER TABLE {quoted} MODIFY COLUMN {line}"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _parts(table: str, quoted: str, sql: str) -> Iterator[StoredDefinition]:
    head, _, tail = sql.rpartition("\n)")
    lines: list[str] = []
    for line in head.split("\n")[1:]:
        if _LINE.match(line.strip()):
            lines.append(line.strip().removesuffix(","))
        elif lines:  # a text with a line break
            lines[-1] += f"\n{line}".removesuffix(",")
    alter = f"ALTER TABLE {quoted}"
    for line in lines:
        yield _part(table, alter, line)
    yield _options(table, alter, " ".join(_COUNTER.sub("", tail).split()), lines)


def _part(table: str, alter: str, line: str) -> StoredDefinition:
    match = _LINE.match(line)
    assert match is not None
    restore: tuple[str, ...]
    names = re.search(_NAME, match[0])
    name = names[1].replace("``", "`") if names else ""
    if match["column"]:
        # With the options of the table, which has to be versioned before.
        restore = () if _UNVERSIONED in line else (f"{alter} MODIFY COLUMN {line}",)
        return StoredDefinition("column", f"{table}.{name}", table, line, restore)
    if match["constraint"]:
        foreign = match["kind"] == "FOREIGN"
        kind = "foreign key" if foreign else "check constraint"
        drop = "FOREIGN KEY" if foreign else "CONSTRAINT"
        restore = (f"{alter} DROP {drop} {_quoted(name)}", f"{alter} ADD {line}")
        return StoredDefinition(kind, f"{table}.{name}", table, line, restore)
    if match["index"]:
        restore = (f"{alter} DROP KEY {_quoted(name)}, ADD {line}",)
        create = (f"{alter} ADD {line}",)
        return StoredDefinition(
            "index", f"{table}.{name}", table, line, restore, create
        )
    if match["key"]:
        return StoredDefinition("primary key", f"{table}.primary key", table, line)
    return StoredDefinition("period", f"{table}.{line}", table, line)


def _options(table: str, alter: str, text: str, lines: list[str]) -> StoredDefinition:
    """Return the options of a table, with what gives them to it."""
    match = _OPTION.match(text)
    assert match is not None
    rest = " ".join((match["rest"] or "").split())
    restore = (
        [f"{alter} {match['options'].strip()}"] if match["options"].strip() else []
    )
    if rest.startswith("WITH SYSTEM VERSIONING"):
        restore.append(f"{alter} ADD SYSTEM VERSIONING")
        restore += [
            "SET STATEMENT system_versioning_alter_history = 'KEEP' FOR "
            f"{alter} MODIFY COLUMN {each}"
            for each in lines
            if _UNVERSIONED in each
        ]
        rest = rest.removeprefix("WITH SYSTEM VERSIONING").strip()
    if rest:
        restore.append(f"{alter} {rest}")
    text = " ".join([text, *(each for each in lines if each.startswith("PERIOD"))])
    return StoredDefinition("table", table, table, text, tuple(restore))
