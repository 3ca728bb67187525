"""What a type checker has to refuse; each marked line holds one mistake."""

from __future__ import annotations

from flask import Flask

from flask_alembic import Alembic, hookimpl
from flask_alembic.hooks import Run, RunResult


@hookimpl
def before_upgrade(run: Run) -> None:
    run.target = "base"  # WRONG: frozen
    print(run.plann)  # WRONG: no such field


before_upgrade("heads")  # WRONG: no run


def use(app: Flask, alembic: Alembic, result: RunResult) -> None:
    alembic.init_app("app")  # WRONG: no app
    print(alembic.upgrade().appplied)  # WRONG: no such field
    alembic.wait(timeout="1")  # WRONG: no number
    result.applied[0].step.revision.foo()  # WRONG: a text
