"""Calling a wrapper: a generator with exactly one ``yield`` around the work."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, cast

from pluggy import HookImpl

from .calling import FAILURES, MEND, call_plainly
from .errors import AlembicError, HookError
from .passwords import words


def wrap(
    impl: HookImpl,
    who: str,
    hook: str,
    values: dict[str, Any],
    inner: Callable[[], Any],
) -> Callable[[], Any]:
    """Return a call that runs ``inner`` inside a wrapper.

    What ``inner`` raises is thrown into the wrapper, so that its ``finally``
    runs, and passes on unless the wrapper answers instead.

    :param impl: The wrapper.
    :param who: Whose it is, for messages.
    :param hook: The name of the hook, for messages.
    :param values: The hook's arguments by name.
    :param inner: What it is wrapped around.
    :raises HookError: From the call, when the wrapper itself fails or does not
        yield exactly once.
    """

    def call() -> Any:
        generator = cast(
            Generator[None, Any, Any],
            call_plainly(impl, values),
        )
        with _Blame(impl, who, hook) as blame:
            try:
                next(generator)
            except StopIteration:
                raise blame.wrong("did not yield") from None
            try:
                result = inner()
            except BaseException as error:
                blame.passing = error
                try:
                    generator.throw(error)
                except StopIteration as stop:
                    return stop.value
            else:
                try:
                    generator.send(result)
                except StopIteration as stop:
                    return stop.value
            generator.close()
            raise blame.wrong("yielded more than once")

    return call


class _Blame:
    """Puts the plugin's name on what its wrapper raises, and on nothing else."""

    def __init__(self, impl: HookImpl, who: str, hook: str) -> None:
        self.impl = impl
        self.who = who
        self.hook = hook
        self.passing: BaseException | None = None

    def wrong(self, what: str) -> HookError:
        return self._error(f"{self.who}: its wrapper of {self.hook} {what}.")

    def _error(self, message: str) -> HookError:
        return HookError(
            message,
            MEND,
            plugin=self.impl.plugin_name,
            hook=self.hook,
        )

    def __enter__(self) -> _Blame:
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if error is None or error is self.passing:
            return
        if isinstance(error, AlembicError) or not isinstance(error, FAILURES):
            return
        raise self._error(
            f"{self.who} failed in {self.hook}: {words(error)}."
        ) from error
