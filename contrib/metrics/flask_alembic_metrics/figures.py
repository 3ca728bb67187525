"""The metrics: what is known of the last run of an app."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flask_alembic.hooks import Report, RunResult

RUNS: Final = ("upgrade", "downgrade", "stamp")
"""The commands that run something."""

PREFIX: Final = "flask_alembic_"
"""How the name of each metric begins."""

HELP: Final = {
    "run_timestamp_seconds": "When the last run ended.",
    "run_success_timestamp_seconds": "When a run last ended well.",
    "run_success": "Whether the last run ended well.",
    "run_duration_seconds": "How long the last run took.",
    "run_revisions": "Revisions of the last run: done, rolled back, failed, not started.",
    "revision_duration_seconds": "How long a revision of the last run took.",
    "database_revision_info": "The revisions that a database was at after the run.",
}
"""Every metric, all of them gauges, and what it says."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One number with its labels."""

    labels: Mapping[str, str]
    """By name."""

    value: float
    """The number."""


@dataclass
class Figures:
    """The metrics of one run by name, without the prefix."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def add(self, metric: str, value: float, **labels: str) -> None:
        """Add a number.

        :param metric: A name of :data:`HELP`.
        :param value: The number.
        :param labels: Its labels.
        """
        self.samples.setdefault(metric, []).append(Sample(labels, value))


def concerns(report: Report) -> bool:
    """Return whether a command was a run on real databases.

    A target that was only mistyped is none.

    :param report: How the command ended.
    """
    if report.command.name not in RUNS or report.exit_code == 2:
        return False
    mode = report.run.mode if report.run else report.command.options.get("mode")
    return mode == "online"


def figures(
    app: str, common: Mapping[str, str], report: Report, *, revisions: bool
) -> Figures:
    """Return the metrics of a run.

    A metric that a run knows nothing about is left out, so that its last value stays:
    when a run last ended well, after one that failed; where the databases are, after
    one that reached none.

    :param app: The name of the app.
    :param common: Further labels.
    :param report: How the run ended.
    :param revisions: Whether each revision has a metric.
    """
    found = Figures()
    labels = {"app": app, **common}
    named = {**labels, "command": report.command.name}
    ok = report.error is None
    found.add("run_timestamp_seconds", time.time(), **named)
    if ok:
        found.add("run_success_timestamp_seconds", time.time(), **labels)
    found.add("run_success", float(ok), **named)
    found.add("run_duration_seconds", report.elapsed, **named)
    result = report.result
    if result is None:
        return found
    for (database, outcome), number in _counts(result).items():
        found.add("run_revisions", number, **named, database=database, outcome=outcome)
    for database, ids in result.heads_after.items():
        for id_ in ids or ("base",):
            found.add(
                "database_revision_info", 1, **labels, database=database, revision=id_
            )
    for one in result.applied if revisions else ():
        found.add(
            "revision_duration_seconds",
            one.elapsed,
            **labels,
            database=one.step.database,
            revision=one.step.revision,
            direction=one.step.direction,
        )
    return found


def _counts(result: RunResult) -> dict[tuple[str, str], int]:
    """Return how many revisions had which outcome, by database and outcome."""
    outcomes = ("done", "rolled_back", "failed", "not_started")
    counts = {(name, one): 0 for name in result.run.databases for one in outcomes}
    failure = result.failure
    _count(counts, "done", (one.step.database for one in result.applied))
    _count(counts, "not_started", (step.database for step in result.not_started))
    if failure is not None:
        _count(counts, "rolled_back", (step.database for step in failure.rolled_back))
        if failure.step is not None:
            _count(counts, "failed", [failure.step.database])
    return counts


def _count(
    counts: dict[tuple[str, str], int], outcome: str, databases: Iterable[str]
) -> None:
    for database in databases:
        counts[database, outcome] = counts.get((database, outcome), 0) + 1
