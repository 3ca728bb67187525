"""The extension: what users hold. Everything is delegated; nothing is imported early."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from flask import Flask, current_app, has_app_context

if TYPE_CHECKING:
    from pathlib import Path

    from alembic.config import Config
    from alembic.operations import Operations
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script, ScriptDirectory
    from sqlalchemy.engine import Connection

    from .commands.comparing import CheckResult
    from .commands.drift import Drift
    from .commands.graphing import HistoryGraph
    from .commands.mending.adopt import Adoption
    from .commands.mending.findings import Finding
    from .commands.mending.squash import Squashed
    from .commands.showing import RevisionSQL
    from .commands.status import DatabaseStatus
    from .commands.waiting import Readiness
    from .environment.databases import Database
    from .environment.objects import Environment
    from .hooks import PluginRecord, Problem, RunResult

P = ParamSpec("P")
R = TypeVar("R")

Revision = Any
"""A revision as people name it: an id or its beginning, ``head``, ``heads``,
``base``, ``label@head``, a number of steps, a ``Script``; often a list of them."""

_ENVIRONMENTS = "alembic_environments"
"""Where ``app.extensions`` holds what belongs to an app, by extension."""

logger = logging.getLogger("flask_alembic")


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
        metadatas: Any = None,
        engines: Any = None,
        plugins: Iterable[object] = (),
    ) -> None:
        self.run_mkdir = run_mkdir
        self.command_name = command_name
        self.metadatas = metadatas
        self.engines = engines
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
        the command that needs it says so.

        :param app: The app to register.
        :param run_mkdir: Whether to run :meth:`mkdir`.
        :param command_name: Register a Click group with this name, or skip it if
            ``False``.
        """
        app.extensions["alembic"] = self
        app.teardown_appcontext(self._close)
        run_mkdir = self.run_mkdir if run_mkdir is None else run_mkdir
        if run_mkdir:
            self._mkdir_quietly(app)
        name = self.command_name if command_name is None else command_name
        if name:
            from .cli.group import make_group

            app.cli.add_command(make_group(self), "db" if name is True else str(name))

    def _mkdir_quietly(self, app: Flask) -> None:
        from .environment.presence import is_there

        if is_there(app):
            return
        from .commands.layout import make_for_app
        from .errors import AlembicError

        try:
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
        from .hooks.errors import PluginError
        from .hooks.own_plugins import accepted, plugin_name

        given = name or plugin_name(plugin)
        if any(environment.is_frozen for environment in self._environments):
            raise PluginError(
                f"Plugin {given!r} comes too late: a command has already run.",
                "Register it before the first command.",
            )
        self._plugins.append((accepted(plugin, given, self._plugins), plugin))

    def environment_for(self, app: Flask) -> Environment:
        """Return what belongs to one app: settings, plugins, folders, history.

        :param app: The application itself, not the proxy.
        """
        with self._lock:
            # Kept with the app, so that it is freed together with it: it refers to
            # the app, and would keep alive every app of a test suite.
            known = app.extensions.setdefault(_ENVIRONMENTS, WeakKeyDictionary())
            if self not in known:
                from .environment.databases import given
                from .environment.objects import Environment

                databases = given(self.metadatas, self.engines)
                known[self] = Environment(app, databases, self._plugins)
                self._environments.add(known[self])
            environment: Environment = known[self]
            return environment

    def has_plugins(self) -> bool:
        """Return whether there may be plugins, without importing any of them.

        .. versionadded:: 4.0
        """
        from .hooks.loading import candidates, left_out

        return bool(self._plugins) or (not left_out() and bool(candidates()))

    def _environment(self) -> Environment:
        if not has_app_context():
            from .errors import UsageError

            raise UsageError(
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
        from .environment.looping import call

        return call(self._environment(), function, *args, **kwargs)

    def _close(self, error: BaseException | None) -> None:
        environment = current_app.extensions.get(_ENVIRONMENTS, {}).get(self)
        if environment is not None:
            from .environment.contexts import close_all

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
        return self._environment().config

    @property
    def script_directory(self) -> ScriptDirectory:
        """Get the Alembic ``ScriptDirectory`` for the current app."""
        from .environment.translation import translated

        with translated():
            return self._environment().scripts()

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
        return self._first().environment_context  # type: ignore[no-any-return]

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
        return self._first().migration_context  # type: ignore[no-any-return]

    @property
    def context(self) -> MigrationContext:
        """A short name for :attr:`migration_context`."""
        return self.migration_context

    @property
    def migration_contexts(self) -> dict[str, MigrationContext]:
        """Get the ``MigrationContext`` of each database by name."""
        return {name: opened.migration_context for name, opened in self._all().items()}

    @property
    def op(self) -> Operations:
        """Get the Alembic ``Operations`` for the first database.

        Each operation commits by itself. The connection is closed when the app
        context ends.
        """
        return self._first().op  # type: ignore[no-any-return]

    @property
    def ops(self) -> dict[str, Operations]:
        """Get the ``Operations`` of each database by name, bound to it."""
        return {name: opened.op for name, opened in self._all().items()}

    def _first(self) -> Any:
        environment = self._environment()
        return self._open(environment, next(iter(environment.databases())))

    def _all(self) -> dict[str, Any]:
        environment = self._environment()
        return {name: self._open(environment, name) for name in environment.databases()}

    def _open(self, environment: Environment, name: str) -> Any:
        from .environment.contexts import connected
        from .environment.looping import refuse_async
        from .environment.translation import translated

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
    def connect(self, name: str | None = None) -> Iterator[Connection]:
        """Open a connection of its own, through the ``open_connection`` hook.

        What is still open at the end is rolled back.

        :param name: The database; the first one by default.
        :raises DatabaseError: When it cannot be reached in ``connect_timeout``.
        :raises UsageError: When there is none of that name, or its engine is async.

        .. versionadded:: 4.0
        """
        from .commands.connecting import connected
        from .environment.databases import choose
        from .environment.looping import refuse_async

        environment = self._environment()
        database = choose(environment.databases(), [name] if name else ())[0]
        refuse_async(environment, database.name)
        with connected(environment, environment.hooks, database) as connection:
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
        from .commands.layout import make

        return self._do(make, package=package, template=template)

    def current(self, databases: Sequence[str] = ()) -> list[Script]:
        """Get the list of current revisions.

        :param databases: Only of these databases.
        """
        from .commands.reading import current

        return self._do(current, databases)

    def heads(self, resolve_dependencies: bool = False) -> list[Script]:
        """Get the list of revisions that have no child revisions.

        :param resolve_dependencies: Treat dependencies as down revisions.
        """
        from .commands.reading import heads

        return self._do(heads, resolve_dependencies)

    def branches(self) -> list[Script]:
        """Get the list of revisions that have more than one next revision."""
        from .commands.reading import branches

        return self._do(branches)

    def log(self, start: Revision = "base", end: Revision = "heads") -> list[Script]:
        """Get the list of revisions in the order they will run.

        :param start: Only get since this revision.
        :param end: Only get until this revision.
        """
        from .commands.reading import log

        return self._do(log, start, end)

    def show(self, revisions: Revision) -> list[Script]:
        """Get revisions by name.

        :param revisions: One or a list.
        """
        from .commands.reading import show

        return self._do(show, revisions)

    def revision_sql(
        self, revisions: Revision, databases: Sequence[str] = (), **options: Any
    ) -> list[RevisionSQL]:
        """Return the SQL that revisions would send, database by database.

        No database is connected.

        :param revisions: One or a list.
        :param databases: Only for these databases.
        :param options: ``direction``, ``upgrade`` by default or ``downgrade``;
            ``x_arguments``.
        :raises MigrationFailed: When one cannot be written as SQL.

        .. versionadded:: 4.0
        """
        from .commands.showing import revision_sql

        return self._do(revision_sql, revisions, databases, **options)

    def needs_upgrade(self) -> bool:
        """Return whether a database is behind the revisions of the code."""
        from .commands.reading import needs_upgrade

        return self._do(needs_upgrade)

    def status(
        self, databases: Sequence[str] = (), *, models: bool = False
    ) -> list[DatabaseStatus]:
        """Return where each database is and what is to be done.

        :param databases: Only these databases.
        :param models: Compare the models too, which takes longer.

        .. versionadded:: 4.0
        """
        from .commands.status import status

        return self._do(status, databases, models=models)

    def graph(
        self,
        databases: Sequence[str] = (),
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
        from .commands.graphing import graph

        return self._do(graph, databases, state=state, operations=operations)

    def readiness(self) -> Readiness:
        """Return whether the code can work with the databases.

        Cheap enough for a probe each second.

        .. versionadded:: 4.0
        """
        from .commands.waiting import readiness

        return self._do(readiness)

    def wait(
        self,
        until: str = "head",
        *,
        timeout: float = 60.0,
        interval: float = 1.0,
        databases: Sequence[str] = (),
    ) -> Readiness:
        """Wait until the databases answer, or until they are at head.

        :param until: ``database`` or ``head``.
        :param timeout: How long, in seconds.
        :param interval: How long to pause between two looks, in seconds.
        :param databases: Only these databases.
        :raises CheckFailed: When the time is over.

        .. versionadded:: 4.0
        """
        from .commands.waiting import wait

        return self._do(
            wait, until, timeout=timeout, interval=interval, databases=databases
        )

    # Commands that compare -----------------------------------------------------

    def produce_migrations(self) -> MigrationScript:
        """Generate the ``MigrationScript`` that would generate a new revision."""
        from .commands.comparing import produce_migrations

        return self._do(produce_migrations)

    def compare_metadata(self) -> list[Any]:
        """Generate a list of operations that would be present in a new revision."""
        from .commands.comparing import compare_metadata

        return self._do(compare_metadata)

    def check(self, databases: Sequence[str] = ()) -> CheckResult:
        """Compare the models with the databases.

        :param databases: Only these databases.
        :return: What differs, by database, and other problems.
        """
        from .commands.checking import check

        return self._do(check, databases)

    def lint(
        self, revisions: Revision = (), *, pending: bool = False
    ) -> tuple[Problem, ...]:
        """Return what the linters of plugins find in revision files.

        :param revisions: Ids, labels or ranges ``1a2b:head``; all for none.
        :param pending: Only those that a database does not have yet.

        .. versionadded:: 4.0
        """
        from .commands.checking import lint

        return self._do(lint, revisions, pending=pending)

    def drift(
        self,
        databases: Sequence[str] = (),
        *,
        ignore: Sequence[str] = (),
        scratch_url: str | None = None,
        x_arguments: Sequence[str] = (),
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
        from .commands.drift import drift

        return self._do(
            drift,
            databases,
            ignore=ignore,
            scratch_url=scratch_url,
            x_arguments=x_arguments,
        )

    def needs_revision(self) -> bool:
        """Return whether models and databases differ."""
        from .commands.comparing import compare_metadata

        return bool(self._do(compare_metadata))

    # Commands that run ---------------------------------------------------------

    def upgrade(self, target: Revision = "heads", **options: Any) -> RunResult:
        """Run migrations to upgrade the database.

        :param target: Revision to go to.
        :param options: Fields of :class:`flask_alembic.commands.requests.Request`:
            ``databases``, ``mode`` (``online``, ``sql``, ``plan``, ``dry-run``),
            ``lock``, ``tag``, ``x_arguments``, ``resume``, ``happened``.
        :return: What was done.
        :raises MigrationFailed: When a step failed; its ``result`` says what is
            done, what is undone and what was not started.
        :raises LockNotObtained: When another run held the lock for too long.
        """
        return self._run("upgrade", target, options)

    def downgrade(self, target: Revision = -1, **options: Any) -> RunResult:
        """Run migrations to downgrade the database.

        :param target: Revision to go down to.
        :param options: As for :meth:`upgrade`, and ``force``.
        :return: What was done.
        """
        return self._run("downgrade", target, options)

    def stamp(self, target: Revision = "heads", **options: Any) -> RunResult:
        """Set the current database revision without running migrations.

        :param target: Revision to set to.
        :param options: As for :meth:`upgrade`, and ``purge`` to delete what the
            version table holds first.
        :return: What was done.
        """
        return self._run("stamp", target, options)

    def plan(self, target: Revision = "heads", **options: Any) -> RunResult:
        """Return what an upgrade would do; the guards are asked, nothing is run.

        :param target: Revision to go to.
        :param options: As for :meth:`upgrade`.
        :return: Its ``run.plan`` lists the steps.
        """
        return self._run("upgrade", target, {**options, "mode": "plan"})

    def _run(
        self, direction: Any, target: Revision, options: Mapping[str, Any]
    ) -> RunResult:
        from .commands.requests import Request
        from .commands.running import run

        return self._do(run, Request(direction, target, **options))

    def run_migrations(
        self, fn: Callable[[Any, MigrationContext], Iterable[Any]], **kwargs: Any
    ) -> RunResult:
        """Configure an Alembic ``MigrationContext`` to run migrations for a function.

        This takes the place of Alembic's ``env.py``, specifically of its function
        ``run_migrations_online``.

        :param fn: Use this function to control what migrations are run: it gets the
            current heads and the context, and returns Alembic's steps.
        :param kwargs: Extra arguments passed to ``upgrade`` or ``downgrade`` in
            each revision.
        """
        from .commands.requests import Request
        from .commands.running import run

        return self._do(run, Request("upgrade", "", arguments=kwargs, plan_function=fn))

    # Commands that generate ----------------------------------------------------

    def revision(
        self,
        message: str,
        empty: bool = False,
        branch: str = "default",
        parent: Revision = "head",
        splice: bool = False,
        depend: Revision = None,
        label: str | Sequence[str] | None = None,
        path: str | None = None,
        **options: Any,
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
        :param options: ``rev_id``, ``force``.
        :return: List of new revisions; empty when models and database agree.
        """
        from .commands.generating import Draft, revision

        draft = Draft(
            message, empty, branch, parent, splice, depend, label, path, **options
        )
        return self._do(revision, draft)

    def merge(
        self,
        revisions: Revision = "heads",
        message: str | None = None,
        label: str | Sequence[str] | None = None,
        rev_id: str | None = None,
    ) -> Script | None:
        """Create a merge revision.

        :param revisions: Revisions to merge.
        :param message: Description of merge, will default to the revisions.
        :param label: Label(s) to apply to this revision.
        :param rev_id: The id to use.
        :return: New revision.
        """
        from .commands.generating import merge

        return self._do(merge, revisions, message, label, rev_id)

    # Commands that mend --------------------------------------------------------

    def doctor(
        self, databases: Sequence[str] = (), *, fix: bool = False
    ) -> tuple[Finding, ...]:
        """Return what is wrong with the history and the databases.

        :param databases: Only these databases.
        :param fix: Mend what is safe to mend: widen the version column, delete rows of
            the version table that are empty, repeated or ancestors of others.
        :return: What was found, each with the command that mends it.
        :raises LockNotObtained: When another run held the lock for too long.

        .. versionadded:: 4.0
        """
        from .commands.mending.doctor import doctor

        return self._do(doctor, databases, fix=fix)

    def adopt(
        self, databases: Sequence[str] = (), **options: Any
    ) -> tuple[Adoption, ...]:
        """Bring databases under migration that were made by other means.

        They are compared with what the revisions build on a scratch database, and
        stamped only if that is the same.

        :param databases: Only these databases.
        :param options: Fields of :class:`flask_alembic.commands.mending.adopt.Wish`:
            ``baseline``, ``generate``, ``message``, ``rev_id``, ``ignore``,
            ``scratch_url``, ``x_arguments``, ``force``, ``stamp``.
        :raises Refused: With every difference; nothing was stamped.

        .. versionadded:: 4.0
        """
        from .commands.mending.adopt import Wish, adopt

        return self._do(adopt, Wish(tuple(databases), **options))

    def squash(self, range: str, **options: Any) -> Squashed:
        """Write one revision in place of a stretch of the history.

        :param range: ``FROM:TO``, both ends squashed; either may be left out.
        :param options: Fields of
            :class:`flask_alembic.commands.mending.squash.SquashWish`: ``message``,
            ``keep``, ``accept_data_loss``, ``scratch_url``, ``x_arguments``, ``force``.
        :raises Refused: When a database is inside the stretch, when data steps would be
            lost, or when both histories do not build the same.

        .. versionadded:: 4.0
        """
        from .commands.mending.squash import SquashWish, squash

        return self._do(squash, SquashWish(range, **options))

    # Plugins -------------------------------------------------------------------

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """Every plugin of the current app, in call order."""
        return self._environment().registry.records
