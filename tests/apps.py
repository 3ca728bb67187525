"""Flask apps with models, and folders with revision files, for tests.

``make_app`` gives an app with Flask-SQLAlchemy, two models and the extension;
``write_revision`` and ``write_table_revision`` write revision files;
``run_db`` runs ``flask db ...``; ``tables`` and ``version_rows`` look at a database
through a connection that nobody else has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import orm
from sqlalchemy.pool import NullPool

from flask_alembic import Alembic

Define = Callable[[SQLAlchemy], object]


def library(db: SQLAlchemy) -> None:
    """Define two models: authors and their books."""

    class Author(db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "author"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String(80), nullable=False)

    class Book(db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "book"
        id = sa.Column(sa.Integer, primary_key=True)
        title = sa.Column(sa.String(200), nullable=False)
        author_id: Any = sa.Column(sa.ForeignKey("author.id", name="book_author"))


def no_models(db: SQLAlchemy) -> None:
    """Define nothing."""


def make_app(
    folder: Path,
    url: str | None = None,
    *,
    models: Define = library,
    extension: Mapping[str, Any] | None = {},
    **config: Any,
) -> Flask:
    """Return an app with Flask-SQLAlchemy, models and the extension.

    ``app.extensions`` holds both, as ``"sqlalchemy"`` and ``"alembic"``. Installed
    plugins are left out unless ``ALEMBIC_PLUGINS`` is given, connections are closed
    as soon as they are released.

    :param folder: The app's root path; it holds ``migrations`` and ``instance``.
    :param url: The database; the file ``app.db`` in ``folder`` by default.
    :param models: Defines the models on the ``SQLAlchemy`` it gets.
    :param extension: Arguments for ``Alembic``; ``None`` leaves it out.
    :param config: For ``app.config``, over the defaults.
    """
    app = Flask(
        "shop", root_path=str(folder), instance_path=str(Path(folder, "instance"))
    )
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url or f"sqlite:///{folder / 'app.db'}",
        SQLALCHEMY_ENGINE_OPTIONS={"poolclass": NullPool},
        ALEMBIC_PLUGINS=(),
    )
    app.config.update(config)
    db = SQLAlchemy(app)
    with app.app_context():
        models(db)
    if extension is not None:
        Alembic(app, **extension)
    return app


def extension_of(app: Flask) -> Alembic:
    """Return the extension of an app."""
    extension: Alembic = app.extensions["alembic"]
    return extension


def url_of(app: Flask) -> str:
    """Return the URL of the database of an app made here."""
    url: str = app.config["SQLALCHEMY_DATABASE_URI"]
    return url


def migrations_of(app: Flask) -> Path:
    """Return the folder where an app made here keeps its revisions."""
    return Path(app.root_path, "migrations")


def write_revision(
    folder: Path,
    revision: str,
    down: str | Sequence[str] | None = None,
    upgrade: str | Iterable[str] = "pass",
    downgrade: str | Iterable[str] = "pass",
    *,
    message: str = "",
    labels: str | Sequence[str] | None = None,
    depends: str | Sequence[str] | None = None,
    name: str | None = None,
) -> Path:
    """Write a revision file.

    :param folder: Where to; it is created if it is missing.
    :param revision: Its id.
    :param down: Its parents.
    :param upgrade: The statements of ``upgrade()``, one a line or one an item.
    :param downgrade: The statements of ``downgrade()``.
    :param message: What the docstring says.
    :param labels: Its branch labels.
    :param depends: What it depends on.
    :param name: The name of the file; ``<revision>_.py`` by default.
    :return: The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"{revision}_.py")
    lines = [
        f'"""{message or revision}"""',
        "",
        "import sqlalchemy as sa",
        "from alembic import context, op",
        "",
        f"revision = {revision!r}",
        f"down_revision = {_plain(down)!r}",
        f"branch_labels = {_plain(labels)!r}",
        f"depends_on = {_plain(depends)!r}",
        "",
        "",
        "def upgrade(**arguments):",
        *_indented(upgrade),
        "",
        "",
        "def downgrade(**arguments):",
        *_indented(downgrade),
        "",
    ]
    path.write_text("\n".join(lines), "utf-8")
    return path


def _plain(names: str | Sequence[str] | None) -> str | tuple[str, ...] | None:
    return names if names is None or isinstance(names, str) else tuple(names)


def _indented(body: str | Iterable[str]) -> list[str]:
    lines = body.splitlines() if isinstance(body, str) else list(body)
    return [f"    {line}" for line in lines]


def write_table_revision(
    folder: Path,
    revision: str,
    down: str | Sequence[str] | None = None,
    table: str | None = None,
    **more: Any,
) -> Path:
    """Write a revision that creates a table with one column, and drops it.

    :param folder: Where to.
    :param revision: Its id.
    :param down: Its parents.
    :param table: The table; ``t_<revision>`` by default.
    :param more: Further arguments of :func:`write_revision`.
    """
    table = table or f"t_{revision}"
    return write_revision(
        folder,
        revision,
        down,
        f"op.create_table({table!r}, sa.Column('id', sa.Integer, primary_key=True))",
        f"op.drop_table({table!r})",
        **more,
    )


def write_chain(folder: Path, *revisions: str) -> None:
    """Write revisions that follow one another and create a table each.

    :param folder: Where to.
    :param revisions: Their ids.
    """
    for down, revision in zip((None, *revisions), revisions, strict=False):
        write_table_revision(folder, revision, down)


def run_db(app: Flask, *words: str, **options: Any) -> Result:
    """Run ``flask db WORDS``.

    :param app: The application.
    :param words: What follows ``db``.
    :param options: For the runner's ``invoke``: ``input``, ``env``, ...
    """
    return app.test_cli_runner().invoke(args=["db", *words], **options)


@contextmanager
def second_connection(url: str) -> Iterator[sa.Connection]:
    """Connect to a database beside the app."""
    engine = sa.create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def tables(url: str) -> set[str]:
    """Return the tables that another connection sees, those of migrations left out."""
    with second_connection(url) as connection:
        names = sa.inspect(connection).get_table_names()
        return {name for name in names if not name.startswith("alembic_version")}


def version_rows(url: str) -> set[str]:
    """Return the ids that another connection sees in the version table."""
    with second_connection(url) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return set()
        return set(
            connection.scalars(sa.text("SELECT version_num FROM alembic_version"))
        )


def plain_models() -> sa.MetaData:
    """Return metadata of plain SQLAlchemy with one table, ``author``."""

    class Base(orm.DeclarativeBase):
        pass

    class Author(Base):
        __tablename__ = "author"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String(80), nullable=False)

    return Base.metadata
