"""A scratch database on a MySQL or MariaDB server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ...errors import Refused
from ..connection import engine_beside, engine_for, own_connection
from ..scratch import (
    SECONDS,
    database_beside,
    made_or_lent,
    not_allowed,
    require_kind,
)
from ..scratch_templates import (
    LEFT,
    ScratchTemplates,
    Template,
    TemplateGone,
    age_of,
)
from ..statements import is_internal, run

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from ..scratch import LiveBackend

# What a table's name follows. Not a plain ON: "ON orders.id = ..." names a table there.
_BEFORE = r"""(?:\b(?:TABLE|INTO|UPDATE|FROM|JOIN|VIEW|REFERENCES|TRIGGER|PROCEDURE
|FUNCTION|EVENT|EXISTS|TRUNCATE|TO|CALL|IGNORE)\s+|,\s*
|\bINDEX\s+\S+\s+ON\s+|\b(?:INSERT|UPDATE|DELETE)\s+ON\s+)"""


def guard(names: Iterable[str]) -> Callable[..., None]:
    """Return a listener of ``before_cursor_execute`` that refuses such statements.

    :param names: The other databases of the server.
    """
    alternatives = "|".join(
        re.escape(name) for name in sorted(names, key=len, reverse=True)
    )
    if not alternatives:
        return lambda *arguments: None
    qualified = re.compile(
        rf"{_BEFORE}(?:`({alternatives})`|\b({alternatives}))\s*\.",
        re.IGNORECASE | re.VERBOSE,
    )
    whole = re.compile(
        r"\b(?:USE|DATABASE|SCHEMA)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
        rf"(?:`({alternatives})`|({alternatives})\b)",
        re.IGNORECASE,
    )

    def refuse(
        connection: Any,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> None:
        if is_internal(context):
            return
        match = qualified.search(statement) or whole.search(statement)
        if match:
            name = match[1] or match[2]
            raise Refused(
                f"A statement names the database {name!r}, which is not the scratch "
                "database; it was not sent.",
                "Leave the name of the database out of the revision, so that it works "
                "wherever it is run.",
            )

    return refuse


# ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR
_NOT_ALLOWED = (1044, 1142, 1227)
_READABLE = ("information_schema", "performance_schema", "sys")


@contextmanager
def scratch(
    backend: LiveBackend, engine: Engine, url: URL | None = None
) -> Iterator[Engine]:
    """Give an engine for a database that is gone at the end.

    :param backend: Of the live database.
    :param engine: The app's engine.
    :param url: Another server, or an empty database to use as it is.
    """
    with made_or_lent(backend, engine, url, _new) as other:
        _guard(other)
        yield other


def _new(engine: Engine) -> AbstractContextManager[Engine]:
    return database_beside(engine, _create, _drop, "SELECT DATABASE()")


def _create(connection: Connection, name: str) -> None:
    """Create a database with the character set and collation of the live one."""
    from sqlalchemy.exc import DBAPIError

    from .errors import errno

    query = "SELECT @@character_set_database, @@collation_database"
    charset, collation = run(connection, query).one()
    try:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {collation}"
        )
    except DBAPIError as error:
        if errno(error) in _NOT_ALLOWED:
            raise not_allowed(connection.engine) from error
        raise


def _drop(connection: Connection, name: str) -> None:
    # A session that was left in it would hold up the drop for a day.
    run(connection, "SET SESSION lock_wait_timeout = 20")
    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")


def _guard(engine: Engine) -> None:
    """Let the engine refuse statements that name another database."""
    from sqlalchemy import event

    with engine.connect() as connection:
        own = run(connection, "SELECT DATABASE()").scalar()
        names = set(run(connection, "SHOW DATABASES").scalars())
    event.listen(engine, "before_cursor_execute", guard(names - {own, *_READABLE}))


MARK: Final = "flask_alembic_template"
"""The table that makes a scratch database a template, and says so."""

_NOTE: Final = (
    "The schema that revisions build, kept to prove the next one; it may be dropped."
)
_MARKED: Final = f"""
SELECT table_schema FROM information_schema.tables
WHERE table_name = '{MARK}' AND table_schema LIKE 'flask\\_alembic\\_scratch\\_%'
"""
_UNUSED: Final = """
SELECT schema_name FROM information_schema.schemata
WHERE schema_name LIKE 'flask\\_alembic\\_scratch\\_%' AND schema_name NOT IN
  (SELECT db FROM information_schema.processlist WHERE db IS NOT NULL)
