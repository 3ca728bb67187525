"""Projects made with released Flask-Migrate."""

from __future__ import annotations

import re
from pathlib import Path

from released import (
    AUTHORS_AND_BOOKS,
    FLASK_MIGRATE,
    HEAD,
    LIBRARY,
    NAMED,
    Phase,
    Project,
    by_hand,
)

MIGRATE = (
    HEAD
    + """
db = SQLAlchemy(app)

from flask_migrate import Migrate
migrate = Migrate(app, db)
"""
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
        MIGRATE + AUTHORS_AND_BOOKS + by_hand("wing1", "wing2"),
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
    Project(
        "migrate-naming",
        FLASK_MIGRATE,
        MIGRATE + NAMED,
        (
            Phase(("init", "migrate -m first", "upgrade")),
            Phase(("migrate -m second", "upgrade")),
        ),
        tables=frozenset({"member", "loan"}),
    ),
)
