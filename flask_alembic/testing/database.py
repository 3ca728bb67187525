"""The databases that a test has to itself, and what it does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ..environment.databases import choose
from ..environment.looping import call
from ..errors import UsageError
from .benches import environment_of

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import URL, Connection, Engine

    from ..environment.databases import Database
    from ..environment.scripts import Scripts
    from ..extension import Alembic
    from ..hooks import RunResult

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

    def migrate_to(self, revision: Any, **options: Any) -> list[RunResult]:
        """Move the databases to a revision, up or down, whichever it takes.

        :param revision: An id or its beginning, ``head``, ``heads``, ``base``,
            ``label@head``, ``+1``, ``-1``, or a list.
        :param options: As for :meth:`flask_alembic.Alembic.upgrade`.
        :return: What was done; empty where the databases are there already.
        """
        from .failing import shortly
        from .moving import move

        __tracebackhide__ = True
        with self.app.app_context():
            return shortly(lambda: move(self.alembic, revision, options))

    def current(self, database: str | None = None) -> set[str]:
        """Return the ids that the version table of a database holds.

        :param database: Its name.
        """
        from ..commands.connecting import current_heads

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
        *rows: Mapping[str, Any],
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
        self, sql: str, database: str | None = None, **parameters: Any
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
                "Move the database, or mend the name.",
            ) from None

    def scripts(self) -> Scripts:
        """Return the history of revisions."""
        with self.app.app_context():
            return self.environment.scripts()
