"""Revisions run on a scratch database, in silence: no hook and no signal hears of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..backends.scratch import NotAllowed
from ..backends.scratch_templates import TemplateGone
from ..errors import (
    AlembicError,
    ConfigurationError,
    DatabaseError,
    NestedRun,
    Refused,
)
from ..hooks import specs
from ..hooks.payloads import Direction, RunFailure
from ..hooks.redaction import headline
from ..runtime.connections import current_heads
from ..runtime.databases import Database
from ..runtime.executor import DatabaseExecutor
from ..runtime.invocation import hooks_of
from ..runtime.planner import plan, planned_step
from ..runtime.progress import notify
from ..runtime.request import (
    DatabaseRun,
    MigrationRequest,
    StepFailed,
    make_run,
)
from ..runtime.revision_arguments import revision_arguments
from ..runtime.runner import _running, one_at_a_time
from .model_schemas import prepare_extensions, prepare_schemas
from .scratch_template import project_of, template_folder, template_keys

if TYPE_CHECKING:
    from alembic.script import Script
    from sqlalchemy import URL, Engine
    from sqlalchemy.engine import Connection

    from ..backends.scratch_templates import ScratchTemplates
    from ..hooks.dispatcher import Hooks
    from ..runtime.environment import Environment
    from ..runtime.planner import PlannedStep
    from ..script.loader import AppScriptDirectory


@contextmanager
def scratch_bind(
    environment: Environment, database: Database, url: str | None = None
) -> Iterator[Database]:
    """Give an empty database of the same kind that is gone at the end.

    :param environment: The app's environment.
    :param database: The live database, which is not touched.
    :param url: Where to make it; ``ALEMBIC["scratch_url"]`` by default, and without
        that beside the live database.
    :return: The database under its name, with an engine of its own.
    :raises DatabaseError: When none can be made.
    """
    given = url or environment.settings.of("scratch_url", database.name)
    backend = database.backend
    with backend.scratch(database.engine, _parsed(given)) as engine:
        yield replace(database, engine=engine)


def _parsed(text: str | None) -> URL | None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if not text:
        return None
    try:
        return make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "The URL of the scratch database cannot be understood.",
            "Write it like SQLALCHEMY_DATABASE_URI; special characters in a password "
            "are written as %xx.",
        ) from error


@contextmanager
def shielded(environment: Environment) -> Iterator[None]:
    """Refuse every statement of this thread on the app's own engines.

    A revision may use the session of the app instead of ``op``: built on a scratch
    database it would then write into the live one.

    :param environment: The app's environment; an app context must be active.
    """
    from sqlalchemy import event

    thread = threading.get_ident()

    def refuse(*arguments: Any) -> None:
        if threading.get_ident() == thread:
            raise Refused(
                "A revision used an engine or a session of the app, which is connected "
                "to the live database; the statement was not sent.",
                "Let the revision use op.get_bind(), which is what it is run on.",
            )

    engines = _engines(environment)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", refuse)


def _engines(environment: Environment) -> list[Engine]:
    """Return every engine of the app, also of databases that are not migrated."""
    found = {id(one.engine): one.engine for one in environment.databases().values()}
    extension = environment.app.extensions.get("sqlalchemy")
    known = [
        *(environment.given.engines or {}).values(),
        *(getattr(extension, "engines", None) or {}).values(),
        *(getattr(extension, "async_engines", None) or {}).values(),
    ]
    for engine in known:
        sync = getattr(engine, "sync_engine", engine)
        found[id(sync)] = sync
    return list(found.values())


R = TypeVar("R")


class _ScratchHooks:
    """Stands in for the hooks: an upgrade of a scratch database is nobody's business.

    What is sent in past tense would be wrong, and what is asked is asked again when
    the revisions run for real. Only the progress is shown.

    :param hooks: The dispatcher of the command.
    """

    def __init__(self, hooks: Hooks) -> None:
        self.hooks = hooks

    def implemented(self, spec: object) -> bool:
        """Return that nobody listens."""
        return False

    def implementations(self, spec: Callable[..., object]) -> tuple[str, ...]:
        """Return who implements a hook."""
        return self.hooks.implementations(spec)

    def wrapper(self, spec: object, work: Callable[[], R], **arguments: Any) -> R:
        """Do the work with nobody around it."""
        return work()

    def event(self, spec: object, **arguments: Any) -> None:
        """Notify of progress only, in words for scratch databases."""
        event = arguments.get("event")
        if spec is not specs.progress or event is None:
            return
        if event.kind == "started":
            notify(self.hooks, replace(event, kind="scratch_step"))
        elif event.kind == "retrying":
            notify(self.hooks, event)


class _ScratchExecutor(DatabaseExecutor):
    """Runs steps without the callbacks that the app gave to Alembic."""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Have everything in force on the connection that the steps need."""
        with super().opened():
            self.context.opts["on_version_apply"] = ()
            yield


