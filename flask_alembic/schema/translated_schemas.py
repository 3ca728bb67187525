"""Comparing where ``schema_translate_map`` of an engine puts tables elsewhere.

SQLAlchemy translates the schemas of ``Table`` objects, not those that an inspector is asked
for, nor those in statements of our own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

    from ..backends.base import Backend

Translations = Mapping[str | None, str | None]
"""Schemas as the models name them, and those that the database has for them."""


def translations_of(connection: Connection | None) -> Translations:
    """Return the ``schema_translate_map`` of a connection; empty for none.

    :param connection: The connection.
    """
    if connection is None:
        return {}
    found: Translations = (
        connection.get_execution_options().get("schema_translate_map") or {}
    )
    # SQLAlchemy's compiler adds "_none", which means None, to the map that it was given.
    return {key: schema for key, schema in found.items() if key != "_none"}


def default_schema_of(connection: Connection) -> str | None:
    """Return the schema of tables that the models give none.

    :param connection: A connection.
    """
    default = connection.dialect.default_schema_name
    return translations_of(connection).get(None) or default


@contextmanager
def with_translated_schemas(context: MigrationContext) -> Iterator[None]:
    """Let all that inspects the connection find tables in the schemas that they are in.

    Answers name the schemas of the models. The version table is left out, as Alembic does
    where its schema is the one that was asked for. Other connections are not concerned.

    :param context: The context of a comparison; it is as before at the end.
    """
    translations = translations_of(context.connection)
    if not translations:
        yield
        return
    dialect: Any = context.dialect
    own = vars(dialect).get("inspector")
    dialect.inspector = _translating(context, translations)
    try:
        yield
    finally:
        if own is None:
            del dialect.inspector
        else:
            dialect.inspector = own


def _translating(context: MigrationContext, translations: Translations) -> type[Any]:
    """Return a class of inspectors that translates for one connection."""
    from sqlalchemy.engine.reflection import Inspector

    class_: Any = getattr(context.dialect, "inspector", Inspector)
    back = {actual: schema for schema, actual in translations.items()}
    members: dict[str, Any] = {}

    def translated(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(method)

        @wraps(method)
        def ask(self: Any, *arguments: Any, **options: Any) -> Any:
            if self.bind is not context.connection:
                return method(self, *arguments, **options)
            bound = signature.bind(self, *arguments, **options)
            bound.apply_defaults()
            asked = bound.arguments["schema"]
            actual = bound.arguments["schema"] = translations.get(asked, asked)
            answer = method(*bound.args, **bound.kwargs)
            if name == "get_table_names" and actual == context.version_table_schema:
                return [each for each in answer if each != context.version_table]
            if isinstance(answer, dict) and name.startswith("get_multi_"):
                return {
                    (asked, key[1]): _renamed(value, back)
                    for key, value in answer.items()
                }
            return _renamed(answer, back)

        return ask

    for name in dir(class_):
        method = getattr(class_, name)
        if (
            name.startswith(("get_", "has_"))
            and callable(method)
            and "schema" in inspect.signature(method).parameters
        ):
            members[name] = translated(name, method)
    return type("TranslatingInspector", (class_,), members)


def _renamed(answer: Any, back: Translations) -> Any:
    """Return an answer with the schemas that the models name.

    :param answer: What an inspector says.
    :param back: The schemas of the models by those of the database.
    """
    if isinstance(answer, list):
        return [_renamed(each, back) for each in answer]
    if isinstance(answer, dict) and answer.get("referred_schema") in back:
        schema = back[answer["referred_schema"]]
        return {**answer, "referred_schema": schema}
    return answer


@contextmanager
def in_default_schema(connection: Connection, backend: Backend) -> Iterator[None]:
    """Read the schema that tables without a schema are in, as if it were the default.

    :param connection: A connection; its default schema is as before at the end.
    :param backend: Its backend.
    :raises ConfigurationError: When ``schema_translate_map`` cannot be followed.
    """
    translations = {
        schema: actual
        for schema, actual in translations_of(connection).items()
        if schema != actual
    }
    if not translations:
        yield
        return
    schema = translations.pop(None, None)
    chosen = None
    if schema is not None and not translations:
        chosen = backend.as_default_schema(connection, schema)
    if chosen is None:
        schemas = [schema, *translations.values()]
        raise ConfigurationError(
            "The whole schema cannot be read where schema_translate_map of the engine "
            f"names {', '.join(each for each in schemas if each)}.",
            "That works on PostgreSQL, for tables without a schema. flask db check "
            "compares the models with the database everywhere.",
        )
    with chosen:
        yield
