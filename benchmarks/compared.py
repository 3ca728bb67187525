"""Run by a contender's interpreter: models compared with a database, in one process.

``python compared.py CONTENDER TABLES CHANGED CALLS`` in a project prints, as JSON, the
seconds that each call took after the first one, the statements of one, and how many
tables it found to be different. ``make`` as the contender makes the database.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import sqlalchemy as sa
from inside import count_queries

REVISION = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


def define(metadata: sa.MetaData, count: int, changed: int) -> None:
    """Define tables such as apps have; some with a column and a default more.

    :param metadata: Where.
    :param count: How many.
    :param changed: How many of them differ from the database's.
    """
    step = max(count // changed, 1) if changed else count + 1
    for number in range(count):
        columns: list[Any] = [
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(50), nullable=False, index=True),
            sa.Column("state", sa.String(20), server_default="new"),
            sa.Column("made", sa.DateTime),
            sa.Column("amount", sa.Numeric(10, 2)),
        ]
        if number:
            before = f"model_{number - 1}.id"
            columns.append(sa.Column("before_id", sa.Integer, sa.ForeignKey(before)))
        table = sa.Table(f"model_{number}", metadata, *columns)
        if number % step == step - 1:
            table.append_column(sa.Column("added", sa.Integer))
            table.c.state.server_default = sa.DefaultClause("old")


def comparison_of(contender: str, project: Any) -> Callable[[], int]:
    """Return what compares, and says in how many tables there is a difference.

    :param contender: Whose way it is.
    :param project: Its app.
    """
    if contender == "alembic":
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        def compare() -> int:
            with project.db.engine.connect() as connection:
                options = {"compare_server_default": True}
                context = MigrationContext.configure(connection, opts=options)
                return different(compare_metadata(context, project.db.metadata))

        return compare
    if contender == "Flask-Migrate":
        migrate: Any = importlib.import_module("flask_migrate")

        def check() -> int:
            try:
                migrate.check()
            except SystemExit:
                return -1  # it only says that there is one
            return 0

        return check
    return lambda: different(project.alembic.compare_metadata())


def different(found: list[Any]) -> int:
    """Return how many tables Alembic's tuples speak of.

    :param found: What ``compare_metadata`` gave.
    """
    first = (each[0] if isinstance(each, list) else each for each in found)
    return len({each[2] for each in first})


def make(project: Any, revision: str) -> None:
    """Make the database as the models are, at a revision.

    :param project: The app.
    :param revision: The id.
    """
    project.db.metadata.create_all(project.db.engine)
    with project.db.engine.begin() as connection:
        connection.exec_driver_sql(REVISION)
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{revision}')")


def main() -> None:
    contender, tables, changed, calls = sys.argv[1:5]
    sys.path.insert(0, os.getcwd())
    project: Any = importlib.import_module("app")
    project.app.app_context().push()
    define(project.db.metadata, int(tables), int(changed))
    if contender == "make":
        make(project, calls)
        return
    compare = comparison_of(contender, project)
    cpu, wall, found = [], [], 0
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for _ in range(int(calls) + 1):
            began, clock = time.process_time(), time.perf_counter()
            found = compare()
            cpu.append(time.process_time() - began)
            wall.append(time.perf_counter() - clock)
        queries = count_queries(compare)
    numbers = {"cpu": cpu[1:], "wall": wall[1:], "queries": queries, "found": found}
    print(json.dumps(numbers))


if __name__ == "__main__":
    main()
