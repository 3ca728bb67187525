"""The databases that a test has to itself, and what it does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import UsageError
from ..runtime.databases import choose
from ..runtime.event_loop import call
from .redirect import pointed
from .templates import Names, Templates, fingerprint

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory
    from flask import Flask
    from sqlalchemy import URL, Connection, Engine

    from ..backends.lookup import Backends
    from ..backends.server_for_tests import TestServer
    from ..cli.extension_api import Strings
    from ..extension import Alembic
    from ..hooks import RunResult
    from ..runtime.databases import Database
    from ..runtime.environment import Environment
    from ..script.loader import AppScriptDirectory

Factory = Callable[[Any], "Flask"]
"""Makes an app for a URL, or for a dict of URLs by database name."""


def environment_of(app: Flask) -> Environment:
    """Return the environment of an app.

    :param app: The application.
    :raises UsageError: When it has no Flask-Alembic.
    """
    extension = getattr(app, "extensions", {}).get("alembic")
    if extension is None or not hasattr(extension, "environment_for"):
        raise UsageError(
            f"The app {getattr(app, 'name', app)!r} has no Flask-Alembic.",
            "Initialize Alembic(app), or override the fixture alembic_app.",
        )
    environment: Environment = extension.environment_for(app)
    return environment


class DatabaseProvider:
    """Gives databases to one app, over and over.

    :param templates: What the session has made.
    :param app: The application, whose engines are led to each database.

    .. versionadded:: 4.0
    """

    def __init__(self, templates: Templates, app: Flask) -> None:
        self.templates = templates
        self.app = app
        self.environment = environment_of(app)

    @property
    def backends(self) -> Backends:
        """What knows the databases of the app."""
        return self.environment.backends

    def engines(self) -> dict[str, Engine]:
        """Return the sync side of each engine by database name."""
        with self.app.app_context():
            found = self.environment.databases()
            return {name: database.engine for name, database in found.items()}

    def key(self, target: object) -> tuple[object, ...]:
        """Return what tells one template from another."""
        with self.app.app_context():
            return (self.app.import_name, str(target), *fingerprint(self.environment))

    def script(self, revision: str) -> Script:
        """Return a revision of the app.

        :param revision: Its id or the beginning of it.
        :raises RevisionNotFound: When there is none.
        """
        return _script(self.app, revision)

    @contextmanager
    def empty(self) -> Iterator[MigrationDatabase]:
        """Give empty databases of their own."""
        places = self.templates.places_of(self.engines(), self.backends)
        with self.templates.empty(places) as names, self.opened(places, names) as made:
            yield made

    @contextmanager
    def migrated(self, target: Any = "heads") -> Iterator[MigrationDatabase]:
        """Give databases of their own that are migrated already.

        :param target: The revisions they are at.
        """
        places = self.templates.places_of(self.engines(), self.backends)

        def migrate(names: Names) -> None:
            with self.opened(places, names) as database:
                with database.app.app_context():
                    for each in [target] if isinstance(target, str) else target:
                        database.alembic.upgrade(each)
                for name, engine in database.engines.items():
                    places[name].save(engine, names[name])

        with self.templates.copied(self.key(target), places, migrate) as names:
            with self.opened(places, names) as database:
                yield database

    @contextmanager
    def opened(
        self, places: Mapping[str, TestServer], names: Names
    ) -> Iterator[MigrationDatabase]:
        """Let the app use databases that are there.

        :param places: By database name: where they are.
        :param names: By database name: what they are called there.
        """
        with pointed(self.environment, self.engines(), places, names):
            yield MigrationDatabase(self.app)


class FactoryDatabaseProvider(DatabaseProvider):
    """Makes an app for each database.

    :param templates: What the session has made.
    :param factory: Makes an app for a URL, or for a dict of URLs by database name.
    :param urls: Where databases can be made, in the same shape.
    """

    def __init__(self, templates: Templates, factory: Factory, urls: Any) -> None:
        self.factory = factory
        self.urls = urls
        self._seen: tuple[tuple[object, ...], Backends] | None = None
        self.templates = templates

    @property
    def backends(self) -> Backends:
        """What knows the databases of an app that the factory makes."""
        return self._look()[1]

    def engines(self) -> dict[str, Engine]:
        """Return engines for the URLs; they are never connected."""
        import sqlalchemy as sa

        urls = self.urls if isinstance(self.urls, Mapping) else {"default": self.urls}
        engines = {}
        for name, text in urls.items():
            engine = sa.create_engine(text)
            url = self.backends.backend_for(engine.dialect).shareable_url(engine.url)
            engines[name] = engine if url == engine.url else sa.create_engine(url)
        return engines

    def key(self, target: object) -> tuple[object, ...]:
        """Return what tells one template from another."""
        return (*self._look()[0], "factory", str(target))

    def _look(self) -> tuple[tuple[object, ...], Backends]:
        """Return what is asked of an app only once: each is made anew."""
        if self._seen is None:
            app = self.factory(self.urls)
            environment = environment_of(app)
            with app.app_context():
                key = (app.import_name, *fingerprint(environment))
            self._seen = key, environment.backends
            _dispose(app)
        return self._seen

    def script(self, revision: str) -> Script:
        """Return a revision of the app."""
        app = self.factory(self.urls)
        try:
            return _script(app, revision)
        finally:
            _dispose(app)

    @contextmanager
    def opened(
        self, places: Mapping[str, TestServer], names: Names
    ) -> Iterator[MigrationDatabase]:
        """Make an app for databases that are there."""
        engines = self.engines()
        urls = {
            name: places[name]
            .url(engines[name].url, made)
            .render_as_string(hide_password=False)
            for name, made in names.items()
        }
        several = isinstance(self.urls, Mapping)
        app = self.factory(urls if several else urls["default"])
        try:
            yield MigrationDatabase(app)
        finally:
            _dispose(app)


def _script(app: Flask, revision: str) -> Script:
    with app.app_context():
        found: list[Script] = app.extensions["alembic"].show(revision)
    return found[0]


def _dispose(app: Flask) -> None:
    """Close the pools of an app."""
    environment = environment_of(app)
    with app.app_context():
        for database in environment.databases().values():
            database.engine.dispose(close=not database.is_async)


T = TypeVar("T")


class MigrationDatabase:
    """One database of its own for each database of an app.

    Every command opens an app context of its own. Where a name of a database can be
    given, the first one is taken by default.

    :param app: The app, which uses these databases now.

    .. versionadded:: 4.0
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.environment = environment_of(app)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.app.name!r}: {', '.join(self.names)}>"

    @property
    def alembic(self) -> Alembic:
        """The extension of the app; its methods need an app context."""
        extension: Alembic = self.app.extensions["alembic"]
        return extension

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the databases."""
        return tuple(self.databases())

    @property
    def engines(self) -> Mapping[str, Engine]:
        """The engine of each database by name; of an async one its sync side."""
        return {name: found.engine for name, found in self.databases().items()}

    @property
    def url(self) -> URL:
        """The URL of the first database."""
        return next(iter(self.engines.values())).url

    def databases(self) -> Mapping[str, Database]:
        """Return engine and metadata of each database by name."""
        with self.app.app_context():
            return self.environment.databases()

    def migrate_to(
        self,
        revision: str | int | Sequence[str | int],
        *,
        databases: Strings = (),
        lock: bool = True,
        force: bool = False,
        tag: str | None = None,
        x_arguments: Strings = (),
    ) -> list[RunResult]:
        """Move the databases to a revision, up or down, whichever it takes.

        :param revision: An id or its beginning, ``head``, ``heads``, ``base``,
            ``label@head``, ``+1``, ``-1``, or a list.
        :param databases: Only these databases; all by default.
        :param lock: Hold the migration lock.
        :param force: Downgrade although ``ALEMBIC["protected"]`` is set.
        :param tag: What ``context.get_tag_argument()`` returns in revisions.
        :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
        :return: What was done; empty where the databases are there already.
        """
        from .failures import shortly

        __tracebackhide__ = True

        def migrate() -> list[RunResult]:
            return move(
                self.alembic,
                revision,
                databases=databases,
                lock=lock,
                force=force,
                tag=tag,
                x_arguments=x_arguments,
            )

        with self.app.app_context():
            return shortly(migrate)

    def current(self, database: str | None = None) -> set[str]:
        """Return the ids that the version table of a database holds.

        :param database: Its name.
        """
        from ..runtime.connections import current_heads

        chosen = self._choose(database)

        def heads(connection: Connection) -> set[str]:
            return set(current_heads(self.environment, chosen, connection))

        return self.run(heads, database)

    def tables(self, database: str | None = None) -> set[str]:
        """Return the names of the tables of a database, those of migrations left out.

        :param database: Its name.
        """
        from .leftovers import tables_of

        def names(connection: Connection) -> set[str]:
            return tables_of(self.environment, self._choose(database), connection)

        return self.run(names, database)

    def rows(
        self, table: str, database: str | None = None, *, schema: str | None = None
    ) -> list[dict[str, Any]]:
        """Return all rows of a table as dicts, in the order of its primary key.

        :param table: Its name; it is read as it is in the database now.
        :param database: The name of the database.
        :param schema: The table's schema.
        """
        import sqlalchemy as sa

        def read(connection: Connection) -> list[dict[str, Any]]:
            reflected = self._reflected(connection, table, schema)
            query = sa.select(reflected).order_by(*reflected.primary_key.columns)
            return [dict(row) for row in connection.execute(query).mappings()]

        return self.run(read, database)

    def insert(
        self,
        table: str,
        *rows: Mapping[str, object],
        database: str | None = None,
        schema: str | None = None,
    ) -> None:
        """Insert rows and commit.

        :param table: Its name; it is read as it is in the database now, so that types
            are those of this revision and not those of the models.
        :param rows: One dict each.
        :param database: The name of the database.
        :param schema: The table's schema.
        """

        def write(connection: Connection) -> None:
            reflected = self._reflected(connection, table, schema)
            for row in rows:
                connection.execute(reflected.insert().values(dict(row)))

        self.run(write, database)

    def execute(
        self, sql: str, database: str | None = None, **parameters: object
    ) -> list[Any]:
        """Execute a statement, commit, and return its rows, if it has any.

        :param sql: The statement, with parameters as ``:name``.
        :param database: The name of the database.
        :param parameters: Values for the parameters.
        """
        import sqlalchemy as sa

        def work(connection: Connection) -> list[Any]:
            result = connection.execute(sa.text(sql), parameters)
            return list(result.all()) if result.returns_rows else []

        return self.run(work, database)

    def run(self, work: Callable[[Connection], T], database: str | None = None) -> T:
        """Call a function with a connection, and commit; also with an async engine.

        :param work: What to call.
        :param database: The name of the database.
        :return: What it returns.
        """

        def call_it(environment: Any) -> T:
            chosen = choose(environment.databases(), [database] if database else ())
            with chosen[0].engine.connect() as connection:
                result = work(connection)
                connection.commit()
                return result

        with self.app.app_context():
            return call(self.environment, call_it)

    @contextmanager
    def connect(self, database: str | None = None) -> Iterator[Connection]:
        """Open a connection; what is not committed at the end is rolled back.

        :param database: The name of the database; its engine must not be async.
        """
        with self.app.app_context(), self.alembic.connect(database) as connection:
            yield connection

    def _choose(self, database: str | None) -> Database:
        return choose(self.databases(), [database] if database else ())[0]

    def _reflected(self, connection: Connection, table: str, schema: str | None) -> Any:
        import sqlalchemy as sa

        metadata = sa.MetaData()
        try:
            return sa.Table(table, metadata, schema=schema, autoload_with=connection)
        except sa.exc.NoSuchTableError:
            there = sorted(sa.inspect(connection).get_table_names(schema=schema))
            raise UsageError(
                f"There is no table {table!r} at this revision; "
                f"there is {', '.join(there) or 'none at all'}.",
                "Move the database, or fix the name.",
            ) from None

    def scripts(self) -> AppScriptDirectory:
        """Return the history of revisions."""
        with self.app.app_context():
            return self.environment.scripts()


def move(
    alembic: Alembic,
    target: str | int | Sequence[str | int],
    *,
    databases: Strings = (),
    lock: bool = True,
    force: bool = False,
    tag: str | None = None,
    x_arguments: Strings = (),
) -> list[RunResult]:
    """Upgrade or downgrade, for each target whichever it takes.

    :param alembic: The extension; an app context must be active.
    :param target: Where to; relative ones keep their sign.
    :param databases: Only these databases; all by default.
    :param lock: Hold the migration lock.
    :param force: Downgrade although ``ALEMBIC["protected"]`` is set.
    :param tag: What ``context.get_tag_argument()`` returns in revisions.
    :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
    :return: The runs that did something.
    """
    targets = [target] if isinstance(target, (str, int)) else list(target or ["base"])
    results: list[RunResult] = []
    for revision in targets:
        if _is_up(alembic, str(revision)):
            result = alembic.upgrade(
                revision,
                databases=databases,
                lock=lock,
                tag=tag,
                x_arguments=x_arguments,
            )
        else:
            result = alembic.downgrade(
                revision,
                databases=databases,
                lock=lock,
                force=force,
                tag=tag,
                x_arguments=x_arguments,
            )
        results.append(result)
    return [result for result in results if result.applied or result.tried]


def _is_up(alembic: Alembic, target: str) -> bool:
    if target == "base" or target.endswith("@base") or "-" in target:
        return False
    if target.endswith(("head", "heads")) or "+" in target:
        return True
    scripts = alembic.script_directory
    present: set[str] = set()
    for script in alembic.current():
        present |= ancestors(scripts, script.revision)
    wanted = {script.revision for script in alembic.show(target)}
    return not wanted <= present


def ancestors(scripts: ScriptDirectory, revision: str) -> set[str]:
    """Return the ids of a revision and of all that it comes after or depends on.

    :param scripts: The history.
    :param revision: The id of the revision.
    """
    from alembic.util import to_tuple

    found: set[str] = set()
    waiting = [revision]
    while waiting:
        script = scripts.get_revision(waiting.pop())
        if script is None or script.revision in found:
            continue
        found.add(script.revision)
        waiting += to_tuple(script.down_revision, default=())
        waiting += to_tuple(script.dependencies, default=())
    return found


def step(scripts: AppScriptDirectory, revision: str, *, up: bool) -> Callable[..., Any]:
    """Return a plan of one step, for :meth:`flask_alembic.Alembic.run_migrations`.

    A target would do for a chain; where there are branches, a downgrade to the parent
    of one takes back its siblings too.

    :param scripts: The history.
    :param revision: The id of the revision.
    :param up: Which way.
    """
    from alembic.runtime.migration import MigrationStep

    def plan(heads: Any, context: Any) -> list[MigrationStep]:
        script: Any = scripts.get_revision(revision)
        make = (
            MigrationStep.upgrade_from_script
            if up
            else MigrationStep.downgrade_from_script
        )
        return [make(scripts.revision_map, script)]

    return plan
