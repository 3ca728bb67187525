"""Projects as people have them, made with the released tools they come from.

Each is an app, a series of commands typed into the released tool, and edits made by
hand in between. ``make_projects.py`` makes them; the tests run them on this package.
"""

from __future__ import annotations

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

NAMED = """
names = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
db.metadata.naming_convention = names


class Member(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), unique=True, nullable=False)
    kind = sa.Column(sa.Enum("child", "adult", name="kind", create_constraint=True))
    if version >= 2:
        level = sa.Column(sa.Integer, unique=True)


class Loan(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    member_id = sa.Column(sa.ForeignKey("member.id"), index=True)
    if version >= 2:
        __table_args__ = (sa.CheckConstraint("id > 0", name="positive"),)
"""
"""Models with a naming convention, and constraints that depend on it."""

LIBRARY = frozenset({"author", "book", "review"})


def by_hand(*tables: str) -> str:
    """Return models for tables that revisions written by hand create."""
    return "".join(
        f'\nif version >= 3:\n    sa.Table("{name}", db.metadata,'
        ' sa.Column("id", sa.Integer))\n'
        for name in tables
    )
