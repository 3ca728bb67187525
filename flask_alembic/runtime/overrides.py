"""What a subclass of the extension overrides, or an assignment replaces."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import ConfigurationError, UsageError

UNUSED: Final[Mapping[str, str]] = {
    "config": "configure",
    "script_directory": "version_locations",
    "environment_context": "context_options",
    "migration_context": "context_options",
    "migration_contexts": "context_options",
    "op": "apply_revision",
    "ops": "apply_revision",
    "produce_migrations": "process_revision_directives",
}
"""Members that no command asks, each with the hook that does what an override did."""

_DEFAULTS: Final[Mapping[str, Any]] = {"mode": "online", "lock": True, "prove": True}
"""Arguments of the commands whose default is not false or empty."""


def is_overridden(extension: object, base: type, name: str) -> bool:
    """Return whether a member is not the one of the base class.

    :param extension: The extension.
    :param base: Its class in this package.
    :param name: The member.
    """
    return name in vars(extension) or getattr(type(extension), name) is not getattr(
        base, name
    )


def refuse_unused(extension: object, base: type) -> None:
    """Refuse an override that would have no effect.

    :param extension: The extension.
    :param base: Its class in this package.
    :raises ConfigurationError: Which names it, and the hook that replaces it.
    """
    for name, hook in UNUSED.items():
        if is_overridden(extension, base, name):
            raise ConfigurationError(
                f"{type(extension).__name__}.{name} is overridden, but no command uses "
                "it.",
                f"Implement the hook {hook} instead, and remove the override.",
            )


def takes(method: Callable[..., Any], name: str) -> bool:
    """Return whether a method takes a keyword argument.

    :param method: The method.
    :param name: The argument.
    """
    parameters = inspect.signature(method).parameters
    return name in parameters or any(
        one.kind is one.VAR_KEYWORD for one in parameters.values()
    )


def call_command(method: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a method of the extension, whose override may take fewer arguments.

    An override that was written for Flask-Alembic 3 takes those of that version.
    Others are left out where they are as by default.

    :param method: The method.
    :param args: Positional arguments.
    :param options: Keyword arguments.
    :raises UsageError: When it does not take one that was given.
    """
    for name in [name for name in options if not takes(method, name)]:
        value = options.pop(name)
        is_default = value == _DEFAULTS[name] if name in _DEFAULTS else not value
        if not is_default:
            owner = getattr(method, "__qualname__", repr(method))
            raise UsageError(
                f"{owner}() does not take {name!r}, which was given.",
                f"Let the override take {name!r} and hand it to super().",
            )
    return method(*args, **options)
