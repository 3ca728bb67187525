"""Projects as people have them, made with the released tools they come from.

Each is an app, a series of commands typed into the released tool, and edits made by
hand in between. ``make_projects.py`` makes them; the tests run them on this package.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FLASK_ALEMBIC = "Flask-Alembic==3.3.0"
FLASK_MIGRATE = "Flask-Migrate==4.1.0"

Edit = Callable[[Path], None]


@dataclass(frozen=True)
class Phase:
    """What happens while the models have one shape."""

    commands: tuple[str, ...]
    """The words after ``flask db``, split at spaces; ``~`` stands for one inside."""

    before: Edit | None = None
    """What is changed in the project's folder by hand before the commands."""


@dataclass(frozen=True)
class Project:
    """A project to be made."""

    name: str
    """What to call it."""

    tool: str
    """The requirement of the released tool."""

    source: str
    """The app; ``version`` in it counts the phases, ``urls`` are the databases."""

    phases: tuple[Phase, ...]
    """What is done with it."""

    databases: tuple[str, ...] = ("main",)
    """The names of the SQLite files."""

    tables: frozenset[str] = field(default_factory=frozenset)
    """Tables that have to be there in the end, in whichever database."""


HEAD = """
import os
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

version = int(os.environ["SHOP_VERSION"])
data = Path(os.environ["SHOP_DATA"])
urls = {name: f"sqlite:///{data / name}.db" for name in ("main", "other", "third")}
app = Flask("shop", root_path=str(Path(__file__).parent))
app.config["SQLALCHEMY_DATABASE_URI"] = urls["main"]
app.config["ALEMBIC_CONTEXT"] = {"render_as_batch": True}
"""

AUTHORS_AND_BOOKS = """
class Author(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False)
    if version >= 2:
        email = sa.Column(sa.String(120), index=True)


class Book(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    title = sa.Column(sa.String(200 if version < 3 else 300), nullable=False)
    author_id = sa.Column(sa.ForeignKey("author.id", name="fk_book_author"))
    if version >= 2:
        __table_args__ = (sa.UniqueConstraint("title", name="uq_book_title"),)


if version >= 3:
    class Review(db.Model):
        id = sa.Column(sa.Integer, primary_key=True)
        stars = sa.Column(sa.Integer, server_default="3", nullable=False)
        book_id = sa.Column(sa.ForeignKey("book.id", name="fk_review_book"))
"""

LIBRARY = frozenset({"author", "book", "review"})


def _by_hand(*tables: str) -> str:
    """Return models for tables that revisions written by hand create."""
    return "".join(
        f'\nif version >= 3:\n    sa.Table("{name}", db.metadata,'
        ' sa.Column("id", sa.Integer))\n'
        for name in tables
    )


def newest(folder: Path) -> Path:
    """Return the revision file that was written last."""
    return max(folder.rglob("migrations/**/*_*.py"), key=lambda p: p.stat().st_mtime_ns)


def revision_of(path: Path) -> str:
    """Return the id that a revision file gives."""
    found = re.search(r"^revision\b.*?=\s*['\"](.+)['\"]", path.read_text(), re.M)
    assert found is not None, path
    return found[1]


def _with_data(folder: Path) -> None:
    """Turn the newest revision into one that moves data."""
    path = newest(folder)
    text = path.read_text("utf-8")
    upgrade, downgrade = text.index("def upgrade"), text.index("def downgrade")
    path.write_text(
        text[:upgrade]
        + """def upgrade():
    author = sa.table("author", sa.column("id"), sa.column("name"), sa.column("email"))
    op.bulk_insert(
        author,
        [{"id": 1, "name": "Ann Lee"}, {"id": 2, "name": "Bo O'Neil; 100%"}],
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(author.c.id, author.c.name)).all():
        address = row.name.split()[0].lower() + "@example.org"
        connection.execute(
            author.update().where(author.c.id == row.id).values(email=address)
        )
    session = sa.orm.Session(bind=connection)
    session.execute(sa.text("INSERT INTO book (id, title, author_id) VALUES (7, 'A', 1)"))
    session.flush()
    with op.batch_alter_table("book") as batch:
        batch.alter_column("title", existing_type=sa.String(200), nullable=True)
    op.execute("UPDATE author SET name = name || '%' WHERE id = 2")


"""
        + """def downgrade():
    with op.batch_alter_table("book") as batch:
        batch.alter_column("title", existing_type=sa.String(200), nullable=False)
    op.execute("DELETE FROM book")
    op.execute("DELETE FROM author")
""",
        "utf-8",
    )
    text = path.read_text("utf-8").replace(
        "import sqlalchemy as sa\n",
        "import sqlalchemy as sa\nimport sqlalchemy.orm\n",
        1,
    )
    assert downgrade > upgrade
    path.write_text(text, "utf-8")


