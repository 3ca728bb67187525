"""The apps in ``examples/`` do what their READMEs say, on every database."""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

pytestmark = pytest.mark.costly

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
HEAD = "5c1e9f37a8d0"


@pytest.fixture
def bookshop(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module("bookshop")


@pytest.fixture
def shop(bookshop: Any, database_url: str) -> Flask:
    app: Flask = bookshop.create_app({"SQLALCHEMY_DATABASE_URI": database_url})
    return app


def engine_of(app: Flask) -> sa.Engine:
    engine: sa.Engine = app.extensions["sqlalchemy"].engine
    return engine


def dispose(app: Flask) -> None:
    engine_of(app).dispose()


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=list(words))


def test_the_bookshop_goes_up_down_and_up_again(shop: Flask) -> None:
    alembic = shop.extensions["alembic"]
    with shop.app_context():
        assert len(alembic.upgrade().applied) == 8
        assert alembic.check().diffs == {}
        assert len(alembic.downgrade("base").applied) == 8
        left = set(sa.inspect(engine_of(shop)).get_table_names())
        again = alembic.upgrade()
        assert again.heads_after == {"default": (HEAD,)}
        assert alembic.check().diffs == {}
        dispose(shop)
    # On a database whose DDL commits, a journal may stand beside the version table.
    assert not left & set(shop.extensions["sqlalchemy"].metadata.tables)


def test_prices_and_orders_survive_both_ways(shop: Flask) -> None:
    alembic = shop.extensions["alembic"]
    with shop.app_context():
        engine = engine_of(shop)
        alembic.upgrade("9b3e61d0c5a4")
        with engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO authors VALUES (1, 'Austen')"))
            connection.execute(
                sa.text(
                    "INSERT INTO books (id, author_id, isbn, title, price) "
                    "VALUES (1, 1, '9780141439587', 'Emma', 7.99)"
                )
            )
            connection.execute(
                sa.text("INSERT INTO customers VALUES (1, 'Ada', 'ada@example.org')")
            )
            for number, shipped in ((1, True), (2, False)):
                connection.execute(
                    sa.text(
                        "INSERT INTO orders (id, customer_id, placed_at, shipped) "
                        "VALUES (:id, 1, NULL, :shipped)"
                    ),
                    {"id": number, "shipped": shipped},
                )
        alembic.upgrade()
        with engine.connect() as connection:
            cents = connection.scalar(sa.text("SELECT price_cents FROM books"))
            copies = connection.scalar(sa.text("SELECT copies FROM stock_levels"))
            orders = connection.execute(
                sa.text("SELECT status, placed_at IS NULL FROM orders ORDER BY id")
            ).all()
        assert cents == 799
        assert copies == 0
        assert [tuple(row) for row in orders] == [("shipped", 0), ("open", 0)]

        alembic.downgrade("9b3e61d0c5a4")
        with engine.connect() as connection:
            price = connection.scalar(sa.text("SELECT price FROM books"))
            shipped = connection.scalars(
                sa.text("SELECT shipped FROM orders ORDER BY id")
            ).all()
        assert round(Decimal(price), 2) == Decimal("7.99")
        assert [bool(value) for value in shipped] == [True, False]
        dispose(shop)


def test_the_guard_keeps_orders(shop: Flask) -> None:
    assert run(shop, "db", "upgrade").exit_code == 0
    assert run(shop, "db", "downgrade", "base", "--plan").exit_code == 0
    assert run(shop, "stock-up").output == "4 new books on the shelves.\n"
    assert run(shop, "stock-up").output == "0 new books on the shelves.\n"
    ordered = run(shop, "order", "ada@example.org", "9780141439846")
    assert ordered.output == "Order 1: Dracula for ada@example.org\n"
    refused = run(shop, "db", "downgrade", "base")
    assert refused.exit_code == 3
    assert "it would delete our customers' orders (1)" in refused.output
    assert HEAD in run(shop, "db", "current").output
    # What keeps the orders may go down.
    assert run(shop, "db", "downgrade", "9b3e61d0c5a4").exit_code == 0
    assert run(shop, "db", "upgrade").exit_code == 0
    shop.config["BOOKSHOP_KEEP_ORDERS"] = False
    assert run(shop, "db", "downgrade", "base").exit_code == 0
    with shop.app_context():
        dispose(shop)


def test_the_pages_show_the_shelves(shop: Flask) -> None:
    client = shop.test_client()
    assert client.get("/ready").status_code == 503
    run(shop, "db", "upgrade")
    assert client.get("/ready").get_json() == {"ready": True}
    assert b"The shelves are empty" in client.get("/").data
    run(shop, "stock-up")
    assert b"Frankenstein, Mary Shelley: 8.99" in client.get("/").data
    books = client.get("/books").get_json()
    assert books[0]["title"] == "Dracula"
    assert books[0]["stars"] == [5]
    assert "Emma, Jane Austen: 2 at 7.99" in run(shop, "shelves").output
    with shop.app_context():
        dispose(shop)


