"""A driver that talks to nobody: it writes statements down and answers harmlessly.

It stands below a real SQLAlchemy engine, so that whatever a revision does with
``op.get_bind()`` works: text, constructs, ``Table.create``, an ORM session.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_alembic.backends import classify

Report = Callable[[str, bool], None]
"""Called with each statement and whether it ran outside a transaction."""

_GIVES_ROWS: Final = re.compile(
    r"\s*(?:--[^\n]*\n|/\*.*?\*/|\s|\()*"
    r"(select|with|show|pragma|values|explain|table|describe|desc)\b",
    re.I | re.S,
)
_RETURNING: Final = re.compile(r"\breturning\b(.*)", re.I | re.S)


class Error(Exception):
    """The root of the driver's errors; none is ever raised."""


class Driver:
    """What SQLAlchemy takes for the DB-API module."""

    paramstyle = "named"
    Error = Error
    DatabaseError = Error
    InterfaceError = Error
    OperationalError = Error
    ProgrammingError = Error
    IntegrityError = Error
    DataError = Error
    InternalError = Error
    NotSupportedError = Error
    Warning = Error
    Binary = bytes

    @staticmethod
    def connect(*_args: Any, **_arguments: Any) -> None:
        """Refuse; connections come from :class:`Connection` directly."""
        raise Error("This driver connects to nothing.")


class Endless(Exception):
    """A revision goes on and on, as loops may that wait for rows to run out."""


@dataclass
class World:
    """What the database that is not there pretends to hold."""

    names: tuple[str, ...] = ()
    """Tables, columns, indexes, constraints and types of these names exist."""

    columns: tuple[str, ...] = ()
    """What the columns of every table are called that is reflected."""

    statements: int = 0
    """How many more statements a function may send."""

    rows: int = 0
    """How many queries give one row of ones; the others give none, so that a loop
    which goes on until nothing is left comes to an end."""


class Connection:
    """A connection that leads nowhere.

    :param report: Called with each statement that may change something.
    :param world: What queries find.
    :param dialect: The name of the dialect, which tells what a statement changes.
    """

    def __init__(self, report: Report, world: World, dialect: str) -> None:
        self.report = report
        self.dialect = dialect
        self.world = world
        self.autocommit = False

    def cursor(self, *_args: Any, **_arguments: Any) -> Cursor:
        """Return a cursor."""
        return Cursor(self)

    def commit(self) -> None:
        """Do nothing."""

    def rollback(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Cursor:
    """A cursor whose results are empty, or one row of ones."""

    arraysize = 1
    lastrowid = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.rowcount = 0
        self.description: list[tuple[Any, ...]] | None = None
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, sql: str, _parameters: Any = None) -> None:
        """Write the statement down and prepare the answer.

        :raises Endless: When the function has sent too many.
        """
        self.connection.world.statements -= 1
        if self.connection.world.statements < 0:
            raise Endless("it sends statements without end where it finds no rows")
        reads = _GIVES_ROWS.match(sql)
        changes = classify(sql, self.connection.dialect).changes
        if changes or not reads:
            self.connection.report(sql, self.connection.autocommit)
        returning = _RETURNING.search(sql) if changes else None
        names = column_names(returning[1] if returning else sql)
        if not (reads or returning):
            self.description, self._rows = None, []
            return
        self.description = [(name, *(None,) * 6) for name in names]
        given = bool(returning) or self.connection.world.rows > 0
        self.connection.world.rows -= given
        self._rows = [(1,) * len(names)] if given else []
        self.rowcount = len(self._rows)

    def executemany(self, sql: str, _parameters: Sequence[Any]) -> None:
        """Write the statement down once."""
        self.execute(sql)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        taken, self._rows = self._rows, []
        return taken

    def setinputsizes(self, *_args: Any) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


@functools.lru_cache(1024)
def column_names(sql: str) -> list[str]:
    """Return the names of the columns that a query gives, as well as they show.

    :param sql: A query, or what follows RETURNING.
    """
    text = re.sub(
        r"^.*?\bselect\b(\s+distinct\b)?", "", sql, count=1, flags=re.I | re.S
    )
    names, depth, part = [], 0, ""
    for character in text:
        if depth == 0 and re.search(r"\sfrom\s$", part, re.I):
            part = re.sub(r"\s+from\s$", "", part, flags=re.I)
            break
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            names.append(part)
            part = ""
        else:
            part += character
    names.append(part)
    return [_label(name) for name in names]


def _label(expression: str) -> str:
    words = re.findall(r"\w+", expression)
    return words[-1] if words else "column"
