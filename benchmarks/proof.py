"""Measure what the proof adds to a new revision: ``python benchmarks/proof.py``.

A history of tables and columns is made and applied, then revisions are written with and
without a proof. The first proof builds the history; the others begin with its template.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_alembic import Alembic
from flask_alembic.testing import write_revision

COLUMNS = 9
"""How many columns are added to each table, a revision each."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    add = made.add_argument
    add("--revisions", type=int, default=500, help="of the history; 500 by default")
    add(
        "--rounds", type=int, default=3, help="revisions that are written; 3 by default"
    )
    add("--postgresql", metavar="URL", help="a server; a database is made there")
    add("--mariadb", metavar="URL", help="a server; a database is made there")
    return made


def write_history(folder: Path, count: int) -> dict[str, list[str]]:
    """Write a history; return the columns of each table at its end.

    :param folder: Where to.
    :param count: How many revisions.
    """
    tables: dict[str, list[str]] = {}
    for number in range(count):
        table, column = divmod(number, COLUMNS + 1)
        name = f"t{table}"
        if column == 0:
            tables[name] = []
            up = f'op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))'
            down = f'op.drop_table("{name}")'
        else:
            tables[name].append(f"c{column}")
            up = f'op.add_column("{name}", sa.Column("c{column}", sa.Integer))'
            down = f'op.drop_column("{name}", "c{column}")'
        parent = f"r{number - 1:05}" if number else None
        write_revision(folder, f"r{number:05}", parent, up, down)
    return tables


def app_of(folder: Path, url: str, tables: dict[str, list[str]]) -> Flask:
    """Return an app whose models are these tables.

    :param folder: Its root.
    :param url: Its database.
    :param tables: The columns by table.
    """
    app = Flask("proof", root_path=str(folder))
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db = SQLAlchemy(app)
    for name, columns in tables.items():
        sa.Table(
            name,
            db.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *(sa.Column(column, sa.Integer) for column in columns),
        )
    Alembic(app)
    return app


def measure(folder: Path, url: str, count: int, rounds: int) -> list[str]:
    """Return the cells of a row: seconds without, the first, the later proofs.

    :param folder: An empty folder.
    :param url: An empty database.
    :param count: Revisions of the history.
    :param rounds: Revisions to write.
    """
    tables = write_history(folder / "migrations", count)
    without: list[float] = []
    proved: list[float] = []
    with app_of(folder, url, tables).app_context() as context:
        alembic: Any = context.app.extensions["alembic"]
        alembic.upgrade()
    for number in range(2 * rounds + 1):
        prove = number % 2 == 0
        tables["t0"].append(f"more{number}")
        with app_of(folder, url, tables).app_context() as context:
            alembic = context.app.extensions["alembic"]
            began = time.perf_counter()
            alembic.revision(f"more {number}", prove=prove)
            (proved if prove else without).append(time.perf_counter() - began)
            alembic.upgrade()
    first, *later = proved
    plain, median = statistics.median(without), statistics.median(later)
    return [
        f"{count:,}",
        f"{plain:.2f}",
        f"{first:.2f}",
        f"{median:.2f}",
        f"{median - plain:.2f}",
    ]


def main() -> None:
    """Measure on each database, and print a table."""
    sys.dont_write_bytecode = False
    given = parser().parse_args()
    print(
        "database, revisions, s without proof, s first proof, s later ones, difference"
    )
    for kind, server in (
        ("SQLite", None),
        ("PostgreSQL", given.postgresql),
        ("MariaDB", given.mariadb),
    ):
        if kind != "SQLite" and server is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/proof.db"
            engine = None
            name = f"flask_alembic_bench_{uuid.uuid4().hex[:8]}"
            if server is not None:
                engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
                with engine.connect() as connection:
                    connection.exec_driver_sql(f"CREATE DATABASE {name}")
                own = sa.make_url(server).set(database=name)
                url = own.render_as_string(hide_password=False)
            try:
                row = measure(Path(folder), url, given.revisions, given.rounds)
                print(", ".join([kind, *row]), flush=True)
            finally:
                if engine is not None:
                    with engine.connect() as connection:
                        force = " WITH (FORCE)" if kind == "PostgreSQL" else ""
                        connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
                    engine.dispose()


if __name__ == "__main__":
    main()