# Flask-Migrate ------------------------------------------------------------------

MIGRATE = (
    HEAD
    + """
db = SQLAlchemy(app)

from flask_migrate import Migrate
migrate = Migrate(app, db)
"""
)


def _own_template(folder: Path) -> None:
    """Change the template as projects do: another header, a helper, typed."""
    path = folder / "migrations" / "script.py.mako"
    text = path.read_text("utf-8")
    text = text.replace('"""${message}', '"""${message}\n\nCopyright The Shop.', 1)
    text = text.replace("def upgrade():", "def upgrade() -> None:", 1)
    text += "\n\ndef shop_helper() -> str:\n    return ${repr(message)}\n"
    path.write_text(text, "utf-8")
    ini = folder / "migrations" / "alembic.ini"
    pattern = "file_template = %%(year)d%%(month).2d_%%(rev)s_%%(slug)s\n"
    lines = ini.read_text("utf-8").replace("[alembic]\n", f"[alembic]\n{pattern}", 1)
    ini.write_text(lines, "utf-8")


def _two_heads(folder: Path) -> None:
    """Branch off the first revision by hand, as two people do who work at once."""
    versions = folder / "migrations" / "versions"
    for path in versions.glob("*.py"):
        if "down_revision = None" in path.read_text("utf-8"):
            base = revision_of(path)
    for name, following in (("wing1", base), ("wing2", "wing1")):
        (versions / f"{name}_by_hand.py").write_text(
            f'"""{name}"""\n'
            "from alembic import op\nimport sqlalchemy as sa\n\n"
            f"revision = {name!r}\ndown_revision = {following!r}\n"
            "branch_labels = None\ndepends_on = None\n\n\n"
            "def upgrade():\n"
            f"    op.create_table({name!r}, sa.Column('id', sa.Integer))\n\n\n"
            f"def downgrade():\n    op.drop_table({name!r})\n",
            "utf-8",
        )


MULTIDB_MODELS = """
class User(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80))


class Order(db.Model):
    __bind_key__ = "other"
    id = sa.Column(sa.Integer, primary_key=True)
    if version >= 2:
        total = sa.Column(sa.Integer, server_default="0")


class Event(db.Model):
    __bind_key__ = "third"
    id = sa.Column(sa.Integer, primary_key=True)
    if version >= 2:
        at = sa.Column(sa.DateTime, index=True)
"""

MIGRATE_PROJECTS = (
    Project(
        "migrate-single",
        FLASK_MIGRATE,
        MIGRATE + AUTHORS_AND_BOOKS,
        (
            Phase(("init", "migrate -m first~models", "upgrade")),
            Phase(("migrate -m second", "upgrade")),
            Phase(("migrate -m third", "upgrade")),
        ),
        tables=LIBRARY,
    ),
    Project(
        "migrate-multidb",
        FLASK_MIGRATE,
        MIGRATE.replace(
            "db = SQLAlchemy(app)",
            'app.config["SQLALCHEMY_BINDS"] = {k: urls[k] for k in ("other", "third")}\n'
            "db = SQLAlchemy(app)",
        )
        + MULTIDB_MODELS,
        (
            Phase(("init --multidb", "migrate -m first", "upgrade")),
            Phase(("migrate -m second", "upgrade")),
        ),
        databases=("main", "other", "third"),
        tables=frozenset({"user", "order", "event"}),
    ),
    Project(
        "migrate-branches",
        FLASK_MIGRATE,
        MIGRATE + AUTHORS_AND_BOOKS + _by_hand("wing1", "wing2"),
        (
            Phase(("init", "migrate -m first", "upgrade")),
            Phase(("migrate -m second", "upgrade")),
            Phase(
                (
                    "upgrade heads",
                    "merge heads -m join",
                    "upgrade",
                    "migrate -m third",
                    "upgrade",
                ),
                before=_two_heads,
            ),
        ),
        tables=LIBRARY | {"wing1", "wing2"},
    ),
    Project(
        "migrate-data",
        FLASK_MIGRATE,
        MIGRATE + AUTHORS_AND_BOOKS,
        (
            Phase(("init", "migrate -m first", "upgrade")),
            Phase(("migrate -m second", "upgrade", "revision -m data")),
            Phase(("upgrade", "migrate -m third", "upgrade"), before=_with_data),
        ),
        tables=LIBRARY,
    ),
    Project(
        "migrate-template",
        FLASK_MIGRATE,
        MIGRATE + AUTHORS_AND_BOOKS,
        (
            Phase(("init",)),
            Phase(("migrate -m first", "upgrade"), before=_own_template),
            Phase(("migrate -m second", "upgrade")),
        ),
        tables=LIBRARY,
    ),
)

