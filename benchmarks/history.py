"""Commands on long histories: as processes, within one process, and the limit."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import projects
from contenders import (
    ALEMBIC,
    COMMANDS,
    FLOOR,
    MIGRATE,
    OURS,
    Contender,
)
from measuring import Cost, Failed, alternate, clean_environment
from setup_of_run import Setup
from tables import Table

WITHIN = ["heads", "current", "log", "upgrade at head"]


def measure(setup: Setup) -> Iterator[Table]:
    """Measure each length in turn.

    :param setup: The choices for this run.
    """
    for size in setup.sizes:
        yield from _whole(setup, size)
        yield from _within(setup, size)
    yield _limits(setup)


def _whole(setup: Setup, size: int) -> list[Table]:
    cpu = Table(f"{size:,} revisions, whole commands: CPU", "ms", OURS)
    memory = Table(f"{size:,} revisions, whole commands: memory", "MiB", OURS)
    those = setup.those(FLOOR)
    for one in those:
        project = setup.project(one, str(size))
        one.make(project, size)
        projects.stamp(project / "data.db", projects.revision_id(size))
        # Bytecode and index are there from now on, for everybody.
        one.run(one.command("heads"), project)
    for title in COMMANDS:
        runs = {one.name: _Command(one, setup, size, title) for one in those}
        for name, cost in alternate(runs, setup.rounds).items():
            cpu.put(title, name, cost.cpu * 1000)
            if title == "heads":
                memory.put(title, name, cost.memory)
    return [cpu, memory]


class _Command:
    """One command, with the project put back to where it was before."""

    def __init__(self, one: Contender, setup: Setup, size: int, title: str) -> None:
        self.one, self.title, self.size = one, title, size
        self.project = setup.project(one, str(size))
        self.versions = one.make(self.project, size)

    def __call__(self) -> Cost:
        behind = 1 if self.title == "upgrade by one" else 0
        projects.stamp(
            self.project / "data.db", projects.revision_id(self.size - behind)
        )
        before = set(os.listdir(self.versions))
        cost = self.one.run(self.one.command(self.title), self.project)
        for name in set(os.listdir(self.versions)) - before:
            path = self.versions / name
            if path.is_file():
                path.unlink()
        return cost


def calls(one: Contender, project: Path, title: str, times: int) -> dict[str, Any]:
    """Return what calls within one process of a contender took.

    :param one: The contender.
    :param project: The folder of its project.
    :param title: What to call.
    :param times: How often.
    """
    script = str(Path(__file__).with_name("inside.py"))
    ran = subprocess.run(
        [str(one.python), script, one.name, title, str(times)],
        cwd=project,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        raise Failed(f"{one.name}, {title}:\n{ran.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _within(setup: Setup, size: int) -> list[Table]:
    later = Table(f"{size:,} revisions, a second call in one process: CPU", "ms", OURS)
    later.note = (
        "Flask-Alembic 3 answers from memory and does not see files that were added"
        " or changed since; the others look again."
    )
    for title in WITHIN:
        for one in setup.those(FLOOR):
            if title == "current" and size > 2000 and one.name in (ALEMBIC, MIGRATE):
                # Quadratic there: the whole command above has told already.
                continue
            project = setup.project(one, str(size))
            projects.stamp(project / "data.db", projects.revision_id(size))
            found = calls(one, project, title, 1 + setup.rounds)["cpu"]
            later.put(title, one.name, median(found[1:]) * 1000)
    return [later]


def _limits(setup: Setup) -> Table:
    table = Table("The limit for a history: reading its folder, nothing else", "ms CPU")
    for size in setup.sizes:
        one = setup.contenders[OURS]
        folder = one.make(setup.project(one, str(size)), size)
        took = []
        for _ in range(5):
            began = time.process_time()
            with os.scandir(folder) as entries:
                for entry in entries:
                    entry.stat()
            took.append(time.process_time() - began)
        table.put("scandir and stat of each file", f"{size:,}", median(took) * 1000)
    return table
