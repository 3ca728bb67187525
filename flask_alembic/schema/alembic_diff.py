"""Alembic's difference tuples in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .diff import Difference

_KINDS = {
    "table": "table",
    "column": "column",
    "index": "index",
    "fk": "foreign key",
    "constraint": "constraint",
    "sequence": "sequence",
    "table_comment": "comment of table",
}
_ASPECTS = {
    "modify_type": "type",
    "modify_nullable": "nullability",
    "modify_default": "server default",
    "modify_comment": "comment",
}


def in_words(
    diffs: Iterable[Any], models: str = "the models", database: str = "the database"
) -> list[Difference]:
    """Return Alembic's differences in words.

    :param diffs: What ``as_diffs()`` gives; changes of one column come as a list.
    :param models: What to call the side that a revision would bring about.
    :param database: What to call the side that it would change.
    """
    return [
        _told(diff, models, database) for each in diffs for diff in _flattened(each)
    ]


def _flattened(diff: Any) -> Iterator[Any]:
    if isinstance(diff, list):
        for each in diff:
            yield from _flattened(each)
    else:
        yield diff


def _told(diff: Any, models: str, database: str) -> Difference:
    word = str(diff[0]) if isinstance(diff, tuple) and diff else ""
    if word in _ASPECTS:
        return _modified(diff, models, database)
    verb, _, noun = word.partition("_")
    if verb == "rename" and noun in ("table", "column"):
        return _renamed(noun, diff)
    if word == "modify_primary_key":
        return _rekeyed(diff, models, database)
    if word == "modify_sequence":
        return _refilled(diff, models, database)
    if verb not in ("add", "remove") or noun not in _KINDS:
        # What an autogenerate plugin has found: its own words.
        rest = ", ".join(str(each) for each in diff[1:]) if word else str(diff)
        return Difference(word or "other", rest, f"{word.replace('_', ' ')} {rest}")
    kind, name, detail = _object(noun, diff)
    missing = database if verb == "add" else models
    what = f"{kind} {name}" + (f" ({detail})" if detail else "")
    return Difference(kind, name, f"{what} is missing from {missing}")


def _renamed(noun: str, diff: Any) -> Difference:
    name = _qualified(*diff[1:3])
    if noun == "column":
        name = f"{name}.{diff[3]}"
    return Difference(noun, name, f"{noun} {name} is renamed to {diff[-1]}")


def _rekeyed(diff: Any, models: str, database: str) -> Difference:
    _, schema, table, old, new = diff
    name = _qualified(schema, table)
    stored, wanted = (f"({', '.join(each)})" if each else "none" for each in (old, new))
    return Difference(
        "primary key",
        name,
        f"primary key of table {name} is {wanted} in {models}, {stored} in {database}",
    )


def _refilled(diff: Any, models: str, database: str) -> Difference:
    _, schema, table, column, old, new = diff
    name = f"{_qualified(schema, table)}.{column}"
    return Difference(
        "column", name, f"column {name} is {new} in {models}, {old} in {database}"
    )


def _object(noun: str, diff: Any) -> tuple[str, str, str]:
    """Return kind, name and details of what is added or removed."""
    if noun == "column":
        schema, table, column = diff[1:4]
        name = f"{_qualified(schema, table)}.{column.name}"
        return "column", name, str(column.type)
    if noun in ("table", "table_comment"):
        table = diff[1]
        comment = table.comment if noun == "table_comment" else None
        return _KINDS[noun], table.fullname, repr(comment) if comment else ""
    item = diff[1]
    if noun == "sequence":
        return _KINDS[noun], _qualified(item.schema, item.name), ""
    columns = ", ".join(_columns(item))
    kind = _KINDS[noun]
    if noun == "constraint":
        kind = item.__visit_name__.replace("_", " ").replace("column check", "check")
    name = f"{item.table.fullname}.{item.name or columns}"
    if noun == "fk":
        targets = ", ".join(each.target_fullname for each in item.elements)
        columns = f"{columns} -> {targets}"
    return kind, name, columns


def _columns(item: Any) -> list[str]:
    if hasattr(item, "expressions"):
        return [str(getattr(each, "name", each)) for each in item.expressions]
    return [str(getattr(each, "name", each)) for each in item.columns]


def _qualified(schema: str | None, table: str) -> str:
    return f"{schema}.{table}" if schema else table


def _modified(diff: Any, models: str, database: str) -> Difference:
    word, schema, table, column, _, old, new = diff
    name = f"{_qualified(schema, table)}.{column}"
    aspect = _ASPECTS[word]
    return Difference(
        "column",
        name,
        f"{aspect} of column {name} is {_value(word, new)} in {models}, "
        f"{_value(word, old)} in {database}",
    )


def _value(word: str, value: Any) -> str:
    if word == "modify_nullable":
        return "NULL" if value else "NOT NULL"
    if value is None or value is False:
        return "none"
    if word == "modify_default":
        argument = getattr(value, "arg", value)
        return repr(str(getattr(argument, "text", argument)))
    if word == "modify_type":
        labels = getattr(value, "enums", None)
        # Whatever the database, an enum differs by its values.
        return f"Enum{tuple(labels)!r}" if labels else str(value)
    return repr(value)
