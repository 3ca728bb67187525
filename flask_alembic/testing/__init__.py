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
    from ..backends.server_for_tests import DatabaseFiles, DatabaseServer, TestServer
    from .apps import MakeApp, run_db
    from .case import MigrationCase
    from .database import MigrationDatabase
    from .plugins import HookCalls, Register, check_plugin, registered
    from .ready import MigrationTests, TestMigrations
    from .revisions import write_revision
    from .signals import RecordedSignal, RecordedSignals, recording

__all__ = [
    "DatabaseFiles",
    "DatabaseServer",
    "HookCalls",
    "MakeApp",
    "MigrationCase",
    "MigrationDatabase",
    "MigrationTests",
    "RecordedSignal",
    "RecordedSignals",
    "Register",
    "TestMigrations",
    "TestServer",
    "check_plugin",
    "recording",
    "registered",
    "run_db",
    "write_revision",
]

_MODULES = {
    "DatabaseFiles": "..backends.server_for_tests",
    "DatabaseServer": "..backends.server_for_tests",
    "HookCalls": ".plugins",
    "MakeApp": ".apps",
    "MigrationCase": ".case",
    "MigrationTests": ".ready",
    "RecordedSignal": ".signals",
    "RecordedSignals": ".signals",
    "MigrationDatabase": ".database",
    "Register": ".plugins",
    "TestMigrations": ".ready",
    "TestServer": "..backends.server_for_tests",
    "check_plugin": ".plugins",
    "recording": ".signals",
    "registered": ".plugins",
    "run_db": ".apps",
    "write_revision": ".revisions",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
