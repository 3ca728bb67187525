"""Questions asked often: the readiness probe, and what the shell completes."""

from __future__ import annotations

from functools import partial
from statistics import median

import projects
from contenders import FLOOR, OURS
from history import calls
from measuring import alternate
from setup_of_run import Setup
from tables import Table


def measure(setup: Setup) -> list[Table]:
    """Measure ``needs_upgrade()`` and the completion of revisions.

    :param setup: The choices for this run.
    """
    one, floor = setup.contenders[OURS], setup.contenders[FLOOR]
    probe = Table("needs_upgrade() at head on SQLite, as a probe", "ms, queries")
    shell = Table("Completion of revision ids, a whole process: CPU", "ms", "flask")
    for size in setup.sizes:
        project = setup.project(one, str(size))
        one.make(project, size)
        projects.stamp(project / "data.db", projects.revision_id(size))
        found = calls(one, project, "needs_upgrade", 200)
        row = f"{size:,} revisions"
        probe.put(row, "first call", found["wall"][0] * 1000)
        probe.put(row, "later calls", median(found["wall"][1:]) * 1000)
        probe.put(row, "later calls, CPU", median(found["cpu"][1:]) * 1000)
        probe.put(row, "queries", found["queries"])
        words = "flask db upgrade "
        variables = {
            "_FLASK_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": "3",
        }
        flask = [str(one.python.with_name("flask"))]
        bare = setup.project(floor, "startup")
        floor.make(bare, 3)
        routes = [str(floor.python), "-m", "flask", "routes"]
        runs = {
            "flask": partial(floor.run, routes, bare),
            "completion": partial(one.run, flask, project, **variables),
        }
        for name, cost in alternate(runs, setup.rounds).items():
            shell.put(row, name, cost.cpu * 1000)
    shell.note = "*flask* is ``flask routes`` of an app without the extension."
    return [probe, shell]