# Flask-Alembic 3 ----------------------------------------------------------------

ALEMBIC = (
    HEAD
    + """
db = SQLAlchemy(app)

from flask_alembic import Alembic
alembic = Alembic(app)
"""
)

SEVERAL = (
    HEAD
    + """
app.config["SQLALCHEMY_BINDS"] = {"other": urls["other"]}
db = SQLAlchemy(app)

from flask_alembic import Alembic

main = sa.MetaData()
sa.Table("user", main, sa.Column("id", sa.Integer, primary_key=True))
audit = sa.MetaData()
sa.Table("audit", audit, sa.Column("id", sa.Integer, primary_key=True))
other = sa.MetaData()
sa.Table("event", other, sa.Column("id", sa.Integer, primary_key=True))
if version >= 2:
    sa.Table("log", other, sa.Column("at", sa.DateTime, index=True))

alembic = Alembic(app, metadatas={"default": [main, audit], "other": other})
"""
)

LOCATIONS = (
    HEAD
    + """
app.config["ALEMBIC"] = {
    "version_locations": [("users", "users/migrations"), ("posts", "posts/migrations")]
}
db = SQLAlchemy(app)

from flask_alembic import Alembic
alembic = Alembic(app)
"""
)


def _table(name: str) -> Edit:
    """Let the newest revision create a table."""

    def edit(folder: Path) -> None:
        path = max(
            folder.rglob("*migrations/*_*.py"), key=lambda p: p.stat().st_mtime_ns
        )
        text = path.read_text("utf-8")
        create = f"op.create_table({name!r}, sa.Column('id', sa.Integer))"
        first, second = re.split(r"(?=^def downgrade)", text, maxsplit=1, flags=re.M)
        first = re.sub(r"^    pass$", f"    {create}", first, flags=re.M)
        second = re.sub(
            r"^    pass$", f"    op.drop_table({name!r})", second, flags=re.M
        )
        path.write_text(first + second, "utf-8")

    return edit


ALEMBIC_PROJECTS = (
    Project(
        "alembic-simple",
        FLASK_ALEMBIC,
        ALEMBIC + AUTHORS_AND_BOOKS,
        (
            Phase(("revision first~models", "upgrade")),
            Phase(("revision second", "upgrade")),
            Phase(("revision third", "upgrade")),
        ),
        tables=LIBRARY,
    ),
    Project(
        "alembic-several",
        FLASK_ALEMBIC,
        SEVERAL,
        (
            Phase(("revision first", "upgrade")),
            Phase(("revision second", "upgrade")),
        ),
        databases=("main", "other"),
        tables=frozenset({"user", "audit", "event", "log"}),
    ),
    Project(
        "alembic-locations",
        FLASK_ALEMBIC,
        LOCATIONS,
        (
            Phase(("revision users~1 --empty --branch users",)),
            Phase(
                ("upgrade", "revision posts~1 --empty --branch posts"),
                before=_table("user"),
            ),
            Phase(
                ("upgrade", "revision users~2 --empty --branch users"),
                before=_table("post"),
            ),
            Phase(("upgrade",), before=_table("address")),
        ),
        tables=frozenset({"user", "post", "address"}),
    ),
    Project(
        "alembic-merge",
        FLASK_ALEMBIC,
        ALEMBIC + AUTHORS_AND_BOOKS + _by_hand("wing"),
        (
            Phase(("revision first", "upgrade")),
            Phase(
                (
                    "revision second",
                    "upgrade",
                    "revision wing --empty --branch wing",
                )
            ),
            Phase(
                (
                    "upgrade",
                    "merge -m join heads",
                    "upgrade",
                    "revision third",
                    "upgrade",
                ),
                before=_table("wing"),
            ),
        ),
        tables=LIBRARY | {"wing"},
    ),
)

PROJECTS = (*MIGRATE_PROJECTS, *ALEMBIC_PROJECTS)
