"""The six verbs by which the rest of Flask-Alembic calls hooks.

The verb is the kind and the key is the spec function itself, so that a type
checker proves each call::

    hooks.event(specs.after_upgrade, run=run, result=result)

Implementations are called through ``HookCaller.get_hookimpls()``, one at a time,
because pluggy stops at the first exception and does not say whose it was. A plugin
that calls ``sys.exit()`` has failed like one that raises: a guard that ends the
process with status 0 would look like a command that went well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar, cast

from pluggy import HookImpl

from . import specs
from .errors import AlembicError, HookError, Veto, Vetoed
from .manager import Registry
from .markers import Kind, has_signal, kind_of
from .redaction import hide_secrets, redacted
from .signals import SIGNALS
from .threads import in_thread

if TYPE_CHECKING:
    from flask import Flask

    from .payloads import HookFailure

FAILURES: Final = (Exception, SystemExit)
"""What counts as a failure of a plugin; interrupts and the like pass."""

FIX: Final = "Fix or disable the plugin (flask db plugins lists them)."
"""What to do about a plugin that fails."""


def is_failure(error: BaseException) -> bool:
    """Tell whether what a plugin raised is a failure of the plugin.

    An interrupt is none, nor is the end of a task of an event loop.

    :param error: What was raised.
    """
    if isinstance(error, FAILURES):
        return True
    from asyncio import CancelledError

    return not isinstance(error, KeyboardInterrupt | CancelledError)


def failed_in(where: str, error: BaseException, who: str, plugin: str) -> HookError:
    """Return the error that names the plugin whose code has raised.

    :param where: The hook, or what the plugin gave to it.
    :param error: What was raised.
    :param who: The plugin, for messages.
    :param plugin: Its name.
    """
    return HookError(
        f"{who} failed in {where}: {redacted(error)}.",
        FIX,
        plugin=plugin,
        hook=where.split()[-1],
    )


class NamedContext(AbstractContextManager[None]):
    """A context manager that a plugin gave to a hook; its errors name the plugin.

    :param manager: What it gave.
    :param hook: The name of the hook.
    :param who: The plugin, for messages.
    :param plugin: Its name.
    """

    def __init__(self, manager: Any, hook: str, who: str, plugin: str) -> None:
        self.manager = manager
        self.hook = hook
        self.who = who
        self.plugin = plugin

    def __enter__(self) -> None:
        if not hasattr(self.manager, "__enter__"):
            raise HookError(
                f"{self.who} gave {self.manager!r} to {self.hook}, which is not a "
                "context manager.",
                "Return a context manager or None.",
                plugin=self.plugin,
                hook=self.hook,
            )
        with self._naming():
            self.manager.__enter__()

    def __exit__(self, *error: Any) -> bool | None:
        with self._naming(error[1]):
            swallowed: bool | None = self.manager.__exit__(*error)
        return swallowed

    @contextmanager
    def _naming(self, passing: BaseException | None = None) -> Iterator[None]:
        try:
            yield
        except AlembicError:
            raise
        except Veto as veto:
            raise Vetoed(self.hook, [(self.who, veto.reason)]) from veto
        except BaseException as error:
            if error is passing or not is_failure(error):
                raise
            raise failed_in(
                f"what it gave to {self.hook}", error, self.who, self.plugin
            ) from error


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
    except BaseException as error:
        if not is_failure(error):
            raise
        raise failed_in(hook, error, who, impl.plugin_name) from error
    raise HookError(
        f"{who} gave {answer!r} to {hook}, which is not a list.",
        "Return a list.",
        plugin=impl.plugin_name,
        hook=hook,
    )


def send_to(
    receiver: Callable[..., Any], app: Flask, arguments: Mapping[str, Any]
) -> None:
    """Call a receiver and wait for it.

    A coroutine is run by :meth:`flask.Flask.ensure_sync`, which needs a thread
    without a running event loop. With an async engine a command works inside one,
    so there the coroutine gets a thread of its own, with the same context.

    :param receiver: What is connected to the signal.
    :param app: The sender.
    :param arguments: The signal's arguments.
    :raises Exception: Whatever the receiver raised.
    """
    call = app.ensure_sync(receiver)
    if call is receiver or not _inside_loop():
        call(app, **arguments)
        return
    in_thread(lambda: call(app, **arguments))


def _inside_loop() -> bool:
    """Whether an event loop runs in this thread."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def key_of(receiver: Callable[..., Any]) -> tuple[int, int]:
    """Return what tells a receiver from others; a bound method is made anew each time.

    :param receiver: What is connected to the signal.
    """
    function = getattr(receiver, "__func__", receiver)
    return id(getattr(receiver, "__self__", None)), id(function)


