"""The extension architecture: what a plugin author imports.

A plugin is a module or an instance with functions marked ``@hookimpl``; each
implements the hook of its name and takes whichever of its arguments it wants::

    from flask_alembic.hooks import Veto, hookimpl

    @hookimpl
    def before_upgrade(app, run):
        if app.config.get("FREEZE"):
            raise Veto("there is a change freeze")

The kind of a hook decides what it may do: a ``guard`` may refuse with
:class:`Veto`, a ``tell`` only listens, an ``ask`` may answer, a ``gather`` may
add, an ``edit`` may change its argument, an ``around`` may wrap the work. Every
``guard`` and ``tell`` is also a signal in :mod:`flask_alembic.signals`.

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
    from .markers import hookimpl
    from .payloads import (
        Command,
        Failure,
        Format,
        HookFailure,
        LintTarget,
        Problem,
        Report,
        RevisionRequest,
        Run,
        RunResult,
        Stash,
        Statement,
        Step,
        StepResult,
        VersionLocation,
    )
    from .registry import PluginRecord

__all__ = [
    "AlembicError",
    "Command",
    "Failure",
    "Format",
    "HookError",
    "HookFailure",
    "HookFailures",
    "LintTarget",
    "PluginError",
    "PluginRecord",
    "Problem",
    "Report",
    "RevisionRequest",
    "Run",
    "RunResult",
    "Stash",
    "Statement",
    "Step",
    "StepResult",
    "VersionLocation",
    "Veto",
    "Vetoed",
    "hookimpl",
]

_ELSEWHERE = {"PluginRecord": "registry", "hookimpl": "markers"}
"""The module of each lazy name that is not in ``payloads``."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'payloads')}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
