"""The extension architecture: what a plugin author imports.

A plugin is a module or an instance with functions marked ``@hookimpl``; each
implements the hook of its name and takes whichever of its arguments it wants::

    from flask_alembic.hooks import Veto, hookimpl

    @hookimpl
    def before_upgrade(app, run):
        if app.config.get("FREEZE"):
            raise Veto("there is a change freeze")

The kind of a hook decides what it may do: a ``guard`` may refuse with
:class:`Veto`, an ``event`` only listens, a ``firstresult`` may answer, a ``collect`` may
add, a ``modify`` may change its argument, a ``wrapper`` may wrap the work. Every
``guard`` and ``event`` is also a signal in :mod:`flask_alembic.signals`.

An app passes a plugin in with ``Alembic(plugins=[...])`` or
``alembic.register(plugin)``; a package announces one as an entry point in the
group ``flask_alembic.plugins``. ``flask db plugins`` and ``flask db hooks`` show
what is there.

The names are imported when they are first used: a web worker that never migrates
loads neither pluggy nor the payloads.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .errors import AlembicError, HookError, HookFailures, PluginError, Veto, Vetoed

if TYPE_CHECKING:
    from .app_databases import each_database, engines_of, on_connection
    from .manager import PluginRecord
    from .markers import hookimpl
    from .payloads import (
        Command,
        DatabaseState,
        Direction,
        Finding,
        GraphFormat,
        HookFailure,
        LintTarget,
        Mode,
        OutputFormat,
        Problem,
        ProgressEvent,
        ReadinessProblem,
        RenameCandidate,
        Report,
        RevisionProof,
        RevisionRequest,
        RevisionTemplate,
        Run,
        RunFailure,
        RunResult,
        Severity,
        SqlStatement,
        Stash,
        Step,
        StepResult,
        VersionLocation,
    )
    from .threads import in_thread

__all__ = [
    "AlembicError",
    "Command",
    "DatabaseState",
    "Direction",
    "Finding",
    "GraphFormat",
    "HookError",
    "HookFailure",
    "HookFailures",
    "LintTarget",
    "Mode",
    "OutputFormat",
    "PluginError",
    "PluginRecord",
    "Problem",
    "ProgressEvent",
    "ReadinessProblem",
    "RenameCandidate",
    "Report",
    "RevisionProof",
    "RevisionRequest",
    "RevisionTemplate",
    "Run",
    "RunFailure",
    "RunResult",
    "Severity",
    "SqlStatement",
    "Stash",
    "Step",
    "StepResult",
    "VersionLocation",
    "Veto",
    "Vetoed",
    "each_database",
    "engines_of",
    "hookimpl",
    "in_thread",
    "on_connection",
]

_ELSEWHERE = {
    "PluginRecord": ".manager",
    "each_database": ".app_databases",
    "engines_of": ".app_databases",
    "hookimpl": ".markers",
    "in_thread": ".threads",
    "on_connection": ".app_databases",
}
"""The module of each lazy name that is not in ``payloads``."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(_ELSEWHERE.get(name, ".payloads"), __name__)
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
