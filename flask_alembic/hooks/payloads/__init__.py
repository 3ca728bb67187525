"""What travels through hooks and signals: frozen, slotted, without secrets.

A field may be added in any release; none is renamed or removed without a
deprecation. Databases go by name: no URL, no password and no statement
parameter is ever part of a payload.

The classes are made when they are first used: making all of them costs more than
reading the index of a long history.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .commands import Command, Report
    from .findings import Format, HookFailure, Problem
    from .names import Direction, Mode, Severity
    from .revisions import LintTarget, RevisionRequest, VersionLocation
    from .runs import Failure, Run, RunResult, Stash, Statement, Step, StepResult

__all__ = [
    "Command",
    "Direction",
    "Failure",
    "Format",
    "HookFailure",
    "LintTarget",
    "Mode",
    "Problem",
    "Report",
    "RevisionRequest",
    "Run",
    "RunResult",
    "Severity",
    "Stash",
    "Statement",
    "Step",
    "StepResult",
    "VersionLocation",
]

_MODULES = {
    "commands": ("Command", "Report"),
    "findings": ("Format", "HookFailure", "Problem"),
    "names": ("Direction", "Mode", "Severity"),
    "revisions": ("LintTarget", "RevisionRequest", "VersionLocation"),
    "runs": ("Failure", "Run", "RunResult", "Stash", "Statement", "Step", "StepResult"),
}
"""Where each of them is."""


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            found = importlib.import_module(f"{__name__}.{module}")
            globals().update({each: getattr(found, each) for each in names})
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
