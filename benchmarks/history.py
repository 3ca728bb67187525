"""Commands on long histories: as processes, within one process, and the limit."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
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
    RELEASED,
    Contender,
)
from measuring import Cost, Failed, alternate, clean_environment
from setup_of_run import Setup
from tables import Table

WITHIN = ["heads", "current", "log", "show head", "upgrade at head", "revision --empty"]
QUADRATIC = 5000
"""The longest history on which ``current`` of Alembic and Flask-Migrate is measured: it
takes four times as long with twice as many revisions."""
LONG = 10_000
"""From here on only some commands are measured: what shows how the costs grow."""
GROWING = ["heads", "current", "log", "upgrade at head", "show head", "status", "graph"]


FEW = ["heads", "revision --empty", "graph"]
"""What is run to see that nothing is broken."""


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
    floor = setup.contenders[FLOOR]
    bare = setup.project(floor, "startup")
    floor.make(bare, 3)
    routes = partial(floor.run, [str(floor.python), "-m", "flask", "routes"], bare)
    titles: Iterable[str] = GROWING if size >= LONG else COMMANDS
    for title in FEW if setup.small else titles:
        runs: dict[str, Callable[[], Cost]] = {FLOOR: routes}
        for one in those:
            if one.has(title) and not _is_endless(one, title, size):
                runs[one.name] = _Command(one, setup, size, title)
        for name, cost in alternate(runs, setup.rounds).items():
            cpu.put(title, name, cost.cpu * 1000)
            memory.put(title, name, cost.memory)
    cpu.note = f"*{FLOOR}* is ``flask routes``: what any Flask command costs at least."
    return [cpu, memory, _reached(cpu, size)]


def _is_endless(one: Contender, title: str, size: int) -> bool:
    return title == "current" and size > QUADRATIC and one.name in (ALEMBIC, MIGRATE)


def _reached(cpu: Table, size: int) -> Table:
    """Compare with what the start of Flask and SQLAlchemy leaves to be gained."""
    table = Table(f"{size:,} revisions, whole commands: times less CPU", "times")
    for title, costs in cpu.rows.items():
        floor, ours = costs[FLOOR], costs[OURS]
        for peer in (MIGRATE, RELEASED):
            if peer in costs:
                table.put(title, f"than {peer}", costs[peer] / ours)
                table.put(title, "at most", costs[peer] / floor)
                if ours > floor:
                    above = max(costs[peer] - floor, 0) / (ours - floor)
                    table.put(title, f"above {FLOOR}", above)
                break
    table.note = (
        f"*at most* is what a command would reach that costs no more than *{FLOOR}*;"
        f" *above {FLOOR}* compares what the two add to that."
    )
    return table


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
        _remove_others(self.versions, before)
        return cost


def _remove_others(folder: Path, kept: Collection[str]) -> None:
    """Remove the revisions that a command has made."""
    for name in set(os.listdir(folder)) - set(kept):
        path = folder / name
        if path.is_file():
            path.unlink()


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
    for title in FEW[:2] if setup.small else WITHIN:
        for one in setup.those(FLOOR):
            if size >= LONG and one.name != OURS:
                continue
            if not one.has(title) or (
                title == "current" and size > 2000 and one.name in (ALEMBIC, MIGRATE)
            ):
                # Quadratic there: the whole command above has told already.
                continue
            project = setup.project(one, str(size))
            projects.stamp(project / "data.db", projects.revision_id(size))
            times = 1 + (setup.rounds if size < LONG else 1)
            before = set(os.listdir(one.make(project, size)))
            found = calls(one, project, title, times)["cpu"]
            _remove_others(one.make(project, size), before)
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