"""
# Without parameters a statement goes to the driver as it is: % stands for itself.
_VERBATIM: Final[dict[str, Any]] = {"no_parameters": True}
_UNKNOWN_DATABASE, _UNKNOWN_TABLE = 1049, 1051
_GONE = (_UNKNOWN_DATABASE, _UNKNOWN_TABLE, 1146)

T = TypeVar("T")


class MySQLTemplates(ScratchTemplates):
    """Scratch databases that stay, with a table that marks them.

    The server cannot copy a database. Who takes a template works in it and removes the
    mark first, which only one can do; it is marked anew when its schema is known.

    :param backend: Of the live database.
    :param engine: The app's engine; its database is only the way to the server.
    :param url: Another server.
    :param project: Whose templates are made here.
    """

    def __init__(
        self, backend: LiveBackend, engine: Engine, url: URL | None, project: str
    ) -> None:
        super().__init__(project)
        if url is not None:
            require_kind(backend, url)
            engine = engine_for(url)
            backend.connect(engine, SECONDS).close()
        self._server = engine

    def _administer(self, work: Callable[[Connection], T]) -> T:
        connection, close = own_connection(self._server)
        try:
            return work(connection)
        finally:
            close()

    def server_version(self) -> str:
        """Return name and version of the server."""
        text = str(self._administer(lambda c: run(c, "SELECT VERSION()").scalar()))
        product = "MariaDB" if "mariadb" in text.lower() else "MySQL"
        return f"{product} {text.partition('-')[0]}"

    def templates(self) -> list[Template]:
        """Return the scratch databases that are marked."""
        from sqlalchemy.exc import DBAPIError

        def work(connection: Connection) -> list[Template]:
            found = []
            names = connection.exec_driver_sql(_MARKED, execution_options=_VERBATIM)
            for name in names.scalars().all():
                if age_of(name, 0) is None:
                    continue
                query = f"SELECT id, project, used FROM {name}.{MARK}"
                try:
                    row = connection.exec_driver_sql(query).first()
                except DBAPIError:
                    continue  # somebody has taken it
                if row is not None:
                    found.append(Template(row[0], row[1], name, float(row[2])))
            return found

        return self._administer(work)

    @contextmanager
    def take(self, key: str | None) -> Iterator[Engine]:
        """Give an engine for a new database, or for the one that is the template."""
        if key is None:
            with database_beside(
                self._server, _create, _drop_unmarked, "SELECT DATABASE()"
            ) as engine:
                _guard(engine)
                yield engine
            return
        name = next(
            (
                each.name
                for each in self.templates()
                if each.key == key and each.project == self.project
            ),
            None,
        )
        if name is None:
            raise TemplateGone(key)
        with self._taken(name) as engine:
            _guard(engine)
            yield engine

    @contextmanager
    def _taken(self, name: str) -> Iterator[Engine]:
        from sqlalchemy.exc import DBAPIError

        from .errors import errno

        engine = engine_beside(self._server, self._server.url.set(database=name))
        try:
            # A session in it: nobody takes the database for one that was left.
            presence = engine.connect()
        except DBAPIError as error:
            engine.dispose()
            raise TemplateGone(name) from error
        try:
            try:
                presence.exec_driver_sql(f"DROP TABLE {MARK}")
                presence.commit()
            except DBAPIError as error:
                if errno(error) not in _GONE:
                    raise
                raise TemplateGone(name) from error
            try:
                yield engine
            finally:
                self._administer(lambda c: _drop_unmarked(c, name, presence))
        finally:
            presence.close()
            engine.dispose()

    def keep(self, engine: Engine, key: str) -> bool:
        """Mark the scratch database."""
        engine.dispose()
        name = engine.url.database
        if name is None or age_of(name, 0) is None:
            return False

        def work(connection: Connection) -> None:
            connection.exec_driver_sql(
                f"CREATE TABLE {name}.{MARK} (id VARCHAR(64), project VARCHAR(8), "
                f"used BIGINT) COMMENT '{_NOTE}' "
                f"AS SELECT '{key}' AS id, '{self.project}' AS project, "
                f"{int(time.time())} AS used"
            )

        self._administer(work)
        return True

    def drop(self, template: Template) -> None:
        """Take the template, as anybody would, and drop it."""
        try:
            with self._taken(template.name):
                pass
        except TemplateGone:
            return

    def leftovers(self) -> list[str]:
        """Return scratch databases that are old, not marked and have no sessions."""
        now = time.time()
        marked = {each.name for each in self.templates()}
        rows = self._administer(
            lambda c: (
                c.exec_driver_sql(_UNUSED, execution_options=_VERBATIM).scalars().all()
            )
        )
        return [
            str(name)
            for name in rows
            if name not in marked and (age_of(str(name), now) or 0) > LEFT
        ]

    def drop_leftover(self, name: str) -> None:
        """Drop the database."""
        self._administer(lambda connection: _drop(connection, name))


def _drop_unmarked(
    connection: Connection, name: str, presence: Connection | None = None
) -> None:
    """Drop a scratch database, unless it has become a template.

    :param connection: A connection to the server.
    :param name: The database.
    :param presence: A session that is closed before.
    """
    if presence is not None:
        presence.close()
    query = (
        "SELECT count(*) FROM information_schema.tables "
        f"WHERE table_schema = '{name}' AND table_name = '{MARK}'"
    )
    if not run(connection, query).scalar():
        _drop(connection, name)
