"""Column types from outside SQLAlchemy, written with their imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


@hookimpl(trylast=True)
def render_item(type_: str, object: Any, autogen_context: AutogenContext) -> str | None:
    """Write types that need an import, and types inside of types."""
    if type_ != "type":
        return None
    from ..schema.imports import render_type

    return render_type(object, autogen_context)
