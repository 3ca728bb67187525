"""Hooks called one by one, the way a command calls them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from flask import Flask

    from ..extension import Alembic
    from ..hooks import Direction, HookFailure, Mode, Run, Step
    from ..hooks.dispatcher import Hooks
    from ..hooks.payloads import ModeName
    from .apps import MakeApp


class HookCalls:
    """Every hook as a method: ``hooks.before_upgrade(run=run)``.

    Each is called by its kind, in all plugins of an app and inside an app context: a
    ``guard`` raises ``Vetoed``, a ``firstresult`` returns the answer, a ``collect`` pairs of
    plugin and answer; a ``wrapper`` takes the work as its first argument. An error in
    an ``event`` is kept in :attr:`failures`.

    :param app: The app, or what makes apps: then the one that it has made last.

    .. versionadded:: 4.0
    """

    def __init__(self, app: Flask | MakeApp) -> None:
        self._app = app
        self._last: Hooks | None = None

    @property
    def app(self) -> Flask:
        """The app whose plugins are called."""
        from .apps import MakeApp

        return self._app.last_or_new if isinstance(self._app, MakeApp) else self._app

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return what calls a hook."""
        from ..hooks.signals import spec_functions

        functions = spec_functions()
        if name not in functions:
            raise AttributeError(
                f"{name!r} is not a hook; there is {', '.join(sorted(functions))}"
            )
        return partial(self._call, functions[name])

    def _call(self, spec: Callable[..., object], /, *work: Any, **values: Any) -> Any:
        from ..hooks.markers import kind_of
        from .database import environment_of

        app = self.app
        self._last = environment_of(app).hooks.for_command()
        with app.app_context():
            return getattr(self._last, kind_of(spec))(spec, *work, **values)

    @property
    def failures(self) -> tuple[HookFailure, ...]:
        """What failed in the last call without changing its outcome."""
        return tuple(self._last.failures) if self._last is not None else ()

    def make_run(
        self,
        *revisions: str,
        command: Direction = "upgrade",
        target: str = "heads",
        mode: Mode | ModeName = "online",
        plan: Sequence[Step] | None = None,
        heads: Mapping[str, tuple[str, ...]] | None = None,
        id: str = "0123456789ab",
        options: Mapping[str, object] | None = None,
        is_baseline: bool = False,
    ) -> Run:
        """Return a ``Run`` to pass to a hook.

        :param revisions: Ids of its steps, in order.
        :param command: ``upgrade``, ``downgrade`` or ``stamp``.
        :param target: What was asked for.
        :param mode: How it is executed.
        :param plan: Its steps, in place of those of ``revisions``.
        :param heads: Where each database is; ``default`` at base by default.
        :param id: Its id.
        :param options: The options it was called with.
        :param is_baseline: Whether it stamps a database that has no version yet.
        """
        from ..hooks import Mode, Run, Step

        database = "default"
        steps = tuple(
            Step(
                revision=revision,
                down_revisions=(before,) if before else (),
                direction=command,
                doc=f"revision {revision}",
                path=None,
                database=database,
            )
            for before, revision in zip((None, *revisions), revisions, strict=False)
        )
        return Run(
            id=id,
            operation=command,
            target=target,
            mode=Mode(mode),
            plan=steps if plan is None else tuple(plan),
            heads={database: ()} if heads is None else heads,
            options=options or {},
            is_baseline=is_baseline,
        )


def check_plugin(plugin: object, name: str | None = None) -> tuple[str, ...]:
    """Check that the hooks of a plugin have the right names and arguments.

    Also refused is what an app only warns of: a function that is named like a hook
    and not marked.

    :param plugin: A module or an instance with functions marked ``@hookimpl``.
    :param name: What to call it in messages; its class or module by default.
    :return: The names of the hooks that it implements, sorted.
    :raises PluginError: With what is wrong and what to do.

    .. versionadded:: 4.0
    """
    from ..errors import PluginError
    from ..hooks.manager import plugin_name
    from ..hooks.signals import spec_functions
    from ..hooks.validation import hook_names, validate

    given = name or plugin_name(plugin)
    handler = _Handler()
    logger = logging.getLogger("flask_alembic.hooks")
    level, disabled = logger.level, logger.disabled
    logger.addHandler(handler)
    # Whatever the suite has set: the warnings are part of the answer.
    logger.setLevel(logging.WARNING)
    logger.disabled = False
    try:
        validate(plugin, given, spec_functions())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.disabled = disabled
    if handler.messages:
        raise PluginError(
            " ".join(handler.messages), "Mark it, or give it another name."
        )
    return hook_names(plugin)


class _Handler(logging.Handler):
    """Keeps the messages that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


T = TypeVar("T")


@contextmanager
def registered(app: Flask, plugin: T, name: str | None = None) -> Iterator[T]:
    """Add a plugin to an app, also to one that has run commands, and take it out again.

    Plugins of an app are fixed at its first command. So what the extension keeps of its
    apps is forgotten, and made anew by the next command.

    :param app: The application; its extension may serve others too.
    :param plugin: A module or an instance with functions marked ``@hookimpl``.
    :param name: What to call it; its class or module by default.
    :raises PluginError: When it is wrong.

    .. versionadded:: 4.0
    """
    from .database import environment_of

    environment_of(app)
    extension: Alembic = app.extensions["alembic"]
    # There is no public way back from register(), and an app has no need of one.
    plugins = extension._plugins
    before = list(plugins)
    _forget(extension)
    try:
        extension.register(plugin, name)
        yield plugin
    finally:
        plugins[:] = before
        _forget(extension)


def _forget(extension: Alembic) -> None:
    """Let the extension forget the environments of its apps."""
    from ..extension import _ENVIRONMENTS

    for environment in list(extension._environments):
        environment.app.extensions.get(_ENVIRONMENTS, {}).pop(extension, None)
    extension._environments.clear()


class Register:
    """Adds plugins to the apps of a test.

    :param make: Makes apps for the test.
    :param apps: Apps beside these.
    :param stack: Is closed at the end of the test.

    .. versionadded:: 4.0
    """

    def __init__(self, make: MakeApp, apps: list[Flask], stack: ExitStack) -> None:
        self._make = make
        self._apps = apps
        self._stack = stack

    def __call__(
        self, plugin: T, name: str | None = None, *, app: Flask | None = None
    ) -> T:
        """Add a plugin, and return it.

        :param plugin: A module or an instance with functions marked ``@hookimpl``.
        :param name: What to call it; its class or module by default.
        :param app: Only to this app.
        :raises PluginError: When it is wrong.
        """
        check_plugin(plugin, name)
        if app is None:
            self._make.plugins.append((plugin, name))
        apps = [*self._apps, *self._make.apps] if app is None else [app]
        for each in apps:
            self._stack.enter_context(registered(each, plugin, name))
        return plugin
