"""How an app gets to a test database: with its own engines, or made for a URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .pointing import pointed
from .templates import Names, Templates, fingerprint

if TYPE_CHECKING:
    from alembic.script import Script
    from flask import Flask
    from sqlalchemy import Engine

    from ..environment.objects import Environment
    from .database import MigrationDatabase
    from .places import Place

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


class Bench:
    """Gives databases to one app, over and over.

    :param templates: What the session has made.
    :param app: The application, whose engines are led to each database.

    .. versionadded:: 4.0
    """

    def __init__(self, templates: Templates, app: Flask) -> None:
        self.templates = templates
        self.app = app
        self.environment = environment_of(app)

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
        places = self.templates.places_of(self.engines())
        with self.templates.empty(places) as names, self.opened(places, names) as made:
            yield made

    @contextmanager
    def migrated(self, target: Any = "heads") -> Iterator[MigrationDatabase]:
        """Give databases of their own that are migrated already.

        :param target: The revisions they are at.
        """
        places = self.templates.places_of(self.engines())

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
        self, places: Mapping[str, Place], names: Names
    ) -> Iterator[MigrationDatabase]:
        """Let the app use databases that are there.

        :param places: By database name: where they are.
        :param names: By database name: what they are called there.
        """
        from .database import MigrationDatabase

        with pointed(self.environment, self.engines(), places, names):
            yield MigrationDatabase(self.app)


class FactoryBench(Bench):
    """Makes an app for each database.

    :param templates: What the session has made.
    :param factory: Makes an app for a URL, or for a dict of URLs by database name.
    :param urls: Where databases can be made, in the same shape.
    """

    def __init__(self, templates: Templates, factory: Factory, urls: Any) -> None:
        self.factory = factory
        self.urls = urls
        self._key: tuple[object, ...] | None = None
        self.templates = templates

    def engines(self) -> dict[str, Engine]:
        """Return engines for the URLs; they are never connected."""
        import sqlalchemy as sa

        from .places import outside_memory

        urls = self.urls if isinstance(self.urls, Mapping) else {"default": self.urls}
        return {
            name: sa.create_engine(outside_memory(sa.make_url(url)))
            for name, url in urls.items()
        }

    def key(self, target: object) -> tuple[object, ...]:
        """Return what tells one template from another."""
        if self._key is None:
            app = self.factory(self.urls)
            with app.app_context():
                self._key = (app.import_name, *fingerprint(environment_of(app)))
            _dispose(app)
        return (*self._key, "factory", str(target))

    def script(self, revision: str) -> Script:
        """Return a revision of the app."""
        app = self.factory(self.urls)
        try:
            return _script(app, revision)
        finally:
            _dispose(app)

    @contextmanager
    def opened(
        self, places: Mapping[str, Place], names: Names
    ) -> Iterator[MigrationDatabase]:
        """Make an app for databases that are there."""
        from .database import MigrationDatabase

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
