"""PostgreSQL's tables in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .catalog import (
    Catalog,
    Key,
    NotProvable,
    Recorded,
    is_plain_literal,
    plain_text,
)
from .postgresql_catalog_sql import OWNERS, QUERY
from .statements import INTERNAL

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

# What SQLAlchemy's compiler writes, and what format_type() says of it; the letter in
# front is pg_type.typtype.
_TYPES: Final = {
    "BIGINT": "bbigint",
    "BOOLEAN": "bboolean",
    "BYTEA": "bbytea",
    "DATE": "bdate",
    "DOUBLE PRECISION": "bdouble precision",
    "FLOAT": "bdouble precision",
    "INTEGER": "binteger",
    "JSON": "bjson",
    "JSONB": "bjsonb",
    "NUMERIC": "bnumeric",
    "REAL": "breal",
    "SMALLINT": "bsmallint",
    "TEXT": "btext",
    "TIME WITH TIME ZONE": "btime with time zone",
    "TIME WITHOUT TIME ZONE": "btime without time zone",
    "TIMESTAMP WITH TIME ZONE": "btimestamp with time zone",
    "TIMESTAMP WITHOUT TIME ZONE": "btimestamp without time zone",
    "UUID": "buuid",
    "VARCHAR": "bcharacter varying",
}
_SIZED: Final = (
    (re.compile(r"VARCHAR\((\d+)\)"), r"bcharacter varying(\1)"),
    (re.compile(r"CHAR\((\d+)\)"), r"bcharacter(\1)"),
    (re.compile(r"(?:NUMERIC|DECIMAL)\((\d+), ?(\d+)\)"), r"bnumeric(\1,\2)"),
    (re.compile(r"(?:NUMERIC|DECIMAL)\((\d+)\)"), r"bnumeric(\1,0)"),
)
_ENUM: Final = re.compile(r"[a-z_][a-z0-9_]*")
_OPTIONS: Final = (
    "start",
    "increment",
    "minvalue",
    "maxvalue",
    "nominvalue",
    "nomaxvalue",
    "cycle",
    "cache",
    "order",
    "on_null",
)
_QUOTED: Final = re.compile(r"'([^']*)'")
_WHOLE: Final = re.compile(r"0|[1-9]\d*")
_DECIMAL: Final = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?")

_NEXTVAL: Final = re.compile(r"nextval\('(.+?)'::regclass\)")
_CAST: Final = re.compile(r"'([^']*)'::(?:character varying|text|bpchar)")


class PostgreSQLCatalog(Catalog):
    """The system catalogs of PostgreSQL 12 and later.

    :param dialect: The SQLAlchemy dialect of the connection.
    """

    asks_server = True
    actions: ClassVar[Mapping[str | None, str]] = {
        None: "a",
        "no action": "a",
        "restrict": "r",
        "cascade": "c",
        "set null": "n",
        "set default": "d",
    }

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._schemas = False
        self._owners: dict[str, str | None] | None = None

    def read(self, connection: Connection, schemas: bool) -> dict[Key, Recorded]:
        """Read every table with one query, inside a savepoint."""
        self._schemas = schemas
        version = self.dialect.server_version_info or (0,)
        odd_reference = ["false"]
        if version >= (15,):
            odd_reference.append("r.confdelsetcols IS NOT NULL")
        if version >= (18,):
            odd_reference.append("r.conperiod OR NOT r.conenforced")
        query = QUERY.format(
            schemas=str(schemas).lower(),
            odd_reference=" OR ".join(odd_reference),
            nulls_not_distinct="i.indnullsnotdistinct" if version >= (15,) else "false",
        )
        with connection.begin_nested():
            rows = connection.exec_driver_sql(query, execution_options=INTERNAL).all()
        default = self.dialect.default_schema_name
        found: dict[Key, Recorded] = {}
        for schema, name, visible, plain, *words in rows:
            if not schemas:
                if visible:
                    found[None, name] = Recorded(plain, *words)
            elif schema == default:
                found[None, name] = Recorded(plain and visible, *words)
            else:
                # Alembic sees what is in the search path twice.
                found[schema, name] = Recorded(plain and not visible, *words)
                if visible:
                    found[None, name] = Recorded(False)
        return found

    def type_words(self, compiled: str, type_: TypeEngine[Any]) -> str:
        """Return ``pg_type.typtype`` and what ``format_type()`` says."""
        from sqlalchemy import Enum

        if compiled in _TYPES:
            return _TYPES[compiled]
        for pattern, words in _SIZED:
            match = pattern.fullmatch(compiled)
            if match is not None:
                return match.expand(words)
        if (
            isinstance(type_, Enum)
            and type_.schema is None
            and _ENUM.fullmatch(compiled)
        ):
            return f"e{compiled}"
        raise NotProvable(compiled)

    def reflected(self, words: str) -> TypeEngine[Any]:
        """Return the type that SQLAlchemy reflects."""
        from sqlalchemy.dialects import postgresql as types

        kind, name, *sizes = words[:1], *re.split(r"[(,)]", words[1:])
        if kind == "e":
            return types.ENUM(name=name)
        numbers = [int(size) for size in sizes if size]
        if name.startswith("time"):
            made = types.TIMESTAMP if name.startswith("timestamp") else types.TIME
            return made(timezone=name.endswith("with time zone"))
        known: dict[str, Any] = {
            "character varying": types.VARCHAR,
            "character": types.CHAR,
            "double precision": types.DOUBLE_PRECISION,
        }
        made = known.get(name) or getattr(types, name.upper())
        type_: TypeEngine[Any] = made(*numbers)
        return type_

    def default(self, column: Column[Any], words: str) -> tuple[str, str]:
        """Return ``attidentity`` and what ``pg_get_expr()`` says.

        The text of a default that was written in quotes gets a cast. Alembic takes any
        two texts for equal that are the same, and asks the server for the others.
        """
        from sqlalchemy import DefaultClause, Identity

        server = column.server_default
        if server is None:
            return "", ""
        if type(server) is Identity:
            if any(getattr(server, each, None) is not None for each in _OPTIONS):
                raise NotProvable(column.name)
            return ("a" if server.always else "d"), ""
        if type(server) is not DefaultClause:
            raise NotProvable(column.name)
        text = self.rendered(server.arg)
        if isinstance(server.arg, str):
            return "", _literal(text, words)
        quoted = _QUOTED.fullmatch(text)
        if quoted is not None:
            return "", _literal(quoted[1], words, strings=True)
        if "nextval" in text.lower():
            raise NotProvable(column.name)
        return "", plain_text(text)

    def is_serial(self, connection: Connection, column_info: Mapping[str, Any]) -> bool:
        """Look the sequence up among those that belong to a column."""
        from sqlalchemy import BIGINT, INTEGER

        match = _NEXTVAL.match(column_info.get("default") or "")
        if match is None or not isinstance(column_info["type"], (INTEGER, BIGINT)):
            return False
        if self._owners is None:
            query = OWNERS.format(schemas=str(self._schemas).lower())
            rows = connection.exec_driver_sql(query, execution_options=INTERNAL)
            owners: dict[str, str | None] = {}
            for sequence, column in rows:
                owners[sequence] = None if sequence in owners else column
            self._owners = owners
        return self._owners.get(match[1]) == str(column_info["name"])

    def is_same_default(
        self, column: Column[Any], rendered: str | None, reflected: str | None
    ) -> bool:
        """Tell whether both are the same literal, one of them with a cast to text."""
        match = _CAST.fullmatch(reflected or "")
        if match is None or not is_plain_literal(match[1]):
            return False
        if rendered == f"'{match[1]}'":
            return True
        argument = getattr(column.server_default, "arg", None)
        return isinstance(argument, str) and rendered == match[1]


def _literal(text: str, words: str, *, strings: bool = False) -> str:
    """Return how the server writes back a literal of a type.

    :param text: What was between the quotes.
    :param words: The type.
    :param strings: Whether only types that hold text are of use.
    :raises NotProvable: When it may write it otherwise.
    """
    name = words.partition("(")[0]
    if not is_plain_literal(text):
        raise NotProvable(text)
    if name in ("bcharacter varying", "btext") or words[0] == "e":
        return f"'{text}'::{name[1:]}"
    if name == "bcharacter":
        return f"'{text}'::bpchar"
    if name == "bjsonb" and text in ("{}", "[]"):
        return f"'{text}'::jsonb"
    if strings:
        raise NotProvable(text)
    if name == "bboolean" and text in ("true", "false"):
        return text
    if name in ("bbigint", "bsmallint", "bnumeric") and _WHOLE.fullmatch(text):
        return f"'{text}'::{name[1:]}"
    if name == "binteger" and _WHOLE.fullmatch(text):
        return text
    if name == "bnumeric" and _DECIMAL.fullmatch(text):
        return text
    raise NotProvable(text)
