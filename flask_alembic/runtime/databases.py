"""Which databases an app has: their engines and their metadata, by name.

Found in Flask-SQLAlchemy, in Flask-SQLAlchemy-Lite, or given as plain SQLAlchemy
engines and metadata. The default bind goes by the name ``default``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..config import Settings
from ..errors import ConfigurationError, DatabaseNotConfigured, UsageError
from ..hooks.redaction import shown
from ..script.locations import Locations

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import MetaData
    from sqlalchemy.engine import Engine

    from ..backends.base import Backend
    from ..backends.lookup import Backends

DEFAULT: Final = "default"
"""The name of the database that has no bind key."""


loop_engines: ContextVar[Mapping[int, Engine]] = ContextVar("loop_engines", default={})  # noqa: B039
"""Engines for the event loop of this context, by the id of the app's own engine."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database that takes part in migrations.

    .. versionadded:: 4.0
    """

    name: str
    """Its bind key, or ``default``."""

    engine: Engine
    """What connects to it; the sync side of an async engine."""

    metadata: tuple[MetaData, ...]
    """The models that live in it; several may share it."""

    backend_class: type[Backend]
    """What knows its kind of database."""

    is_async: bool = False
    """Whether the engine works only inside an event loop."""

    @property
    def backend(self) -> Backend:
        """What knows its kind of database, for its engine."""
        return self.backend_class(self.engine.dialect)


@dataclass(frozen=True, slots=True)
class Given:
    """The databases as the extension's arguments give them, not resolved yet."""

    metadatas: Mapping[str, tuple[MetaData, ...]] | None = None
    """By database name; ``None`` to look for them."""

    engines: Mapping[str, Any] | None = None
    """By database name; ``None`` to look for them."""


def given(metadatas: Any, engines: Any) -> Given:
    """Bring the arguments ``metadatas`` and ``engines`` into one shape.

    :param metadatas: One metadata, a list of them, or a dict of either by name.
    :param engines: One engine, or a dict of them by name.
    :raises ConfigurationError: When it is something else.
    """
    if metadatas is not None and not isinstance(metadatas, Mapping):
        metadatas = {DEFAULT: metadatas}
    if engines is not None and not isinstance(engines, Mapping):
        engines = {DEFAULT: engines}
    return Given(
        None
        if metadatas is None
        else {_name(name): _metadata(name, value) for name, value in metadatas.items()},
        None
        if engines is None
        else {_name(name): _engine(name, value) for name, value in engines.items()},
    )


def _name(name: str | None) -> str:
    if not isinstance(name, str | None):
        raise ConfigurationError(
            f"engines or metadatas has the key {name!r}, which is no name.",
            "Use the names of databases as keys, such as 'default'.",
        )
    return name or DEFAULT


def _metadata(name: str, value: Any) -> tuple[MetaData, ...]:
    values = tuple(value) if isinstance(value, (list, tuple, set)) else (value,)
    for one in values:
        if not (hasattr(one, "tables") and hasattr(one, "sorted_tables")):
            raise ConfigurationError(
                f"metadatas[{name!r}] holds {one!r}, which is not a MetaData.",
                "Pass Model.metadata or db.metadata.",
            )
    return values


def _engine(name: str, value: Any) -> Any:
    if not hasattr(value, "dialect") or not hasattr(value, "connect"):
        raise ConfigurationError(
            f"engines[{name!r}] is {type(value).__name__}, which is not an engine.",
            "Pass what sqlalchemy.create_engine() returns.",
        )
    return value


