"""The exceptions of the hook system, and the root of all of Flask-Alembic's.

The root stands here because the hook package is the lowest floor of the house:
everything may import it, and it imports nothing of the rest.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

_COMMAND_ERROR = "alembic.util.exc"
"""The module of what Alembic raises."""


@cache
def _also(kind: type[Any], base: type[Any]) -> type[Any]:
    """Return the class of errors that are an error of Alembic too."""
    members = {"__module__": kind.__module__, "__doc__": kind.__doc__, "_public": kind}
    return type(kind.__name__, (kind, base), members)


class AlembicError(Exception):
    """The base of every error that Flask-Alembic raises on purpose.

    Where Alembic raises a ``CommandError``, such as for a revision that does not exist,
    ours is one too, so that ``except CommandError`` catches it.

    :param message: One sentence that says what happened.
    :param advice: One sentence that says what to do next; may be empty.

    .. versionadded:: 4.0
    """

    exit_code: int = 3
    """The status that ``flask db`` ends with when this error stops a command."""

    is_command_error: bool = False
    """Whether it stands for what Alembic reports with a ``CommandError``."""

    _public: type[AlembicError] | None = None

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Return an error that is a ``CommandError`` too, if anybody can catch one.

        Whoever names that class has imported Alembic, so nothing is imported here.
        """
        base = getattr(sys.modules.get(_COMMAND_ERROR), "CommandError", None)
        kind: Any = cls
        if kind.is_command_error and base is not None and base not in kind.__mro__:
            kind = _also(kind, base)
        return super().__new__(kind, *args)

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __reduce__(self) -> Any:
        reduced: Any = super().__reduce__()
        return (self._public or type(self), *reduced[1:])

    def __str__(self) -> str:
        space = "\n" if "\n" in self.message else " "
        return f"{self.message}{space}{self.advice}".strip()


class PluginError(AlembicError):
    """A plugin cannot be used: it is wrong, missing, too old or it did not load.

    .. versionadded:: 4.0
    """


class HookError(AlembicError):
    """A plugin's hook raised, and the command cannot go on without its answer.

    :param plugin: The name under which the plugin is registered.
    :param hook: The name of the hook.
    :param error: What the plugin raised; also the ``__cause__``.

    .. versionadded:: 4.0
    """

    def __init__(
        self, message: str, advice: str = "", *, plugin: str = "", hook: str = ""
    ) -> None:
        super().__init__(message, advice)
        self.plugin = plugin
        self.hook = hook


class Veto(Exception):
    """What a guard raises to refuse a command.

    :param reason: Why, in one sentence; it is shown to whoever ran the command.

    .. versionadded:: 4.0
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Vetoed(AlembicError):
    """Plugins refused the command in a guard; nothing has been changed.

    It names each that raised :exc:`Veto`, with its reason.

    :param hook: The name of the guard hook.
    :param refusals: Pairs of who refused and the reason, in call order.

    .. versionadded:: 4.0
    """

    def __init__(self, hook: str, refusals: Sequence[tuple[str, str]]) -> None:
        self.hook = hook
        self.refusals = tuple(refusals)
        reasons = "; ".join(f"{who}: {reason}" for who, reason in self.refusals)
        super().__init__(f"Refused by {hook}: {reasons.rstrip('.')}.")


class HookFailures(AlembicError):
    """Listeners failed after the work was done, and strict mode was asked for.

    Raised at the end of a command when ``ALEMBIC_HOOKS_STRICT`` is true.

    .. versionadded:: 4.0
    """
