"""How many small revisions a second each of them runs, and the driver alone."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from contenders import ALEMBIC, FLOOR, PLUGINS, Contender
from measuring import Cost, alternate
from setup_of_run import Setup
from tables import Table

DRIVER = "driver alone"
DDL = "CREATE TABLE bench_{} (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50))"
DATABASE = "flask_alembic_bench"


def measure(setup: Setup) -> list[Table]:
    """Run a history of small tables on each database.

    :param setup: The choices for this run.
    """
    title = f"{setup.tables} revisions of one small table each"
    speed = Table(f"{title}: throughput", "revisions a second", ALEMBIC)
    cpu = Table(f"{title}: CPU of the client", "ms", ALEMBIC)
    those = setup.those(FLOOR, plugins=True)
    for one in those:
        one.make(setup.project(one, "tables"), setup.tables, tables=True)
        one.run(one.words(["heads"]), setup.project(one, "tables"))
    for database in ("SQLite", *setup.urls):
        url = setup.urls.get(database)
        runs = {one.name: partial(_upgrade, setup, one, database, url) for one in those}
        for name, cost in alternate(runs, setup.rounds).items():
            speed.put(database, name, setup.tables / cost.wall)
            cpu.put(database, name, cost.cpu * 1000)
        bare = [_bare(setup, database, url) for _ in range(setup.rounds)]
        speed.put(database, DRIVER, setup.tables / median(bare))
    speed.note = (
        f"Whole commands, start-up included. *{DRIVER}* sends the same ``CREATE TABLE``"
        f" statements in one transaction; *{PLUGINS}* has plugins that implement"
        " ``revision_applied``."
    )
    return [speed, cpu]


def _upgrade(setup: Setup, one: Contender, database: str, url: str | None) -> Cost:
    project = setup.project(one, "tables")
    variables = {}
    if url is None:
        (project / "data.db").unlink(missing_ok=True)
    else:
        variables["BENCH_URL"] = empty(database, url)
    words = ["upgrade", "head"] if one.name == ALEMBIC else ["upgrade"]
    return one.run(one.words(words), project, **variables)


def empty(database: str, url: str) -> str:
    """Make an empty database on a server, and return its URL."""
    import sqlalchemy as sa

    suffix = " WITH (FORCE)" if database == "PostgreSQL" else ""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {DATABASE}{suffix}"))
        connection.execute(sa.text(f"CREATE DATABASE {DATABASE}"))
    engine.dispose()
    made = sa.make_url(url).set(database=DATABASE)
    return made.render_as_string(hide_password=False)


def _bare(setup: Setup, database: str, url: str | None) -> float:
    """Return the seconds that the driver takes for the same tables."""
    connect: Callable[[], Any]
    if url is None:
        path = setup.folder / "bare.db"
        Path(path).unlink(missing_ok=True)
        connect = partial(sqlite3.connect, path, isolation_level=None)
    else:
        import sqlalchemy as sa

        connect = sa.create_engine(empty(database, url)).raw_connection
    with closing(connect()) as connection:
        cursor = connection.cursor()
        began = time.perf_counter()
        if url is None:
            cursor.execute("BEGIN IMMEDIATE")
        for number in range(setup.tables):
            cursor.execute(DDL.format(number))
        connection.commit()
        return time.perf_counter() - began