def name_of(receiver: Callable[..., Any]) -> str:
    """Name a receiver for a message.

    :param receiver: What is connected to the signal.
    """
    module = getattr(receiver, "__module__", None)
    name = getattr(receiver, "__qualname__", None)
    if module is None or name is None:
        return f"receiver {receiver!r}"
    return f"receiver {module}.{name}"


_at_work: ContextVar[frozenset[tuple[object, ...]]] = ContextVar(
    "at_work", default=frozenset()
)
"""Which listeners are being called in this context."""


@contextmanager
def entered(*key: object) -> Iterator[bool]:
    """Note that a listener is being called.

    A plugin that reads something in ``before_command`` or ``after_command``, with
    ``alembic.current()`` for one, begins a command; if that were announced to the
    plugin too, it would never end. Other listeners hear of it.

    :param key: What tells the listener, the hook and the app from others.
    :return: Whether it may be called: it is not running already.
    """
    active = _at_work.get()
    if key in active:
        yield False
        return
    token = _at_work.set(active | {key})
    try:
        yield True
    finally:
        _at_work.reset(token)


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
            FIX,
            plugin=self.impl.plugin_name,
            hook=self.hook,
        )

    def __enter__(self) -> _Blame:
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if error is None or error is self.passing:
            return
        if isinstance(error, AlembicError) or not is_failure(error):
            return
        if isinstance(error, Veto):
            raise Vetoed(self.hook, [(self.who, error.reason)]) from error
        raise self._error(
            f"{self.who} failed in {self.hook}: {redacted(error)}."
        ) from error


