"""Hooks called one by one, the way a command calls them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from ..hooks.dispatch import Hooks
    from .making import MakeApp


class HookCalls:
    """Every hook as a method: ``hooks.before_upgrade(run=run)``.

    Each is called by its kind, in all plugins of an app and inside an app context: a
    ``guard`` raises ``Vetoed``, an ``ask`` returns the answer, a ``gather`` pairs of
    plugin and answer; an ``around`` takes the work as its first argument. An error in
    a ``tell`` is kept in :attr:`failures`.

    :param app: The app, or what makes apps: then the one that it has made last.

    .. versionadded:: 4.0
    """

    def __init__(self, app: Flask | MakeApp) -> None:
        self._app = app
        self._last: Hooks | None = None

    @property
    def app(self) -> Flask:
        """The app whose plugins are called."""
        from .making import MakeApp

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
        from .benches import environment_of

        app = self.app
        self._last = environment_of(app).hooks.for_command()
        with app.app_context():
            return getattr(self._last, kind_of(spec))(spec, *work, **values)

    @property
    def failures(self) -> tuple[Any, ...]:
        """What failed in the last call without changing its outcome."""
        return tuple(self._last.failures) if self._last is not None else ()

    def make_run(self, *revisions: str, command: Any = "upgrade", **values: Any) -> Any:
        """Return a ``Run`` to pass to a hook.

        :param revisions: Ids of its steps, in order.
        :param command: ``upgrade``, ``downgrade`` or ``stamp``.
        :param values: Other fields of :class:`~flask_alembic.hooks.Run`.
        """
        from ..hooks import Run, Step

        database = "default"
        plan = tuple(
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
        fields: dict[str, Any] = {
            "id": "0123456789ab",
            "command": command,
            "target": "heads",
            "mode": "online",
            "plan": plan,
            "heads": {database: ()},
        }
        return Run(**{**fields, **values})
