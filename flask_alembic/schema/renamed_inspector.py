"""A comparison that sees the database as it is once renames are done."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .renames import OPTION, ConfirmedRenames

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from .renames import TableName

Table = tuple[str | None, str]
"""Schema and name of a table, the schema as it was asked for."""

_LISTS = ("column_names", "include_columns", "constrained_columns")
_QUOTED = re.compile(r"'(?:[^']|'')*'")


@contextmanager
def with_new_names(
    context: MigrationContext, renames: ConfirmedRenames
) -> Iterator[None]:
    """Let all that inspects the connection see tables and columns by their new names.

    SQLAlchemy makes inspectors of the class that the dialect names. For the time of a
    comparison it names one that translates; other connections are not concerned.

    :param context: The context of the comparison; it is as before at the end.
    :param renames: What was renamed.
    """
    context.opts[OPTION] = renames
    dialect: Any = context.dialect
    own = vars(dialect).get("inspector")
    names = Names(renames, dialect.default_schema_name)
    if names.is_empty:
        try:
            yield
        finally:
            context.opts.pop(OPTION, None)
        return
    dialect.inspector = _translating(dialect, context.connection, names)
    try:
        yield
    finally:
        context.opts.pop(OPTION, None)
        if own is None:
            del dialect.inspector
        else:
            dialect.inspector = own


class Names:
    """New names for old ones, in what an inspector answers.

    :param renames: What was renamed.
    :param default_schema: The schema that needs no name.
    """

    def __init__(self, renames: ConfirmedRenames, default_schema: str | None) -> None:
        self._tables = renames.tables()
        self._columns = renames.columns()
        self._old = {(key[0], new): key[1] for key, new in self._tables.items()}
        self._default = default_schema
        self.is_empty = not self._tables and not self._columns

    def _key(self, schema: str | None, table: str) -> TableName:
        return (None if schema == self._default else schema), table

    def old_table(self, schema: str | None, table: str) -> str:
        """Return the name that the database has for a table."""
        return self._old.get(self._key(schema, table), table)

    def new_table(self, schema: str | None, table: str) -> str:
        """Return the name that a table gets."""
        return self._tables.get(self._key(schema, table), table)

    def answer(self, schema: str | None, table: str, value: Any) -> Any:
        """Return what is known of a table in new names.

        :param schema: Its schema.
        :param table: Its old name.
        :param value: What an inspector says: a dict, or a list of dicts.
        """
        columns = self._columns.get(self._key(schema, table), {})
        if isinstance(value, list):
            return [self._item(each, columns) for each in value]
        return self._item(value, columns) if isinstance(value, dict) else value

    def _item(self, item: Mapping[str, Any], columns: Mapping[str, str]) -> Any:
        answer = dict(item)
        if "nullable" in answer:  # a column; an index of MySQL has a "type" too
            answer["name"] = columns.get(answer["name"], answer["name"])
        for key in _LISTS:
            if answer.get(key):
                answer[key] = [columns.get(each, each) for each in answer[key]]
        if isinstance(answer.get("sqltext"), str):
            answer["sqltext"] = _in_text(answer["sqltext"], columns)
        if answer.get("expressions"):
            answer["expressions"] = [
                columns.get(each) or _in_text(each, columns)
                for each in answer["expressions"]
            ]
        if answer.get("column_sorting"):
            sorting = answer["column_sorting"].items()
            answer["column_sorting"] = {
                columns.get(each, each): order for each, order in sorting
            }
        for key in ("dialect_options", "computed"):
            if isinstance(answer.get(key), dict):
                answer[key] = {
                    name: _in_option(value, columns)
                    for name, value in answer[key].items()
                }
        if "referred_table" in answer:
            schema, table = answer["referred_schema"], answer["referred_table"]
            names = self._columns.get(self._key(schema, table), {})
            answer["referred_columns"] = [
                names.get(each, each) for each in answer["referred_columns"]
            ]
            answer["referred_table"] = self.new_table(schema, table)
        return answer


def _in_option(value: Any, columns: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [columns.get(each, each) for each in value]
    return _in_text(value, columns) if isinstance(value, str) else value


def _in_text(text: str, columns: Mapping[str, str]) -> str:
    """Rename the columns in an expression; texts in it stay."""
    if not columns:
        return text
    pattern = re.compile(
        rf"{_QUOTED.pattern}|(?<![\w$])(?:{'|'.join(map(re.escape, columns))})(?![\w$])"
    )
    return pattern.sub(lambda match: columns.get(match[0], match[0]), text)


def _translating(dialect: Any, connection: Any, names: Names) -> type[Any]:
    """Return a class of inspectors that translates for one connection."""
    from sqlalchemy.engine.reflection import Inspector

    class_: Any = getattr(dialect, "inspector", Inspector)

    def one(method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(
            self: Any, table_name: str, schema: str | None = None, **options: Any
        ) -> Any:
            if self.bind is not connection:
                return method(self, table_name, schema=schema, **options)
            old = names.old_table(schema, table_name)
            answer = method(self, old, schema=schema, **options)
            return names.answer(schema, old, answer)

        return ask

    def several(method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(
            self: Any,
            schema: str | None = None,
            filter_names: Iterable[str] | None = None,
            **options: Any,
        ) -> Any:
            if self.bind is not connection:
                return method(self, schema, filter_names, **options)
            wanted = (
                None
                if filter_names is None
                else [names.old_table(schema, each) for each in filter_names]
            )
            answers: Mapping[Table, Any] = method(self, schema, wanted, **options)
            return {
                (key[0], names.new_table(*key)): names.answer(*key, answer)
                for key, answer in answers.items()
            }

        return ask

    def tables(method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(self: Any, schema: str | None = None, **options: Any) -> Any:
            found = method(self, schema, **options)
            if self.bind is not connection:
                return found
            return [names.new_table(schema, each) for each in found]

        return ask

    members: dict[str, Any] = {"get_table_names": tables(class_.get_table_names)}
    for kind in (
        "columns",
        "pk_constraint",
        "indexes",
        "unique_constraints",
        "foreign_keys",
        "check_constraints",
        "table_options",
        "table_comment",
    ):
        members[f"get_{kind}"] = one(getattr(class_, f"get_{kind}"))
        members[f"get_multi_{kind}"] = several(getattr(class_, f"get_multi_{kind}"))
    members["has_table"] = one(class_.has_table)
    return type("RenamingInspector", (class_,), members)