class ScratchDatabase:
    """A scratch database, and the revisions that were run on it.

    :param environment: The app's environment.
    :param database: The scratch database.
    :param connection: A connection to it.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    """

    def __init__(
        self,
        environment: Environment,
        database: Database,
        connection: Connection,
        x_arguments: tuple[str, ...] = (),
    ) -> None:
        self.environment = environment
        self.database = database
        self.connection = connection
        self.x_arguments = x_arguments
        self.heads: tuple[str, ...] = ()
        self.server = ""
        """Name and version of the server, where :func:`scratch_at` has asked it."""
        self.templates: ScratchTemplates | None = None
        """Where the database can be kept as a template."""
        self.key: str | None = None
        """What a template with the revisions that it began with is found by."""
        self._has_schemas = False
        self.is_worth_keeping = False
        """Whether building it anew would take long."""

    @cached_property
    def _arguments(self) -> dict[str, Any]:
        """What revisions are called with besides."""
        return revision_arguments(self.environment)

    def upgrade(self, scripts: AppScriptDirectory, target: Any) -> None:
        """Run the revisions up to a target.

        :param scripts: The history.
        :param target: Where to; nothing is run for ``base`` or no revisions.
        :raises DatabaseError: When a revision fails.
        """
        if target and target != "base":
            self._run(scripts, target, "upgrade")

    def downgrade(self, scripts: AppScriptDirectory, target: Any) -> None:
        """Undo the revisions down to a target.

        :param scripts: The history.
        :param target: Where to.
        :raises DatabaseError: When a revision fails.
        """
        self._run(scripts, target, "downgrade")

    def _run(
        self, scripts: AppScriptDirectory, target: Any, direction: Direction
    ) -> None:
        name = self.database.name
        steps = plan(scripts, name, self.heads, target, direction)
        if steps:
            self._execute(scripts, steps, target, direction)

    def step(
        self, scripts: AppScriptDirectory, revision: str, direction: Direction
    ) -> None:
        """Run one revision, whatever else there is between it and the heads.

        :param scripts: The history.
        :param revision: Its id; its parents are applied, or it is itself.
        :param direction: Which way.
        :raises StepFailed: When it fails, with what is known of the failure.
        :raises AlembicError: When it cannot be begun.
        """
        script = scripts.get_revision(revision)
        step = planned_step(scripts, script, self.database.name, direction)
        self._attempt(scripts, [step], revision, direction)

    def keep(self, key: str) -> bool:
        """Keep the database as a template; nothing can be done with it afterwards.

        :param key: What it is to be found by.
        :return: Whether it is there.
        """
        self.connection.close()
        if self.templates is None:
            return False
        return self.templates.keep(self.database.engine, key)

    def keep_parents(self) -> None:
        """Keep the database as the template that it began as."""
        if self.is_worth_keeping and self.key is not None:
            self.keep(self.key)

    def keep_all(self, scripts: Sequence[Script]) -> None:
        """Keep the database as a template, if it would take long to build.

        :param scripts: All revisions that are applied, in the order in which they run.
        """
        if self.is_worth_keeping:
            keys = template_keys(
                self.environment,
                self.database,
                self.server,
                scripts,
                self.x_arguments,
            )
            if self.keep(keys[-1]) and self.templates is not None:
                self.templates.tidy()

    def reconnect(self) -> None:
        """Connect again, where the connection was closed."""
        if self.connection.closed:
            seconds = self.environment.settings.of(
                "connect_timeout", self.database.name
            )
            backend = self.database.backend
            self.connection = backend.connect(self.database.engine, seconds)

    def _execute(
        self,
        scripts: AppScriptDirectory,
        steps: list[PlannedStep],
        target: Any,
        direction: Direction,
    ) -> None:
        try:
            self._attempt(scripts, steps, target, direction)
        except StepFailed as stopped:
            raise _failed(stopped.failure, stopped.error) from stopped.error

    def _attempt(
        self,
        scripts: AppScriptDirectory,
        steps: list[PlannedStep],
        target: Any,
        direction: Direction,
    ) -> None:
        name = self.database.name
        if not self._has_schemas:
            live = self.environment.databases()[name]
            options = self.environment.version_options(name)
            prepare_schemas(
                live,
                self.connection,
                scripts.walk_revisions(),
                options.get("version_table_schema"),
            )
            self._has_schemas = True
        request = MigrationRequest(
            direction,
            target,
            x_arguments=self.x_arguments,
            arguments=self._arguments,
        )
        run = make_run(request, {name: steps}, {name: self.heads})
        database_run = DatabaseRun(
            self.database,
            self.connection,
            self.database.backend,
            self.heads,
            steps,
        )
        database_run.scripts = scripts
        hooks: Any = _ScratchHooks(hooks_of(self.environment))
        part = _ScratchExecutor(self.environment, hooks, run, database_run, request)
        with alone(), shielded(self.environment):
            self.heads = part.execute()


