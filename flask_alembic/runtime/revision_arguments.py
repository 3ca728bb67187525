"""The further arguments that ``upgrade()`` and ``downgrade()`` are called with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import HookError
from ..hooks import specs

if TYPE_CHECKING:
    from .environment import Environment


def revision_arguments(environment: Environment) -> dict[str, Any]:
    """Return what plugins and the settings give to revisions, by the argument's name.

    :param environment: The app's environment.
    :raises HookError: When two plugins give the same argument, or something else than
        arguments.
    """
    given: dict[str, tuple[str, object]] = {}
    registry = environment.registry
    for plugin, answer in environment.hooks.collect(specs.revision_arguments):
        hook = {"plugin": plugin, "hook": "revision_arguments"}
        if not isinstance(answer, Mapping) or not all(
            isinstance(name, str) and name.isidentifier() for name in answer
        ):
            raise HookError(
                f"{registry.describe(plugin)} gave {answer!r} to revision_arguments.",
                "Return a dict of the argument's name and its value.",
                **hook,
            )
        for name, value in answer.items():
            if name in given:
                raise HookError(
                    f"{registry.describe(given[name][0])} and "
                    f"{registry.describe(plugin)} both give revisions the argument "
                    f"{name!r}.",
                    "Disable one of them, or give the argument in one place.",
                    **hook,
                )
            given[name] = plugin, value
    return {name: value for name, (_, value) in given.items()}
