"""What the methods of :class:`~flask_alembic.Alembic` return.

Import them for annotations::

    from flask_alembic.results import DatabaseStatus, RunResult

Each is a frozen dataclass; fields may be added in any release. The classes are
imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backends.schema_objects import UncomparedObjects
    from .commands.adopt.adopt import AdoptResult
    from .commands.drift.drift import DatabaseDrift, Drift
    from .commands.history.sql import RevisionSQL
    from .commands.import_env.import_env import ImportEnvResult
    from .commands.import_env.item import EnvItem
    from .commands.init.scaffold import Template
    from .commands.plugins.plugin_list import HookRecord
    from .commands.prove.prove import ProofResult
    from .commands.squash.squash import SquashResult
    from .commands.status.status import DatabaseStatus
    from .commands.wait.readiness import Readiness
    from .hooks.history_graph import HistoryGraph, Node
    from .hooks.manager import PluginRecord
    from .hooks.payloads import (
        Finding,
        Problem,
        Report,
        RevisionProof,
        Run,
        RunFailure,
        RunResult,
        Step,
        StepResult,
    )
    from .runtime.databases import Database
    from .schema.compare import CheckResult
    from .schema.diff import Difference
    from .script.source_analysis import DataStep

_MODULES = {
    "AdoptResult": "commands.adopt.adopt",
    "CheckResult": "schema.compare",
    "DataStep": "script.source_analysis",
    "Database": "runtime.databases",
    "DatabaseDrift": "commands.drift.drift",
    "DatabaseStatus": "commands.status.status",
    "Difference": "schema.diff",
    "Drift": "commands.drift.drift",
    "EnvItem": "commands.import_env.item",
    "RunFailure": "hooks.payloads",
    "Finding": "hooks.payloads",
    "HistoryGraph": "hooks.history_graph",
    "HookRecord": "commands.plugins.plugin_list",
    "ImportEnvResult": "commands.import_env.import_env",
    "Node": "hooks.history_graph",
    "PluginRecord": "hooks.manager",
    "Problem": "hooks.payloads",
    "ProofResult": "commands.prove.prove",
    "Readiness": "commands.wait.readiness",
    "Report": "hooks.payloads",
    "RevisionProof": "hooks.payloads",
    "RevisionSQL": "commands.history.sql",
    "Run": "hooks.payloads",
    "RunResult": "hooks.payloads",
    "SquashResult": "commands.squash.squash",
    "Step": "hooks.payloads",
    "StepResult": "hooks.payloads",
    "Template": "commands.init.scaffold",
    "UncomparedObjects": "backends.schema_objects",
}
"""The module of each."""

__all__ = [
    "AdoptResult",
    "CheckResult",
    "DataStep",
    "Database",
    "DatabaseDrift",
    "DatabaseStatus",
    "Difference",
    "Drift",
    "EnvItem",
    "Finding",
    "HistoryGraph",
    "HookRecord",
    "ImportEnvResult",
    "Node",
    "PluginRecord",
    "Problem",
    "ProofResult",
    "Readiness",
    "Report",
    "RevisionProof",
    "RevisionSQL",
    "Run",
    "RunFailure",
    "RunResult",
    "SquashResult",
    "Step",
    "StepResult",
    "Template",
    "UncomparedObjects",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"flask_alembic.{_MODULES[name]}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
