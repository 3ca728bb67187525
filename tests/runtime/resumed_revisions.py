"""Revisions on MariaDB that are killed at any call, and resumed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    url_of,
    version_rows,
    write_revision,
)
from flask import Flask
from processes import start, wait

from flask_alembic.errors import AlembicError

PREPARE = (
    "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, n INT NOT NULL)",
    "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)",
    "CREATE TABLE log (word VARCHAR(40))",
    "CREATE FUNCTION counted() RETURNS INT MODIFIES SQL DATA"
    " BEGIN UPDATE t SET n = n + 1000; RETURN 1; END",
    "CREATE PROCEDURE adds() UPDATE t SET n = n + 7",
    "CREATE PROCEDURE mixes() BEGIN UPDATE t SET n = n + 9;"
    " CREATE OR REPLACE TABLE mixed (i INT); UPDATE t SET n = n + 11; END",
)


def make(folder: Path, url: str, body: Sequence[str]) -> Flask:
    """Return an app whose one revision has this body, on a prepared database."""
    app = make_app(folder, url, models=no_models)
    write_revision(migrations_of(app), "a1", None, ["c = op.get_bind()", *body])
    for sql in PREPARE:
        execute(url, sql)
    return app


def execute(url: str, sql: str) -> None:
    """Execute a statement on a connection of its own."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)
    engine.dispose()


def value(url: str, sql: str) -> object:
    """Return the first value of a query."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(sql).scalar()
    engine.dispose()
    return found


def dump(url: str) -> dict[str, object]:
    """Return all that a database holds, but for our own journal."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    tables: dict[str, object] = {}
    with engine.connect() as connection:
        for name in sorted(sa.inspect(connection).get_table_names()):
            if name.endswith("_journal"):
                continue
            result = connection.exec_driver_sql(f"SELECT * FROM `{name}`")
            tables[name] = (tuple(result.keys()), sorted(map(repr, result.all())))
    engine.dispose()
    return tables


def upgrade(app: Flask, **options: object) -> None:
    """Upgrade in this process."""
    with app.app_context():
        extension_of(app).upgrade(**options)  # type: ignore[arg-type]


def upgrade_and_die(app: Flask, log: Path, at: int, *, after: bool = False) -> bool:
    """Upgrade in a process that ends at its call of a driver with that number.

    :param at: Counted from 1, from the first one of the revision's run.
    :param after: Whether it ends once the server has answered that call.
    :return: Whether there was such a call.
    """

    def work() -> None:
        calls = 0

        def before(*arguments: object) -> None:
            nonlocal calls
            calls += 1
            if calls == at and not after:
                os._exit(9)

        def answered(*arguments: object) -> None:
            if calls == at and after:
                os._exit(9)

        sa.event.listen(sa.Engine, "before_cursor_execute", before)
        sa.event.listen(sa.Engine, "after_cursor_execute", answered)
        upgrade(app)

    code = wait(start(work, log))
    assert code in (0, 9), log.read_text()
    wait_for_sessions(url_of(app))
    return code == 9


def wait_for_sessions(url: str) -> None:
    """Wait until the server has ended the sessions of a process that is gone."""
    left = (
        "SELECT count(*) FROM information_schema.processlist"
        " WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    )
    end = time.monotonic() + 30
    while value(url, left):
        assert time.monotonic() < end, "the killed process is still there"
        time.sleep(0.02)


def resume(app: Flask) -> str:
    """Resume as the messages say.

    :return: What refused it, nothing if it is at head.
    """
    answers: dict[str, object] = {}
    for _ in range(3):
        try:
            upgrade(app, **answers)
        except AlembicError as error:
            text = f"{error.message} {error.advice}"
            if "--last-statement-applied" in text and "resume" in answers:
                applied = _look(url_of(app), text)
                if applied is None:
                    return text
                answers["last_statement_applied"] = applied
            elif "--resume" in text and "resume" not in answers:
                answers["resume"] = True
            else:
                return text
        else:
            assert version_rows(url_of(app)) == {"a1"}
            return ""
    return text


def _look(url: str, text: str) -> bool | None:
    """Look, as a person would, whether the statement in question is applied."""
    lines = re.findall(r"^\s+\d+\. (.*)$", text, re.MULTILINE)
    match = re.match(r"(?:ALTER TABLE t ADD|CREATE TABLE) (\w+)", lines[-1])
    if match is None or len(lines) != 1:
        return None
    tables = dump(url)
    columns = tables["t"]
    assert isinstance(columns, tuple)
    return match[1] in tables or match[1] in columns[0]
