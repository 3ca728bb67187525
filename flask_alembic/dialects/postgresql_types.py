"""Named types of PostgreSQL in revisions: made once by a statement, used by tables."""

from __future__ import annotations

from typing import Any

_UNMADE = "create_type=False"


def without_making(type_: Any) -> bool:
    """Let a type not be made with its table, also inside an array.

    :param type_: A reflected type; it is changed.
    """
    item = getattr(type_, "item_type", None)
    if item is not None:
        return without_making(item)
    if not hasattr(type_, "create_type"):
        return False
    type_.create_type = False
    return True


def render_type(type_: Any) -> str | None:
    """Return how a type that is not made with its table is written.

    SQLAlchemy writes it so itself since 2.1.

    :param type_: A reflected type.
    """
    item = getattr(type_, "item_type", None)
    if item is not None:
        inner = render_type(item)
        if inner is None:
            return None
        more = f", dimensions={type_.dimensions}" if type_.dimensions else ""
        return f"postgresql.ARRAY({inner}{more})"
    if getattr(type_, "create_type", True):
        return None
    text = repr(type_)
    return f"postgresql.{text if _UNMADE in text else f'{text[:-1]}, {_UNMADE})'}"
