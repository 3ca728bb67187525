"""How many differences there are between a database and the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection


@hookimpl(trylast=True)
def database_status(
    app: Flask, database: str, connection: Connection, models: bool
) -> dict[str, Any] | None:
    """Count the differences with ``--models``, since comparing takes longer."""
    if not models:
        return None
    from ..runtime.environment import environment_of
    from ..runtime.error_translation import translated
    from ..schema.compare import produce, require_models

    environment = environment_of(app)
    chosen = environment.databases()[database]
    require_models([chosen], environment)
    with translated():
        scripts = environment.scripts()
        context = environment.environment_context(chosen, scripts, connection)
        script = produce(environment, context.get_context(), chosen)
    assert script.upgrade_ops is not None
    return {"differences": len(script.upgrade_ops.as_diffs())}
