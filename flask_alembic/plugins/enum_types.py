"""Enum types of PostgreSQL: created once, changed, dropped when nothing uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from flask import Flask
    from sqlalchemy import Column


@hookimpl(trylast=True)
def compare_type(
    app: Flask,
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
) -> bool | None:
    """Say that an enum differs when its values do."""
    from ..runtime.environment import environment_of

    backend = environment_of(app).backends.backend_for(context.dialect)
    there = backend.enum_of(inspected_column.type)
    here = backend.enum_of(metadata_column.type)
    if there is None or here is None or there.name != here.name:
        return None
    return True if list(there.enums) != list(here.enums) else None


@hookimpl(trylast=True)
def process_revision_directives(
    app: Flask, context: MigrationContext, directives: list[MigrationScript]
) -> None:
    """Create, change and drop types in operations of their own."""
    if not directives or context.connection is None:
        return
    if context.opts.get("flask_alembic_draft"):
        return  # the operations come from a database, and are complete
    from ..runtime.environment import environment_of

    backend = environment_of(app).backends.backend_for(context.dialect)
    types = backend.enum_types(context.connection)
    if types is not None:
        from ..schema.enum_operations import add_enum_operations
        from ..schema.renames import confirmed_renames

        renames = confirmed_renames(context)
        add_enum_operations(directives[-1], backend, types, renames)


@hookimpl(trylast=True)
def render_item(
    app: Flask, type_: str, object: Any, autogen_context: AutogenContext
) -> str | None:
    """Write enums so that no table creates their types."""
    if type_ != "type":
        return None
    from ..runtime.environment import environment_of

    dialect = autogen_context.dialect
    backend = environment_of(app).backends.backend_for(dialect)
    enum = backend.enum_of(object)
    if enum is None:
        return None
    from ..schema.enum_operations import render_enum, render_enum_array

    if getattr(object, "item_type", None) is None:
        return render_enum(enum, dialect.name, autogen_context)
    return render_enum_array(object, enum, dialect.name, autogen_context)
