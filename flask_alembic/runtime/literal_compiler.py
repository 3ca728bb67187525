"""Compiling statements with their values in the text, those given at execution too.

SQLAlchemy's ``literal_binds`` writes ``NULL`` for a value that is given at execution and for a
default that Python computes, and has no literal for several types. Here each value goes
through what prepares it for the driver, and the backend writes what the driver would get.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import CompileError, InvalidRequestError, StatementError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.elements import ClauseElement, TextClause
from sqlalchemy.types import JSON

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.elements import BindParameter
    from sqlalchemy.types import TypeEngine

    from ..backends.base import Backend

TAB = "\x00"
"""Stands for a tab in what a compiler returns: Alembic makes four spaces of each tab."""

UNTYPED = (
    "Give it a type that the database has, as in sa.column('data', sa.JSON) or "
    "sa.bindparam('data', type_=sa.JSON), or run the revision without --sql."
)


class Unwritten(CompileError):
    """A statement has no text that would do the same.

    :param reason: Why, without what ends a sentence.
    :param advice: What to do.
    :param statement: The statement, without values.
    """

    def __init__(self, reason: str, advice: str = "", statement: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.statement = statement


class LiteralCompiler(SQLCompiler):
    """Stands before the compiler of a dialect; made by :func:`use_literals`."""

    backend: Backend
    refused: list[Unwritten]

    def __init__(
        self,
        dialect: Dialect,
        statement: ClauseElement | None,
        *,
        given: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.plain: SQLCompiler | None = None
        self.values: dict[str, Any] = {}
        wanted = options.get("compile_kwargs", {})
        if statement is None or not wanted.get("literal_binds"):
            super().__init__(dialect, statement, **options)
            return
        if isinstance(statement, Insert | Update):
            statement = statement.inline()  # nobody reads the keys
            if options.get("column_keys") is None:  # else it would be all columns
                options["column_keys"] = []
        try:
            self._find_values(dialect, statement, given or {}, options)
            if isinstance(statement, TextClause) and TAB in statement.text:
                raise Unwritten("it contains the character 0")
            super().__init__(dialect, statement, **options)
        except Unwritten as error:
            self._refuse(error, statement)
        except (CompileError, InvalidRequestError, StatementError) as error:
            self._refuse(Unwritten(str(error).partition("\n")[0]), statement)

    def _refuse(self, error: Unwritten, statement: ClauseElement) -> None:
        """Take note of what is not in the text, whoever catches the exception."""
        error.statement = str(self.plain if self.plain is not None else statement)
        self.refused.append(error)
        raise error

    def _find_values(
        self,
        dialect: Dialect,
        statement: ClauseElement,
        given: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """Compile once with parameters, to know the value of each."""
        keys: Sequence[str] | None = options.get("column_keys")
        self.plain = plain = type(self)(dialect, statement, column_keys=keys)
        self.values = dict(plain.construct_params(dict(given)))
        for column in plain.prefetch:
            on_update = column in plain.update_prefetch
            default = column.onupdate if on_update else column.default
            self.values[column.key] = _computed(column, default)

    def render_literal_bindparam(
        self, bindparam: BindParameter[Any], *arguments: Any, **options: Any
    ) -> str:
        """Return the literal of a parameter, whoever gave its value."""
        if not arguments and "render_literal_value" not in options and self.plain:
            known = self.plain.binds.get(bindparam.key)
            name = self.plain.bind_names.get(known) if known is not None else None
            if name is not None and name in self.values:
                options["render_literal_value"] = self.values[name]
        if not arguments and "render_literal_value" not in options:
            options["render_literal_value"] = bindparam.effective_value
        compiler: Any = super()  # its methods have no types
        return str(compiler.render_literal_bindparam(bindparam, *arguments, **options))

    def render_literal_value(self, value: Any, type_: TypeEngine[Any]) -> str:
        """Return the literal of a value of a type.

        :param value: The value, as the revision gave it.
        :param type_: The type, which prepares the value for the driver.
        :raises Unwritten: When there is none.
        """
        if isinstance(value, ClauseElement):
            return self.process(value, literal_binds=True)
        prepared, is_prepared = self._prepared(value, type_)
        if is_prepared and prepared is None:
            return "NULL"
        try:
            text = self.backend.literal(prepared) if is_prepared else None
        except ValueError as error:
            raise Unwritten(f"{error}", UNTYPED) from error
        return (text or self._literal_of_type(value, type_)).replace("\t", TAB)

    def _prepared(self, value: Any, type_: TypeEngine[Any]) -> tuple[Any, bool]:
        """Return what the driver would be given, and whether that is known."""
        try:
            processor = type_.dialect_impl(self.dialect).bind_processor(self.dialect)
            return (processor(value) if processor is not None else value), True
        except Exception:  # it needs the driver, or the value is wrong
            return None, False

    def _literal_of_type(self, value: Any, type_: TypeEngine[Any]) -> str:
        """Return what SQLAlchemy's type writes."""
        from sqlalchemy import literal

        kind = type(value).__name__
        impl = type_.dialect_impl(self.dialect)
        processor = impl.literal_processor(self.dialect)
        if processor is None:
            impl = literal(value).type.dialect_impl(self.dialect)
            processor = impl.literal_processor(self.dialect)
        if processor is None:
            name = self.backend.name
            raise Unwritten(
                f"{name} has no literal for a value of type {kind}", UNTYPED
            )
        try:
            text: object = processor(value)
        except Exception as error:
            raise Unwritten(f"a value of type {kind} is not one of {type_}") from error
        if text is None:
            return "NULL"
        if not isinstance(text, str):
            raise Unwritten(
                f"{type_} has no literal for a value of type {kind}", UNTYPED
            )
        return (
            text.replace("\\", "\\\\") if self.backend.escapes_with_backslash else text
        )

    def __str__(self) -> str:
        """Return the text, each tab in it as the character that stands for one."""
        return super().__str__().replace("\t", TAB)


