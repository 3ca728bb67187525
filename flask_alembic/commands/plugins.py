"""Which plugins and hooks there are."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..hooks.markers import has_signal, kind_of
from ..hooks.registry import PluginRecord
from .invocation import invoked

if TYPE_CHECKING:
    from ..environment.objects import Environment


@dataclass(frozen=True, slots=True)
class HookRecord:
    """What is known of one hook.

    .. versionadded:: 4.0
    """

    name: str
    """Its name."""

    kind: str
    """How it is called."""

    arguments: tuple[str, ...]
    """What an implementation may take."""

    signal: str | None
    """The blinker signal of the same name, if there is one."""

    implementations: tuple[str, ...]
    """The plugins that implement it, in call order."""

    documentation: str
    """What its docstring says."""


def list_plugins(environment: Environment) -> tuple[PluginRecord, ...]:
    """Return every plugin of an app, in call order.

    :param environment: The app's environment.
    """
    with invoked(environment, "plugins") as call:
        records = environment.registry.records
        call.data = {"plugins": records}
        return records


def list_hooks(environment: Environment) -> tuple[HookRecord, ...]:
    """Return every hook, in the order of the documentation.

    :param environment: The app's environment.
    """
    with invoked(environment, "hooks") as call:
        hooks = environment.hooks
        records = tuple(
            HookRecord(
                name=name,
                kind=kind_of(spec),
                arguments=tuple(inspect.signature(spec).parameters),
                signal=name.replace("_", "-") if has_signal(spec) else None,
                implementations=hooks.implementations(spec),
                documentation=inspect.getdoc(spec) or "",
            )
            for name, spec in environment.registry.specs.items()
        )
        call.data = {"hooks": records}
        return records
