"""A test kit: what pytest loads as a plugin, and what tests import.

pytest finds the fixtures by itself, see :mod:`flask_alembic.testing.plugin`. One line
in a test module switches the ready tests on::

    from flask_alembic.testing import TestMigrations  # noqa: F401

The names are imported when they are first used: pytest loads this package in every
suite of the environment, also in those that have nothing to do with migrations.

.. versionadded:: 4.0
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cases import MigrationCase
    from .checking import check_plugin
    from .database import MigrationDatabase
    from .hooking import HookCalls
    from .making import MakeApp, run_db
    from .ready import MigrationTests, TestMigrations
    from .registering import Register, registered
    from .revisions import write_revision
    from .signals import RecordedSignal, RecordedSignals, recording

__all__ = [
    "HookCalls",
    "MakeApp",
    "MigrationCase",
    "MigrationDatabase",
    "MigrationTests",
    "RecordedSignal",
    "RecordedSignals",
    "Register",
    "TestMigrations",
    "check_plugin",
    "recording",
    "registered",
    "run_db",
    "write_revision",
]

_MODULES = {
    "HookCalls": "hooking",
    "MakeApp": "making",
    "MigrationCase": "cases",
    "MigrationTests": "ready",
    "RecordedSignal": "signals",
    "RecordedSignals": "signals",
    "MigrationDatabase": "database",
    "Register": "registering",
    "TestMigrations": "ready",
    "check_plugin": "checking",
    "recording": "signals",
    "registered": "registering",
    "run_db": "making",
    "write_revision": "revisions",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
