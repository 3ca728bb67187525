"""Which plugins and hooks there are."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...hooks.manager import PluginRecord
from ...hooks.markers import has_signal, kind_of
from ...runtime.invocation import invoked

if TYPE_CHECKING:
    from ...runtime.environment import Environment


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


def list_plugins(
    environment: Environment, name: str | None = None
) -> tuple[PluginRecord, ...]:
    """Return every plugin of an app, in call order.

    :param environment: The app's environment.
    :param name: Only the plugin of this name.
    :raises UsageError: When there is none of that name.
    """
    with invoked(environment, "plugins", name=name) as call:
        records = environment.registry.records
        names = [record.name for record in records]
        if name is not None and name not in names:
            raise _unknown("plugin", name, name, names)
        records = tuple(each for each in records if name in (None, each.name))
        call.data = {"plugins": records}
        return records


def list_hooks(
    environment: Environment, name: str | None = None
) -> tuple[HookRecord, ...]:
    """Return every hook, in the order of the documentation.

    :param environment: The app's environment.
    :param name: Only the hook of this name; ``-`` may stand for ``_``.
    :raises UsageError: When there is none of that name.
    """
    with invoked(environment, "hooks", name=name) as call:
        specs = environment.registry.specs
        exact = None if name is None else name.replace("-", "_")
        if name is not None and exact not in specs:
            raise _unknown("hook", name, exact or "", list(specs))
        records = tuple(
            HookRecord(
                name=hook,
                kind=kind_of(spec),
                arguments=tuple(inspect.signature(spec).parameters),
                signal=hook.replace("_", "-") if has_signal(spec) else None,
                implementations=environment.hooks.implementations(spec),
                documentation=inspect.getdoc(spec) or "",
            )
            for hook, spec in specs.items()
            if exact in (None, hook)
        )
        call.data = {"hooks": records}
        return records


def _unknown(what: str, name: str, exact: str, known: Sequence[str]) -> UsageError:
    near = difflib.get_close_matches(exact, known, 1)
    return UsageError(
        f"There is no {what} {name!r}.",
        f"Did you mean {near[0]!r}?" if near else f"flask db {what}s lists them.",
    )