class HistoryNotBuilt(DatabaseError):
    """The revisions before those that matter cannot be run on an empty database."""


WORTH: Final = 0.5
"""How long building has to take for its result to be kept, in seconds."""


@contextmanager
def scratch_at(
    environment: Environment,
    database: Database,
    scripts: AppScriptDirectory,
    before: Sequence[Script],
    url: str | None = None,
    x_arguments: tuple[str, ...] = (),
) -> Iterator[ScratchDatabase]:
    """Give a scratch database on which revisions have been run.

    They are run only if no template holds what they build; what takes long to build is
    kept as one. Where the user of the live database may not create databases, a server
    that a Python package brings is started.

    :param environment: The app's environment; an app context must be active.
    :param database: The live database; it is not touched.
    :param scripts: The history.
    :param before: The revisions, in the order in which they run.
    :param url: Where to make it; ``ALEMBIC["scratch_url"]`` by default.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    :raises HistoryNotBuilt: When one of the revisions fails.
    :raises DatabaseError: When no scratch database can be made.
    """
    given = _parsed(url or environment.settings.of("scratch_url", database.name))
    with ExitStack() as stack:
        place = _Place(environment, database, scripts, x_arguments)
        try:
            scratch = stack.enter_context(place.built(given, before))
        except NotAllowed:
            if given is not None:
                raise
            server = database.backend.bundled_server(database.engine)
            bundled = stack.enter_context(server)
            if bundled is None:
                raise
            scratch = stack.enter_context(place.built(bundled[0], before))
            scratch.server += f" {bundled[1]}"
        yield scratch


def templates_of(
    environment: Environment, database: Database, url: URL | None = None
) -> ScratchTemplates | None:
    """Return where the scratch databases of an app are kept.

    :param environment: The app's environment.
    :param database: The live database.
    :param url: Where they are made; beside the live database by default.
    :raises DatabaseError: When the server of the URL cannot be reached.
    """
    return database.backend.scratch_templates(
        database.engine,
        template_folder(environment),
        project_of(environment, database),
        url,
    )


