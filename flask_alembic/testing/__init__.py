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
    from .ready import MigrationTests, TestMigrations
    from .registering import registered
    from .signals import RecordedSignal, RecordedSignals, recording

__all__ = [
    "HookCalls",
    "MigrationCase",
    "MigrationDatabase",
    "MigrationTests",
    "RecordedSignal",
    "RecordedSignals",
    "TestMigrations",
    "check_plugin",
    "recording",
    "registered",
]

_MODULES = {
    "HookCalls": "hooking",
    "MigrationCase": "cases",
    "MigrationTests": "ready",
    "RecordedSignal": "signals",
    "RecordedSignals": "signals",
    "MigrationDatabase": "database",
    "TestMigrations": "ready",
    "check_plugin": "checking",
    "recording": "signals",
    "registered": "registering",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
