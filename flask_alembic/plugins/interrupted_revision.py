"""Whether a revision is partially applied, where DDL commits as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from ..hooks.payloads import Finding


@hookimpl(trylast=True)
def diagnose(
    app: Flask, database: str | None, connection: Connection | None, busy: bool
) -> list[Finding]:
    """Find a revision that is partially applied, unless a run is applying it."""
    from ..commands.doctor.database_checks import partially_applied, patient_of

    if database is None or connection is None or busy:
        return []
    return [*partially_applied(patient_of(app, database, connection))]
