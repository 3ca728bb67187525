"""The arguments of a migration context that differ from Alembic's own defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask


@hookimpl(tryfirst=True)
def context_options(app: Flask, database: str) -> dict[str, Any]:
    """Compare server defaults and all schemas of models, and render for the database."""
    from ..runtime.environment import environment_of
    from ..schema.model_schemas import compared_schemas

    bind = environment_of(app).databases()[database]
    backend = bind.backend
    schemas = compared_schemas(bind)
    return {
        **({"include_schemas": schemas} if schemas else {}),
        "compare_server_default": True,
        "render_as_batch": backend.renders_as_batch,
        "version_table_pk": True,
    }
