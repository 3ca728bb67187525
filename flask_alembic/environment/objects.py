"""Alembic's own objects, made for one app from its configuration.

An :class:`Environment` holds what belongs to an app for good: settings, plugins,
folders, the Alembic configuration, the history. Connections are never kept here:
they belong to one run or one app context.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..dialects import backend_for
from ..errors import ConfigurationError
from ..hooks import specs
from ..settings import Settings, load
from ..settings.options import is_true
from .databases import Database, Given, async_engines, find
from .gathered import plugin_locations, plugin_options
from .locations import Locations, locate, require_folders

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from flask import Flask
    from sqlalchemy.engine import Connection

    from ..hooks.dispatch import Hooks
    from ..hooks.registry import Registry
    from .graph import Graph
    from .index import Index
    from .scripts import Scripts

T = TypeVar("T")


class Environment:
    """Everything about one app that migrations need, made on first use.

    :param app: The application.
    :param given: Databases that the extension was given.
    :param plugins: Pairs of name and plugin that the app registered.
    :param load_installed: ``False`` leaves installed plugins out.

    .. versionadded:: 4.0
    """

    def __init__(
        self,
        app: Flask,
        given: Given,
        plugins: Sequence[tuple[str, object]] = (),
        *,
        load_installed: bool = True,
    ) -> None:
        self.app = app
        self.given = given
        self.plugins = plugins
        self.load_installed = load_installed
        # Reentrant, because the configure hook may look at the environment.
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}
        self.generating = threading.RLock()
        """Held while a revision file is made: ids and heads are chosen from what is
        there, so that two threads must not choose at once."""

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """Make something on first use, in one thread only."""
        if name not in self._made:
            with self._lock:
                if name not in self._made:
                    self._made[name] = make()
        made: T = self._made[name]
        return made

    @property
    def settings(self) -> Settings:
        """What ``app.config`` says, read once.

        :raises ConfigurationError: When it is wrong.
        """
        return self._once("settings", lambda: load(self.app.config))

    @property
    def registry(self) -> Registry:
        """The plugins, registered once and then frozen.

        :raises PluginError: When they cannot be used.
        """
        return self._once("registry", self._make_registry)

    @property
    def is_frozen(self) -> bool:
        """Whether the plugins are registered, so that no more can come."""
        return "registry" in self._made

    def _make_registry(self) -> Registry:
        from .. import defaults
        from ..hooks.registry import Registry

        return Registry(
            defaults,
            self.plugins,
            self.app.config,
            load_installed=self.load_installed,
        )

    @property
    def hooks(self) -> Hooks:
        """The dispatcher; commands use ``hooks.for_command()``."""
        return self._once("hooks", self._make_hooks)

    def _make_hooks(self) -> Hooks:
        from ..hooks.dispatch import Hooks

        return Hooks(self.app, self.registry)

    @property
    def locations(self) -> Locations:
        """The folders of revisions, those of plugins included."""
        return self._once("locations", self._make_locations)

    def _make_locations(self) -> Locations:
        return locate(self.app, self.settings, plugin_locations(self.hooks))

    def databases(self) -> dict[str, Database]:
        """Return the databases by name, in declared order.

        :raises ConfigurationError: When there is none.
        """
        return find(self.app, self.settings, self.given, self.locations)

    def async_engines(self) -> list[Any]:
        """Return the engines that work only inside an event loop."""
        return async_engines(self.app, self.given)

    @property
    def config(self) -> Config:
        """Alembic's configuration, after the ``configure`` hook."""
        return self._once("config", self._make_config)

    def _make_config(self) -> Config:
        from .configuration import make_config

        config = make_config(self.settings, self.locations)
        self.hooks.edit(specs.configure, config=config)
        return config

    def scripts(self) -> Scripts:
        """Return the history, with new, changed and deleted files seen.

        :raises ScriptLocationError: When the folder is missing.
        :raises HistoryError: When the files make no history.
        """
        from .scripts import open_scripts

        with self._lock:
            scripts = open_scripts(self, self._made.get("scripts"))
            self._made["scripts"] = scripts
        return scripts

    @property
    def index(self) -> Index:
        """What every revision file says, read without executing it."""
        return self._once("index", self._make_index)

    def _make_index(self) -> Index:
        from .index import Index

        options = self.settings.options
        return Index(
            self.locations.paths,
            recursive=is_true(options.get("recursive_version_locations")),
            sourceless=is_true(options.get("sourceless")),
        )

    def graph(self, *, cheap: bool = False) -> Graph:
        """Return the history as the index alone tells it, without Alembic.

        :param cheap: Whether a folder whose time of change is the same counts as
            unchanged: then only a file rewritten in place may be missed.
        :raises NeedsMap: When the index cannot tell; then :meth:`scripts` can.
        :raises ScriptLocationError: When the folder is missing.
        """
        from .graph import Graph
        from .soundness import sound

        known: tuple[Any, Graph] | None = self._made.get("graph")
        if known is not None and cheap and not self.index.touched():
            return known[1]
        require_folders(self.locations)
        scan = self.index.scan()
        if known is None or known[0] is not scan:
            known = (scan, Graph(sound(scan)))
            self._made["graph"] = known
        return known[1]

    def context_options(self, database: Database) -> dict[str, Any]:
        """Return the arguments for a context: ours, the plugins', the app's.

        :param database: The database that the context is for.
        :raises HookError: When two plugins disagree.
        """
        from .comparison import comparison_hooks, without_tables
        from .locking import lock_key

        own = self.settings.context_for(database.name)
        backend = backend_for(database.engine.dialect)
        options: dict[str, Any] = {
            "compare_server_default": True,
            "render_as_batch": backend.renders_as_batch,
            "version_table_pk": True,
        }
        options.update(plugin_options(self.hooks, database.name))
        options.update(own)
        options.update(comparison_hooks(self.hooks, options))
        own_tables = backend.own_tables(lock_key(self, database.name))
        if own_tables:
            options["include_name"] = without_tables(
                own_tables, options.get("include_name")
            )
        return options

    def version_options(self, database: str) -> dict[str, Any]:
        """Return where the versions of a database are kept.

        :param database: The name of the database.
        """
        options = plugin_options(self.hooks, database)
        options.update(self.settings.context_for(database))
        keys = ("version_table", "version_table_schema", "version_table_pk")
        return {key: options[key] for key in keys if key in options}

    def environment_context(
        self,
        database: Database,
        scripts: Scripts,
        connection: Connection | None = None,
        *,
        x_arguments: Sequence[str] = (),
        **options: Any,
    ) -> EnvironmentContext:
        """Return a configured environment context for one database.

        :param database: The database.
        :param scripts: The history.
        :param connection: What it works on; ``None`` for SQL text.
        :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
        :param options: Further arguments for ``EnvironmentContext`` (``fn``,
            ``as_sql``, ``tag``, ...).
        :raises ConfigurationError: When Alembic refuses the options.
        """
        from argparse import Namespace

        from alembic.config import Config
        from alembic.runtime.environment import EnvironmentContext

        config = self.config
        if x_arguments:
            config = Config(
                cmd_opts=Namespace(x=list(x_arguments)),
                attributes=dict(self.config.attributes),
            )
            config.file_config = self.config.file_config
        wanted = self.context_options(database)
        wanted.setdefault("target_metadata", _target(database))
        wanted.update(options.pop("configure", {}))
        context = EnvironmentContext(config, scripts, **options)
        try:
            if connection is not None:
                context.configure(connection=connection, **wanted)
            else:
                url = wanted.pop("url", None) or database.engine.url
                context.configure(url=url, **wanted)
        except TypeError as error:
            raise ConfigurationError(
                f"ALEMBIC_CONTEXT was refused: {error}.", "Mend app.config."
            ) from error
        return context


def _target(database: Database) -> Any:
    """Return what the context compares with, in the shape that Alembic looks for.

    Operations take the naming convention of one ``MetaData``, never that of a list:
    wrapped in one, it would leave constraints without the names of the models.
    """
    if len(database.metadata) == 1:
        return database.metadata[0]
    return list(database.metadata) or None
