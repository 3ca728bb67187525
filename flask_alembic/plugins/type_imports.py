"""Column types from outside SQLAlchemy, written with their imports.

``FetchedValue()`` is a default that something else sets. Alembic before 1.16 writes it
without its module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


@hookimpl(trylast=True)
def render_item(type_: str, object: Any, autogen_context: AutogenContext) -> str | None:
    """Write types that need an import, types inside of types, and ``FetchedValue()``."""
    if type_ == "server_default":
        from sqlalchemy import FetchedValue

        prefix = autogen_context.opts["sqlalchemy_module_prefix"] or ""
        return f"{prefix}FetchedValue()" if type(object) is FetchedValue else None
    if type_ != "type":
        return None
    from ..schema.imports import render_type

    return render_type(object, autogen_context)
