"""Which backend serves a dialect: what plugins give through the hook ``backends``."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import HookError
from ..hooks import specs
from ..hooks.dispatcher import FAILURES, FIX
from ..hooks.redaction import redacted
from .base import Backend

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

    from ..hooks.dispatcher import Hooks

HOOK = "backends"


class Backends:
    """The backends of one app, by the name of the SQLAlchemy dialect.

    A plugin's answer replaces a built-in one; two plugins that give the same dialect
    are an error. A class given as text is imported when a database needs it.

    :param hooks: The dispatcher of the app.
    :raises HookError: When what a plugin gives cannot be used.

    .. versionadded:: 4.0
    """

    def __init__(self, hooks: Hooks) -> None:
        self._registry = hooks.registry
        self._targets: dict[str, tuple[str, Any]] = {}
        self._classes: dict[str, type[Backend]] = {}
        for plugin, answer in hooks.collect(specs.backends):
            if not isinstance(answer, Mapping):
                raise self._error(
                    plugin,
                    f"gave {answer!r} to {HOOK}, which is not a mapping.",
                    "Return a dict of dialect names and backends.",
                )
            for name, target in answer.items():
                self._add(plugin, name, target)

    def _add(self, plugin: str, name: Any, target: Any) -> None:
        """Note what a plugin gives for a dialect."""
        if not isinstance(name, str) or not name:
            raise self._error(
                plugin,
                f"gave {name!r} to {HOOK}, which is not the name of a dialect.",
                "Use the name that SQLAlchemy has for it, such as 'duckdb'.",
            )
        if name in self._targets:
            other = self._targets[name][0]
            if self._is_own(plugin):
                return
            if not self._is_own(other):
                raise HookError(
                    f"Plugins {other!r} and {plugin!r} both give a backend for the "
                    f"dialect {name!r}.",
                    "Disable one of them.",
                    plugin=plugin,
                    hook=HOOK,
                )
        self._targets[name] = (plugin, target)

    def _is_own(self, plugin: str) -> bool:
        return self._registry.record(plugin).source == "core"

    def class_for(self, dialect: str) -> type[Backend]:
        """Return the backend class of a dialect, :class:`Backend` where there is none.

        :param dialect: The name of the dialect: ``engine.dialect.name``.
        :raises HookError: When a plugin gives something else than a backend.
        """
        if dialect not in self._classes:
            self._classes[dialect] = self._class_for(dialect)
        return self._classes[dialect]

    def _class_for(self, dialect: str) -> type[Backend]:
        if dialect not in self._targets:
            return Backend
        plugin, target = self._targets[dialect]
        found = self._imported(plugin, target) if isinstance(target, str) else target
        if not isinstance(found, type) or not issubclass(found, Backend):
            raise self._error(
                plugin,
                f"gave {target!r} to {HOOK} for the dialect {dialect!r}, which is not "
                "a subclass of Backend.",
                "Return the class itself, or where it is: 'package.module:Class'.",
            )
        return found

    def _imported(self, plugin: str, target: str) -> Any:
        """Return what a text like ``package.module:Class`` names."""
        module, _, name = target.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except FAILURES as error:
            raise self._error(
                plugin,
                f"gave the backend {target!r}, which cannot be imported: "
                f"{redacted(error)}.",
                FIX,
            ) from error

    def backend_for(self, dialect: Dialect) -> Backend:
        """Return what knows the database behind a dialect.

        :param dialect: ``engine.dialect`` or ``connection.dialect``.
        """
        return self.class_for(dialect.name)(dialect)

    def _error(self, plugin: str, problem: str, advice: str) -> HookError:
        who = self._registry.describe(plugin)
        return HookError(f"{who} {problem}", advice, plugin=plugin, hook=HOOK)
