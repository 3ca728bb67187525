"""What a run needs of any database, and how far that is there without special support."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from .payloads import LockKey, Session
from .waiting import OnWait

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, ForeignKeyConstraint
    from sqlalchemy.engine import Dialect

    from .catalog import Catalog
    from .journal import Journal
    from .schema_objects import SchemaObject

__all__ = ["Backend", "LockKey", "Session"]


class Backend:
    """One kind of database. This base serves every kind without special support.

    :param dialect: The SQLAlchemy dialect of the engine or connection.

    .. versionadded:: 4.0
    """

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
    def schemas_are_inside(self) -> bool:
        """Whether a database has schemas, rather than being one."""
        return False

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
        from .connecting import connect

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
    ) -> AbstractContextManager[None]:
        """Make ``connection.begin()`` a real transaction within the block.

        Most databases need nothing for that. To be entered with no transaction open.

        :param connection: The run's connection.
        :param version_table: The name of the version table: statements on it belong
            to the revision before them.
        :param on_commit: Called after work became durable in the middle of a
            transaction because a statement of the migration cannot run inside one.
        """
        return nullcontext()

    def commits_implicitly(self, statement: str) -> bool:
        """Tell whether the server commits by itself when it executes a statement."""
        return False

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

    # Comparing

    def catalog(self) -> Catalog | None:
        """Return what reads the tables of a database as words, None for no such thing.

        Known once a connection was made.
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
            drop = each.drop or f"DROP {each.kind.upper()} {quote(each.name)}"
            connection.exec_driver_sql(drop)
        metadata = sa.MetaData()
        metadata.reflect(connection)
        metadata.drop_all(connection)

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

    def derived_tables(self, connection: Connection) -> frozenset[str]:
        """Return tables that come with something in :meth:`schema_objects`."""
        return frozenset()
