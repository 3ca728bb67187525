"""The small app that everybody runs, and histories of any length for it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

BASE_APP = """\
import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get(
    "BENCH_URL", "sqlite:///" + os.path.join(app.root_path, "data.db")
)
db = SQLAlchemy(app)


@app.get("/")
def index():
    return "hello"
"""

FLASK_ALEMBIC_APP = (
    BASE_APP
    + """

from flask_alembic import Alembic

alembic = Alembic(app)
"""
)

FLASK_MIGRATE_APP = (
    BASE_APP
    + """

from flask_migrate import Migrate

migrate = Migrate(app, db)
"""
)

PLUGINS_APP = (
    BASE_APP
    + """

from flask_alembic import Alembic, hookimpl


class Counter:
    def __init__(self):
        self.seen = 0

    @hookimpl
    def revision_applied(self, step, elapsed):
        self.seen += 1


alembic = Alembic(app, plugins=[Counter() for _ in range(5)])
"""
)

ALEMBIC_INI = """\
[alembic]
script_location = %(here)s/migrations
"""

ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
url = os.environ.get("BENCH_URL", "sqlite:///" + os.path.join(here, "data.db"))
with create_engine(url).connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""

TEMPLATE = '''\
"""${message}"""

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    pass


def downgrade():
    pass
'''

REVISION = '''\
"""Revision number {number}.

Revision ID: {revision}
Revises: {parent}
Create Date: 2026-01-01 00:00:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {parent!r}
branch_labels = {labels!r}
depends_on = None


def upgrade():
    {up}


def downgrade():
    {down}
'''

TABLE = (
    'op.create_table("bench_{number}", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("name", sa.String(50)))'
)


def revision_id(number: int) -> str:
    """Return the id of a revision.

    :param number: Which one, from 1.
    """
    return f"{number * 2654435761 % 2**48:012x}"


def write_history(folder: Path, length: int, tables: bool, label: str | None) -> None:
    """Write a linear history.

    :param folder: Where; made if missing.
    :param length: How many revisions.
    :param tables: Whether each makes a small table, instead of nothing.
    :param label: The branch label of the first, where a tool wants one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, length + 1):
        parent = revision_id(number - 1) if number > 1 else None
        up = TABLE.format(number=number) if tables else "pass"
        down = f'op.drop_table("bench_{number}")' if tables else "pass"
        text = REVISION.format(
            number=number,
            revision=revision_id(number),
            parent=parent,
            labels=(label,) if label and number == 1 else None,
            up=up,
            down=down,
        )
        name = f"{revision_id(number)}_revision_{number}.py"
        (folder / name).write_text(text, encoding="utf-8")


def stamp(database: Path, revision: str) -> None:
    """Make an SQLite database stand at one revision, without any of the tools.

    :param database: The file; made if missing.
    :param revision: The id.
    """
    with sqlite3.connect(database) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS alembic_version"
            " (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
        )
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.close()
