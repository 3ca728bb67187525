"""Alembic's own objects, made for one app from its configuration.

An :class:`Environment` holds what belongs to an app for good: settings, plugins,
folders, the Alembic configuration, the history. Connections are never kept here:
they belong to one run or one app context.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..backends.lock import LockKey
from ..backends.lookup import Backends
from ..config import Settings, load
from ..config.alembic_options import is_true
from ..errors import (
    AlembicError,
    ConfigurationError,
    HookError,
    ScriptLocationError,
    UsageError,
)
from ..hooks import specs
from ..script.files import holds_scripts
from ..script.graph import NeedsMap, RevisionGraph
from ..script.locations import (
    Locations,
    locate,
    missing_locations,
    relocated,
    require_folders,
    resolve_for_alembic,
    split_locations,
)
from ..script.view import AlembicHistory, HistoryReader, IndexedHistory
from . import alembic_private as private
from .databases import Database, Given, async_engines, find
from .diagnosis import diagnosing
from .error_translation import translated

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext
    from flask import Flask
    from sqlalchemy.engine import Connection

    from ..config import Location
    from ..hooks.dispatcher import Hooks
    from ..hooks.manager import PluginRecord, Registry
    from ..script.index import RevisionIndex
    from ..script.loader import AppScriptDirectory, ScriptFolders, ScriptSource
    from .overrides import Cache, Overrides


logger = logging.getLogger("flask_alembic.runtime")

is_in_terminal: ContextVar[bool] = ContextVar("is_in_terminal", default=False)
"""Whether the terminal shows warnings itself."""


def plugin_warnings(registry: Registry) -> tuple[str, ...]:
    """Return a line for each installed plugin that did not load.

    :param registry: The plugins.
    """
    failed = registry.failed
    if registry.refusal is not None and diagnosing.get() and not failed:
        return (registry.refusal.message,)
    return tuple(
        " ".join(
            f"The plugin {record.name!r} did not load, so none of its hooks is called: "
            f"{record.reason.rstrip('.')}.".split()
        )
        for record in failed
    )


def location_warnings(locations: Locations) -> tuple[str, ...]:
    """Return a line for each further version location that does not exist.

    :param locations: The folders of revisions.
    """
    return tuple(
        f"The version location {path} does not exist, so no revisions come from there."
        for path in missing_locations(locations)
    )


def _absence(record: PluginRecord) -> str:
    verb = "did not load" if record.status == "failed" else "is disabled"
    reason = " ".join(record.reason.rstrip(".").split())
    return f"the plugin {record.name!r} {verb} ({reason})"


def plugin_locations(hooks: Hooks) -> list[Location]:
    """Return the folders of ``ALEMBIC["version_locations"]``, then those of plugins.

    :param hooks: The dispatcher of the app.
    :raises HookError: When a plugin gave something else.
    """
    from ..hooks.payloads import VersionLocation

    found: list[Location] = []
    for name, locations in hooks.collect(specs.version_locations):
        for location in locations:
            if not isinstance(location, VersionLocation):
                raise HookError(
                    f"{hooks.registry.describe(name)} gave {location!r} to "
                    "version_locations.",
                    "Return flask_alembic.hooks.VersionLocation objects.",
                    plugin=name,
                    hook="version_locations",
                )
            found.append((location.branch, str(location.path)))
    return found


def plugin_options(hooks: Hooks, database: str) -> dict[str, Any]:
    """Return the arguments that plugins want for the context of a database.

    Those of a plugin go over the defaults, and ``ALEMBIC_CONTEXT`` over both: built-in
    plugins give these, the first and the last.

    :param hooks: The dispatcher of the app.
    :param database: The name of the database.
    :raises HookError: When two plugins disagree, or one gave something else.
    """
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, options in hooks.collect(specs.context_options, database=database):
        if not isinstance(options, Mapping):
            raise HookError(
                f"{hooks.registry.describe(name)} gave {options!r} to context_options.",
                "Return a dict.",
                plugin=name,
                hook="context_options",
            )
        if hooks.registry.record(name).source == "core":
            merged.update(options)
            continue
        for key, value in options.items():
            if key in origin and merged[key] != value:
                raise HookError(
                    f"{hooks.registry.describe(origin[key])} and "
                    f"{hooks.registry.describe(name)} disagree on the context option "
                    f"{key!r} of database {database!r}.",
                    "Disable one of them, or set the option in ALEMBIC_CONTEXT.",
                    plugin=name,
                    hook="context_options",
                )
            merged[key] = value
            origin[key] = name
    return merged


T = TypeVar("T")

_active: ContextVar[Environment | None] = ContextVar("active", default=None)
"""The environment whose hooks are being called, for :func:`environment_of`."""


class Environment:
    """Everything about one app that migrations need, made on first use.

    :param app: The application.
    :param given: Databases that the extension was given.
    :param plugins: Pairs of name and plugin that the app registered.
    :param builtin: Gives pairs of name and built-in plugin.
    :param load_installed: ``False`` leaves installed plugins out.
    :param overrides: The members of the extension that a subclass overrides.

    .. versionadded:: 4.0
    """

    def __init__(
        self,
        app: Flask,
        given: Given,
        plugins: Sequence[tuple[str, object]] = (),
        builtin: Callable[[], Sequence[tuple[str, object]]] = tuple,
        *,
        load_installed: bool = True,
        overrides: Overrides | None = None,
    ) -> None:
        self._overrides = overrides
        self.app = app
        self.given = given
        self.plugins = plugins
        self.builtin = builtin
        self.load_installed = load_installed
        # Reentrant, because the configure hook may look at the environment.
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}
        self.own_tables: frozenset[str] = frozenset()
        """Tables, beside version tables, that are ours; of the databases that a context
        was made for."""
        self.generating = threading.RLock()
        """Held while a revision file is made: ids and heads are chosen from what is
        there, so that two threads must not choose at once."""

    def is_overridden(self, *names: str) -> bool:
        """Return whether a subclass of the extension overrides one of its members.

        :param names: The members.
        """
        return self._overrides is not None and self._overrides.has(*names)

    def cache(self, close: Callable[[], None]) -> Cache:
        """Return what a subclass of the extension keeps for this app.

        :param close: Closes the connections of the app context.
        """
        from .overrides import Cache

        return self._once("cache", lambda: Cache(close))

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let built-in plugins work with this environment inside.

        An app may have several extensions; ``app.extensions`` has only the last one.
        """
        token = _active.set(self)
        try:
            yield
        finally:
            _active.reset(token)

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
        from ..hooks.manager import Registry

        builtin = self.builtin()
        registry = Registry(
            builtin,
            self.plugins,
            self.app.config,
            load_installed=self.load_installed,
            strict=False,
        )
        if not diagnosing.get():
            for text in plugin_warnings(registry):
                logger.warning(text, extra={"is_told": is_in_terminal.get()})
        enabled = {
            record.name for record in registry.records if record.status == "active"
        }
        for name, plugin in builtin:
            why_needed = getattr(plugin, "why_needed", None)
            reason = why_needed(self.app.config) if why_needed else ""
            if reason and name not in enabled:
                raise ConfigurationError(
                    f"The built-in plugin {name!r} cannot be disabled: {reason}.",
                    "Remove it from ALEMBIC_PLUGINS_DISABLED.",
                )
        return registry

    @property
    def hooks(self) -> Hooks:
        """The dispatcher; commands use ``hooks.for_command()``.

        :raises PluginError: When a plugin that is named or required cannot be used,
            but for commands that look for the reason.
        """
        hooks = self._once("hooks", self._make_hooks)
        if hooks.registry.refusal is None or diagnosing.get():
            return hooks
        # A command may leave plugins out, or find what another one did not.
        self._forget_plugins()
        hooks = self._once("hooks", self._make_hooks)
        if hooks.registry.refusal is not None:
            self._forget_plugins()
            raise hooks.registry.refusal
        return hooks

    def _forget_plugins(self) -> None:
        with self._lock:
            self._made.pop("hooks", None)
            self._made.pop("registry", None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every command says, a line each: plugins that did not load, and so on."""
        plugins = plugin_warnings(self.registry)
        try:
            return (*plugins, *location_warnings(self.locations))
        except AlembicError:
            # The command that needs the locations reports it.
            return plugins

    def _make_hooks(self) -> Hooks:
        from ..hooks.dispatcher import Hooks

        return Hooks(self.app, self.registry)

    @property
    def backends(self) -> Backends:
        """What knows each kind of database, by dialect.

        :raises HookError: When plugins give something that cannot be used.
        """
        return self._once("backends", lambda: Backends(self.hooks))

    @property
    def locations(self) -> Locations:
        """The folders of revisions, those of plugins included.

        A further one that is missing is logged once, and is one of :attr:`warnings`.
        """
        return self._once("locations", self._make_locations)

    def _make_locations(self) -> Locations:
        locations = self.config_locations
        if self.is_overridden("script_directory"):
            try:
                history = self._given_scripts()
            except ScriptLocationError:
                # It is not there: the command that makes it goes by the configuration.
                logger.debug("The script directory cannot be opened", exc_info=True)
            else:
                folders = history.index.locations
                locations = relocated(
                    locations, Path(history.dir), [*map(Path, folders)]
                )
        if not diagnosing.get():
            for text in location_warnings(locations):
                logger.warning(text, extra={"is_told": is_in_terminal.get()})
        return locations

    @property
    def config_locations(self) -> Locations:
        """The folders of revisions as Alembic's configuration names them."""
        if not self.is_overridden("config"):
            return self.own_locations
        return self._once(
            "config_locations", lambda: configured(self.app, self.config, self)
        )

    @property
    def own_locations(self) -> Locations:
        """The folders of revisions as ``ALEMBIC`` and the plugins name them."""
        return self._once("own_locations", self._make_own_locations)

    def _make_own_locations(self) -> Locations:
        with self.active():
            folders = plugin_locations(self.hooks)
        return locate(self.app, self.settings, folders)

    def databases(self) -> dict[str, Database]:
        """Return the databases by name, in declared order.

        :raises ConfigurationError: When there is none.
        """
        return find(self.app, self.settings, self.given, self.locations, self.backends)

    def async_engines(self) -> list[Any]:
        """Return the engines that work only inside an event loop."""
        return async_engines(self.app, self.given)

    @property
    def config(self) -> Config:
        """Alembic's configuration, as a subclass of the extension may give it."""
        if self._overrides is None or not self._overrides.has("config"):
            return self.own_config
        overrides = self._overrides
        config: Config = self._once("config", lambda: overrides.get("config"))
        return config

    @property
    def own_config(self) -> Config:
        """Alembic's configuration, after the ``configure`` hook."""
        return self._once("own_config", self._make_config)

    def _make_config(self) -> Config:
        from alembic.config import Config

        config = Config()
        with self.active():
            self.hooks.modify(specs.configure, config=config)
        return config

    @property
    def options(self) -> Mapping[str, str]:
        """The options of the ``[alembic]`` section."""
        if not self.is_overridden("config"):
            return self.settings.options
        config = self.config
        names = config.file_config.options(config.config_ini_section)
        return {name: config.get_main_option(name) or "" for name in names}

    def scripts(self) -> AppScriptDirectory:
        """Return the history, with new, changed and deleted files seen.

        :raises ScriptLocationError: When the folder is missing.
        :raises HistoryError: When the files make no history.
        """
        with self._lock:
            if self.is_overridden("script_directory"):
                scripts = self._given_scripts()
                scripts.refresh()
                scripts.known_ids()
            else:
                scripts = self.own_scripts()
            scripts.left_out = tuple(map(_absence, self.registry.left_out))
        return scripts

    def own_scripts(self) -> AppScriptDirectory:
        """Return the history of the folders that the configuration names.

        :raises ScriptLocationError: When the folder is missing.
        :raises HistoryError: When the files make no history.
        """
        from ..script.loader import open_scripts

        with self._lock:
            source: ScriptSource = self
            if self.is_overridden("script_directory"):
                source = self._once("folders", self._make_folders)
            scripts = open_scripts(source, self._made.get("scripts"))
            self._made["scripts"] = scripts
        return scripts

    def _make_folders(self) -> ScriptFolders:
        from ..script.loader import ScriptFolders

        locations = self.config_locations
        index = self._make_index(locations)
        return ScriptFolders(self.config, locations, index)

    def _given_scripts(self) -> AppScriptDirectory:
        """Return the history that a subclass of the extension gives."""
        from ..script.loader import AppScriptDirectory

        assert self._overrides is not None
        with self._lock, translated():
            given = self._overrides.get("script_directory")
            known = self._made.get("given_scripts")
            if known is None or known[0] is not given:
                known = (given, AppScriptDirectory.from_alembic(given))
                self._made["given_scripts"] = known
        scripts: AppScriptDirectory = known[1]
        return scripts

    @property
    def index(self) -> RevisionIndex:
        """What every revision file says, read without executing it."""
        return self._once("index", lambda: self._make_index(self.locations))

    def _make_index(self, locations: Locations) -> RevisionIndex:
        from ..script.index import RevisionIndex

        options = self.options
        return RevisionIndex(
            locations.paths,
            recursive=is_true(options.get("recursive_version_locations")),
            sourceless=is_true(options.get("sourceless")),
            stored=self.settings.revision_index,
        )

    def graph(self, *, cheap: bool = False) -> RevisionGraph:
        """Return the history as the index alone tells it, without Alembic.

        :param cheap: Whether a folder whose time of change is the same counts as
            unchanged: then only a file rewritten in place may be missed.
        :raises NeedsMap: When the index cannot tell; then :meth:`scripts` can.
        :raises ScriptLocationError: When the folder is missing.
        """
        from ..script.graph import RevisionGraph
        from ..script.validator import sound

        if self.is_overridden("script_directory"):
            raise NeedsMap("A subclass of the extension gives the history.")
        known: tuple[Any, RevisionGraph] | None = self._made.get("graph")
        if known is not None and cheap and not self.index.touched():
            return known[1]
        require_folders(self.locations)
        scan = self.index.scan()
        if known is None or known[0] is not scan:
            known = (scan, RevisionGraph(sound(scan)))
            self._made["graph"] = known
        return known[1]

    def context_options(self, database: Database) -> dict[str, Any]:
        """Return the arguments for a context: ours, the plugins', the app's.

        :param database: The database that the context is for.
        :raises HookError: When two plugins disagree.
        """
        from .alembic_callbacks import comparison_hooks

        with self.active():
            options = plugin_options(self.hooks, database.name)
        _translate_schema(options, database)
        self.own_tables |= database.backend.own_tables(lock_key(self, database.name))
        needed = [specs.include_name] if self.own_tables else []
        options.update(comparison_hooks(self.hooks, options, needed))
        return options

    def version_options(self, database: str) -> dict[str, Any]:
        """Return where the versions of a database are kept.

        :param database: The name of the database.
        """
        with self.active():
            options = plugin_options(self.hooks, database)
        found = self.databases().get(database)
        if found is not None:
            _translate_schema(options, found)
        keys = ("version_table", "version_table_schema", "version_table_pk")
        return {key: options[key] for key in keys if key in options}

    def environment_context(
        self,
        database: Database,
        scripts: AppScriptDirectory,
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
        :raises ConfigurationError: When Alembic refuses the options, or a subclass of
            the extension gives contexts that cannot be used.
        """
        context = self.own_context(
            database, scripts, connection, x_arguments=x_arguments, **options
        )
        if connection is not None:
            self._ask_contexts(context, database, connection)
        return context

    def ask_contexts(self, database: Database, connection: Connection) -> None:
        """Let a subclass of the extension prepare a connection, as for its contexts.

        :param database: The database.
        :param connection: A connection to it.
        """
        if self._asked_properties(database):
            self.environment_context(database, self.scripts(), connection)

    def _asked_properties(self, database: Database) -> list[str]:
        """Return which properties of a subclass give the context of a database."""
        if not self.is_overridden("migration_contexts", "migration_context"):
            return []
        databases = self.databases()
        live = databases.get(database.name)
        if live is None or live.engine is not database.engine:
            return []  # A scratch database.
        names = ["migration_contexts"]
        if database.name == next(iter(databases)):
            names.append("migration_context")
        return [name for name in names if self.is_overridden(name)]

    def _ask_contexts(
        self, context: EnvironmentContext, database: Database, connection: Connection
    ) -> None:
        """Let a subclass of the extension change or replace a context."""
        from .asked_contexts import Asked, Connected, asked_of, asking

        if asked_of(self) is not None or self._overrides is None:
            return
        for name in self._asked_properties(database):
            was_open = connection.in_transaction()
            opened = Connected(connection, context)
            with asking(Asked(self, opened={database.name: opened})):
                answer = self._overrides.get(name)
            if name == "migration_contexts":
                answer = answer.get(database.name)
            self._take_context(
                context, answer, self._overrides.describe(name), database
            )
            if connection.in_transaction() and not was_open:
                # What is set on the session must outlive the transaction.
                connection.commit()

    def _take_context(
        self,
        context: EnvironmentContext,
        given: MigrationContext | None,
        described: str,
        database: Database,
    ) -> None:
        """Use the migration context that a subclass of the extension gives.

        :raises ConfigurationError: When it cannot be used, with the hook to use.
        """
        own = context.get_context()
        if given is None:
            raise ConfigurationError(
                f"{described} gives no context for the database {database.name!r}.",
                "Leave the database out of engines= or ALEMBIC['databases'] instead.",
            )
        if given.connection is not own.connection:
            raise ConfigurationError(
                f"{described} gives a context on another connection than that of the "
                "command, which could be neither locked nor rolled back.",
                "Use the connection of super()'s context, or implement the hook "
                "open_connection.",
            )
        mine, theirs = private.version_table(own), private.version_table(given)
        if (mine.name, mine.schema) != (theirs.name, theirs.schema):
            raise ConfigurationError(
                f"{described} gives a context with the version table "
                f"{theirs.fullname!r}, but everything else reads {mine.fullname!r}.",
                "Set ALEMBIC_CONTEXT['version_table'], or implement the hook "
                "context_options.",
            )
        if given is not own:
            for key, value in own.opts.items():
                given.opts.setdefault(key, value)
            context.get_context = lambda: given  # type: ignore[method-assign]

    def own_context(
        self,
        database: Database,
        scripts: AppScriptDirectory,
        connection: Connection | None = None,
        *,
        x_arguments: Sequence[str] = (),
        **options: Any,
    ) -> EnvironmentContext:
        """Return a configured context, without ``migration_contexts`` of a subclass.

        The arguments are those of :meth:`environment_context`.

        :raises ConfigurationError: When Alembic refuses the options.
        """
        from argparse import Namespace

        from alembic.config import Config

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
        context = self._new_context(config, scripts, options)
        try:
            if connection is not None:
                context.configure(connection=connection, **wanted)
            else:
                url = wanted.pop("url", None) or database.engine.url
                context.configure(url=url, **wanted)
        except TypeError as error:
            raise ConfigurationError(
                f"ALEMBIC_CONTEXT was refused: {error}.", "Fix app.config."
            ) from error
        except KeyError as error:
            name = database.engine.dialect.name
            if error.args != (name,):
                raise
            raise ConfigurationError(
                f"Alembic does not support the database {name!r}.",
                "Install a plugin that brings its backend (flask-alembic-duckdb, for "
                "one), or define a DefaultImpl with that __dialect__.",
            ) from error
        return context

    def _new_context(
        self, config: Config, scripts: AppScriptDirectory, options: dict[str, Any]
    ) -> EnvironmentContext:
        """Return an environment context that is not configured yet."""
        from alembic.runtime.environment import EnvironmentContext

        plain = EnvironmentContext(config, scripts, **options)
        if self._overrides is None or not self._overrides.has("environment_context"):
            return plain
        from .asked_contexts import Asked, asking

        with asking(Asked(self, plain=plain)):
            given: EnvironmentContext = self._overrides.get("environment_context")
        if given is plain:
            return plain
        # One object may be given for several databases.
        given = copy.copy(given)
        given.config, given.script = config, scripts
        given.context_opts = {**given.context_opts, **options}
        return given


def configured(app: Flask, config: Config, environment: Environment) -> Locations:
    """Return the folders of revisions that a configuration of a subclass names.

    :param app: The application.
    :param config: Alembic's configuration.
    :param environment: Its own folders tell which branch one belongs to.
    :raises ConfigurationError: When it names no script directory.
    """
    script = config.get_main_option("script_location")
    if script is None:
        raise ConfigurationError(
            "The overridden config has no script_location.", "Set it there."
        )
    if hasattr(config, "get_version_locations_list"):  # since Alembic 1.16
        folders = config.get_version_locations_list() or ()
    else:
        folders = split_locations(
            config.get_main_option("version_locations") or "",
            config.get_main_option("version_path_separator"),
        )
    settings = environment.settings
    paths = [resolve_for_alembic(app, settings, folder) for folder in folders]
    own = environment.own_locations
    return relocated(own, resolve_for_alembic(app, settings, script), paths)


def _translate_schema(options: dict[str, Any], database: Database) -> None:
    """Let the version table be where ``schema_translate_map`` of the engine puts it.

    What SQLAlchemy translates by itself are ``Table`` objects, which not every
    statement has.

    :param options: The arguments of the context; changed.
    :param database: The database that the context is for.
    """
    translations = database.engine.get_execution_options().get("schema_translate_map")
    schema = options.get("version_table_schema")
    if translations and schema in translations:
        options["version_table_schema"] = translations[schema]


def _target(database: Database) -> Any:
    """Return what the context compares with, in the shape that Alembic looks for.

    Operations take the naming convention of one ``MetaData``, never that of a list:
    wrapped in one, it would leave constraints without the names of the models.
    """
    if len(database.metadata) == 1:
        return database.metadata[0]
    return list(database.metadata) or None


def environment_of(app: Flask) -> Environment:
    """Return the environment of an app.

    :param app: An app that the extension is registered on.
    """
    active = _active.get()
    if active is not None and active.app is app:
        return active
    environment: Environment = app.extensions["alembic"].environment_for(app)
    return environment


def lock_key(environment: Environment, database: str) -> LockKey:
    """Return what the lock of a database is keyed by.

    :param environment: The app's environment.
    :param database: The name of the database.
    """
    context = environment.version_options(database)
    return LockKey(
        database=database,
        schema=context.get("version_table_schema"),
        version_table=context.get("version_table") or "alembic_version",
        id=environment.settings.of("lock_id", database),
    )


def known_history(environment: Environment) -> tuple[frozenset[str], Container[str]]:
    """Return the heads and all ids of the code, from the index if it can tell.

    :param environment: The app's environment.
    :raises HistoryError: When the files make no history.
    """
    view = history_reader(environment, cheap=True)
    return view.real_heads(), view


def is_empty(environment: Environment) -> Path | None:
    """Return the script directory if there are no revisions; else ``None``.

    Every script is a revision, or else an error for whoever reads it.

    :param environment: The app's environment.
    :raises HistoryError: When the files make no history.
    """
    locations = environment.locations
    if any(holds_scripts(str(path)) for path in locations.paths):
        return None
    with translated():
        return None if history_reader(environment).real_heads() else locations.script


def require_revisions(environment: Environment, *, allow_new: bool = False) -> bool:
    """Refuse to go on without revision files: a folder that was forgotten.

    A deployment that has lost its files would be taken for one that is at head. Files
    that make no history are not looked into: the command that reads them reports them.

    :param environment: The app's environment.
    :param allow_new: Whether a project passes that has no revisions anywhere yet.
    :return: Whether there are revision files.
    :raises UsageError: When there is no revision file, with where there are some.
    """
    from ..script.existing_folder import elsewhere

    try:
        folder = is_empty(environment)
    except AlembicError:
        return True
    if folder is None:
        return True
    other = elsewhere(environment.app, folder)
    if allow_new and other is None:
        return False
    raise UsageError(
        f"There are no revision files in {folder}; nothing was run.",
        "Create one with flask db revision 'message', or check where the files are."
        if other is None
        else f"There are some in {other}; set ALEMBIC['script_location'] to use them.",
    )


def history_reader(environment: Environment, *, cheap: bool = False) -> HistoryReader:
    """Return a look at the history of an app.

    :param environment: The app's environment.
    :param cheap: Whether to miss a file that was rewritten in place; see
        :meth:`~flask_alembic.runtime.environment.Environment.graph`.
    :raises HistoryError: When the files make no history.
    """
    try:
        return IndexedHistory(environment.index, environment.graph(cheap=cheap))
    except NeedsMap:
        return AlembicHistory(environment.scripts())
