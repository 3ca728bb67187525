"""Projects made with released Flask-Alembic."""

from __future__ import annotations

import re
from pathlib import Path

from released import (
    AUTHORS_AND_BOOKS,
    FLASK_ALEMBIC,
    HEAD,
    LIBRARY,
    NAMED,
    Edit,
    Phase,
    Project,
    by_hand,
)

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
        ALEMBIC + AUTHORS_AND_BOOKS + by_hand("wing"),
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
    Project(
        "alembic-naming",
        FLASK_ALEMBIC,
        ALEMBIC + NAMED,
        (
            Phase(("revision first", "upgrade")),
            Phase(("revision second", "upgrade")),
        ),
        tables=frozenset({"member", "loan"}),
    ),
)
