"""The Flask-Script manager under its name in Flask-Alembic 1 and 2.

``from flask_alembic.cli.script import manager`` gives ``alembic_script``.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    from . import flask_script

    if name not in {"manager", "alembic_script"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return flask_script.alembic_script
