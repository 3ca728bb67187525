"""What one process costs, and what it takes to compare several fairly."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ENOUGH = 8.0
"""Seconds of CPU after which something that is this slow is not measured again."""


class Failed(Exception):
    """A command that was to be measured did not succeed."""


@dataclass(frozen=True)
class Cost:
    """What a process took.

    :param cpu: Seconds of CPU, in the program and in the kernel.
    :param wall: Seconds that passed.
    :param memory: MiB at its highest.
    """

    cpu: float
    wall: float
    memory: float


def clean_environment(**more: str) -> dict[str, str]:
    """Return this process's variables, without those that would favour somebody.

    ``PYTHONDONTWRITEBYTECODE`` forbids what every contender keeps in ``__pycache__``.

    :param more: Variables to add.
    """
    dropped = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV", "FLASK_APP"}
    kept = {name: text for name, text in os.environ.items() if name not in dropped}
    return {**kept, "PYTHONHASHSEED": "0", **more}


def cost_of(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Cost:
    """Run a command and return what it cost.

    :param command: The program and its arguments.
    :param cwd: Where it runs.
    :param env: Its variables.
    :raises Failed: When it exits with anything but 0.
    """
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            text = said.read().decode(errors="replace")[-2000:]
            raise Failed(f"{' '.join(command)} in {cwd}:\n{text}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def alternate(
    contenders: Mapping[str, Callable[[], Cost]], rounds: int
) -> dict[str, Cost]:
    """Measure several, taking turns, and return the median of each.

    Whatever else the machine does at the time then strikes all of them alike. The
    order changes with each round.

    :param contenders: What to measure, by name.
    :param rounds: How many times each.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        turn = number % len(names) if names else 0
        for name in names[turn:] + names[:turn]:
            if sum(cost.cpu for cost in costs[name]) < ENOUGH:
                costs[name].append(contenders[name]())
    return {name: _median(found) for name, found in costs.items()}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        median(cost.cpu for cost in costs),
        median(cost.wall for cost in costs),
        median(cost.memory for cost in costs),
    )


def instructions(
    command: Sequence[str], cwd: Path, env: Mapping[str, str]
) -> float | None:
    """Return how many instructions a command executes, in millions.

    :param command: The program and its arguments.
    :param cwd: Where it runs.
    :param env: Its variables.
    :return: ``None`` without ``valgrind``.
    :raises Failed: When there is no count in what it says.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    tool = ["--tool=callgrind", "--callgrind-out-file=/dev/null"]
    ran = subprocess.run(
        [valgrind, *tool, *command],
        cwd=cwd,
        env=dict(env),
        capture_output=True,
        text=True,
    )
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode or found is None:
        raise Failed(f"valgrind {' '.join(command)}:\n{ran.stderr[-2000:]}")
    return int(found[1]) / 1e6
