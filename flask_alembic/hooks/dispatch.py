"""The six verbs by which the rest of Flask-Alembic calls hooks.

The verb is the kind and the key is the spec function itself, so that a type
checker proves each call::

    hooks.tell(specs.after_upgrade, run=run, result=result)

Implementations are called through ``HookCaller.get_hookimpls()``, one at a time,
because pluggy stops at the first exception and does not say whose it was. A plugin
that calls ``sys.exit()`` has failed like one that raises: a guard that ends the
process with status 0 would look like a command that went well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from pluggy import HookImpl

from .calling import FAILURES, call_plainly, call_stopping
from .errors import HookError, Veto, Vetoed
from .markers import Kind, has_signal, kind_of
from .passwords import words
from .receiving import key_of, name_of, send_to
from .reentry import entered
from .registry import Registry
from .signals import SIGNALS
from .wrapping import wrap

if TYPE_CHECKING:
    from flask import Flask

    from .payloads import HookFailure

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("flask_alembic.hooks")


class Hooks:
    """Calls the hooks of one app, and keeps what failed without consequences.

    :param app: The application; it is the sender of all signals.
    :param registry: The plugins.

    .. versionadded:: 4.0
    """

    def __init__(self, app: Flask, registry: Registry) -> None:
        self.app = app
        self.registry = registry
        self.failures: list[HookFailure] = []

    def for_command(self) -> Hooks:
        """Return a dispatcher for one command, with a list of failures of its own."""
        return Hooks(self.app, self.registry)

    def implemented(self, spec: Callable[..., object]) -> bool:
        """Return whether any plugin implements a hook, the default not counted.

        :param spec: The spec function.
        """
        return any(True for _ in self._implementations(spec.__name__, core=False))

    def implementations(self, spec: Callable[..., object]) -> tuple[str, ...]:
        """Return the names of the plugins that implement a hook, in call order.

        :param spec: The spec function.
        """
        return tuple(impl.plugin_name for impl in self._implementations(spec.__name__))

    # The verbs ---------------------------------------------------------------

    def guard(
        self,
        spec: Callable[Concatenate[Flask, P], None],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> None:
        """Ask everybody whether to go on; announce it when all agree.

        :param spec: A spec of kind ``guard``.
        :param arguments: What the spec takes, without ``app``.
        :raises Vetoed: With all reasons, when anybody refused.
        """
        values = self._values(spec, "guard", arguments)
        refusals: list[tuple[str, str]] = []
        for impl in self._implementations(spec.__name__):
            try:
                self._once(impl, spec.__name__, values)
            except Veto as veto:
                refusals.append((self._who(impl), veto.reason))
            except FAILURES as error:
                # Fail closed: a guard that cannot answer has not agreed.
                logger.debug("%s failed", self._who(impl), exc_info=error)
                refusals.append((self._who(impl), f"it failed: {words(error)}"))
        if refusals:
            raise Vetoed(spec.__name__, refusals)
        self._announce(spec, values)

    def tell(
        self,
        spec: Callable[Concatenate[Flask, P], None],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> None:
        """Tell everybody; what fails is logged, kept and without consequences.

        :param spec: A spec of kind ``tell``.
        :param arguments: What the spec takes, without ``app``.
        """
        values = self._values(spec, "tell", arguments)
        for impl in self._implementations(spec.__name__):
            try:
                self._once(impl, spec.__name__, values)
            except FAILURES as error:
                record = self.registry.record(impl.plugin_name)
                self._failed(spec.__name__, impl.plugin_name, record.origin, error)
        self._announce(spec, values)

    def ask(
        self,
        spec: Callable[Concatenate[Flask, P], R],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> R:
        """Ask in turn until somebody answers something else than ``None``.

        :param spec: A spec of kind ``ask``.
        :param arguments: What the spec takes, without ``app``.
        :return: The first answer; the default behaviour answers last.
        :raises HookError: When an implementation raised.
        """
        values = self._values(spec, "ask", arguments)
        answer: R = self._first(spec.__name__, values, lambda: None)
        return answer

    def gather(
        self,
        spec: Callable[Concatenate[Flask, P], R],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> list[tuple[str, R]]:
        """Collect the answers of everybody.

        :param spec: A spec of kind ``gather``.
        :param arguments: What the spec takes, without ``app``.
        :return: Pairs of plugin name and answer, those with ``None`` left out.
        :raises HookError: When an implementation raised, or did not return the
            list that the spec asks for.
        """
        values = self._values(spec, "gather", arguments)
        answers: list[tuple[str, R]] = []
        for impl in self._implementations(spec.__name__):
            answer = self._stopping(impl, spec.__name__, values, _collects(spec))
            if answer is not None:
                answers.append((impl.plugin_name, answer))
        return answers

    def edit(
        self,
        spec: Callable[Concatenate[Flask, P], None],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> None:
        """Let everybody change the mutable argument, in turn.

        :param spec: A spec of kind ``edit``.
        :param arguments: What the spec takes, without ``app``.
        :raises HookError: When an implementation raised.
        """
        values = self._values(spec, "edit", arguments)
        for impl in self._implementations(spec.__name__):
            self._stopping(impl, spec.__name__, values)

    def edit_each(
        self,
        spec: Callable[Concatenate[Flask, P], None],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> Iterator[tuple[str, HookError | None]]:
        """Let everybody change the argument, going on past those who fail.

        :param spec: A spec of kind ``edit``.
        :param arguments: What the spec takes, without ``app``.
        :return: Plugin name and error of each, one at a time.
        """
        values = self._values(spec, "edit", arguments)
        for impl in self._implementations(spec.__name__):
            try:
                self._stopping(impl, spec.__name__, values)
            except HookError as error:
                yield impl.plugin_name, error
            else:
                yield impl.plugin_name, None

    def around(
        self,
        spec: Callable[Concatenate[Flask, P], R],
        work: Callable[[], R],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> R:
        """Do a piece of work with everybody around it.

        :param spec: A spec of kind ``around``.
        :param work: The innermost call.
        :param arguments: What the spec takes, without ``app``.
        :return: What the outermost wrapper returned.
        :raises HookError: When a wrapper raised, lost the result or did not
            yield exactly once. What ``work`` raises passes as it is.
        """
        values = self._values(spec, "around", arguments)
        answer: R = self._first(spec.__name__, values, work)
        if answer is None:
            names = ", ".join(repr(name) for name in self.implementations(spec))
            raise HookError(
                f"The result of {spec.__name__} was lost by a wrapper ({names}).",
                "A wrapper must end with: return (yield).",
                hook=spec.__name__,
            )
        return answer

    # Bookkeeping -------------------------------------------------------------

    def _values(
        self,
        spec: Callable[..., object],
        kind: Kind,
        arguments: dict[str, Any],
    ) -> dict[str, Any]:
        assert kind_of(spec) == kind, f"{spec.__name__} is {kind_of(spec)}, not {kind}"
        return {"app": self.app, **arguments}

    def _implementations(self, name: str, *, core: bool = True) -> Iterator[HookImpl]:
        """Yield the implementations in call order, wrappers first."""
        for impl in self.registry.implementations(name):
            if core or self.registry.record(impl.plugin_name).source != "core":
                yield impl

    def _once(self, impl: HookImpl, name: str, values: dict[str, Any]) -> None:
        """Call one implementation of a guard or tell, unless it is at work."""
        with entered(id(self.app), name, id(impl.plugin)) as may:
            if may:
                call_plainly(impl, values)

    def _first(self, name: str, values: dict[str, Any], work: Callable[[], Any]) -> Any:
        """Call the wrappers around the first answer, ``work`` answering last."""
        impls = list(self._implementations(name))
        plain = [impl for impl in impls if not impl.wrapper]

        def innermost() -> Any:
            for impl in plain:
                answer = self._stopping(impl, name, values)
                if answer is not None:
                    return answer
            return work()

        call = innermost
        for impl in reversed([impl for impl in impls if impl.wrapper]):
            call = wrap(impl, self._who(impl), name, values, call)
        return call()

    def _stopping(
        self, impl: HookImpl, name: str, values: dict[str, Any], collect: bool = False
    ) -> Any:
        return call_stopping(impl, self._who(impl), name, values, collect=collect)

    def _announce(self, spec: Callable[..., object], values: dict[str, Any]) -> None:
        """Send the signal of a hook to its receivers, one at a time."""
        if not has_signal(spec):
            return
        signal = SIGNALS[spec.__name__]
        if not signal.receivers or signal.is_muted:
            return
        arguments = {name: value for name, value in values.items() if name != "app"}
        for receiver in list(signal.receivers_for(self.app)):
            try:
                with entered(id(self.app), signal.name, *key_of(receiver)) as may:
                    if may:
                        send_to(receiver, self.app, arguments)
            except FAILURES as error:
                self._failed(signal.name, name_of(receiver), "", error)

    def _failed(
        self, hook: str, plugin: str, origin: str, error: BaseException
    ) -> None:
        from .payloads import HookFailure

        self.failures.append(HookFailure(hook, plugin, origin, words(error)))
        shown = f"{plugin} ({origin})" if origin else plugin
        message = "%s failed in %s, which changes nothing of the outcome: %s"
        if isinstance(error, Veto):
            message += ". Only a before_ hook of a plugin can refuse."
        logger.error(message, shown, hook, words(error))
        logger.debug("The error of %s", shown, exc_info=error)

    def _who(self, impl: HookImpl) -> str:
        return self.registry.describe(impl.plugin_name)


def _collects(spec: Callable[..., object]) -> bool:
    """Return whether the answer to a hook is a list, by the spec's annotation."""
    return str(spec.__annotations__["return"]).startswith("Iterable[")
