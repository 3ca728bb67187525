"""An engine and an inspector over the driver that talks to nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .driver import Connection as DriverConnection
from .driver import Driver, Report, World

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect, Engine

    from ..servers import Server


def dialect_class(name: str) -> type[Any]:
    """Return the class of a dialect, without any driver.

    :param name: The name of the dialect. One that SQLAlchemy does not know gives
        the default dialect, so that the general rules can still look.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.engine.default import DefaultDialect
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    if name == "postgresql":
        from sqlalchemy.dialects.postgresql.base import PGDialect

        return PGDialect
    if name == "mysql":
        from sqlalchemy.dialects.mysql.base import MySQLDialect

        return MySQLDialect
    if name == "mariadb":
        from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect

        return MariaDBDialect
    if name == "sqlite":
        from sqlalchemy.dialects.sqlite.base import SQLiteDialect

        return SQLiteDialect
    try:
        return make_url(f"{name}://").get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError):
        return DefaultDialect


def recording_dialect(name: str, server: Server, world: World) -> Dialect:
    """Return a dialect that asks its connection nothing.

    :param name: The name of the dialect.
    :param server: The server, for what the dialect does differently by version.
    :param world: What exists.
    """
    parent = dialect_class(name)

    class Recording(parent):  # type: ignore[valid-type,misc]
        supports_statement_cache = False

        def set_isolation_level(self, connection: Any, level: str) -> None:
            connection.autocommit = level == "AUTOCOMMIT"

        def get_isolation_level(self, connection: Any) -> str:
            return "AUTOCOMMIT" if connection.autocommit else "READ COMMITTED"

        def get_default_isolation_level(self, connection: Any) -> str:
            return "READ COMMITTED"

        def reset_isolation_level(self, connection: Any) -> None:
            connection.autocommit = False

        def get_isolation_level_values(self, connection: Any) -> list[str]:
            levels = ("SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED")
            return [*levels, "READ UNCOMMITTED", "AUTOCOMMIT"]

        def has_table(self, *_: Any, **__: Any) -> bool:
            return bool(world.names)

        has_type = has_sequence = has_index = has_table

        def do_ping(self, connection: Any) -> bool:
            return True

    dialect: Dialect = Recording(paramstyle="named")
    dialect.dbapi = Driver  # type: ignore[assignment]
    padded = (*server.version, 99, 99)[:3] if server.version else (99, 99, 99)
    dialect.server_version_info = padded
    if server.family == "mariadb":
        dialect.is_mariadb = True  # type: ignore[attr-defined]
    dialect.default_schema_name = "public" if server.is_postgresql else None
    return dialect


def recording_engine(dialect: Dialect, report: Report, world: World) -> Engine:
    """Return an engine that reaches no database.

    :param dialect: As :func:`recording_dialect` gives it.
    :param report: Called with each statement that may change something.
    :param world: What exists, for its inspector and its queries.
    """
    from sqlalchemy.engine import Engine, make_url
    from sqlalchemy.pool import StaticPool

    connection = DriverConnection(report, world, dialect.name)
    creator: Callable[[], Any] = lambda: connection  # noqa: E731
    dialect.inspector = inspector_class(world)  # type: ignore[attr-defined]
    pool = StaticPool(creator, dialect=dialect)
    return Engine(pool, dialect, make_url(f"{dialect.name}://"))


def inspector_class(world: World) -> type[Any]:
    """Return an inspector class that knows some names and nothing else.

    :param world: What exists, whatever is asked for.
    """
    from sqlalchemy import Column
    from sqlalchemy.engine.reflection import Inspector
    from sqlalchemy.types import NullType

    def each(**more: Any) -> list[dict[str, Any]]:
        return [{"name": name, **more} for name in world.names]

    class RecordingInspector(Inspector):
        def has_table(self, *_: Any, **__: Any) -> bool:
            return bool(world.names)

        has_index = has_sequence = has_schema = has_table

        def reflect_table(self, table: Any, *_: Any, **__: Any) -> None:
            for name in world.columns:
                if name not in table.columns:
                    table.append_column(Column(name, NullType()))

        def get_table_names(self, *_: Any, **__: Any) -> list[str]:
            return list(world.names)

        get_view_names = get_sequence_names = get_table_names
        get_schema_names = get_temp_table_names = get_table_names
        get_materialized_view_names = get_table_names

        def get_columns(self, *_: Any, **__: Any) -> list[Any]:
            return each(type=NullType(), nullable=True, default=None, comment=None)

        def get_indexes(self, *_: Any, **__: Any) -> list[Any]:
            return each(column_names=list(world.names), unique=False)

        def get_unique_constraints(self, *_: Any, **__: Any) -> list[Any]:
            return each(column_names=list(world.names))

        def get_check_constraints(self, *_: Any, **__: Any) -> list[Any]:
            return each(sqltext="")

        def get_foreign_keys(self, *_: Any, **__: Any) -> list[Any]:
            return [
                {
                    "name": name,
                    "constrained_columns": [name],
                    "referred_table": name,
                    "referred_columns": [name],
                    "referred_schema": None,
                    "options": {},
                }
                for name in world.names
            ]

        def get_pk_constraint(self, *_: Any, **__: Any) -> Any:
            name = world.names[0] if world.names else None
            return {"constrained_columns": [], "name": name}

        def get_enums(self, *_: Any, **__: Any) -> list[Any]:
            return each(schema="public", visible=True, labels=list(world.names))

        def get_table_comment(self, *_: Any, **__: Any) -> Any:
            return {"text": None}

        def get_table_options(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {}

    return RecordingInspector
