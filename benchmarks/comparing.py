"""What it costs to compare models with a database, within one process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import projects
from contenders import FLOOR, OURS, ROOT, Contender
from measuring import Failed, clean_environment
from setup_of_run import Setup
from tables import Table
from upgrading import empty

TABLES = 1000
LENGTH = 3
"""Revisions in the projects; the comparison does not depend on them."""


def measure(setup: Setup) -> Iterator[Table]:
    """Compare as many models as there are tables, unchanged and with ten changed.

    :param setup: The choices for this run.
    """
    count = 5 if setup.small else TABLES
    ways = {"none changed": 0, "10 changed": min(10, count // 2)}
    title = f"{count:,} models compared with a database"
    passed = Table(f"{title}: time that passed", "ms", OURS)
    cpu = Table(f"{title}: CPU of the client", "ms", OURS)
    sent = Table(f"{title}: statements", "statements")
    for database in ("SQLite", *setup.urls):
        variables = _database(setup, database, count)
        for words, changed in ways.items():
            row = f"{database}, {words}"
            for one in setup.those(FLOOR):
                found = _run(one, setup, [one.name, count, changed], variables)
                if found["found"] not in (changed, -1 if changed else 0):
                    raise Failed(f"{one.name} found {found['found']} of {changed}.")
                passed.put(row, one.name, median(found["wall"]) * 1000)
                cpu.put(row, one.name, median(found["cpu"]) * 1000)
                sent.put(row, one.name, found["queries"])
    passed.note = (
        "Each calls its own: ``compare_metadata()``, or ``check()`` of Flask-Migrate, "
        "after one call that is not counted."
    )
    yield from (passed, cpu, sent)


def _database(setup: Setup, database: str, count: int) -> dict[str, str]:
    """Make a database that is as the models are; return how to get there."""
    url = setup.urls.get(database)
    if url is None:
        path = setup.folder / "compared.db"
        path.unlink(missing_ok=True)
        variables = {"BENCH_URL": f"sqlite:///{path}"}
    else:
        variables = {"BENCH_URL": empty(database, url)}
    one = setup.contenders[OURS]
    revision = projects.revision_id(LENGTH)
    _run(one, setup, ["make", count, 0, revision], variables)
    return variables


def _run(
    one: Contender, setup: Setup, words: list[Any], variables: dict[str, str]
) -> Any:
    project = setup.project(one, "comparing")
    one.make(project, LENGTH)
    if len(words) < 4:
        words = [*words, setup.rounds]
    script = Path(ROOT, "benchmarks", "compared.py")
    ran = subprocess.run(
        [one.python, script, *map(str, words)],
        cwd=project,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        raise Failed(f"{one.name} in {project}:\n{ran.stderr[-2000:]}")
    # Alembic writes to the stdout that was there when it was imported.
    lines = ran.stdout.splitlines()
    return json.loads(lines[-1]) if lines else None
