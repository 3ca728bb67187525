"""Commands on real DuckDB files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import tables
from flask_alembic_duckdb import plugin

from flask_alembic.testing import check_plugin, run_db

if TYPE_CHECKING:
    from conftest import MakeApp
    from flask import Flask

    from flask_alembic.testing import MigrationDatabase

CREATE = "op.create_table('{0}', sa.Column('id', sa.Integer, primary_key=True))"
DROP = "op.drop_table('{0}')"

HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def chain(write: Callable[..., None]) -> None:
    write("a1", None, CREATE.format("a"), DROP.format("a"))
    write("b2", "a1", CREATE.format("b"), DROP.format("b"))


def test_the_entry_point_is_found() -> None:
    found = entry_points(group="flask_alembic.plugins", name="duckdb")
    assert [one.load() for one in found] == [plugin]
    assert "backends" in check_plugin(plugin)


def test_from_models_to_tables_and_back(make_app: MakeApp, path: Path) -> None:
    app = make_app()
    made = run_db(app, "revision", "add users")
    assert made.exit_code == 0, made.output
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(path) == {"alembic_version", "users"}
    checked = run_db(app, "check")
    assert checked.exit_code == 0, checked.output
    assert run_db(app, "downgrade", "base").exit_code == 0
    assert "users" not in tables(path)


def test_the_status(make_app: MakeApp, chain: None) -> None:
    app = make_app()
    assert run_db(app, "upgrade", "a1").exit_code == 0
    found = json.loads(run_db(app, "status", "--format", "json").stdout)
    (status,) = found["data"]["databases"]
    assert status["server"].startswith("DuckDB ")
    assert (status["current"], status["pending"]) == (["a1"], ["b2"])


def test_a_failure_in_the_middle_is_rolled_back(
    make_app: MakeApp, path: Path, chain: None, write: Callable[..., None]
) -> None:
    body = f"{CREATE.format('c')}; op.execute('SELECT no_such_column FROM c')"
    write("c3", "b2", body, "pass")
    app = make_app()
    assert run_db(app, "upgrade", "a1").exit_code == 0
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "c3" in result.stderr
    assert "c" not in tables(path)
    current = json.loads(run_db(app, "status", "--format", "json").stdout)
    there = current["data"]["databases"][0]["current"]
    assert (there == ["b2"]) is ("b" in tables(path))


def test_a_dry_run_leaves_nothing(make_app: MakeApp, path: Path, chain: None) -> None:
    assert run_db(make_app(), "upgrade", "--dry-run").exit_code == 0
    assert not {"a", "b"} & tables(path)


def test_drift_is_seen_on_a_scratch_database(
    make_app: MakeApp, path: Path, chain: None
) -> None:
    app = make_app()
    assert run_db(app, "upgrade").exit_code == 0
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE by_hand (id INTEGER)")
    result = run_db(app, "drift")
    assert result.exit_code == 1, result.output
    assert "by_hand" in result.output


def test_a_file_that_another_process_has_open(
    make_app: MakeApp, path: Path, chain: None
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        result = run_db(make_app(ALEMBIC={"connect_timeout": 0.5}), "upgrade")
        holder.communicate("\n")
    assert result.exit_code == 3
    assert "is open in another process" in result.stderr
    assert run_db(make_app(), "upgrade").exit_code == 0


def test_two_processes_at_once(
    make_app: MakeApp, tmp_path: Path, path: Path, chain: None
) -> None:
    code = f"""
from pathlib import Path
import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic
app = Flask("shop", root_path={str(tmp_path)!r})
engine = sa.create_engine("duckdb:///{path}", poolclass=sa.NullPool)
alembic = Alembic(app, metadatas=sa.MetaData(), engines=engine)
app.config.update(ALEMBIC_PLUGINS=["duckdb"], ALEMBIC={{"connect_timeout": 60}})
with app.app_context():
    print(len(alembic.upgrade().applied))
"""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    counts = sorted(process.communicate()[0].strip() for process in running)
    assert counts == ["0", "2"]
    assert {"a", "b"} <= tables(path)


@pytest.fixture
def alembic_app(make_app: MakeApp, chain: None) -> Flask:
    """What the test kit gives databases to."""
    return make_app()


@pytest.mark.parametrize("number", [1, 2])
def test_the_test_kit_gives_databases(
    migrated_db: MigrationDatabase, path: Path, number: int
) -> None:
    engine = migrated_db.engines["default"]
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO a VALUES ({number})")
        found = connection.exec_driver_sql("SELECT count(*) FROM a").scalar()
    assert found == 1
    assert engine.url.database != str(path)
    assert not path.exists()


def test_a_database_that_was_there_is_adopted(
    make_app: MakeApp, path: Path, chain: None
) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE b (id INTEGER PRIMARY KEY)")
    app = make_app()
    result = run_db(app, "adopt")
    assert result.exit_code == 0, result.output
    assert json.loads(run_db(app, "status", "--format", "json").stdout)["data"][
        "databases"
    ][0]["current"] == ["b2"]
