"""Small apps for the tests of plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from click.testing import Result
    from flask import Flask
    from sqlalchemy import URL, MetaData

    Models = MetaData | Callable[[Any], object]
    """Metadata, or what defines models on a ``SQLAlchemy`` object."""


class MakeApp:
    """Makes apps on empty SQLite files in a folder, with Flask-SQLAlchemy.

    Plugins that happen to be installed are left out, so that a suite gives the same
    result everywhere; ``ALEMBIC_PLUGINS=["name"]`` lets one in, ``None`` all of them.

    :param folder: The folder; each app has one of its own in it.

    .. versionadded:: 4.0
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.apps: list[Flask] = []
        self.plugins: list[tuple[object, str | None]] = []
        self._engines: list[Any] = []

    def __call__(
        self,
        *,
        plugins: Iterable[object] = (),
        revisions: int = 0,
        models: Models | None = None,
        url: str | URL | None = None,
        root: Path | None = None,
        name: str = "app",
        extension: Mapping[str, Any] | None = None,
        **config: Any,
    ) -> Flask:
        """Make an app.

        :param plugins: Plugins for the extension.
        :param revisions: How many revisions to write; number ``n`` has the id
            ``r<n>`` and creates the table ``table_<n>``. See also
            :func:`flask_alembic.testing.write_revision`.
        :param models: Metadata with the app's tables, or a function that is called in
            an app context with what models are defined on: a ``SQLAlchemy`` object, or
            a ``MetaData`` without Flask-SQLAlchemy.
        :param url: The database; ``app.db`` in the folder of the app by default.
        :param root: The folder of the app. Give the one of another app for a second
            process of the same app.
        :param name: The import name of the app.
        :param extension: Further arguments for ``Alembic``; with ``engines`` there is
            no Flask-SQLAlchemy.
        :param config: For ``app.config``.
        :return: The app; ``app.extensions["alembic"]`` is the extension.
        """
        from flask import Flask

        from .revisions import write_tables

        root = root or self.folder / f"app{len(self.apps) + 1}"
        root.mkdir(parents=True, exist_ok=True)
        app = Flask(name, root_path=str(root), instance_path=str(root / "instance"))
        app.config.update(
            TESTING=True,
            ALEMBIC_PLUGINS=(),
            SQLALCHEMY_DATABASE_URI=url or f"sqlite:///{root / 'app.db'}",
        )
        app.config.update(config)
        arguments = dict(extension or {})
        if "engines" not in arguments:
            arguments |= self._databases(app, models)
        write_tables(root / "migrations", revisions)
        self._extend(app, plugins, arguments)
        self.apps.append(app)
        return app

    def _extend(
        self, app: Flask, plugins: Iterable[object], arguments: Mapping[str, Any]
    ) -> None:
        from ..extension import Alembic

        alembic = Alembic(plugins=plugins, **arguments)
        for plugin, name in self.plugins:
            alembic.register(plugin, name)
        alembic.init_app(app)

    def _databases(self, app: Flask, models: Models | None) -> dict[str, Any]:
        """Initialize Flask-SQLAlchemy; return what the extension needs without it."""
        try:
            from flask_sqlalchemy import SQLAlchemy
        except ImportError:
            return self._plain(app, models)
        if callable(models) or models is None:
            db = SQLAlchemy(app)
        else:
            db = SQLAlchemy(app, metadata=models)
        with app.app_context():
            if callable(models):
                models(db)
            self._engines += db.engines.values()
        return {}

    def _plain(self, app: Flask, models: Models | None) -> dict[str, Any]:
        import sqlalchemy as sa

        engine = sa.create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
        self._engines.append(engine)
        if not callable(models):
            return {"engines": engine, "metadatas": models or sa.MetaData()}
        metadata = sa.MetaData()
        with app.app_context():
            models(metadata)
        return {"engines": engine, "metadatas": metadata}

    @property
    def last_or_new(self) -> Flask:
        """The app that was made last, or a new one."""
        return self.apps[-1] if self.apps else self()

    def close(self) -> None:
        """Close all connections of the apps."""
        for engine in self._engines:
            engine.dispose()


def run_db(
    app: Flask,
    *words: str,
    input: str | bytes | IO[str] | None = None,
    env: Mapping[str, str | None] | None = None,
    catch_exceptions: bool = True,
    color: bool = False,
) -> Result:
    """Run ``flask db WORDS`` in this process.

    :param app: The application.
    :param words: What follows ``db``.
    :param input: What the command reads from stdin.
    :param env: Variables of the environment; ``None`` removes one.
    :param catch_exceptions: Whether an exception becomes ``result.exception``.
    :param color: Whether colours are kept in the output.
    :return: Click's result: ``exit_code``, ``output``, ``stdout``, ``stderr``.

    .. versionadded:: 4.0
    """
    return app.test_cli_runner().invoke(
        args=["db", *words],
        input=input,
        env=env,
        catch_exceptions=catch_exceptions,
        color=color,
    )
