"""Whether the version table is where it belongs, and holds what it should."""

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
    """Find a version table that is missing or elsewhere, and rows that are wrong."""
    from ..commands.doctor.database_checks import (
        partially_applied,
        patient_of,
        table_findings,
    )
    from ..commands.doctor.row_findings import row_findings

    if database is None or connection is None:
        return []
    patient = patient_of(app, database, connection)
    rows = row_findings(patient.scripts, database, patient.table, patient.option)
    # Tables without a version are what the first part of a revision has created.
    explained = busy or (not patient.table.rows and any(partially_applied(patient)))
    return [*([] if explained else table_findings(patient)), *rows]
