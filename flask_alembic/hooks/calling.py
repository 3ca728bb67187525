"""Calling one implementation, with an error that says whose it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pluggy import HookImpl

from .errors import AlembicError, HookError
from .passwords import words

FAILURES: Final = (Exception, SystemExit)
"""What counts as a failure of a plugin; interrupts and the like pass."""

MEND: Final = "Mend or disable the plugin (flask db plugins lists them)."
"""What to do about a plugin that fails."""


def call_plainly(impl: HookImpl, values: Mapping[str, Any]) -> Any:
    """Call an implementation with those of the arguments that it wants.

    :param impl: The implementation.
    :param values: The hook's arguments by name.
    """
    return impl.function(*(values[name] for name in impl.argnames))


def call_stopping(
    impl: HookImpl,
    who: str,
    hook: str,
    values: Mapping[str, Any],
    *,
    collect: bool = False,
) -> Any:
    """Call an implementation whose failure stops the command.

    :param impl: The implementation.
    :param who: Whose it is, for messages.
    :param hook: The name of the hook, for messages.
    :param values: The hook's arguments by name.
    :param collect: Whether the answer has to be a list; a generator is run to its end
        here, while it is known whose it is.
    :raises HookError: When it fails, or gives no list.
    """
    try:
        answer = call_plainly(impl, values)
        if not collect or answer is None:
            return answer
        if isinstance(answer, Iterable) and not isinstance(answer, str | Mapping):
            return list(answer)
    except AlembicError:
        raise
    except FAILURES as error:
        raise HookError(
            f"{who} failed in {hook}: {words(error)}.",
            MEND,
            plugin=impl.plugin_name,
            hook=hook,
        ) from error
    raise HookError(
        f"{who} gave {answer!r} to {hook}, which is not a list.",
        "Return a list.",
        plugin=impl.plugin_name,
        hook=hook,
    )
