"""The project name that pluggy knows us by, and the six kinds of hooks.

A spec function carries one of the six decorators below; the kind decides how
the hook is called, what an exception in a plugin means, whether plugins may
wrap it and whether a signal is derived from it. The table stands in
``docs/hooks.rst``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, ParamSpec, TypeVar

from pluggy import HookimplMarker, HookspecMarker

P = ParamSpec("P")
R = TypeVar("R")

Kind = Literal["guard", "event", "firstresult", "collect", "modify", "wrapper"]
"""How a hook is called."""

PROJECT: Final = "flask_alembic"
"""The name that ties specs and implementations together."""

hookimpl: Final = HookimplMarker(PROJECT)
"""Marks a plugin's function or method as the implementation of a hook."""

hookspec: Final = HookspecMarker(PROJECT)
"""Marks a function as a spec; plugins have no need of it."""


class KindRules(NamedTuple):
    """What follows from a kind."""

    firstresult: bool
    """Whether pluggy stops at the first answer."""

    wrappers: bool
    """Whether a plugin may implement it as a wrapper."""

    signal: bool
    """Whether a blinker signal of the same name is derived."""


RULES: Final[dict[Kind, KindRules]] = {
    "guard": KindRules(firstresult=False, wrappers=False, signal=True),
    "event": KindRules(firstresult=False, wrappers=False, signal=True),
    "firstresult": KindRules(firstresult=True, wrappers=True, signal=False),
    "collect": KindRules(firstresult=False, wrappers=False, signal=False),
    "modify": KindRules(firstresult=False, wrappers=False, signal=False),
    "wrapper": KindRules(firstresult=True, wrappers=True, signal=False),
}
"""The rules of each kind."""


def _kind(
    kind: Kind, *, signal: bool | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    rules = RULES[kind]

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        function.hook_kind = kind  # type: ignore[attr-defined]
        function.hook_signal = (  # type: ignore[attr-defined]
            rules.signal if signal is None else signal
        )
        return hookspec(function, firstresult=rules.firstresult)

    return mark


guard: Final = _kind("guard")
"""Every implementation is asked whether the command may go on."""

silent_guard: Final = _kind("guard", signal=False)
"""A guard that happens too often to be announced as a signal."""

event: Final = _kind("event")
"""Every implementation is told; nothing it does changes the outcome."""

silent_event: Final = _kind("event", signal=False)
"""An event that happens too often to be announced as a signal."""

firstresult: Final = _kind("firstresult")
"""Implementations are asked in turn until one answers."""

collect: Final = _kind("collect")
"""The answers of all implementations are collected."""

modify: Final = _kind("modify")
"""Every implementation may change one mutable argument, in turn."""

wrapper: Final = _kind("wrapper")
"""Implementations wrap a piece of work."""


def kind_of(spec: Callable[..., object]) -> Kind:
    """Return the kind of a spec function.

    :param spec: A function of :mod:`flask_alembic.hooks.specs`.
    """
    kind: Kind = spec.hook_kind  # type: ignore[attr-defined]
    return kind


def has_signal(spec: Callable[..., object]) -> bool:
    """Return whether a signal is derived from a spec function.

    :param spec: A function of :mod:`flask_alembic.hooks.specs`.
    """
    return bool(spec.hook_signal)  # type: ignore[attr-defined]