def test_the_receiver_writes_to_the_log(
    bookshop: Any, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = bookshop.create_app({"SQLALCHEMY_DATABASE_URI": sqlite_url})
    with caplog.at_level(logging.INFO, app.logger.name):
        run(app, "db", "upgrade")
        run(app, "db", "upgrade")
    said = [record.getMessage() for record in caplog.records]
    assert said.count("New revisions: 8, the last is: status of orders") == 1
    with app.app_context():
        dispose(app)


def test_the_environment_names_the_database(database_url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "BOOKSHOP_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "flask", "--app", str(EXAMPLES / "bookshop")]
    for words in (["db", "upgrade", "--format", "json"], ["db", "current"]):
        done = subprocess.run(
            [*command, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        if "json" in words:
            applied = json.loads(done.stdout)["result"]["applied"]
            assert applied[-1]["revision"] == HEAD
    assert HEAD in done.stdout


def test_the_branches_can_be_run_one_at_a_time(shop: Flask) -> None:
    alembic = shop.extensions["alembic"]
    with shop.app_context():
        alembic.upgrade("7a90d3e84b15")
        assert "reviews" in sa.inspect(engine_of(shop)).get_table_names()
        assert "stock_levels" not in sa.inspect(engine_of(shop)).get_table_names()
        assert [script.revision for script in alembic.branches()] == ["c8d25f7a1e03"]
        alembic.upgrade("1d7f0b8e6c92")
        current = {script.revision for script in alembic.current()}
        assert current == {"7a90d3e84b15", "1d7f0b8e6c92"}
        assert len(alembic.upgrade().applied) == 2
        dispose(shop)


# The smaller ones ---------------------------------------------------------------

SMALL = {
    "plain/app.py": ["wish"],
    "blueprints": ["account", "post"],
    "two_databases/app.py": ["order", "old_order"],
    "lite/app.py": ["birds"],
    "async_engine/app.py": ["tides"],
}


def copied(name: str, folder: Path) -> Path:
    """Copy an example, so that its database is made somewhere else."""
    top = name.partition("/")[0]
    shutil.copytree(
        EXAMPLES / top,
        folder / top,
        ignore=shutil.ignore_patterns("instance", "__pycache__"),
    )
    return folder / name


def flask(app: Path, *words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(app), *words],
        cwd=app.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SMALL)
def test_a_small_example_goes_up_down_and_up_again(name: str, tmp_path: Path) -> None:
    app = copied(name, tmp_path)
    assert "Applied" in flask(app, "db", "upgrade")
    assert flask(app, "db", "check") == "No changes detected.\n"
    made = set()
    for path in tmp_path.rglob("*.db"):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            made |= {row[0] for row in connection.execute(TABLES)}
    assert made == {*SMALL[name], "alembic_version"}
    assert "Reverted" in flask(app, "db", "downgrade", "base")
    assert "Applied" in flask(app, "db", "upgrade")


def test_every_example_is_listed_and_run() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    folders -= {"instance", "__pycache__"}
    text = (EXAMPLES / "README.rst").read_text("utf-8")
    assert set(re.findall(r"^`\w+ <(\w+)>`_", text, re.M)) == folders
    run = {name.partition("/")[0] for name in SMALL}
    assert run | {"bookshop", "workers", "tenants"} == folders
    assert all((EXAMPLES / name / "README.rst").exists() for name in folders)


ELSEWHERE = re.compile(r"pip |flask run|gunicorn |export \w+_DATABASE_URL=")
"""What a README says and the test has no use for: servers, installing."""

REFUSED = {"bookshop": "flask db downgrade base --yes"}
"""Where a README shows what is refused."""


@pytest.mark.sample(3)
@pytest.mark.parametrize(
    "name", sorted(path.parent.name for path in EXAMPLES.glob("*/README.rst"))
)
def test_the_commands_of_a_readme_work_as_pasted(name: str, tmp_path: Path) -> None:
    text = (EXAMPLES / name / "README.rst").read_text("utf-8")
    commands = [
        line
        for line in re.findall(r"^    \$ (.*)$", text, re.M)
        if not ELSEWHERE.match(line)
    ]
    assert "flask db status" in commands or "flask db upgrade" in commands
    copied(f"{name}/", tmp_path / "examples")
    refused = REFUSED.get(name)
    script = [
        f"! {line}" if line == refused else f"{line} || exit 1" for line in commands
    ]
    done = subprocess.run(
        ["bash", "-x", "-c", "\n".join(script)],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if refused:
        assert "Refused by before_downgrade" in done.stderr


TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def test_a_branch_of_a_blueprint_is_upgraded_with_what_it_needs(tmp_path: Path) -> None:
    app = copied("blueprints", tmp_path)
    flask(app, "db", "upgrade", "accounts@head")
    assert flask(app, "db", "current").count("->") == 1
    written = flask(app, "db", "revision", "--empty", "--branch", "blog", "comments")
    assert Path(written.split()[-1]).parent == app / "blog" / "migrations"
    flask(app, "db", "upgrade", "blog@head")
    assert "comments" in flask(app, "db", "current")


@pytest.mark.parametrize("page", ["plain/app.py /", "lite/app.py /"])
def test_the_small_examples_answer(page: str, tmp_path: Path) -> None:
    name, address = page.split()
    app = copied(name, tmp_path)
    flask(app, "db", "upgrade")
    ask = f"from app import app; print(app.test_client().get({address!r}).get_json())"
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=app.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_workers_that_start_at_once_upgrade_once(
    database_url: str, tmp_path: Path
) -> None:
    app = copied("workers/app.py", tmp_path)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", "import wsgi"],
            cwd=app.parent,
            env={**os.environ, "WORKERS_DATABASE_URL": database_url},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [worker.communicate(timeout=120)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4, said
    applied = sorted("worker applied 2 revisions" in text for text in said)
    assert applied == [False, False, False, True], said
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        visits = connection.scalar(sa.text("SELECT count(*) FROM visits"))
    engine.dispose()
    assert visits == 1
