"""Records of what happens during a run, for :mod:`logging`.

What has failed is an error, what is waited for a warning, all else is info.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl
from ..hooks.redaction import headline, redacted

if TYPE_CHECKING:
    from pathlib import Path

    from alembic.script import Script
    from flask import Flask

    from ..hooks.payloads import Finding, ProgressEvent, Run, RunResult, Step

runtime_logger = logging.getLogger("flask_alembic.runtime")
locking_logger = logging.getLogger("flask_alembic.locking")


@hookimpl(trylast=True)
def progress(app: Flask, event: ProgressEvent) -> None:
    """Log each step, and each wait for somebody else."""
    if event.kind in {"started", "scratch_step"} and event.step is not None:
        step = event.step
        runtime_logger.info(
            "Running %s of %s, %s", step.direction, step.revision, headline(step.doc)
        )
    elif event.kind == "waiting":
        locking_logger.warning(
            "Waiting for the migration lock of %r, held by %s.",
            event.database,
            event.text,
            extra=_extra(app),
        )
    elif event.kind == "blocked":
        runtime_logger.warning(
            "Database %r: a statement waits for %.0f s behind %s.",
            event.database,
            event.elapsed,
            event.text,
            extra=_extra(app),
        )
    elif event.kind == "retrying":
        runtime_logger.warning(
            "Database %r: a lock was in the way; trying again in %.1f s.",
            event.database,
            event.elapsed,
            extra=_extra(app),
        )


@hookimpl(trylast=True)
def revision_applied(step: Step, elapsed: float) -> None:
    """Log a revision that is durable."""
    done = "Reverted" if step.direction == "downgrade" else "Applied"
    runtime_logger.info(
        "%s %s in database %r in %.2f s", done, step.revision, step.database, elapsed
    )


@hookimpl(trylast=True)
def revision_failed(step: Step, error: BaseException) -> None:
    """Log a revision that failed; the terminal does not show it a second time."""
    runtime_logger.error(
        "The %s of %s in database %r failed: %s",
        step.direction,
        step.revision,
        step.database,
        redacted(error),
        extra={"is_told": True},
    )


@hookimpl(trylast=True)
def run_failed(run: Run, result: RunResult, error: BaseException) -> None:
    """Log a run that failed elsewhere than in a revision, which is logged already."""
    failure = result.failure
    if failure is None or failure.step is not None:
        return
    changed = "; the database was changed" if result.changed else ""
    runtime_logger.error(
        "The %s to %s failed%s: %s",
        run.operation,
        run.target,
        changed,
        failure.error,
        extra={"is_told": True},
    )


@hookimpl(trylast=True)
def after_upgrade(run: Run, result: RunResult) -> None:
    """Log the end of an upgrade."""
    _finished(run, result)


@hookimpl(trylast=True)
def after_downgrade(run: Run, result: RunResult) -> None:
    """Log the end of a downgrade."""
    _finished(run, result)


@hookimpl(trylast=True)
def after_stamp(run: Run, result: RunResult) -> None:
    """Log the end of a stamp."""
    _finished(run, result)


@hookimpl(trylast=True)
def revision_generated(scripts: tuple[Script, ...]) -> None:
    """Log the files of new revisions."""
    for script in scripts:
        runtime_logger.info("Wrote %s", script.path)


@hookimpl(trylast=True)
def files_changed(
    created: tuple[Path, ...], changed: tuple[Path, ...], removed: tuple[Path, ...]
) -> None:
    """Log what happened to files."""
    for what, paths in (("Wrote", created + changed), ("Removed", removed)):
        for path in paths:
            runtime_logger.info("%s %s", what, path)


@hookimpl(trylast=True)
def after_fix(database: str, findings: tuple[Finding, ...]) -> None:
    """Log what doctor --fix has done."""
    for finding in findings:
        done = "; ".join(finding.done)
        runtime_logger.info("Fixed %s in database %r: %s", finding.code, database, done)


def _finished(run: Run, result: RunResult) -> None:
    for database, heads in result.heads_after.items():
        runtime_logger.info(
            "Finished the %s of database %r; now at %s",
            run.operation,
            database,
            ", ".join(heads) or "base",
        )


def _extra(app: Flask) -> dict[str, bool]:
    """Return whether the terminal shows it, so that it is not written twice."""
    from ..runtime.environment import environment_of
    from ..runtime.invocation import hooks_of
    from ..runtime.progress import is_displayed

    return {"is_told": is_displayed(hooks_of(environment_of(app)))}
