"""Whether the ids of the history fit into the version column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from ..hooks.payloads import Finding, Problem


@hookimpl(trylast=True)
def diagnose(
    app: Flask, database: str | None, connection: Connection | None
) -> list[Finding]:
    """Find a column that is too narrow; the fix makes it wider."""
    from ..commands.doctor.database_checks import patient_of, width_findings

    if database is None or connection is None:
        return []
    return [*width_findings(patient_of(app, database, connection))]


@hookimpl(trylast=True)
def project_problems(
    app: Flask, database: str | None, connection: Connection | None
) -> list[Problem]:
    """Find an id that is too long for the column."""
    from ..runtime.environment import environment_of
    from ..runtime.id_width import width_problems

    if database is None or connection is None:
        return []
    environment = environment_of(app)
    chosen = environment.databases()[database]
    return width_problems(environment, chosen, connection, environment.scripts())
