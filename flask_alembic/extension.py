"""The extension: what users hold. Everything is delegated; nothing is imported early."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, nullcontext
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Literal,
    ParamSpec,
    TypeAlias,
    TypeVar,
)
from weakref import WeakKeyDictionary, WeakSet

from flask import Flask, current_app, has_app_context

if TYPE_CHECKING:
    from pathlib import Path

    from alembic.config import Config
    from alembic.operations import Operations
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.script import Script, ScriptDirectory
    from sqlalchemy import MetaData
    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from .cli.extension_api import Revision, Strings
    from .commands.adopt.adopt import AdoptResult
    from .commands.drift.drift import Drift
    from .commands.history.sql import RevisionSQL
    from .commands.import_env.import_env import ImportEnvResult
    from .commands.init.scaffold import Template
    from .commands.plugins.plugin_list import HookRecord
    from .commands.prove.prove import ProofResult
    from .commands.squash.squash import SquashResult
    from .commands.status.status import DatabaseStatus
    from .commands.wait.readiness import Readiness
    from .hooks import Direction, Mode, PluginRecord, Problem, RunResult
    from .hooks.history_graph import HistoryGraph
    from .hooks.payloads import Finding, ModeName
    from .runtime.asked_contexts import Connected
    from .runtime.databases import Database
    from .runtime.environment import Environment
    from .runtime.overrides import Cache
    from .schema.compare import CheckResult

P = ParamSpec("P")
R = TypeVar("R")

Models: TypeAlias = "MetaData | Sequence[MetaData] | Set[MetaData]"
"""The models of one database."""

AnyEngine: TypeAlias = "Engine | AsyncEngine"
"""An engine of SQLAlchemy's, sync or async."""

AlembicDiff: TypeAlias = tuple[Any, ...] | list[tuple[Any, ...]]
"""A difference as Alembic's ``compare_metadata`` gives it."""

_ENVIRONMENTS = "alembic_environments"
"""Where ``app.extensions`` holds what belongs to an app, by extension."""

logger = logging.getLogger("flask_alembic")


def _by_name(given: Any) -> dict[str, Any]:
    """Return metadata or engines by the name of the database."""
    if given is None:
        return {}
    return dict(given) if isinstance(given, Mapping) else {"default": given}


