"""Plugins added to an app for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from flask import Flask

    from ..extension import Alembic
    from .making import MakeApp

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
    from .benches import environment_of

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
        from .checking import check_plugin

        check_plugin(plugin, name)
        if app is None:
            self._make.plugins.append((plugin, name))
        apps = [*self._apps, *self._make.apps] if app is None else [app]
        for each in apps:
            self._stack.enter_context(registered(each, plugin, name))
        return plugin