def find(
    app: Flask,
    settings: Settings,
    given: Given,
    locations: Locations,
    backends: Backends,
) -> dict[str, Database]:
    """Return the databases of an app, in declared order.

    :param app: The application; an app context must be active.
    :param settings: Its ``databases`` chooses among several binds.
    :param given: What the extension was given.
    :param locations: Its template tells whether revisions serve several databases.
    :param backends: What knows each kind of database.
    :raises ConfigurationError: When there is no database, or one lacks an engine.
    """
    engines = dict(given.engines) if given.engines is not None else _engines(app)
    metadatas = given.metadatas if given.metadatas is not None else metadatas_of(app)
    _check_names(settings, engines)
    databases: dict[str, Database] = {}
    for name in _names(settings, given, locations, engines):
        if name not in engines:
            raise DatabaseNotConfigured(
                f"There is no engine for the database {name!r}; there is "
                f"{_list(engines)}.",
                "Add it to SQLALCHEMY_BINDS or to Alembic(engines={...}).",
            )
        engine = engines[name]
        sync = getattr(engine, "sync_engine", engine)
        if sync is engine and getattr(engine.dialect, "is_async", False):
            raise ConfigurationError(
                f"The URL of database {name!r} names the async driver "
                f"{engine.dialect.driver!r}, but its engine is a sync one.",
                f"Write {engine.dialect.name}:// with a sync driver in the URL, or "
                "give the extension an engine of create_async_engine().",
            )
        databases[name] = Database(
            name,
            loop_engines.get().get(id(sync), sync),
            metadatas.get(name, ()),
            backends.class_for(sync.dialect.name),
            is_async=sync is not engine,
        )
    return databases


def _check_names(settings: Settings, engines: Mapping[str, Any]) -> None:
    """Refuse settings for a database that is not there: they would do nothing."""
    for name, where in settings.names_of_databases().items():
        if name not in engines:
            raise ConfigurationError(
                f"{where} names {shown(name)}, but there is no such database; there is "
                f"{_list(engines)}.",
                "Fix the name, or take it out.",
            )


def _names(
    settings: Settings,
    given: Given,
    locations: Locations,
    engines: Mapping[str, Any],
) -> Iterable[str]:
    """Choose which databases take part."""
    if settings.databases == ("*",):
        return list(engines)
    if settings.databases is not None:
        return settings.databases
    if given.metadatas is not None:
        return list(given.metadatas)
    if given.engines is not None:
        return list(given.engines)
    if not engines:
        raise DatabaseNotConfigured(
            "No database was found.",
            "Initialize Flask-SQLAlchemy on the app first, or pass "
            "Alembic(engines=..., metadatas=...).",
        )
    if list(engines) == [DEFAULT]:
        # Asked often; the template has to be read only where it matters.
        return [DEFAULT]
    if DEFAULT not in engines or _serves_several(locations):
        return list(engines)
    return [DEFAULT]


def _serves_several(locations: Locations) -> bool:
    """Whether the template writes one function per database.

    That is so in folders made by ``flask db init --multidb`` of Flask-Migrate and
    by released Flask-Alembic with several metadatas.
    """
    try:
        text = (locations.script / "script.py.mako").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return "engine_name" in text


def _engines(app: Flask) -> dict[str, Any]:
    """Return the engines of Flask-SQLAlchemy or Flask-SQLAlchemy-Lite by name."""
    extension = app.extensions.get("sqlalchemy")
    found: dict[str, Any] = {}
    for attribute in ("engines", "async_engines"):
        for name, engine in (getattr(extension, attribute, None) or {}).items():
            found.setdefault(_name(name), engine)
    if DEFAULT in found:
        # Flask-SQLAlchemy makes it last; for migrations it is the first database.
        found = {DEFAULT: found.pop(DEFAULT), **found}
    return found


def async_engines(app: Flask, given: Given) -> list[Any]:
    """Return the engines that work only inside an event loop.

    :param app: The application.
    :param given: What the extension was given.
    """
    engines = given.engines if given.engines is not None else _engines(app)
    return [engine for engine in engines.values() if hasattr(engine, "sync_engine")]


def metadatas_of(app: Flask) -> dict[str, tuple[MetaData, ...]]:
    """Return the metadata of Flask-SQLAlchemy by name of the database.

    :param app: The application.
    """
    extension = app.extensions.get("sqlalchemy")
    metadatas = getattr(extension, "metadatas", None) or {}
    return {_name(name): (metadata,) for name, metadata in metadatas.items()}


def choose(databases: Mapping[str, Database], names: Iterable[str]) -> list[Database]:
    """Return the databases of those names in declared order; all for no names.

    :param databases: Every database by name.
    :param names: As given with ``--database``.
    :raises UsageError: When there is none of a name.
    """
    wanted = list(names)
    for name in wanted:
        if name not in databases:
            raise UsageError(
                f"There is no database {shown(name)}; there is {_list(databases)}.",
                "Name one that is there; ALEMBIC['databases'] tells which are migrated.",
            )
    return [
        database for name, database in databases.items() if not wanted or name in wanted
    ]


def _list(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
