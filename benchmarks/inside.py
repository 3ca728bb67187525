"""Run by a contender's interpreter: calls that share one process.

``python inside.py CONTENDER TITLE CALLS`` in a project prints, as JSON, the seconds of
CPU that each call took. The first one imports what it needs; those that follow are what
a long-lived process pays.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any


def calls_of(contender: str) -> dict[str, Callable[[], Any]]:
    if contender == "alembic":
        return alembic_calls()
    project: Any = importlib.import_module("app")
    project.app.app_context().push()
    if contender == "Flask-Migrate":
        return migrate_calls()
    alembic = project.alembic
    return {
        "heads": alembic.heads,
        "current": alembic.current,
        "log": alembic.log,
        "show head": lambda: (
            alembic.show("head")
            if hasattr(alembic, "show")
            else alembic.script_directory.get_revision("head")
        ),
        "upgrade at head": alembic.upgrade,
        "revision --empty": lambda: alembic.revision("new", empty=True),
        "needs_upgrade": getattr(alembic, "needs_upgrade", lambda: None),
    }


def alembic_calls() -> dict[str, Callable[[], Any]]:
    from alembic import command
    from alembic.config import Config

    config = Config("alembic.ini", stdout=io.StringIO())
    return {
        "heads": lambda: command.heads(config),
        "current": lambda: command.current(config),
        "log": lambda: command.history(config),
        "show head": lambda: command.show(config, "head"),
        "revision --empty": lambda: command.revision(config, "new"),
        "upgrade at head": lambda: command.upgrade(config, "head"),
    }


def migrate_calls() -> dict[str, Callable[[], Any]]:
    flask_migrate: Any = importlib.import_module("flask_migrate")
    return {
        "heads": flask_migrate.heads,
        "current": flask_migrate.current,
        "log": flask_migrate.history,
        "show head": lambda: flask_migrate.show(revision="head"),
        "revision --empty": lambda: flask_migrate.revision(message="new"),
        "upgrade at head": flask_migrate.upgrade,
    }


def count_queries(call: Callable[[], Any]) -> int:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    seen: list[str] = []

    def heard(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", heard)
    call()
    event.remove(Engine, "before_cursor_execute", heard)
    return len(seen)


def main() -> None:
    contender, title, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sys.path.insert(0, os.getcwd())
    call = calls_of(contender)[title]
    cpu, wall = [], []
    with redirect_stdout(io.StringIO()):
        for _ in range(times):
            began, clock = time.process_time(), time.perf_counter()
            call()
            cpu.append(time.process_time() - began)
            wall.append(time.perf_counter() - clock)
        queries = count_queries(call) if title == "needs_upgrade" else None
    print(json.dumps({"cpu": cpu, "wall": wall, "queries": queries}))


if __name__ == "__main__":
    main()
