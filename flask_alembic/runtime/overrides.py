"""What a subclass of the extension overrides, or an assignment replaces."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import UsageError

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


class Overrides:
    """The members that a subclass of the extension overrides.

    :param extension: The extension; not kept alive.
    :param base: Its class in this package.
    """

    def __init__(self, extension: object, base: type) -> None:
        self._extension = weakref.ref(extension)
        self._base = base

    def has(self, *names: str) -> bool:
        """Return whether one of these members is overridden.

        :param names: The members.
        """
        extension = self._extension()
        return extension is not None and any(
            is_overridden(extension, self._base, name) for name in names
        )

    def get(self, name: str) -> Any:
        """Return what a property of the extension gives.

        :param name: The property.
        """
        return getattr(self._extension(), name)

    def describe(self, name: str) -> str:
        """Return what a member is called in a message.

        :param name: The member.
        """
        return f"{type(self._extension()).__name__}.{name}"


@dataclass
class Cache:
    """What a subclass written for Flask-Alembic 3 keeps for an app.

    It is empty until the subclass puts something in.
    """

    close: Callable[[], None]
    """Closes the connections of the app context."""

    config: Any = None
    script: Any = None
    env: Any = None
    contexts: Any = None
    ops: Any = None
    engines: Any = None
    metadatas: Any = None

    def clear(self) -> None:
        """Close the connections of the app context; the next use opens others."""
        self.contexts = self.ops = None
        self.close()


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