def _computed(column: Any, default: Any) -> Any:
    """Return the value of a default that Python computes."""
    if default.is_scalar:
        return default.arg
    try:
        return default.arg(None)
    except Exception as error:
        raise Unwritten(
            f"the default of the column {column.name!r} cannot be computed without a "
            "connection",
            "Write the value into the statement, or run the revision without --sql.",
        ) from error


def _plain_json(plain: Any) -> Callable[[Any], Any]:
    """Return what writes JSON where the driver would do it."""
    process: Callable[[Any], Any] = plain.bind_processor(DefaultDialect())
    return process


def _json_types(dialect: Dialect, backend: Backend) -> Iterator[tuple[type, type]]:
    """Yield the JSON types of a dialect with some that need no driver for a text.

    The engine knows the app's ``json_serializer``.
    """

    def bind_processor(self: JSON, dialect: Dialect) -> Callable[[Any], Any]:
        plain: Any = JSON(none_as_null=self.none_as_null)
        process: Callable[[Any], Any] | None = plain.bind_processor(backend.dialect)
        return process or _plain_json(plain)

    types: dict[type[Any], type[Any]] = {JSON: JSON}
    types.update(dialect.colspecs)
    for general, specific in types.items():
        if issubclass(specific, JSON):
            name = specific.__name__
            yield general, type(name, (specific,), {"bind_processor": bind_processor})


def use_literals(dialect: Dialect, backend: Backend) -> list[Unwritten]:
    """Let a dialect write the values of statements into their text.

    :param dialect: The dialect of one text, which nothing else uses.
    :param backend: The database.
    :return: What is refused, from now on.
    """
    refused: list[Unwritten] = []
    dialect.colspecs = {**dialect.colspecs, **dict(_json_types(dialect, backend))}
    dialect.statement_compiler = type(
        "LiteralCompiler",
        (LiteralCompiler, dialect.statement_compiler),
        {"backend": backend, "refused": refused},
    )
    return refused
