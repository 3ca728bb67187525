"""Measure how long a writer waits for a revision: ``python benchmarks/blocking.py``.

A process inserts rows into a table with a million of them all the time, while a revision
changes the table: as autogenerate writes it, and as flask-alembic-lint rewrites it. The
longest time that one ``INSERT`` took is what an app would have waited; its ``COMMIT``,
which takes as long as the disk does, is not counted. Without a revision it is what the
machine itself costs.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_alembic import Alembic
from flask_alembic.errors import MigrationFailed

NAMING = {"ck": "ck_%(table_name)s_%(constraint_name)s"}

Restrict = Callable[[dict[str, list[Any]]], object]


@dataclass(frozen=True)
class Form:
    """A change of the models."""

    title: str
    change: Restrict
    """Changes the arguments of the columns, by name; ``""`` is the table's own."""


def _index(columns: dict[str, list[Any]]) -> None:
    columns[""].append(sa.Index("ix_book_title", "title"))


def _unique(columns: dict[str, list[Any]]) -> None:
    columns[""].append(sa.UniqueConstraint("isbn", name="uq_book_isbn"))


def _key(columns: dict[str, list[Any]]) -> None:
    columns[""].append(
        sa.ForeignKeyConstraint(["author_id"], ["author.id"], name="fk_book_author")
    )


def _check(columns: dict[str, list[Any]]) -> None:
    columns[""].append(sa.CheckConstraint("price > 0", name="price"))


def _not_null(columns: dict[str, list[Any]]) -> None:
    columns["title"][0]["nullable"] = False


def _required(columns: dict[str, list[Any]]) -> None:
    columns["pages"] = [{"nullable": False, "default": 7}, sa.Integer]


FORMS = (
    Form("index", _index),
    Form("unique constraint", _unique),
    Form("foreign key", _key),
    Form("check", _check),
    Form("NOT NULL", _not_null),
    Form("new column, NOT NULL", _required),
)


def define(metadata: sa.MetaData, change: Restrict | None = None) -> None:
    """Define the tables, one of them changed.

    :param metadata: Where to.
    :param change: What is changed.
    """
    columns: dict[str, list[Any]] = {
        "title": [{}, sa.String(50)],
        "isbn": [{}, sa.String(20)],
        "author_id": [{}, sa.Integer],
        "price": [{}, sa.Integer],
        "": [],
    }
    if change is not None:
        change(columns)
    own = columns.pop("")
    sa.Table("author", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(name, *arguments, **options)
            for name, (options, *arguments) in columns.items()
        ),
        *own,
    )


def app_of(folder: Path, url: str, change: Restrict | None, rewrite: bool) -> Flask:
    """Return an app with these models.

    :param folder: Its root.
    :param url: Its database.
    :param change: How the models differ from the first ones.
    :param rewrite: Whether new revisions are rewritten.
    """
    from flask_alembic_lint import plugin

    app = Flask("blocking", root_path=str(folder))
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={"poolclass": sa.NullPool},
        ALEMBIC_PLUGINS=(),
        ALEMBIC={"prove_revisions": False},
        ALEMBIC_LINT={"rewrite": rewrite},
    )
    db = SQLAlchemy(app, metadata=sa.MetaData(naming_convention=NAMING))
    define(db.metadata, change)
    Alembic(app, plugins=[plugin])
    return app


def insert_rows(
    url: str, started: Event, released: Event, ended: Event, answer: Any
) -> None:
    """Insert rows until the end, and send how long the longest one took.

    :param url: The database.
    :param started: Set once the first row is there.
    :param released: Says when code is running that knows the new column.
    :param ended: Says when to end.
    :param answer: The pipe to send seconds and the number of rows to.
    """
    engine = sa.create_engine(url)
    longest, count = 0.0, 0
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET synchronous_commit = off")
            connection.commit()
        while not ended.is_set():
            count += 1
            names = "title, isbn, author_id, price"
            values = f"'new', 'new{count}', 1, 1"
            if released.is_set():
                names, values = f"{names}, pages", f"{values}, 7"
            sql = f"INSERT INTO book ({names}) VALUES ({values})"
            began = time.perf_counter()
            try:
                connection.exec_driver_sql(sql)
            except sa.exc.DBAPIError as error:
                # The column without a value that the app of this release does not know.
                if "null" not in str(error).lower() and "default" not in str(error):
                    raise
            longest = max(longest, time.perf_counter() - began)
            connection.commit()  # how long the disk takes is not the question
            started.set()
            time.sleep(0.001)
    answer.send((longest, count))


@contextlib.contextmanager
def writer(url: str) -> Iterator[tuple[list[float], Event]]:
    """Insert rows meanwhile; the list holds the longest wait in seconds at the end.

    :param url: The database.
    :return: The list, and what says that the new column is known.
    """
    context = multiprocessing.get_context("spawn")
    started, released, ended = context.Event(), context.Event(), context.Event()
    mine, theirs = context.Pipe(duplex=False)
    arguments = (url, started, released, ended, theirs)
    process = context.Process(target=insert_rows, args=arguments)
    process.start()
    found: list[float] = []
    try:
        if not started.wait(60):
            raise SystemExit("The writer did not start.")
        yield found, released
    finally:
        ended.set()
        if mine.poll(300):
            found.append(mine.recv()[0])
        process.join(30)


