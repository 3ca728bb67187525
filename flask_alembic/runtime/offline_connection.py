"""The connection of a revision that is written as SQL text: it writes, and reads nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.exc import ObjectNotExecutableError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from .literal_compiler import TAB, Unwritten

if TYPE_CHECKING:
    from alembic.ddl.impl import DefaultImpl
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.sql.base import Executable

_PERCENT = re.compile(r"%(?:%|s|\((?P<name>[^)]*)\)s)?", re.DOTALL)
_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/"""
_DOLLAR = re.compile(
    _QUOTED + r"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|\$(?P<index>\d+)", re.DOTALL
)
_MARK = re.compile(
    _QUOTED + r"|\[[^\]]*\]|\?(?P<index>\d*)|(?<![:\w])[:@$](?P<name>\w+)", re.DOTALL
)


class ResultUnread(AttributeError):
    """A revision wanted something that only a real connection has."""


def _unread(wanted: str) -> NoReturn:
    raise ResultUnread(
        f"{wanted}: no database is connected, the statement is only written"
    )


class OfflineResult:
    """What ``execute()`` returns: nothing of it can be read."""

    def close(self) -> None:
        """Do nothing."""

    def __getattr__(self, name: str) -> NoReturn:
        _unread(f"{name} of a result is read")

    def __iter__(self) -> Iterator[Any]:
        _unread("the rows of a result are read")

    def __next__(self) -> NoReturn:
        _unread("the rows of a result are read")


class OfflineConnection(MockConnection):
    """Writes what is executed, each value as a literal.

    :param context: The context of the text.
    :param paramstyle: How the real driver writes parameters.
    """

    def __init__(self, context: MigrationContext, paramstyle: str) -> None:
        super().__init__(context.dialect, self.execute)
        self._impl: DefaultImpl = context.impl
        self._paramstyle = paramstyle

    def execute(
        self, obj: Executable, parameters: Any = None, execution_options: Any = None
    ) -> Any:
        """Write a statement, once for each set of parameters.

        :param obj: The statement.
        :param parameters: A mapping, or a list of mappings.
        :param execution_options: Not used.
        """
        if isinstance(obj, str):
            raise ObjectNotExecutableError(obj)
        statement: Any = obj.select() if isinstance(obj, FunctionElement) else obj
        rows = _rows(parameters)
        if not rows:
            self._impl.execute(statement)
        for row in rows:
            compiled = statement.compile(
                dialect=self.dialect,
                compile_kwargs={"literal_binds": True},
                column_keys=list(rows[0]),
                given=row,
            )
            self._write(str(compiled))
        return OfflineResult()

    def exec_driver_sql(
        self, statement: str, parameters: Any = None, execution_options: Any = None
    ) -> OfflineResult:
        """Write a statement in the driver's own words, parameters filled in.

        :param statement: The text, with parameters as the driver writes them.
        :param parameters: A tuple or mapping, or a list of these.
        :param execution_options: Not used.
        """
        rows = parameters if isinstance(parameters, list) else [parameters]
        for row in rows or [None]:
            try:
                self._write(self._filled(statement, row or ()))
            except (KeyError, IndexError, ValueError) as error:
                reason = "its parameters do not fit"
                refused = Unwritten(reason, "", statement)
                self._compiler.refused.append(refused)
                raise refused from error
            except Unwritten as error:
                error.statement = statement
                self._compiler.refused.append(error)
                raise
        return OfflineResult()

    def scalar(self, *arguments: Any, **options: Any) -> NoReturn:
        """Refuse to read a value."""
        _unread("the value of a statement is read")

    def scalars(self, *arguments: Any, **options: Any) -> NoReturn:
        """Refuse to read values."""
        _unread("the values of a statement are read")

    def __getattr__(self, name: str) -> NoReturn:
        _unread(f"{name} of the connection is used")

    @property
    def _compiler(self) -> Any:
        return self.dialect.statement_compiler

    def _write(self, text: str) -> None:
        self._impl.static_output(text.strip() + self._impl.command_terminator)

    def _filled(self, statement: str, parameters: Any) -> str:
        """Return a text of the driver with its parameters in it."""
        compiler: SQLCompiler = self._compiler(self.dialect, None)
        values = _Parameters(
            parameters, lambda value: compiler.render_literal_value(value, NullType())
        )
        if self._paramstyle in {"format", "pyformat"}:
            text = _PERCENT.sub(values.percent, statement)
        elif parameters:
            is_dollar = self._paramstyle == "numeric_dollar"
            text = (_DOLLAR if is_dollar else _MARK).sub(values.mark, statement)
        else:
            text = statement
        values.require_used()
        return text.replace("\t", TAB)


class _Parameters:
    """The parameters of a statement that is written for a driver.

    :param given: A sequence or a mapping.
    :param literal: Returns a value as text.
    """

    def __init__(self, given: Any, literal: Callable[[Any], str]) -> None:
        self.given = given
        self.literal = literal
        self.used: set[object] = set()

    def percent(self, match: re.Match[str]) -> str:
        """Return what ``%s``, ``%(name)s`` or ``%%`` stands for."""
        if match[0] == "%%":
            return "%"
        if match[0] == "%":
            raise ValueError("a percent sign alone")
        return self._text(match["name"], None)

    def mark(self, match: re.Match[str]) -> str:
        """Return what ``?``, ``?1``, ``:name`` or ``$1`` stands for, or what it is."""
        parts = match.groupdict()
        name, index = parts.get("name"), parts.get("index")
        if name is None and index is None:
            return match[0]
        return self._text(name, index)

    def _text(self, name: str | None, index: str | None) -> str:
        if isinstance(self.given, Mapping):
            key: Any = name
        elif name is not None:
            key = int(name) - 1
        else:
            key = int(index) - 1 if index else len(self.used)
        self.used.add(key)
        return self.literal(self.given[key])

    def require_used(self) -> None:
        """Refuse a parameter that stands nowhere."""
        if not isinstance(self.given, Mapping) and len(self.used) != len(self.given):
            raise IndexError("there are more parameters than places")


def _rows(parameters: Any) -> Sequence[Mapping[str, Any]]:
    """Return the sets of parameters of a statement; none where it has none.

    :raises TypeError: When they are no mappings.
    """
    if not parameters:
        return []
    rows = [parameters] if isinstance(parameters, Mapping) else list(parameters)
    if not all(isinstance(row, Mapping) for row in rows):
        raise TypeError("parameters must be a mapping or a list of mappings")
    return rows
