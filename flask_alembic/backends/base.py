"""What Flask-Alembic needs of any database, with what serves one that it does not know.

A plugin brings a database by giving a subclass of :class:`Backend` to the hook
:func:`~flask_alembic.hooks.specs.backends`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from .lock import LockKey, OnWait, Session
from .schema_objects import ENVIRONMENT_KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import (
        URL,
        Column,
        Connection,
        Constraint,
        Engine,
        ForeignKeyConstraint,
        Index,
    )
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

    from .catalog import Catalog
    from .enum_types import EnumTypes
    from .journal import Journal
    from .schema_objects import SchemaObject, StoredDefinition, UncomparedObjects
    from .scratch_templates import ScratchTemplates
    from .server_for_tests import TestServer
    from .statement_class import StatementClass

__all__ = ["Backend", "LockKey", "Session"]


class Backend:
    """One kind of database. This base serves every kind without special support.

    A subclass overrides what its database does otherwise; every method and property
    has a safe default. It is made anew whenever it is needed, so it keeps no state.
    The module of the class is imported before Alembic is asked about the dialect: an
    implementation class for Alembic (``alembic.ddl.impl.DefaultImpl`` with
    ``__dialect__``) may stand beside it.

    :param dialect: The SQLAlchemy dialect of the engine or connection.

    .. versionadded:: 4.0
    """

    drivers: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Modules of drivers, and the packages that have them where these differ."""

    shared_objects: ClassVar[frozenset[str] | None] = None
    """What ``CREATE`` makes outside of the database, like ``ROLE``, where
    :meth:`schema_objects`, :meth:`stored_definitions` and :meth:`unread_objects`
    together know everything inside of it; ``None`` where they do not."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    @property
    def name(self) -> str:
        """The name of the database product, as people write it."""
        return self.dialect.name

    @property
    def transactional_ddl(self) -> bool:
        """Whether a rollback undoes DDL, given a :meth:`transaction`.

        For an unknown database: what Alembic knows about it.
        """
        from alembic.ddl.impl import DefaultImpl

        try:
            return bool(DefaultImpl.get_by_dialect(self.dialect).transactional_ddl)
        except KeyError:  # Alembic does not know it either
            return False

    @property
    def renders_as_batch(self) -> bool:
        """Whether generated revisions alter tables in Alembic's batch mode."""
        return False

    @property
    def enforces_length(self) -> bool:
        """Whether a text that is longer than its column is refused."""
        return True

    @property
    def keys_need_index(self) -> bool:
        """Whether a foreign key has an index, which cannot be dropped before it."""
        return False

    @property
    def renames_with_definition(self) -> bool:
        """Whether a column is renamed by a statement that defines it once more."""
        return False

    @property
    def escapes_with_backslash(self) -> bool:
        """Whether a backslash in a text escapes the next character."""
        return False

    def literal(self, value: object) -> str | None:
        """Return a value as it stands in SQL text, for ``--sql``.

        :param value: What a driver would be given; never None.
        :return: None to take the literal of SQLAlchemy's type.
        :raises ValueError: When the database has no such value.
        """
        return None

    @property
    def schemas_are_inside(self) -> bool:
        """Whether a database has schemas, rather than being one."""
        return False

    @property
    def connects_in_thread(self) -> bool:
        """Whether a connection may be opened in a thread other than the one it serves.

        That is how :meth:`connect` bounds the time of a driver that does not.
        """
        return True

    def where(self, url: URL) -> str:
        """Return which database a URL means, for messages; never user or password.

        :param url: The URL of a database of this kind.
        """
        from .connection_errors import where

        return where(url)

    def is_same_kind(self, url: URL) -> bool:
        """Return whether what a database of a URL builds says something about this one.

        :param url: The URL of a scratch database.
        """
        return url.get_backend_name() == self.dialect.name

    def read(
        self,
        connection: Connection,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> list[Any]:
        """Execute a statement of the backend itself and return the rows.

        Nobody takes it for one of the migration. Leaves no transaction open that was
        not open before: what the statement changes in a transaction is rolled back.

        :param connection: The connection.
        :param sql: The statement; ``:name`` in it stands for a parameter.
        :param parameters: The parameters by name.
        """
        from .statements import between_transactions, run

        with between_transactions(connection):
            result = run(connection, sql, parameters)
            return list(result) if result.returns_rows else []

    # Connecting

    def connect_args(self, seconds: float) -> dict[str, Any]:
        """Return the driver's arguments that bound the time to connect.

        Only those that bound nothing else: some drivers keep the same number as the
        limit of every later statement.

        :param seconds: The bound; rounded up where a driver takes whole seconds.
        """
        return {}

    def connect(self, engine: Engine, seconds: float) -> Connection:
        """Connect, in a bounded time, with an error that a person can use.

        :param engine: Whose pool gives the connection.
        :param seconds: The bound. One that the app gave to its engine wins.
        :raises DatabaseError: if the database cannot be reached, does not answer in
            time or refuses. The message never holds a password.
        """
        from .connection import connect

        return connect(self, engine, seconds)

    def server_version(self, connection: Connection) -> str:
        """Return name and version of the server, such as ``PostgreSQL 15.4``.

        Leaves no transaction open that was not open before.
        """
        version = self.dialect.server_version_info or ()
        return " ".join([self.name, ".".join(str(part) for part in version)]).strip()

    def session_id(self, connection: Connection) -> str | None:
        """Return the server's number for this connection, None if it has none."""
        return None

    # Runs that exclude each other

    def lock(
        self, connection: Connection, key: LockKey, timeout: float, on_wait: OnWait
    ) -> AbstractContextManager[None]:
        """Hold the migration lock; without special support of a database: none.

        Taken and released with no transaction open; survives commits, rollbacks and
        blocks in autocommit; gone when the process is killed.

        :param connection: The run's own connection, no transaction open.
        :param key: What is locked.
        :param timeout: Seconds to wait; 0 tries once, less than 0 waits for ever.
        :param on_wait: Called after a second of waiting, then about every ten, with
            the sessions that hold the lock and the seconds waited.
        :raises LockNotObtained: when the time is over; nothing has changed.
        """
        return nullcontext()

    def lock_holders(self, connection: Connection, key: LockKey) -> tuple[Session, ...]:
        """Return the sessions that hold the migration lock now; none if unknown.

        Leaves no transaction open that was not open before.
        """
        return ()

    # Waiting inside a run

    def timeouts(
        self,
        connection: Connection,
        *,
        ddl_lock: float | None = None,
        statement: float | None = None,
    ) -> AbstractContextManager[None]:
        """Bound the waiting for locks and the time of statements; here: not at all.

        Set for the session, so that it outlives commits and rollbacks inside, and put
        back to what was there before.

        :param connection: The run's connection, no transaction open.
        :param ddl_lock: Seconds that a statement may wait for another session's lock;
            0 for ever, None as it is.
        :param statement: Seconds that one statement may take in all; 0 for ever, None
            as it is.
        """
        return nullcontext()

    def reading_limit(
        self, connection: Connection, seconds: float
    ) -> AbstractContextManager[None]:
        """Bound how long a query inside waits for another session's lock.

        :param connection: The connection; a transaction that the query begins is the
            caller's to end.
        :param seconds: The bound.
        """
        return self.timeouts(connection, ddl_lock=seconds)

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Tell whether a statement ended because a lock was not free in time."""
        return False

    def is_deadlock(self, error: BaseException) -> bool:
        """Tell whether the server chose this transaction to end a deadlock."""
        return False

    def is_statement_timeout(self, error: BaseException) -> bool:
        """Tell whether a statement ended because it took too long."""
        return False

    def is_disconnect(self, error: BaseException) -> bool:
        """Tell whether the connection to the server is gone."""
        from .statements import driver_error

        if getattr(error, "connection_invalidated", False):
            return True
        original = driver_error(error)
        module = self.dialect.loaded_dbapi
        if module is None or not isinstance(original, module.Error):
            return isinstance(original, ConnectionError)
        return bool(self.dialect.is_disconnect(original, None, None))

    def blockers(self, observer: Connection, session_id: str) -> tuple[Session, ...]:
        """Return the sessions that a session waits for now; none if unknown.

        :param observer: A connection other than the one that waits; no transaction is
            left open on it.
        :param session_id: What :meth:`session_id` gave for the one that waits.
        """
        return ()

    # Transactions

    def transaction(
        self,
        connection: Connection,
        *,
        version_table: str = "alembic_version",
        on_commit: Callable[[], None] | None = None,
        sources: Callable[[], Iterable[str]] = tuple,
    ) -> AbstractContextManager[None]:
        """Make ``connection.begin()`` a real transaction within the block.

        Most databases need nothing for that. To be entered with no transaction open.

        :param connection: The run's connection.
        :param version_table: The name of the version table: statements on it belong
            to the revision before them.
        :param on_commit: Called after work became durable in the middle of a
            transaction because a statement of the migration cannot run inside one.
        :param sources: Gives the text of the revisions whose transaction is about to
            begin, for what has to be decided before.
        """
        return nullcontext()

    def must_begin_again(self, error: BaseException) -> bool:
        """Tell whether a transaction has to be rolled back and begun once more.

        For what has to be decided before it begins and showed only in the middle. The
        next :meth:`transaction` on the connection begins as it is needed.

        :param error: What ended it; nothing of it was committed.
        """
        return False

    def commits_implicitly(self, statement: str) -> bool:
        """Tell whether the server commits by itself when it executes a statement."""
        return False

    def classify(self, statement: str) -> StatementClass:
        """Return what a statement does: whether it reads, changes, commits.

        :param statement: Its text.
        """
        from .classifier import classify

        return classify(statement, self.dialect.name)

    def is_autocommit(self, connection: Connection) -> bool:
        """Tell whether each statement commits by itself, whoever has set that.

        :param connection: A connection with no transaction open.
        """
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            return True
        if getattr(self.dialect, "_on_connect_isolation_level", None) == "AUTOCOMMIT":
            return True
        driver: Any = connection.connection.dbapi_connection
        return getattr(driver, "autocommit", None) is True

    def in_transaction(self, connection: Connection) -> bool | None:
        """Tell what the driver knows: whether a transaction is open on the server.

        Nothing is sent. ``None`` where the driver does not know, or where it is of no
        use because statements of DDL commit by themselves.

        :param connection: The run's connection.
        """
        return None

    def transaction_id(self, connection: Connection) -> str | None:
        """Return what tells the transaction that is open from every other one.

        :param connection: The run's connection, inside its transaction.
        :return: ``None`` where the server has nothing of that kind.
        """
        return None

    def is_same_transaction(self, connection: Connection) -> bool | None:
        """Tell whether the transaction is the one that :meth:`transaction` has begun.

        It may have been ended past SQLAlchemy, and another one begun in its place.

        :param connection: The run's connection, inside a transaction.
        :return: ``None`` where only :meth:`transaction_id` can tell.
        """
        return None

    def is_committed(self, connection: Connection, transaction_id: str) -> bool | None:
        """Tell how a transaction ended.

        :param connection: Another connection, or the same one after the end.
        :param transaction_id: What :meth:`transaction_id` gave inside it.
        :return: ``None`` while it has not ended, and where the server does not tell.
        """
        return None

    def has_session(self, connection: Connection, session_id: str) -> bool | None:
        """Tell whether the server still has a session; ``None`` if it cannot be asked.

        :param connection: Another connection to the same server.
        :param session_id: What :meth:`session_id` gave for that session.
        """
        return None

    def two_phase(self, engine: Engine) -> bool:
        """Tell whether migrations on this engine can be prepared and then committed.

        Connects if the answer depends on the server.
        """
        return False

    # Resuming what was not atomic

    def journal(self, connection: Connection, key: LockKey) -> Journal | None:
        """Return the journal of a database whose DDL commits; else None.

        :param connection: The run's connection.
        :param key: Whose version table the journal stands beside.
        """
        return None

    def own_tables(self, key: LockKey) -> frozenset[str]:
        """Return tables, beside the version table, that are ours to leave behind.

        Autogenerate must not propose to drop them.
        """
        return frozenset()

    def complete_operations(
        self, context: MigrationContext
    ) -> AbstractContextManager[None]:
        """Let the operations of a revision do what Alembic leaves out; here nothing.

        :param context: The context of the run.
        """
        return nullcontext()

    # Comparing

    @property
    def compares_defaults(self) -> bool:
        """Whether Alembic lets the server compare two defaults."""
        return False

    def catalog(self) -> Catalog | None:
        """Return what describes the tables of a database, None for no such thing.

        Known once a connection was made.
        """
        return None

    def enum_types(self, connection: Connection) -> EnumTypes | None:
        """Return the enum types of a database, ``None`` where it has no such objects.

        :param connection: A connection; it only reads.
        """
        return None

    def enum_of(self, type_: Any) -> Any:
        """Return the named enum that a column's type is or has elements of.

        :param type_: The type; of any class.
        :return: ``None`` for other types, and where enums are no objects.
        """
        return None

    def overlooked_types(
        self, connection: Connection
    ) -> Mapping[tuple[str | None, str, str], TypeEngine[Any]]:
        """Return the types of columns that SQLAlchemy reflects as another type.

        :param connection: A connection; it only reads.
        :return: By schema (``None`` for the default one), table and column.
        """
        return {}

    def stored_column(
        self, connection: Connection, column: Column[Any]
    ) -> Mapping[str, Any] | None:
        """Return a column as SQLAlchemy reflects it once the server has stored it.

        For a server that keeps types and defaults in words of its own. Here it is not
        asked.

        :param connection: A connection; nothing is left in its database.
        :param column: A column of a model.
        """
        return None

    # Scratch databases, and what a schema holds beside tables

    @contextmanager
    def scratch(self, engine: Engine, url: URL | None = None) -> Iterator[Engine]:
        """Give an engine for an empty database that is gone at the end.

        Without special support of a database: the one that ``url`` names, which has
        to be empty and is emptied again.

        :param engine: The app's engine; what it is connected to is not touched.
        :param url: Where to make it; beside the app's database by default.
        :raises DatabaseError: if none can be made.
        :raises ConfigurationError: if ``url`` names one that cannot be used.
        """
        from .scratch import only_lent

        with only_lent(self, engine, url) as other:
            yield other

    def scratch_templates(
        self, engine: Engine, folder: Path | None, project: str, url: URL | None = None
    ) -> ScratchTemplates | None:
        """Return where scratch databases are kept that hold what a history builds.

        Without special support of a database there are none: each scratch database
        is built from the first revision on.

        :param engine: The app's engine; what it is connected to is not touched.
        :param folder: For templates that are files; ``None`` where no file is kept.
        :param project: Whose they are: 8 hexadecimal digits.
        :param url: Where scratch databases are made; beside the app's by default.
        :raises DatabaseError: if the server of ``url`` cannot be reached.
        :raises ConfigurationError: if ``url`` is one of another kind.
        """
        return None

    def bundled_server(
        self, engine: Engine
    ) -> AbstractContextManager[tuple[URL, str] | None]:
        """Start a server that a Python package brings, as long as the block lasts.

        :param engine: The app's engine; its driver connects to the server.
        :return: The URL of the server and what it is called, ``None`` where there is
            no such package.
        """
        return nullcontext()

    def occupied(self, connection: Connection) -> bool:
        """Tell whether there is any table or view in the database."""
        import sqlalchemy as sa

        inspector = sa.inspect(connection)
        return bool(inspector.get_table_names() or inspector.get_view_names())

    def empty(self, connection: Connection) -> None:
        """Drop all that a scratch database holds; the caller commits.

        :param connection: A connection to it.
        """
        import sqlalchemy as sa

        quote = self.dialect.identifier_preparer.quote
        for each in reversed(self.schema_objects(connection)):
            if each.kind in ENVIRONMENT_KINDS and each.kind != "schema":
                continue  # who may use the database that is lent
            drop = each.drop or f"DROP {each.kind.upper()} {quote(each.name)}"
            connection.exec_driver_sql(drop)
        metadata = sa.MetaData()
        metadata.reflect(connection)
        metadata.drop_all(connection)

    def as_default_schema(
        self, connection: Connection, schema: str
    ) -> AbstractContextManager[None] | None:
        """Return a context in which another schema is that of names without one.

        :param connection: A connection; in the end its default schema is as before.
        :param schema: The schema.
        :return: ``None`` where a session cannot choose it.
        """
        return None

    def schema_objects(self, connection: Connection) -> list[SchemaObject]:
        """Return what there is beside tables, in an order in which it can be made.

        Without special support of a database: its views, which can be compared.
        """
        import sqlalchemy as sa

        from .schema_objects import SchemaObject

        inspector = sa.inspect(connection)
        return [
            SchemaObject("view", name, inspector.get_view_definition(name) or "")
            for name in inspector.get_view_names()
        ]

    def stored_definitions(
        self, connection: Connection, tables: Collection[str]
    ) -> list[StoredDefinition]:
        """Return what the server itself says of the parts of tables.

        Without special support of a database: nothing, so that they are compared as
        SQLAlchemy reflects them.

        :param connection: A connection; it only reads.
        :param tables: Which tables, at least.
        """
        return []

    def unread_objects(
        self, connection: Connection, tables: Collection[str]
    ) -> list[UncomparedObjects]:
        """Return what the database holds that no other method here reads.

        Without special support of a database: nothing is known of it.

        :param connection: A connection; it only reads.
        :param tables: The tables that are read, or that are Flask-Alembic's own.
        """
        return []

    def without_making(self, type_: Any) -> bool:
        """Let a reflected type not be made with its table, as it has its own statement.

        :param type_: The type; it is changed.
        :return: Whether it is one of these.
        """
        return False

    def render_type(self, type_: Any) -> str | None:
        """Return how a type is written in a revision, None for as Alembic does it.

        ``from sqlalchemy.dialects import`` has brought the dialect by its name.
        """
        return None

    def index_of(self, constraint: ForeignKeyConstraint) -> str:
        """Return the name of the index that the server makes for a foreign key.

        :return: An empty text where it makes none.
        """
        return ""

    def has_named(self, constraint: ForeignKeyConstraint) -> bool:
        """Tell whether the server has named a foreign key that was made without a name.

        Only where it names it so again, and nothing else depends on the name.
        """
        return False

    def is_made_name(self, item: Constraint | Index) -> bool:
        """Tell whether a name is like those that the server makes up.

        A constraint or an index with such a name may have been made without one.

        :param item: A reflected constraint or index of a table, which has a name.
        :return: False where the database keeps it without a name.
        """
        return False

    def derived_tables(self, connection: Connection) -> frozenset[str]:
        """Return tables that come with something in :meth:`schema_objects`."""
        return frozenset()

    # Test databases

    def test_server(self, engine: Engine, folder: Path) -> TestServer:
        """Return where the test kit makes, copies and drops databases of this kind.

        Without special support of a database: nowhere.

        :param engine: An engine of the app; nothing is connected.
        :param folder: For databases that are files.
        :raises ConfigurationError: When there is no way.
        """
        from ..errors import ConfigurationError

        raise ConfigurationError(
            f"Test databases on {self.name} cannot be made.",
            "There is support for SQLite, PostgreSQL, MySQL and MariaDB; a plugin can "
            "add it (Backend.test_server).",
        )

    def test_server_key(self, url: URL) -> tuple[object, ...]:
        """Return what two URLs share whose test databases are made in one place.

        :param url: The URL of an engine of the app.
        """
        return url.get_backend_name(), url.render_as_string(hide_password=False)

    def shareable_url(self, url: URL) -> URL:
        """Return a URL whose database is there for every engine that connects to it.

        :param url: Any URL of this kind; one in memory belongs to its engine alone.
        """
        return url
