"""A scratch database on a PostgreSQL server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..connection import engine_for, own_connection
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

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from ..scratch import LiveBackend

_OBJECT_IN_USE = "55006"
_INSUFFICIENT_PRIVILEGE = "42501"
_NO_SUCH_DATABASE = "3D000"
_CURRENT = "SELECT current_database()"


def scratch(
    backend: LiveBackend, engine: Engine, url: URL | None = None
) -> AbstractContextManager[Engine]:
    """Give an engine for a database that is gone at the end.

    :param backend: Of the live database.
    :param engine: The app's engine.
    :param url: Another server, or an empty database to use as it is.
    """
    return made_or_lent(backend, engine, url, _new)


def _new(engine: Engine) -> AbstractContextManager[Engine]:
    return database_beside(engine, _create, _drop, _CURRENT)


def _create(connection: Connection, name: str, template: str | None = None) -> None:
    from sqlalchemy.exc import DBAPIError

    from .errors import sqlstate

    if template is not None:
        try:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        except DBAPIError as error:
            if sqlstate(error) not in (_OBJECT_IN_USE, _NO_SUCH_DATABASE):
                raise
            raise TemplateGone(template) from error
        return
    try:
        try:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        except DBAPIError as error:
            if sqlstate(error) != _OBJECT_IN_USE:
                raise
            # Somebody is connected to template1, which cannot be copied then.
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
    except DBAPIError as error:
        if sqlstate(error) == _INSUFFICIENT_PRIVILEGE:
            raise not_allowed(connection.engine) from error
        raise


def _drop(connection: Connection, name: str) -> None:
    version = connection.dialect.server_version_info or (0,)
    force = " WITH (FORCE)" if version >= (13,) else ""
    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


TEMPLATE: Final = "flask_alembic_template_"
"""What the name of every template begins with."""

NOTE: Final = (
    "Flask-Alembic: the schema that revisions build, kept to prove the next one. "
    "It may be dropped."
)
"""What the comment of a template begins with."""

_NAME: Final = re.compile(re.escape(TEMPLATE) + r"([0-9a-f]{8})_([0-9a-f]+)")
_OWN: Final = """
SELECT d.datname, coalesce(shobj_description(d.oid, 'pg_database'), ''),
  (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid)
FROM pg_database d
WHERE left(d.datname, 14) = 'flask_alembic_' AND pg_get_userbyid(d.datdba) = current_user
"""

T = TypeVar("T")


class PostgreSQLTemplates(ScratchTemplates):
    """Databases that are copied by ``CREATE DATABASE ... TEMPLATE``.

    A scratch database becomes a template when it is renamed, which happens at once or
    not at all. Its comment says what it is and when it was used last.

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
        text = self._administer(
            lambda c: c.exec_driver_sql("SHOW server_version").scalar()
        )
        return f"PostgreSQL {str(text).split()[0]}"

    def _databases(self) -> list[tuple[str, str, int]]:
        rows = self._administer(lambda c: c.exec_driver_sql(_OWN).all())
        return [(str(name), str(note), int(count)) for name, note, count in rows]

    def templates(self) -> list[Template]:
        """Return the databases with such a name that the user owns."""
        found = []
        for name, note, _ in self._databases():
            match = _NAME.fullmatch(name)
            if match:
                found.append(Template(match[2], match[1], name, _used(note)))
        return found

    def _name(self, key: str) -> str:
        return f"{TEMPLATE}{self.project}_{key}"

    @contextmanager
    def take(self, key: str | None) -> Iterator[Engine]:
        """Give an engine for a new database, copied from the template if there is one."""
        template = None if key is None else self._name(key)

        def create(connection: Connection, name: str) -> None:
            _create(connection, name, template)
            if template is not None:
                _annotate(connection, template)

        with database_beside(self._server, create, _drop, _CURRENT) as engine:
            yield engine

    def keep(self, engine: Engine, key: str) -> bool:
        """Rename the scratch database."""
        from sqlalchemy.exc import DBAPIError

        engine.dispose()
        scratch, name = engine.url.database, self._name(key)
        if scratch is None or age_of(scratch, 0) is None:
            return False

        def work(connection: Connection) -> bool:
            try:
                connection.exec_driver_sql(f"ALTER DATABASE {scratch} RENAME TO {name}")
            except DBAPIError:
                # There is one already, or a session is left.
                return any(each.key == key for each in self.templates())
            _annotate(connection, name)
            return True

        return self._administer(work)

    def drop(self, template: Template) -> None:
        """Drop the database, unless somebody is copying it."""
        self.drop_leftover(template.name)

    def leftovers(self) -> list[str]:
        """Return scratch databases of this user that are old and have no sessions."""
        now = time.time()
        return [
            name
            for name, _, sessions in self._databases()
            if not sessions and (age_of(name, now) or 0) > LEFT
        ]

    def drop_leftover(self, name: str) -> None:
        """Drop the database, unless somebody is connected to it."""
        from sqlalchemy.exc import DBAPIError

        def work(connection: Connection) -> None:
            try:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
            except DBAPIError:
                return  # the next one who looks finds it again

        self._administer(work)


def _annotate(connection: Connection, name: str) -> None:
    """Write into the comment of a template what it is, and that it is used now."""
    from sqlalchemy.exc import DBAPIError

    note = json.dumps({"note": NOTE, "used": int(time.time())}).replace("'", "''")
    try:
        connection.exec_driver_sql(
            f"COMMENT ON DATABASE {name} IS '{note}'",
            execution_options={"no_parameters": True},
        )
    except DBAPIError:
        return  # dropped meanwhile, or another process is writing it


def _used(note: str) -> float:
    """Return what a comment says of the last use; long ago if it says nothing."""
    try:
        content: Any = json.loads(note)
        return float(content["used"])
    except (ValueError, KeyError, TypeError):
        return 0.0
