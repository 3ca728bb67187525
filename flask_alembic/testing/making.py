"""Small apps for the tests of plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


class MakeApp:
    """Makes apps on empty SQLite files in a folder, with Flask-SQLAlchemy.

    Plugins that happen to be installed are left out, so that a suite gives the same
    result everywhere; ``ALEMBIC_PLUGINS=None`` lets them in.

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
        models: Callable[[Any], object] | None = None,
        extension: Mapping[str, Any] | None = None,
        **config: Any,
    ) -> Flask:
        """Make an app.

        :param plugins: Plugins for the extension.
        :param revisions: How many revisions to write; number ``n`` has the id
            ``r<n>`` and creates the table ``table_<n>``.
        :param models: Called in an app context with what models are defined on: a
            ``SQLAlchemy`` object, or a ``MetaData`` without Flask-SQLAlchemy.
        :param extension: Further arguments for ``Alembic``.
        :param config: For ``app.config``.
        :return: The app; ``app.extensions["alembic"]`` is the extension.
        """
        from flask import Flask

        root = self.folder / f"app{len(self.apps) + 1}"
        root.mkdir(parents=True)
        app = Flask("app", root_path=str(root), instance_path=str(root / "instance"))
        app.config.update(TESTING=True, ALEMBIC_PLUGINS=())
        url = f"sqlite:///{root / 'app.db'}"
        app.config.setdefault("SQLALCHEMY_DATABASE_URI", url)
        app.config.update(config)
        arguments = {**self._databases(app, models), **(extension or {})}
        _write_revisions(root / "migrations", revisions)
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

    def _databases(
        self, app: Flask, models: Callable[[Any], object] | None
    ) -> dict[str, Any]:
        """Initialize Flask-SQLAlchemy; return what the extension needs without it."""
        try:
            from flask_sqlalchemy import SQLAlchemy
        except ImportError:
            return self._plain(app, models)
        db = SQLAlchemy(app)
        with app.app_context():
            if models is not None:
                models(db)
            self._engines += db.engines.values()
        return {}

    def _plain(
        self, app: Flask, models: Callable[[Any], object] | None
    ) -> dict[str, Any]:
        import sqlalchemy as sa

        engine = sa.create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
        metadata = sa.MetaData()
        self._engines.append(engine)
        if models is not None:
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


_REVISION = '''"""revision {number}"""

import sqlalchemy as sa
from alembic import op

revision = "r{number}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("table_{number}", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("table_{number}")
'''


def _write_revisions(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(1, count + 1):
        down = f"r{number - 1}" if number > 1 else None
        text = _REVISION.format(number=number, down=down)
        (folder / f"r{number}_revision.py").write_text(text, "utf-8")