class Alembic:
    """Provide an Alembic environment and migration API.

    If instantiated without an app, :meth:`init_app` registers one later. Methods
    return data and print nothing; they work on :data:`flask.current_app` and need
    an app context.

    With the first command, basic logging to stderr is configured for the
    ``sqlalchemy`` and ``alembic`` loggers if they do not already have handlers.

    :param app: Call :meth:`init_app` on this app.
    :param run_mkdir: Whether to run :meth:`mkdir` during ``init_app``.
    :param command_name: Register a Click group with this name during ``init_app``,
        or skip it if ``False``.
    :param metadatas: The models: one ``MetaData``, a list of them, or a dict of
        either by database name. Found in Flask-SQLAlchemy by default.
    :param engines: One engine or a dict of engines by database name. Found in
        Flask-SQLAlchemy or Flask-SQLAlchemy-Lite by default.
    :param plugins: Plugin objects, asked before installed ones, the first one first.

    .. versionchanged:: 4.0
        Added ``plugins``. Methods that change a database return a
        :class:`~flask_alembic.hooks.RunResult`.
    """

    def __init__(
        self,
        app: Flask | None = None,
        run_mkdir: bool = True,
        command_name: str | bool = "db",
        *,
        metadatas: Models | Mapping[str, Models] | None = None,
        engines: AnyEngine | Mapping[str, AnyEngine] | None = None,
        plugins: Iterable[object] = (),
    ) -> None:
        self.run_mkdir = run_mkdir
        self.command_name = command_name
        self.metadatas = _by_name(metadatas)
        self.engines = _by_name(engines)
        self._plugins: list[tuple[str, object]] = []
        self._lock = threading.Lock()
        self._environments: WeakSet[Environment] = WeakSet()
        for plugin in plugins:
            self.register(plugin)
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        run_mkdir: bool | None = None,
        command_name: str | bool | None = None,
    ) -> None:
        """Register this extension on an app.

        Arguments override those given to ``Alembic()`` if they are not ``None``. A
        script directory that cannot be made is logged and does not stop the app:
        the command that needs it says so. What is not set in ``ALEMBIC`` and
        ``ALEMBIC_CONTEXT`` is filled in, for plugin systems that append to it.

        :param app: The app to register.
        :param run_mkdir: Whether to run :meth:`mkdir`.
        :param command_name: Register a Click group with this name, or skip it if
            ``False``.
        """
        from .config_defaults import fill

        app.extensions["alembic"] = self
        fill(app)
        app.teardown_appcontext(self._close)
        run_mkdir = self.run_mkdir if run_mkdir is None else run_mkdir
        if run_mkdir:
            self._mkdir_quietly(app)
        name = self.command_name if command_name is None else command_name
        if name:
            from .builtin import make_db_group

            name = "db" if name is True else str(name)
            # Who had the name before, for whoever asks which command is run.
            app.extensions["alembic_command"] = (name, app.cli.commands.get(name))
            app.cli.add_command(make_db_group(self), name)

    def _is_overridden(self, *names: str) -> bool:
        """Return whether a subclass or an assignment overrides one of these members."""
        if type(self) is Alembic and vars(self).keys().isdisjoint(names):
            return False
        from .runtime.overrides import is_overridden

        return any(is_overridden(self, Alembic, name) for name in names)

    def _mkdir_quietly(self, app: Flask) -> None:
        from .script.existing_folder import is_there

        is_changed = self._is_overridden("mkdir", "config", "script_directory")
        if not is_changed and is_there(app):
            return
        from .commands.init.scaffold import make_for_app
        from .errors import AlembicError

        try:
            if is_changed:
                with app.app_context():
                    self.mkdir()
            else:
                make_for_app(app, self)
        except AlembicError as error:
            # No warning: each command says it, and a web worker may not care.
            logger.info("%s", error)

    def register(self, plugin: object, name: str | None = None) -> None:
        """Add a plugin object for every app of this extension.

        :param plugin: A module or an instance with functions marked ``@hookimpl``.
        :param name: What to call it; its class or module by default.
        :raises PluginError: When it is wrong, or a command has run already.
        """
        from . import builtin
        from .errors import PluginError
        from .hooks.manager import accepted, plugin_name

        given = name or plugin_name(plugin)
        if any(environment.is_frozen for environment in self._environments):
            raise PluginError(
                f"Plugin {given!r} comes too late: a command has already run.",
                "Register it before the first command.",
            )
        unique = accepted(plugin, given, self._plugins, builtin.names())
        self._plugins.append((unique, plugin))

    def environment_for(self, app: Flask) -> Environment:
        """Return what belongs to one app: settings, plugins, folders, history.

        :param app: The application itself, not the proxy.
        """
        with self._lock:
            # Kept with the app, so that it is freed together with it: it refers to
            # the app, and would keep alive every app of a test suite.
            known = app.extensions.setdefault(_ENVIRONMENTS, WeakKeyDictionary())
            if self not in known:
                from . import builtin
                from .runtime.databases import given
                from .runtime.environment import Environment
                from .runtime.overrides import Overrides

                databases = given(self.metadatas or None, self.engines or None)
                known[self] = Environment(
                    app,
                    databases,
                    self._plugins,
                    builtin.plugins,
                    overrides=Overrides(self, Alembic),
                )
                self._environments.add(known[self])
            environment: Environment = known[self]
            return environment

    def has_plugins(self) -> bool:
        """Return whether there may be plugins, without importing any of them.

        .. versionadded:: 4.0
        """
        from .hooks.discovery import candidates, left_out

        return bool(self._plugins) or (not left_out() and bool(candidates()))

    def _environment(self) -> Environment:
        if not has_app_context():
            from .errors import NoAppContext

            raise NoAppContext(
                "Flask-Alembic was used outside an app context.",
                "Put the call inside: with app.app_context():",
            )
        return self.environment_for(current_app._get_current_object())  # type: ignore[attr-defined]

    def _do(
        self,
        function: Callable[Concatenate[Environment, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Call a command, inside an event loop where an engine needs one."""
        from .runtime.event_loop import call

        return call(self._environment(), function, *args, **kwargs)

    def _close(self, error: BaseException | None) -> None:
        environment = current_app.extensions.get(_ENVIRONMENTS, {}).get(self)
        if environment is not None:
            from .runtime.contexts import close_all

            close_all(environment)

    # Ids -----------------------------------------------------------------------

    def rev_id(self) -> str:
        """Generate a unique id for a revision.

        By default this uses :func:`alembic.util.rev_id`. Override this method, or
        assign a static method, to change this. For example, to use the current
        timestamp::

            alembic.rev_id = lambda: datetime.utcnow().timestamp()

        Whatever is returned is turned to ``str`` and checked.
        """
        from alembic.util import rev_id

        return rev_id()

    # Alembic's objects ---------------------------------------------------------

    @property
    def config(self) -> Config:
        """Get the Alembic ``Config`` for the current app."""
        return self._environment().own_config

    @property
    def script_directory(self) -> ScriptDirectory:
        """Get the Alembic ``ScriptDirectory`` for the current app."""
        from .runtime.error_translation import translated

        with translated():
            return self._environment().own_scripts()

    @property
    def script(self) -> ScriptDirectory:
        """A short name for :attr:`script_directory`."""
        return self.script_directory

    @property
    def environment_context(self) -> EnvironmentContext:
        """Get the Alembic ``EnvironmentContext`` for the current app.

        It is connected to the first database; the connection is closed when the
        app context ends.
        """
        from .runtime.asked_contexts import asked_of

        question = asked_of(self._environment())
        if question is not None and question.plain is not None:
            return question.plain
        return self._first().environment_context

    @property
    def env(self) -> EnvironmentContext:
        """A short name for :attr:`environment_context`."""
        return self.environment_context

    @property
    def migration_context(self) -> MigrationContext:
        """Get the Alembic ``MigrationContext`` for the current app.

        It is connected to the first database; each statement commits by itself.
        The connection is closed when the app context ends.
        """
        if self._is_overridden("migration_contexts"):
            return next(iter(self.migration_contexts.values()))
        return self._first().migration_context

    @property
    def context(self) -> MigrationContext:
        """A short name for :attr:`migration_context`."""
        return self.migration_context

    @property
    def migration_contexts(self) -> dict[str, MigrationContext]:
        """Get the ``MigrationContext`` of each database by name."""
        from .runtime.asked_contexts import OpenedDatabases, asked_of

        environment = self._environment()
        question = asked_of(environment)
        names = list(environment.databases())
        if question is not None and question.opened:
            # A command asks a subclass for the context of one database.
            names = list(question.opened)

        def context(name: str) -> MigrationContext:
            return self._open(environment, name).migration_context

        return OpenedDatabases({name: context(name) for name in names}, context)

    @property
    def op(self) -> Operations:
        """Get the Alembic ``Operations`` for the first database.

        Each operation commits by itself. The connection is closed when the app
        context ends.
        """
        from alembic.operations import Operations

        return Operations(self.migration_context)

    @property
    def ops(self) -> dict[str, Operations]:
        """Get the ``Operations`` of each database by name, bound to it."""
        from alembic.operations import Operations

        contexts = self.migration_contexts
        return {name: Operations(context) for name, context in contexts.items()}

    def _first(self) -> Connected:
        environment = self._environment()
        return self._open(environment, next(iter(environment.databases())))

    def _get_cache(self) -> Cache:
        """Return what subclasses written for version 3 keep for the current app.

        ``clear()`` closes the connections of the app context.
        """
        from .runtime.contexts import close_all

        environment = self._environment()
        return environment.cache(lambda: close_all(environment))

    def _open(self, environment: Environment, name: str) -> Connected:
        from .runtime.contexts import connected
        from .runtime.error_translation import translated
        from .runtime.event_loop import refuse_async

        refuse_async(environment, name)
        with translated():
            return connected(environment, name)

    @property
    def databases(self) -> dict[str, Database]:
        """Get every database that takes part, by name: engine and metadata.

        .. versionadded:: 4.0
        """
        return self._environment().databases()

    @contextmanager
    def connect(
        self, name: str | None = None, *, lock: bool = False
    ) -> Iterator[Connection]:
        """Open a connection of its own, through the ``open_connection`` hook.

        What is still open at the end is rolled back.

        :param name: The database; the first one by default.
        :param lock: Whether the migration lock is held until the end, as by a run.
        :raises LockNotObtained: When another run keeps the lock for ``lock_timeout``.
        :raises DatabaseError: When it cannot be reached in ``connect_timeout``.
        :raises UsageError: When there is none of that name, or its engine is async.

        .. versionadded:: 4.0
        """
        from .hooks import specs
        from .runtime.connections import connected
        from .runtime.databases import choose
        from .runtime.event_loop import refuse_async

        environment = self._environment()
        database = choose(environment.databases(), [name] if name else ())[0]
        refuse_async(environment, database.name)
        with connected(environment, environment.hooks, database) as connection:
            held = (
                environment.hooks.firstresult(
                    specs.migration_lock, database=database.name, connection=connection
                )
                if lock
                else None
            )
            with held or nullcontext():
                yield connection

    # Commands that read --------------------------------------------------------

    def mkdir(
        self, *, package: bool = False, template: str | None = None
    ) -> list[Path]:
        """Create the script directory and template; keep what is there.

        :param package: Add an empty ``__init__.py`` to each folder.
        :param template: Make new revision files from this one: ``single``,
            ``several``, a file, or a folder that holds a ``script.py.mako``.
        :return: What was created.
        :raises Refused: When the template that is there was changed.

        .. versionchanged:: 4.0
            Added ``package`` and ``template``.
        """
        from .commands.init.scaffold import make

        return self._do(make, package=package, template=template)

    def list_templates(self) -> list[Template]:
        """Return the templates for new revision files, those of plugins included.

        .. versionadded:: 4.0
        """
        from .commands.init.scaffold import list_templates

        return self._do(list_templates)

    def require_revisions(self, *, allow_new: bool = False) -> bool:
        """Refuse to go on without revision files: a folder that was forgotten.

        A deployment that has lost its files would be taken for one that is at head.
        The commands that run revisions begin with this on the terminal.

        :param allow_new: Accept a project that has no revisions anywhere yet.
        :return: Whether there are revision files.
        :raises UsageError: When there is no revision file, with where there are some.

        .. versionadded:: 4.0
        """
        from .runtime.environment import require_revisions

        return self._do(require_revisions, allow_new=allow_new)

    def current(
        self, databases: Strings = (), *, check_heads: bool = False
    ) -> list[Script]:
        """Get the list of current revisions.

        :param databases: Only of these databases.
        :param check_heads: Fail unless every database is at every head.
        :raises CheckFailed: With ``check_heads``, when one is not.

        .. versionchanged:: 4.0
            Added ``databases`` and ``check_heads``.
        """
        from .commands.history.queries import current
        from .runtime.arguments import parse_items

        names = parse_items("databases", databases)
        return self._do(current, names, check_heads=check_heads)

    def heads(
        self, resolve_dependencies: bool = False, *, check: bool = False
    ) -> list[Script]:
        """Get the list of revisions that have no child revisions.

        :param resolve_dependencies: Treat dependencies as down revisions.
        :param check: Fail if there are several, unless each has a branch label of its
            own.
        :raises CheckFailed: With ``check``, when there are.

        .. versionchanged:: 4.0
            Added ``check``.
        """
        from .commands.history.queries import heads

        return self._do(heads, resolve_dependencies, check=check)

    def branches(self) -> list[Script]:
        """Get the list of revisions that have more than one next revision."""
        from .commands.history.queries import branches

        return self._do(branches)

    def log(
        self,
        start: Revision = "base",
        end: Revision = "heads",
        *,
        indicate_current: bool = False,
    ) -> list[Script]:
        """Get the list of revisions in the order they will run.

        :param start: Only get since this revision.
        :param end: Only get until this revision.
        :param indicate_current: Read where the databases are too: ``after_command`` gets
            it as ``report.data["current"]``, ids by database.

        .. versionchanged:: 4.0
            Added ``indicate_current``.
        """
        from .commands.history.queries import log

        return self._do(log, start, end, indicate_current=indicate_current)

    def show(self, revisions: Revision) -> list[Script]:
        """Get revisions by name.

        :param revisions: One or a list.
        """
        from .commands.history.queries import show

        return self._do(show, revisions)

    def edit(self, revision: Revision = "head") -> Path:
        """Open the file of a revision in an editor, and wait until that is closed.

        :param revision: Its id, the beginning of it, or ``head``.
        :return: The file.
        :raises UsageError: When there is no editor, or not exactly one such revision.

        .. versionadded:: 4.0
        """
        from .commands.history.queries import edit

        return self._do(edit, revision)

    def revision_sql(
        self,
        revisions: Revision,
        databases: Strings = (),
        *,
        direction: Literal["upgrade", "downgrade"] = "upgrade",
        x_arguments: Strings = (),
    ) -> list[RevisionSQL]:
        """Return the SQL that revisions would send, database by database.

        No database is connected.

        :param revisions: One or a list.
        :param databases: Only for these databases.
        :param direction: ``upgrade`` or ``downgrade``.
        :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
        :raises MigrationFailed: When one cannot be written as SQL.

        .. versionadded:: 4.0
        """
        from .commands.history.sql import revision_sql
        from .runtime.arguments import UP_AND_DOWN, parse_direction, parse_items

        return self._do(
            revision_sql,
            revisions,
            parse_items("databases", databases),
            direction=parse_direction(direction, UP_AND_DOWN),
            x_arguments=parse_items("x_arguments", x_arguments),
        )

    def needs_upgrade(self) -> bool:
        """Return whether a database is behind the revisions of the code."""
        from .commands.history.queries import needs_upgrade

        return self._do(needs_upgrade)

    def status(
        self, databases: Strings = (), *, models: bool = False, check: bool = False
    ) -> list[DatabaseStatus]:
        """Return where each database is and what is pending.

        :param databases: Only these databases.
        :param models: Compare the models too, which takes longer.
        :param check: Fail if anything is pending.
        :raises CheckFailed: With ``check``, when anything is.
        :raises DatabaseError: With ``check``, when a database cannot be read.

        .. versionadded:: 4.0
        """
        from .commands.status.status import status
        from .runtime.arguments import parse_items

        names = parse_items("databases", databases)
        return self._do(status, names, models=models, check=check)

    def graph(
        self,
        databases: Strings = (),
        *,
        state: bool = True,
        operations: bool = True,
    ) -> HistoryGraph:
        """Return the history as a graph, and where each database is in it.

        No revision file is executed.

        :param databases: Only these databases.
        :param state: Whether databases are asked at all.
        :param operations: Whether the files are read for what they do. Thousands of
            them take a second or two; without it the index alone answers.

        .. versionadded:: 4.0
        """
        from .commands.graph.builder import graph
        from .runtime.arguments import parse_items

        names = parse_items("databases", databases)
        return self._do(graph, names, state=state, operations=operations)

    def readiness(self) -> Readiness:
        """Return whether the code can work with the databases.

        Cheap enough for a probe each second.

        .. versionadded:: 4.0
        """
        from .commands.wait.readiness import readiness

        return self._do(readiness)

    def wait(
        self,
        until: Literal["database", "head"] = "head",
        *,
        timeout: float = 60.0,
        interval: float = 1.0,
        databases: Strings = (),
    ) -> Readiness:
        """Wait until the databases answer, or until they are at head.

        :param until: ``database`` or ``head``.
        :param timeout: How long, in seconds.
        :param interval: How long to pause between two looks, in seconds.
        :param databases: Only these databases.
        :raises CheckFailed: When the time is over.

        .. versionadded:: 4.0
        """
        from .commands.wait.readiness import wait
        from .runtime.arguments import parse_items

        return self._do(
            wait,
            until,
            timeout=timeout,
            interval=interval,
            databases=parse_items("databases", databases),
        )

    # Commands that compare -----------------------------------------------------

    def produce_migrations(self) -> MigrationScript:
        """Generate the ``MigrationScript`` that would generate a new revision."""
        from .schema.compare import produce_migrations

        return self._do(produce_migrations)

    def compare_metadata(self) -> list[AlembicDiff]:
        """Generate a list of operations that would be present in a new revision."""
        from .schema.compare import compare_metadata

        if self._is_overridden("produce_migrations"):
            script = self.produce_migrations()
            operations = script.upgrade_ops_list
            return [diff for each in operations for diff in each.as_diffs()]
        return self._do(compare_metadata)

    def check(self, databases: Strings = ()) -> CheckResult:
        """Compare the models with the databases.

        :param databases: Only these databases.
        :return: What differs, by database, and other problems.
        """
        from .commands.check.check import check
        from .runtime.arguments import parse_items

        is_changed = self._is_overridden("compare_metadata", "produce_migrations")
        own = self.compare_metadata() if is_changed else None
        return self._do(check, parse_items("databases", databases), own_diffs=own)

    def lint(
        self, revisions: Revision = (), *, pending: bool = False
    ) -> tuple[Problem, ...]:
        """Return what the linters of plugins find in revision files.

        :param revisions: Ids, labels or ranges ``1a2b:head``; all for none.
        :param pending: Only those that a database does not have yet.

        .. versionadded:: 4.0
        """
        from .commands.lint.lint import lint

        return self._do(lint, revisions, pending=pending)

    def drift(
        self,
        databases: Strings = (),
        *,
        ignore: Strings = (),
        scratch_url: str | None = None,
        x_arguments: Strings = (),
    ) -> Drift:
        """Compare models, revisions and databases, each with the others.

        The revisions are run on a scratch database; the live one is only read.

        :param databases: Only these databases.
        :param ignore: Patterns of names to leave out, like ``celery_*``, beside
            ``ALEMBIC["drift_ignore"]``.
        :param scratch_url: Where to make the scratch database; beside the live one by
            default.
        :param x_arguments: ``key=value`` texts for ``get_x_argument()``.

        .. versionadded:: 4.0
        """
        from .commands.drift.drift import drift
        from .runtime.arguments import parse_items

        return self._do(
            drift,
            parse_items("databases", databases),
            ignore=parse_items("ignore", ignore),
            scratch_url=scratch_url,
            x_arguments=parse_items("x_arguments", x_arguments),
        )

    def prove(
        self,
        revisions: Revision = (),
        *,
        all: bool = False,
        databases: Strings = (),
        seed_file: str | os.PathLike[str] | None = None,
        data_before: Mapping[str, Callable[[Connection], object]] | None = None,
        scratch_url: str | None = None,
        x_arguments: Strings = (),
    ) -> ProofResult:
        """Run revisions up, down and up on a scratch database.

        After the way down the schema has to be what it was before, and after the last
        revision models and database have to be equal. No live database is touched.

        :param revisions: Ids, labels or ranges ``1a2b:head``; those that a database
            does not have yet for none.
        :param all: Prove the whole history.
        :param databases: Only for these databases.
        :param seed_file: SQL that is executed before the first revision, so that it
            meets rows.
        :param data_before: By the id of a revision: what puts rows in before it is run;
            it gets a connection to the scratch database, whose transaction is committed
            afterwards.
        :param scratch_url: Where to make the scratch database; beside the live one by
            default.
        :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
        :raises UsageError: When a revision or the seed file is wrong.
        :raises DatabaseError: When no scratch database can be made, or the revisions
            before the first one fail on it.

        .. versionadded:: 4.0
        """
        from pathlib import Path

        from .commands.prove.prove import ProveOptions, prove
        from .runtime.arguments import parse_items

        options = ProveOptions(
            revisions,
            all=all,
            databases=parse_items("databases", databases),
            seed_file=None if seed_file is None else Path(seed_file),
            data_before=dict(data_before or {}),
            scratch_url=scratch_url,
            x_arguments=parse_items("x_arguments", x_arguments),
        )
        return self._do(prove, options)

    def needs_revision(self) -> bool:
        """Return whether models and databases differ."""
        return bool(self.compare_metadata())

    # Commands that run ---------------------------------------------------------

    def upgrade(
        self,
        target: Revision = "heads",
        *,
        mode: Mode | ModeName = "online",
        databases: Strings = (),
        lock: bool = True,
        resume: bool = False,
        last_statement_applied: bool | None = None,
        tag: str | None = None,
        x_arguments: Strings = (),
    ) -> RunResult:
        """Run migrations to upgrade the database.

        :param target: Revision to go to.
        :param mode: ``online`` executes and commits, ``dry-run`` executes and rolls
            back, ``sql`` returns the SQL as ``result.sql``, ``plan`` returns the steps
            as ``result.run.plan``; see :class:`~flask_alembic.hooks.Mode`.
        :param databases: Only these databases; all by default.
        :param lock: Hold the migration lock.
        :param resume: Resume a partially applied revision (MySQL, MariaDB).
        :param last_statement_applied: With ``resume``: whether the interrupted
            statement took effect, where it is unknown.
        :param tag: What ``context.get_tag_argument()`` returns in revisions.
        :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
        :return: What was done.
        :raises UsageError: When there is no such mode or database.
        :raises MigrationFailed: When a step failed; its ``result`` lists the steps that
            are applied, rolled back and not started.
        :raises LockNotObtained: When another run held the lock for too long.

        .. versionchanged:: 4.0
            Added the keyword arguments.
        """
        return self._run(
            "upgrade",
            target,
            mode=mode,
            databases=databases,
            lock=lock,
            resume=resume,
            last_statement_applied=last_statement_applied,
            tag=tag,
            x_arguments=x_arguments,
        )

    def downgrade(
        self,
        target: Revision = -1,
        *,
        mode: Mode | ModeName = "online",
        databases: Strings = (),
        lock: bool = True,
        force: bool = False,
        resume: bool = False,
        last_statement_applied: bool | None = None,
        tag: str | None = None,
        x_arguments: Strings = (),
    ) -> RunResult:
        """Run migrations to downgrade the database.

        :param target: Revision to go down to.
        :param mode: As for :meth:`upgrade`.
        :param databases: Only these databases; all by default.
        :param lock: Hold the migration lock.
        :param force: Downgrade although ``ALEMBIC["protected"]`` is set.
        :param resume: Resume a partially reverted revision (MySQL, MariaDB).
        :param last_statement_applied: As for :meth:`upgrade`.
        :param tag: What ``context.get_tag_argument()`` returns in revisions.
        :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
        :return: What was done.
        :raises Refused: When ``ALEMBIC["protected"]`` is set, without ``force``.
        :raises UsageError: As for :meth:`upgrade`.
        :raises MigrationFailed: As for :meth:`upgrade`.
        :raises LockNotObtained: As for :meth:`upgrade`.

        .. versionchanged:: 4.0
            Added the keyword arguments.
        """
        return self._run(
            "downgrade",
            target,
            mode=mode,
            databases=databases,
            lock=lock,
            force=force,
            resume=resume,
            last_statement_applied=last_statement_applied,
            tag=tag,
            x_arguments=x_arguments,
        )

    def stamp(
        self,
        target: Revision = "heads",
        *,
        purge: bool = False,
        force: bool = False,
        mode: Mode | ModeName = "online",
        databases: Strings = (),
        lock: bool = True,
        tag: str | None = None,
        x_arguments: Strings = (),
    ) -> RunResult:
        """Set the current database revision without running migrations.

        :param target: Revision to set to.
        :param purge: Delete what the version table holds first.
        :param force: Stamp although ``ALEMBIC["protected"]`` is set.
        :param mode: As for :meth:`upgrade`.
        :param databases: Only these databases; all by default.
        :param lock: Hold the migration lock.
        :param tag: What ``context.get_tag_argument()`` returns.
        :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
        :return: What was done.
        :raises Refused: When ``ALEMBIC["protected"]`` is set, without ``force``.
        :raises UsageError: As for :meth:`upgrade`.
        :raises LockNotObtained: As for :meth:`upgrade`.

        .. versionchanged:: 4.0
            Added the keyword arguments.
        """
        return self._run(
            "stamp",
            target,
            mode=mode,
            databases=databases,
            lock=lock,
            force=force,
            purge=purge,
            tag=tag,
            x_arguments=x_arguments,
        )

    def plan(
        self,
        target: Revision = "heads",
        *,
        direction: Literal["upgrade", "downgrade"] = "upgrade",
        databases: Strings = (),
        tag: str | None = None,
        x_arguments: Strings = (),
    ) -> RunResult:
        """Return what a run would do; the guards are asked, nothing is executed.

        :param target: Revision to go to.
        :param direction: ``upgrade`` or ``downgrade``.
        :param databases: Only these databases; all by default.
        :param tag: The tag, for the guards to see.
        :param x_arguments: ``key=value`` strings, for the guards to see.
        :return: Its ``run.plan`` lists the steps.

        .. versionadded:: 4.0
        """
        from .runtime.arguments import UP_AND_DOWN, parse_direction

        return self._run(
            parse_direction(direction, UP_AND_DOWN),
            target,
            mode="plan",
            databases=databases,
            tag=tag,
            x_arguments=x_arguments,
        )

    def _run(
        self,
        direction: Direction,
        target: Revision,
        *,
        mode: Mode | ModeName,
        databases: Strings,
        x_arguments: Strings,
        tag: str | None,
        lock: bool = True,
        force: bool = False,
        purge: bool = False,
        resume: bool = False,
        last_statement_applied: bool | None = None,
    ) -> RunResult:
        from .runtime.arguments import parse_items, parse_mode
        from .runtime.request import MigrationRequest
        from .runtime.runner import run

        request = MigrationRequest(
            direction,
            target,
            mode=parse_mode(mode),
            databases=parse_items("databases", databases),
            lock=lock,
            force=force,
            purge=purge,
            resume=resume,
            last_statement_applied=last_statement_applied,
            tag=tag,
            x_arguments=parse_items("x_arguments", x_arguments),
        )
        is_executed = request.mode not in ("sql", "plan")
        if is_executed and self._is_overridden("run_migrations"):
            from .runtime.overridden_run import surrounded

            method, environment = self.run_migrations, self._environment()
            return surrounded(
                environment, method, request, lambda asked: self._do(run, asked)
            )
        return self._do(run, request)

    def run_migrations(
        self,
        fn: Callable[
            [tuple[str, ...], MigrationContext], Iterable[MigrationStep] | None
        ],
        **kwargs: object,
    ) -> RunResult:
        """Configure an Alembic ``MigrationContext`` to run migrations for a function.

        This takes the place of Alembic's ``env.py``, specifically of its function
        ``run_migrations_online``. An override surrounds each run that executes
        revisions; :attr:`migration_contexts` are those of the run then.

        :param fn: Use this function to control what migrations are run: it gets the
            current heads and the context, and returns Alembic's steps.
        :param kwargs: Extra arguments passed to ``upgrade`` or ``downgrade`` in
            each revision.
        """
        from .runtime.overridden_run import waiting_run
        from .runtime.request import MigrationRequest
        from .runtime.runner import run

        waiting = waiting_run.get()
        if waiting is not None:
            return waiting.run(fn, kwargs)
        return self._do(
            run, MigrationRequest("upgrade", "", arguments=kwargs, plan_function=fn)
        )

    # Commands that generate ----------------------------------------------------

    def revision(
        self,
        message: str,
        empty: bool = False,
        branch: str = "default",
        parent: Revision = "head",
        splice: bool = False,
        depend: Revision | None = None,
        label: Strings | None = None,
        path: str | os.PathLike[str] | None = None,
        *,
        rev_id: str | None = None,
        force: bool = False,
        allow_drop: bool = False,
        renames: Mapping[str, str] | None = None,
        prove: bool = True,
        keep: bool = False,
    ) -> list[Script]:
        """Create a new revision.

        By default, operations are generated by comparing models and database.

        :param message: Description of revision.
        :param empty: Don't auto-generate operations.
        :param branch: Use this independent branch name.
        :param parent: Parent revision(s) of this revision.
        :param splice: Allow non-head parent revision.
        :param depend: Revision(s) this revision depends on.
        :param label: Label(s) to apply to this revision.
        :param path: Where to store this revision.
        :param rev_id: The id to use; :meth:`rev_id` by default.
        :param force: Write it despite lint errors.
        :param allow_drop: Let it drop tables that no revision has created.
        :param renames: What was renamed: ``{"book.title": "heading"}`` for a column,
            ``{"book": "volume"}`` for a table, ``{"mood.sad": "unhappy"}`` for a value
            of an enum type. Without it a rename is written as a drop and an add.
        :param prove: Run it on a scratch database before its file is left, unless
            ``ALEMBIC["prove_revisions"]`` says not to. An empty one is not run.
        :param keep: Leave the file, marked in its docstring, although the proof fails.
        :raises UsageError: When a rename fits nothing that has changed.
        :return: List of new revisions; empty when models and database agree.
        :raises ProofFailed: When it cannot be applied, reverted or applied again, or
            leaves a difference.

        .. versionchanged:: 4.0
            Added ``rev_id``, ``force``, ``allow_drop``, ``renames``, ``prove`` and
            ``keep``.
        """
        from .commands.revision.generator import RevisionOptions, revision
        from .runtime.arguments import parse_names

        draft = RevisionOptions(
            message,
            empty,
            branch,
            parent,
            splice,
            depend,
            label,
            path,
            rev_id=rev_id,
            force=force,
            allow_drop=allow_drop,
            renames=parse_names("renames", renames or {}),
            prove=prove,
            keep=keep,
        )
        return self._do(revision, draft)

    def merge(
        self,
        revisions: Revision = "heads",
        message: str | None = None,
        label: Strings | None = None,
        rev_id: str | None = None,
    ) -> Script | None:
        """Create a merge revision.

        :param revisions: Revisions to merge.
        :param message: Description of merge, will default to the revisions.
        :param label: Label(s) to apply to this revision.
        :param rev_id: The id to use.
        :return: New revision.
        """
        from .commands.revision.generator import merge

        return self._do(merge, revisions, message, label, rev_id)

    # Commands that fix --------------------------------------------------------

    def doctor(
        self, databases: Strings = (), *, fix: bool = False
    ) -> tuple[Finding, ...]:
        """Return what is wrong with the history and the databases.

        :param databases: Only these databases.
        :param fix: Fix what is safe to fix: widen the version column, delete rows of
            the version table that are empty, repeated or ancestors of others.
        :return: What was found, each with the command that fixes it.
        :raises LockNotObtained: When another run held the lock for too long.

        .. versionadded:: 4.0
        """
        from .commands.doctor.doctor import doctor
        from .runtime.arguments import parse_items

        return self._do(doctor, parse_items("databases", databases), fix=fix)

    def adopt(
        self,
        databases: Strings = (),
        *,
        baseline: Revision = "heads",
        generate: bool = False,
        message: str = "baseline",
        rev_id: str | None = None,
        ignore: Strings = (),
        scratch_url: str | None = None,
        x_arguments: Strings = (),
        force: bool = False,
        stamp: bool = True,
    ) -> tuple[AdoptResult, ...]:
        """Put existing databases under migration control.

        They are compared with what the revisions build on a scratch database, and
        stamped only if both match.

        :param databases: Only these databases; all by default.
        :param baseline: The revision whose tables the databases have.
        :param generate: Generate that revision from the first database.
        :param message: Description of a generated revision.
        :param rev_id: The id of a generated revision; :meth:`rev_id` by default.
        :param ignore: Ignore objects whose names match these patterns, like
            ``celery_*``, beside ``ALEMBIC["drift_ignore"]``.
        :param scratch_url: Where to create the scratch database; beside the live one
            by default.
        :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
        :param force: Stamp although ``ALEMBIC["protected"]`` is set, and write a
            generated revision despite lint errors.
        :param stamp: Stamp the databases; else they are only compared.
        :raises Refused: With every difference; nothing was stamped.

        .. versionadded:: 4.0
        """
        from .commands.adopt.adopt import adopt
        from .commands.adopt.options import AdoptOptions
        from .runtime.arguments import parse_items

        wish = AdoptOptions(
            databases=parse_items("databases", databases),
            baseline=baseline,
            generate=generate,
            message=message,
            rev_id=rev_id,
            ignore=parse_items("ignore", ignore),
            scratch_url=scratch_url,
            x_arguments=parse_items("x_arguments", x_arguments),
            force=force,
            stamp=stamp,
        )
        return self._do(adopt, wish)

    def squash(
        self,
        range: str,
        *,
        message: str | None = None,
        keep: str | os.PathLike[str] | None = None,
        allow_data_loss: bool = False,
        scratch_url: str | None = None,
        x_arguments: Strings = (),
        force: bool = False,
        leave_out: Strings = (),
    ) -> SquashResult:
        """Replace a range of revisions with one.

        :param range: ``FROM:TO``, both ends squashed; either may be left out.
        :param message: Description of the new revision.
        :param keep: The folder to move the old files to; they are removed by default.
        :param allow_data_loss: Squash although old revisions changed data, which the
            new one does not.
        :param scratch_url: Where to create the scratch databases; beside the live ones
            by default.
        :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
        :param force: Write it despite lint errors.
        :param leave_out: Kinds or patterns of objects that the new revision need not
            create: ``policy``, ``index:author.*``.
        :raises Refused: When a database is inside the range, when data steps or objects
            would be lost, or when both histories do not produce the same schema.

        .. versionadded:: 4.0
        """
        from pathlib import Path

        from .commands.squash.squash import squash
        from .commands.squash.squash_options import SquashOptions
        from .runtime.arguments import parse_items

        wish = SquashOptions(
            range,
            message=message,
            keep=None if keep is None else Path(keep),
            allow_data_loss=allow_data_loss,
            scratch_url=scratch_url,
            x_arguments=parse_items("x_arguments", x_arguments),
            force=force,
            leave_out=parse_items("leave_out", leave_out),
        )
        return self._do(squash, wish)

    # Plugins -------------------------------------------------------------------

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """Every plugin of the current app, in call order."""
        return self._environment().registry.records

    def list_plugins(self, name: str | None = None) -> tuple[PluginRecord, ...]:
        """Return the plugins of the current app, in call order; the command ``plugins``.

        :param name: Only this one.
        :raises UsageError: When there is none of that name.

        .. versionadded:: 4.0
        """
        from .commands.plugins.plugin_list import list_plugins

        return self._do(list_plugins, name)

    def list_hooks(self, name: str | None = None) -> tuple[HookRecord, ...]:
        """Return the hooks, and who implements each in call order.

        :param name: Only this one; ``-`` may stand for ``_``.
        :raises UsageError: When there is none of that name.

        .. versionadded:: 4.0
        """
        from .commands.plugins.plugin_list import list_hooks

        return self._do(list_hooks, name)

    def new_plugin(self, name: str, into: str | os.PathLike[str] = ".") -> list[Path]:
        """Write a new plugin: a package with an entry point, hooks, a command and tests.

        :param name: What it is called, with or without ``flask-alembic-``.
        :param into: The folder to create its own folder in.
        :return: The files that were written.
        :raises UsageError: When the name is none, or a command of ours has it, or the
            folder exists.
        :raises ScriptLocationError: When the folder cannot be written.

        .. versionadded:: 4.0
        """
        from pathlib import Path

        from .commands.new_plugin.scaffold import new_plugin
        from .plugins.command_list import command_names

        return self._do(new_plugin, name, Path(into), command_names())

    # Moving here ---------------------------------------------------------------

    def import_env(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        write: str | os.PathLike[str] | None = None,
        check: bool = False,
    ) -> ImportEnvResult:
        """Return what each part of an ``env.py`` and ``alembic.ini`` becomes here.

        The files are parsed and never executed; no database is connected.

        :param folder: The folder that holds ``env.py`` or ``alembic.ini``; by default the
            folder of revisions, or what an ``alembic.ini`` in the working directory names.
        :param write: A new file for the settings.
        :param check: Let the report not be ok where a part needs a person.
        :return: Each part, and a module with what has to be set.
        :raises UsageError: When there is no such folder or no ``env.py``, or when
            ``write`` exists.
        :raises ConfigurationError: When a file cannot be read or parsed.
        :raises ScriptLocationError: When ``write`` cannot be written.

        .. versionadded:: 4.0
        """
        from pathlib import Path

        from .commands.import_env.import_env import import_env

        return self._do(
            import_env,
            folder,
            write=None if write is None else Path(write),
            check=check,
        )