def fill(url: str, rows: int) -> None:
    """Put rows into the tables.

    :param url: The database.
    :param rows: How many.
    """
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    series = {
        "postgresql": f"generate_series(1, {rows}) AS g(n)",
        "mysql": f"(SELECT seq AS n FROM seq_1_to_{rows}) AS g",
    }
    with engine.connect() as connection:
        kind = connection.dialect.name
        number = "CAST(n AS CHAR)" if kind == "mysql" else "n::text"
        connection.exec_driver_sql("INSERT INTO author (id) VALUES (1)")
        connection.exec_driver_sql(
            "INSERT INTO book (title, isbn, author_id, price) "
            f"SELECT concat('title ', {number}), {number}, 1, n FROM {series[kind]}"
        )
        if kind == "postgresql":
            connection.exec_driver_sql("VACUUM ANALYZE book")
    engine.dispose()


def measure(
    server: str, form: Form | None, rewrite: bool, rows: int
) -> tuple[float, bool]:
    """Return the longest wait in seconds while a change is made, and whether it failed.

    :param server: The server, on which a database is created and dropped.
    :param form: The change; ``None`` for two seconds without one.
    :param rewrite: Whether its revision is rewritten.
    :param rows: How many rows there are.
    """
    name = f"flask_alembic_bench_{uuid.uuid4().hex[:8]}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    force = " WITH (FORCE)" if admin.dialect.name == "postgresql" else ""
    with admin.connect() as connection, tempfile.TemporaryDirectory() as folder:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            return _measure(Path(folder), url, form, rewrite, rows)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
            admin.dispose()


def _measure(
    folder: Path, url: str, form: Form | None, rewrite: bool, rows: int
) -> tuple[float, bool]:
    with app_of(folder, url, None, False).app_context() as context:
        alembic: Any = context.app.extensions["alembic"]
        alembic.revision("begin")
        alembic.upgrade()
    fill(url, rows)
    if form is None:
        with writer(url) as (longest, _):
            time.sleep(2)
        return longest[0], False
    failed = False
    with app_of(folder, url, form.change, rewrite).app_context() as context:
        alembic = context.app.extensions["alembic"]
        alembic.revision("change")
        if not rewrite:
            _fill_by_hand(folder)
        with writer(url) as (longest, released):
            if rewrite and form.change is _required:  # expand, deploy, contract
                alembic.upgrade("+1")
                released.set()
                time.sleep(0.2)
            try:
                alembic.upgrade()
            except MigrationFailed:
                if rewrite:
                    raise
                failed = True  # rows that came meanwhile have no value
    return longest[0], failed


def _fill_by_hand(folder: Path) -> None:
    """Fill the new column where the plain revision has the place for it."""
    for path in (folder / "migrations").glob("*.py"):
        text = path.read_text("utf-8")
        marked = '# op.execute("UPDATE book SET pages = ... WHERE pages IS NULL")'
        if marked in text:
            path.write_text(
                text.replace(marked, marked[2:].replace("...", "7")), "utf-8"
            )


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(description=__doc__)
    add = made.add_argument
    add("--rows", type=int, default=1_000_000, help="in the table; 1,000,000")
    add("--rounds", type=int, default=3, help="how often each is run; 3 by default")
    add("--forms", nargs="+", metavar="TITLE", help="measure only these")
    add("--postgresql", metavar="URL", help="a server; databases are made there")
    add("--mariadb", metavar="URL", help="a server; databases are made there")
    add("--rst", type=Path, metavar="FILE", help="write the table there")
    return made


def longest_of(measured: list[tuple[float, bool]]) -> str:
    """Return the longest of some times in milliseconds.

    :param measured: The times, each with whether the revision failed.
    """
    fails = ", fails" if any(failed for _, failed in measured) else ""
    return f"{max(seconds for seconds, _ in measured) * 1000:,.0f}{fails}"


def row_of(
    name: str, server: str, form: Form | None, rounds: int, rows: int
) -> list[str]:
    """Measure a change both ways and return the cells of its row.

    :param name: What the server is called.
    :param server: Its URL.
    :param form: The change; ``None`` for none.
    :param rounds: How many times each is measured.
    :param rows: How many rows there are.
    """
    cells = []
    for rewrite in (False, True):
        if form is None and rewrite:
            cells.append("")
            continue
        times = [measure(server, form, rewrite, rows) for _ in range(rounds)]
        cells.append(longest_of(times))
    return [name, form.title if form else "none", *cells]


def main() -> int:
    """Measure each form on each server, and print a table."""
    given = parser().parse_args()
    servers = {"PostgreSQL": given.postgresql, "MariaDB": given.mariadb}
    table: list[list[str]] = [["Server", "Change", "Plain", "Rewritten"]]
    for name, server in servers.items():
        if server is None:
            continue
        for form in (None, *FORMS):
            if form and given.forms and form.title not in given.forms:
                continue
            table.append(row_of(name, server, form, given.rounds, given.rows))
            print(", ".join(table[-1]), flush=True)
    if given.rst:
        given.rst.write_text(rst(table), encoding="utf-8")
    print(
        f"Longest wait of one insert in ms, in {given.rounds} rounds, "
        f"{given.rows:,} rows"
    )
    return 0


def rst(table: list[list[str]]) -> str:
    """Return a table for the docs.

    :param table: The rows, the header first.
    """
    lines = [".. list-table::", "    :header-rows: 1", ""]
    for row in table:
        lines += [
            f"    {'*' if n == 0 else ' '} - {cell}" for n, cell in enumerate(row)
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
