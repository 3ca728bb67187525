"""Whether a database is at the heads of the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl
from ..hooks.payloads import DatabaseState, ReadinessProblem

if TYPE_CHECKING:
    from flask import Flask


@hookimpl(trylast=True)
def readiness_checks(
    app: Flask, database: str, state: DatabaseState
) -> ReadinessProblem | None:
    """Report a database that is not at head."""
    if state is DatabaseState.AT_HEAD:
        return None
    if state is DatabaseState.UNKNOWN:
        from ..runtime.environment import environment_of

        settings = environment_of(app).settings
        if settings.of("accept_unknown_revisions", database):
            return None
    doctor = state in {
        DatabaseState.UNKNOWN,
        DatabaseState.INCONSISTENT,
        DatabaseState.PARTIALLY_APPLIED,
    }
    return ReadinessProblem(
        state.value,
        f"The database {database!r} is {state}."
        if state is not DatabaseState.NO_REVISIONS
        else "There are no revision files.",
        "Run flask db doctor."
        if doctor
        else "Run flask db upgrade, or see flask db status.",
    )
