"""Calling the function of a revision with the arguments that it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..errors import RevisionFileError
from .databases import DEFAULT

if TYPE_CHECKING:
    from .planner import PlannedStep

_UNRUN = (inspect.isawaitable, inspect.isgenerator, inspect.isasyncgen)
"""What tells that a call has made something that would have to be run."""


def call_revision(
    planned: PlannedStep, database: str, arguments: Mapping[str, Any]
) -> None:
    """Run ``upgrade()`` or ``downgrade()`` of a revision.

    :param planned: The step.
    :param database: The name of the database; passed as ``engine_name`` to a
        function that takes it, as multi-database templates write it.
    :param arguments: Extra arguments, passed to every revision.
    :raises RevisionFileError: When it has functions for other databases only.
    """
    function = planned.function
    if planned.step.is_stamp:
        return
    values = dict(arguments)
    if "engine_name" not in values and "engine_name" in _parameters(function):
        values["engine_name"] = _engine_name(planned, database)
    try:
        returned = function(**values)
    except KeyError as error:
        _require_function(planned, f"{planned.step.direction}_{database}", error)
        raise
    if any(kind(returned) for kind in _UNRUN):
        _refuse_unrun(planned, returned)


def _refuse_unrun(planned: PlannedStep, returned: Any) -> None:
    """Say that what a function would do was not done, though it was called."""
    name = planned.step.direction
    if hasattr(returned, "close"):
        returned.close()
    kind = "a coroutine" if inspect.isawaitable(returned) else "a generator"
    raise RevisionFileError(
        f"its {name}() is {kind}: nothing in it was run.",
        f"Write def {name}() without async and yield; an async engine needs neither.",
    )


def _require_function(planned: PlannedStep, name: str, error: KeyError) -> None:
    """Say which databases a revision knows, if it looked for a function in vain."""
    if error.args != (name,):
        return
    start = f"{planned.step.direction}_"
    known = [f"{key}()" for key in _globals(planned) if key.startswith(start)]
    if known:
        raise RevisionFileError(
            f"its file has no {name}(), only {', '.join(known)}.",
            "Add the function, or give the databases the names that the files know: "
            "Alembic(engines={...}, metadatas={...}).",
        ) from error


def _parameters(function: Callable[..., Any]) -> Iterable[str]:
    """Return the names of the parameters of a function."""
    if isinstance(function, FunctionType) and not vars(function):
        # Not wrapped, as nearly all: its own code tells, in no time.
        code = function.__code__
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return inspect.signature(function).parameters


def _engine_name(planned: PlannedStep, database: str) -> str:
    """Return the name by which a revision knows the database.

    Flask-Migrate writes ``upgrade_()`` for the default bind.
    """
    direction = planned.step.direction
    known = _globals(planned)
    unnamed = f"{direction}_{DEFAULT}" not in known and f"{direction}_" in known
    if database == DEFAULT and unnamed:
        return ""
    return database


def _globals(planned: PlannedStep) -> Mapping[str, Any]:
    """Return the names in the module of a revision's function."""
    return getattr(planned.function, "__globals__", {})
