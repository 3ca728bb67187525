"""The rows of ``--seed-file`` and ``data_before``, which a revision meets in its proof."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Connection

    from ..hooks.payloads import RevisionProof, Step


@hookimpl(wrapper=True, trylast=True)
def prove_revision(
    app: Flask, step: Step, connection: Connection
) -> Generator[None, RevisionProof, RevisionProof]:
    """Put the rows in before the revision is run."""
    from ..commands.prove.rows import current_rows
    from ..runtime.environment import environment_of

    rows = current_rows()
    if rows is not None:
        backend = environment_of(app).backends.backend_for(connection.dialect)
        rows.put(backend, step.database, step.revision, connection)
    return (yield)
