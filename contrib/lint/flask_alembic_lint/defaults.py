"""Whether a server default is one value for all rows or one for each."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from .facts.types import SqlType
from .servers import Server

VOLATILE: Final = frozenset(
    [
        "gen_random_uuid",
        "uuid_generate_v1",
        "uuid_generate_v1mc",
        "uuid_generate_v4",
        "uuidv4",
        "uuidv7",
        "gen_random_bytes",
        "random",
        "random_normal",
        "clock_timestamp",
        "timeofday",
        "nextval",
        "setval",
        "txid_current",
        "pg_current_xact_id",
        "uuid",
        "uuid_short",
        "rand",
        "sysdate",
        "random_bytes",
        "sleep",
        "last_insert_id",
        "gen_ulid",
        "uuid_generate_v7",
        "generate_ulid",
        "sys_guid",
        "newid",
    ]
)
"""Functions that give another value for each row."""

STABLE: Final = frozenset(
    [
        "now",
        "current_timestamp",
        "current_date",
        "current_time",
        "localtime",
        "localtimestamp",
        "transaction_timestamp",
        "statement_timestamp",
        "current_user",
        "session_user",
        "user",
        "current_schema",
        "current_database",
        "current_setting",
        "date_trunc",
        "date_part",
        "extract",
        "timezone",
        "to_char",
        "to_date",
        "to_timestamp",
        "to_json",
        "to_jsonb",
        "json_build_object",
        "jsonb_build_object",
        "json_build_array",
        "jsonb_build_array",
        "json_object",
        "json_array",
        "lower",
        "upper",
        "trim",
        "concat",
        "coalesce",
        "length",
        "md5",
        "encode",
        "decode",
        "nullif",
        "greatest",
        "least",
        "abs",
        "round",
        "floor",
        "ceil",
        "ceiling",
        "array_fill",
        "make_interval",
        "make_date",
        "make_timestamp",
        "make_timestamptz",
        "age",
        "date",
        "timestamp",
        "interval",
        "char",
        "varchar",
        "text",
        "cast",
        "row",
        "array",
        "hex",
        "unhex",
        "utc_timestamp",
        "utc_date",
        "utc_time",
        "curdate",
        "curtime",
        "current_role",
        "current_catalog",
        "numeric",
        "int",
        "integer",
        "bigint",
        "decimal",
        "float",
        "json",
        "jsonb",
        "time",
        "tsrange",
        "tstzrange",
        "daterange",
        "int4range",
        "int8range",
        "numrange",
        "point",
        "replace",
        "substring",
        "left",
        "right",
        "lpad",
        "rpad",
        "inet",
        "cidr",
        "bit",
        "not",
        "and",
        "or",
        "in",
        "is",
        "case",
        "when",
        "then",
        "else",
        "end",
        "at",
        "time",
        "zone",
        "collate",
        "null",
        "true",
        "false",
        "to_tsvector",
        "string_to_array",
    ]
)
"""Functions, types and operators that give one value for the whole statement."""


def is_volatile(default: str, server: Server) -> Literal["yes", "perhaps", ""]:
    """Return whether a default has to be computed for each row.

    :param default: As SQL.
    :param server: The server; MySQL and MariaDB copy for some they know to be stable.
    :return: ``perhaps`` for a function that is not known.
    """
    text = re.sub(r"'(?:[^']|'')*'", "''", default.lower())
    called = {name.rpartition(".")[2] for name in re.findall(r"([\w.]+)\s*\(", text)}
    called = {name for name in called if name}
    if called & VOLATILE:
        return "yes"
    if called - STABLE:
        return "perhaps"
    return ""


def expression_on_sqlite(default: str) -> bool:
    """Return whether SQLite calls a default not constant.

    :param default: As SQL; empty for none.
    """
    text = default.strip().upper()
    if not text:
        return False
    if text in ("CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"):
        return True
    if re.fullmatch(r"'(?:[^']|'')*'|[+-]?[\d.]+|NULL|TRUE|FALSE|X'[0-9A-F]*'", text):
        return False
    if text.startswith("(") and text.endswith(")"):
        return expression_on_sqlite_inside(text[1:-1])
    return "(" in text


def expression_on_sqlite_inside(text: str) -> bool:
    """Return whether what stands in parentheses is more than a constant.

    SQLite takes ``DEFAULT (1)`` as a constant.

    :param text: In upper case, without its parentheses.
    """
    return not re.fullmatch(r"\s*('(?:[^']|'')*'|[+-]?[\d.]+|NULL)\s*", text)


def fitting_default(type_: SqlType) -> Any:
    """Return a constant default for a type; ``None`` where none is known to fit.

    :param type_: The column's type.
    """
    import sqlalchemy as sa

    if type_.array or type_.name == "?":
        return None
    if type_.name == "BOOLEAN":
        return sa.text("false")
    if type_.is_number:
        return "0"
    if type_.name in ("JSON", "JSONB"):
        return "{}"
    if type_.name.startswith(("TIMESTAMP", "DATETIME")):
        return sa.text("CURRENT_TIMESTAMP")
    if type_.values:
        return type_.values[0]
    return "" if type_.is_text else None