class _Place:
    """Where the scratch databases of one history are made."""

    def __init__(
        self,
        environment: Environment,
        database: Database,
        scripts: AppScriptDirectory,
        x_arguments: tuple[str, ...],
    ) -> None:
        self.environment = environment
        self.database = database
        self.scripts = scripts
        self.x_arguments = x_arguments

    @contextmanager
    def built(
        self, url: URL | None, before: Sequence[Script]
    ) -> Iterator[ScratchDatabase]:
        """Give a scratch database with the revisions, from a template if there is one."""
        environment, database = self.environment, self.database
        templates = templates_of(environment, database, url)
        if templates is None:
            with self._plain(url, before) as scratch:
                yield scratch
            return
        server = templates.server_version()
        keys = template_keys(environment, database, server, before, self.x_arguments)
        with ExitStack() as stack:
            try:
                scratch = stack.enter_context(self._kept(templates, keys, before))
            except NotAllowed:
                if url is None or not url.database:
                    raise
                scratch = stack.enter_context(self._plain(url, before))
            scratch.server = server
            yield scratch

    @contextmanager
    def _plain(
        self, url: URL | None, before: Sequence[Script]
    ) -> Iterator[ScratchDatabase]:
        """Give one that is built from the first revision on."""
        text = None if url is None else url.render_as_string(hide_password=False)
        with scratch_database(
            self.environment, self.database, text, self.x_arguments
        ) as scratch:
            scratch.server = scratch.database.backend.server_version(scratch.connection)
            self._prepare(scratch)
            self._build(scratch, before)
            yield scratch

    @contextmanager
    def _kept(
        self, templates: ScratchTemplates, keys: list[str], before: Sequence[Script]
    ) -> Iterator[ScratchDatabase]:
        """Give one that begins with the template that is furthest on."""
        key = keys[-1] if keys else None
        known = {
            each.key
            for each in templates.templates()
            if each.project == templates.project
        }
        furthest = next((each for each in reversed(keys) if each in known), None)
        if key is not None and furthest == key:
            with suppress(TemplateGone):
                with self._taken(templates, key) as scratch:
                    scratch.key, scratch.is_worth_keeping = key, True
                    yield scratch
                return
            furthest = None
        with ExitStack() as stack:
            try:
                scratch = stack.enter_context(self._taken(templates, furthest))
            except TemplateGone:
                scratch = stack.enter_context(self._taken(templates, None))
            began = time.monotonic()
            self._build(scratch, before)
            worth = furthest is not None or time.monotonic() - began > WORTH
            if not worth or key is None or not scratch.keep(key):
                scratch.reconnect()
                yield scratch
                key = None
        if key is None:
            templates.tidy()
            return
        with ExitStack() as stack:
            try:
                scratch = stack.enter_context(self._taken(templates, key))
                scratch.key, scratch.is_worth_keeping = key, True
            except TemplateGone:  # another process was quicker
                scratch = stack.enter_context(self._taken(templates, None))
                self._build(scratch, before)
            yield scratch
        templates.tidy()

    @contextmanager
    def _taken(
        self, templates: ScratchTemplates, key: str | None
    ) -> Iterator[ScratchDatabase]:
        with templates.take(key) as engine:
            scratch_bound = replace(self.database, engine=engine)
            seconds = self.environment.settings.of(
                "connect_timeout", scratch_bound.name
            )
            connection = scratch_bound.backend.connect(engine, seconds)
            scratch = ScratchDatabase(
                self.environment, scratch_bound, connection, self.x_arguments
            )
            scratch.templates = templates
            try:
                if key is not None:
                    scratch.heads = current_heads(
                        self.environment, scratch_bound, connection
                    )
                    connection.rollback()
                self._prepare(scratch)
                yield scratch
            finally:
                scratch.connection.close()

    def _prepare(self, scratch: ScratchDatabase) -> None:
        """Create what the live database has and the revisions take for granted."""
        live = self.environment.databases()[self.database.name]
        prepare_extensions(live, scratch.connection, self.scripts.walk_revisions())

    def _build(self, scratch: ScratchDatabase, before: Sequence[Script]) -> None:
        """Run the revisions that the database does not have."""
        ends = _ends(self.scripts, before)
        try:
            scratch.upgrade(self.scripts, ends)
        except AlembicError as error:
            raise HistoryNotBuilt(error.message, error.advice) from error


def _ends(scripts: AppScriptDirectory, before: Sequence[Script]) -> tuple[str, ...]:
    """Return the revisions that no other one of them follows."""
    needed: set[str] = set()
    for script in before:
        for names in (script.down_revision, script.dependencies):
            several = (names,) if isinstance(names, str) else names or ()
            needed.update(scripts.get_revision(name).revision for name in several)
    return tuple(each.revision for each in before if each.revision not in needed)


@contextmanager
def alone() -> Iterator[None]:
    """Hold ``alembic.op``, which is one object for the whole process.

    :raises NestedRun: Inside a run, which holds it already.
    """
    running = _running.get()
    if running is not None:
        raise NestedRun(
            f"A scratch database was to be built inside a running {running}.",
            "A hook or a revision cannot do that; do it after the command.",
        )
    with one_at_a_time:
        yield


@contextmanager
def scratch_database(
    environment: Environment,
    database: Database,
    url: str | None = None,
    x_arguments: tuple[str, ...] = (),
) -> Iterator[ScratchDatabase]:
    """Give an empty scratch database to run revisions on.

    :param environment: The app's environment.
    :param database: The live database; it is not touched.
    :param url: Where to make it.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    """
    with scratch_bind(environment, database, url) as scratch:
        backend = scratch.backend
        seconds = environment.settings.of("connect_timeout", database.name)
        connection = backend.connect(scratch.engine, seconds)
        try:
            yield ScratchDatabase(environment, scratch, connection, x_arguments)
        finally:
            connection.close()


def _failed(failure: RunFailure, error: BaseException) -> BaseException:
    """Return what to say of a revision that fails on a scratch database."""
    if isinstance(error, KeyboardInterrupt):
        return error
    step = failure.step
    what = (
        f"{step.revision} ({headline(step.doc)})" if step is not None else "A revision"
    )
    lines = [f"{what} fails on a scratch database: {failure.error}."]
    if failure.path is not None:
        lines.append(
            f"File: {failure.path}" + (f", line {failure.line}" if failure.line else "")
        )
    if failure.statement:
        lines.append(f"Statement: {' '.join(failure.statement.split())[:300]}")
    advice = getattr(error, "advice", "") or "Fix the revision."
    return DatabaseError("\n".join(lines), f"The database was not touched. {advice}")