def unanswered() -> Any:
    """Give no answer: the work of a hook whose built-in plugin does all of it."""


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
        self.is_lenient = False
        """Whether a guard that fails is noted instead of refusing; a veto refuses."""

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
        :raises AlembicError: The refusal of a built-in plugin, when nobody else did.
        """
        values = self._values(spec, "guard", arguments)
        refusals: list[tuple[str, str]] = []
        ours: list[AlembicError] = []
        for impl in self._implementations(spec.__name__):
            try:
                self._once(impl, spec.__name__, values)
            except Veto as veto:
                # A reason may quote the statement that it refuses.
                refusals.append((self._who(impl), hide_secrets(veto.reason)))
            except BaseException as error:
                if not is_failure(error):
                    raise
                if isinstance(error, AlembicError) and self._is_core(impl):
                    ours.append(error)
                    refusals.append((self._who(impl), error.message))
                    continue
                if self.is_lenient:
                    record = self.registry.record(impl.plugin_name)
                    self._failed(spec.__name__, impl.plugin_name, record.origin, error)
                    continue
                # Fail closed: a guard that cannot answer has not agreed.
                logger.debug("%s failed", self._who(impl), exc_info=error)
                refusals.append((self._who(impl), f"it failed: {redacted(error)}"))
        if ours and len(ours) == len(refusals):
            raise ours[0]
        if refusals:
            raise Vetoed(spec.__name__, refusals)
        self._announce(spec, values)

    def event(
        self,
        spec: Callable[Concatenate[Flask, P], None],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> None:
        """Tell everybody; what fails is logged, kept and without consequences.

        :param spec: A spec of kind ``event``.
        :param arguments: What the spec takes, without ``app``.
        """
        values = self._values(spec, "event", arguments)
        for impl in self._implementations(spec.__name__):
            try:
                self._once(impl, spec.__name__, values)
            except BaseException as error:
                if not is_failure(error):
                    raise
                record = self.registry.record(impl.plugin_name)
                self._failed(spec.__name__, impl.plugin_name, record.origin, error)
        self._announce(spec, values)

    def firstresult(
        self,
        spec: Callable[Concatenate[Flask, P], R],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> R:
        """Ask in turn until somebody answers something else than ``None``.

        :param spec: A spec of kind ``firstresult``.
        :param arguments: What the spec takes, without ``app``.
        :return: The first answer; the default behaviour answers last.
        :raises HookError: When an implementation raised.
        """
        values = self._values(spec, "firstresult", arguments)
        answer: R = self._first(spec.__name__, values, lambda: None)
        return answer

    def firstresult_with(
        self,
        spec: Callable[Concatenate[Flask, P], R],
        own: Callable[[], Any],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> R:
        """Ask in turn, the app's own setting before the built-in plugins.

        :param spec: A spec of kind ``firstresult``.
        :param own: What the app has set; ``None`` is no answer.
        :param arguments: What the spec takes, without ``app``.
        :return: The first answer.
        :raises HookError: When an implementation raised.
        """
        values = self._values(spec, "firstresult", arguments)
        answer: R = self._first(spec.__name__, values, lambda: None, own)
        return answer

    def collect(
        self,
        spec: Callable[Concatenate[Flask, P], R],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> list[tuple[str, R]]:
        """Collect the answers of everybody.

        :param spec: A spec of kind ``collect``.
        :param arguments: What the spec takes, without ``app``.
        :return: Pairs of plugin name and answer, those with ``None`` left out.
        :raises HookError: When an implementation raised, or did not return the
            list that the spec asks for.
        """
        values = self._values(spec, "collect", arguments)
        answers: list[tuple[str, R]] = []
        for impl in self._implementations(spec.__name__):
            answer = self._stopping(impl, spec.__name__, values, _collects(spec))
            if answer is not None:
                answers.append((impl.plugin_name, answer))
        return answers

    def modify(
        self,
        spec: Callable[Concatenate[Flask, P], None],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> None:
        """Let everybody change the mutable argument, in turn.

        :param spec: A spec of kind ``modify``.
        :param arguments: What the spec takes, without ``app``.
        :raises HookError: When an implementation raised.
        """
        values = self._values(spec, "modify", arguments)
        for impl in self._implementations(spec.__name__):
            self._stopping(impl, spec.__name__, values)

    def collect_each(
        self,
        spec: Callable[Concatenate[Flask, P], R],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> Iterator[tuple[str, R | None, AlembicError | None]]:
        """Collect the answers of everybody, going on past those who fail.

        :param spec: A spec of kind ``collect``.
        :param arguments: What the spec takes, without ``app``.
        :return: Plugin name, answer and error of each, one at a time. The error of a
            built-in plugin passes.
        """
        values = self._values(spec, "collect", arguments)
        for impl in self._implementations(spec.__name__):
            try:
                answer = self._stopping(impl, spec.__name__, values, _collects(spec))
            except (HookError, Vetoed) as error:
                if self._is_core(impl) or error.__cause__ is None:
                    raise  # it has raised nothing, and gave what is no answer
                yield impl.plugin_name, None, error
            else:
                yield impl.plugin_name, answer, None

    def modify_by_plugins(
        self,
        spec: Callable[Concatenate[Flask, P], None],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> None:
        """Let everybody but the built-in plugins change the argument, in turn.

        :param spec: A spec of kind ``modify``.
        :param arguments: What the spec takes, without ``app``.
        :raises HookError: When an implementation raised.
        """
        values = self._values(spec, "modify", arguments)
        for impl in self._implementations(spec.__name__, core=False):
            self._stopping(impl, spec.__name__, values)

    def modify_each(
        self,
        spec: Callable[Concatenate[Flask, P], None],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> Iterator[tuple[str, HookError | Vetoed | None]]:
        """Let everybody change the argument, going on past those who fail.

        :param spec: A spec of kind ``modify``.
        :param arguments: What the spec takes, without ``app``.
        :return: Plugin name and error of each, one at a time.
        """
        values = self._values(spec, "modify", arguments)
        for impl in self._implementations(spec.__name__):
            try:
                self._stopping(impl, spec.__name__, values)
            except (HookError, Vetoed) as error:
                yield impl.plugin_name, error
            else:
                yield impl.plugin_name, None

    def wrapper(
        self,
        spec: Callable[Concatenate[Flask, P], R],
        work: Callable[[], R],
        *args: P.args,
        **arguments: P.kwargs,
    ) -> R:
        """Do a piece of work with everybody around it.

        :param spec: A spec of kind ``wrapper``.
        :param work: The innermost call.
        :param arguments: What the spec takes, without ``app``.
        :return: What the outermost wrapper returned.
        :raises HookError: When a wrapper raised, lost the result or did not
            yield exactly once. What ``work`` raises passes as it is.
        """
        values = self._values(spec, "wrapper", arguments)
        answer: R = self._first(spec.__name__, values, work)
        if answer is None:
            impls = self._implementations(spec.__name__, core=False)
            names = ", ".join(repr(impl.plugin_name) for impl in impls)
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
            if core or not self._is_core(impl):
                yield impl

    def _is_core(self, impl: HookImpl) -> bool:
        return self.registry.record(impl.plugin_name).source == "core"

    def _once(self, impl: HookImpl, name: str, values: dict[str, Any]) -> None:
        """Call one implementation of a guard or event, unless it is running."""
        with entered(id(self.app), name, id(impl.plugin)) as may:
            if may:
                call_plainly(impl, values)

    def _first(
        self,
        name: str,
        values: dict[str, Any],
        work: Callable[[], Any],
        own: Callable[[], Any] = lambda: None,
    ) -> Any:
        """Call the wrappers around the first answer.

        ``own`` is asked before the built-in plugins, ``work`` answers last.
        """
        impls = list(self._implementations(name))
        added = [impl for impl in self._implementations(name, core=False)]

        def innermost() -> Any:
            plain = [impl for impl in impls if not impl.wrapper]
            asked: list[Callable[[], Any]] = [
                partial(self._stopping, impl, name, values) for impl in plain
            ]
            asked.insert(sum(impl in added for impl in plain), own)
            for ask in (*asked, work):
                answer = ask()
                if answer is not None:
                    return answer
            return None

        call = innermost
        for impl in reversed([impl for impl in impls if impl.wrapper]):
            call = wrap(impl, self._who(impl), name, values, call)
        return call()

    def _stopping(
        self, impl: HookImpl, name: str, values: dict[str, Any], collect: bool = False
    ) -> Any:
        if self._is_core(impl):
            # What fails there is no failure of a plugin that could be disabled.
            answer = call_plainly(impl, values)
            return list(answer) if collect and answer is not None else answer
        who = self._who(impl)
        answer = call_stopping(impl, who, name, values, collect=collect)
        if answer is not None and _manages(self.registry.specs[name]):
            return NamedContext(answer, name, who, impl.plugin_name)
        return answer

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

        if hook == specs.progress.__name__ and any(
            (failure.hook, failure.plugin) == (hook, plugin)
            for failure in self.failures
        ):
            return  # It comes too often to be said each time.
        self.failures.append(HookFailure(hook, plugin, origin, redacted(error)))
        shown = f"{plugin} ({origin})" if origin else plugin
        message = "%s failed in %s, which changes nothing of the outcome: %s"
        if isinstance(error, Veto):
            message += ". Only a before_ hook of a plugin can refuse."
        logger.error(message, shown, hook, redacted(error))
        logger.debug("The error of %s", shown, exc_info=error)

    def _who(self, impl: HookImpl) -> str:
        return self.registry.describe(impl.plugin_name)


def _manages(spec: Callable[..., object]) -> bool:
    """Return whether the answer to a hook is a context manager."""
    return str(spec.__annotations__["return"]).startswith("AbstractContextManager[")


def _collects(spec: Callable[..., object]) -> bool:
    """Return whether the answer to a hook is a list, by the spec's annotation."""
    return str(spec.__annotations__["return"]).startswith("Iterable[")
