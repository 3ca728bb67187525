"""What the extension adds to every process of an app."""

from __future__ import annotations

from functools import partial

from contenders import ALEMBIC, FLOOR
from measuring import alternate, clean_environment, instructions
from setup_of_run import Setup
from tables import Table

STARTS = {
    "import app": ["-c", "import app"],
    "flask routes": ["-m", "flask", "routes"],
    "flask --help": ["-m", "flask", "--help"],
    "flask db --help": ["-m", "flask", "db", "--help"],
}
"""What is started, as arguments of the interpreter."""


def measure(setup: Setup) -> list[Table]:
    """Measure start-up with and without the extensions.

    :param setup: The choices for this run.
    """
    cpu = Table("Start-up: CPU", "ms", FLOOR)
    memory = Table("Start-up: memory at its highest", "MiB", FLOOR)
    counts = Table("Start-up: instructions executed", "millions", FLOOR)
    those = setup.those(ALEMBIC)
    for one in those:
        one.make(setup.project(one, "startup"), 3)
    for title, words in STARTS.items():
        if setup.small and title == "import app":
            continue
        runs = {
            one.name: partial(
                one.run, [str(one.python), *words], setup.project(one, "startup")
            )
            for one in those
            if one.name != FLOOR or "db" not in words
        }
        if setup.rounds > 1:
            alternate(runs, 1)
        costs = alternate(runs, setup.rounds)
        if FLOOR not in costs:
            # There is nothing to ask for help: the least a Flask command can cost.
            cpu.put(title, FLOOR, cpu.rows["flask --help"][FLOOR])
            memory.put(title, FLOOR, memory.rows["flask --help"][FLOOR])
        for name, cost in costs.items():
            cpu.put(title, name, cost.cpu * 1000)
            memory.put(title, name, cost.memory)
    if setup.counting:
        for title in ("import app", "flask routes"):
            for one in those:
                project = setup.project(one, "startup")
                command = [str(one.python), *STARTS[title]]
                counted = instructions(command, project, clean_environment())
                if counted is not None:
                    counts.put(title, one.name, counted)
    cpu.note = f"*{FLOOR}* for ``flask db --help`` is its ``flask --help``."
    return [cpu, memory, counts] if counts.rows else [cpu, memory]
