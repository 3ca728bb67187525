"""The hook ``backends``: a database that a plugin brings, ours, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import make_app, migrations_of, run_db, tables, write_chain, write_revision
from flask import Flask
from plugging import Implementing, app_with
from strange import Minimal, Strange, StrangeFiles, dialect

from flask_alembic.backends import Backend
from flask_alembic.backends.sqlite.backend import SQLite
from flask_alembic.testing.database import DatabaseProvider, FactoryDatabaseProvider
from flask_alembic.testing.templates import Templates

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(autouse=True)
def strange_urls() -> Iterator[None]:
    with dialect():
        yield


def strange_app(folder: Path, backend: Any = Strange, **config: Any) -> Flask:
    """Return an app on a strange database, with a plugin that gives a backend."""
    plugin = Implementing(backends=lambda: {"strange": backend})
    app = make_app(
        folder,
        f"strange:///{folder / 'app.strange'}",
        extension={"plugins": [plugin] if backend else []},
        **config,
    )
    write_chain(migrations_of(app), "a1", "b2")
    return app


def tables_of(folder: Path) -> set[str]:
    return tables(f"sqlite:///{folder / 'app.strange'}")


def status_of(app: Flask) -> dict[str, Any]:
    result = run_db(app, "status", "--format", "json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)["data"]["databases"][0]
    return found


@pytest.mark.parametrize("backend", [None, Minimal, Strange, "strange:Strange"])
def test_hook_backends(tmp_path: Path, backend: Any) -> None:
    app = strange_app(tmp_path, backend)
    assert run_db(app, "upgrade").exit_code == 0
    assert {"t_a1", "t_b2"} <= tables_of(tmp_path)
    assert run_db(app, "downgrade", "base").exit_code == 0
    assert not {"t_a1", "t_b2"} & tables_of(tmp_path)


def test_a_backend_tells_what_the_server_is(tmp_path: Path) -> None:
    assert status_of(strange_app(tmp_path))["server"] == "StrangeDB 42"


def test_a_backend_gives_the_lock(tmp_path: Path) -> None:
    from flask_alembic.backends import LockKey, file_lock

    app = strange_app(tmp_path, ALEMBIC={"lock_timeout": 0})
    path = tmp_path / "app.strange"
    with file_lock(path, LockKey("default"), 0, lambda who, waited: None):
        result = run_db(app, "upgrade")
        assert "session" in run_db(app, "status").output
    assert result.exit_code == 4, result.output
    assert tables_of(tmp_path) == set()
    assert run_db(app, "upgrade").exit_code == 0


def test_without_a_lock_of_its_own_a_database_has_none(tmp_path: Path) -> None:
    from flask_alembic.backends import LockKey, file_lock

    app = strange_app(tmp_path, Minimal, ALEMBIC={"lock_timeout": 0})
    path = tmp_path / "app.strange"
    with file_lock(path, LockKey("default"), 0, lambda who, waited: None):
        assert run_db(app, "upgrade").exit_code == 0


def test_a_backend_says_whether_ddl_rolls_back(tmp_path: Path) -> None:
    class Committing(Strange):
        transactional_ddl = False

    assert run_db(strange_app(tmp_path), "upgrade", "--dry-run").exit_code == 0
    refused = run_db(strange_app(tmp_path, Committing), "upgrade", "--dry-run")
    assert refused.exit_code == 2
    assert "commits DDL" in refused.stderr


def test_the_test_kit_gets_a_database_of_a_backend(tmp_path: Path) -> None:
    app = strange_app(tmp_path)
    kept = tmp_path / "kept"
    kept.mkdir()
    templates = Templates(kept)
    try:
        for _ in range(2):
            with DatabaseProvider(templates, app).migrated() as database:
                found = set(sa.inspect(database.engines["default"]).get_table_names())
                assert {"t_a1", "t_b2"} <= found
        assert templates.migrated == 1
        assert all(isinstance(server, StrangeFiles) for server, _ in templates.made)
    finally:
        templates.close()
    assert list(kept.iterdir()) == []
    assert not (tmp_path / "app.strange").exists()


def test_the_test_kit_asks_an_app_of_a_factory_for_its_backends(tmp_path: Path) -> None:
    def factory(url: Any) -> Flask:
        plugin = Implementing(backends=lambda: {"strange": Strange})
        app = make_app(tmp_path, url, extension={"plugins": [plugin]})
        write_chain(migrations_of(app), "a1")
        return app

    kept = tmp_path / "kept"
    kept.mkdir()
    templates = Templates(kept)
    url = f"strange:///{tmp_path / 'app.strange'}"
    try:
        with FactoryDatabaseProvider(templates, factory, url).migrated() as database:
            assert "t_a1" in sa.inspect(database.engines["default"]).get_table_names()
    finally:
        templates.close()


def test_the_test_kit_refuses_a_database_whose_backend_gives_no_test_server(
    tmp_path: Path,
) -> None:
    app = strange_app(tmp_path, Minimal)
    from flask_alembic.errors import ConfigurationError

    with (
        pytest.raises(ConfigurationError, match="Test databases on strange"),
        DatabaseProvider(Templates(tmp_path), app).empty(),
    ):
        pass


def test_a_backend_that_is_text_is_imported_only_for_its_dialect(
    tmp_path: Path,
) -> None:
    app = app_with(tmp_path, backends=lambda: {"strange": "no_such_module:Backend"})
    assert run_db(app, "current").exit_code == 0


def test_a_plugin_replaces_a_built_in_backend(tmp_path: Path) -> None:
    class Mine(SQLite):
        name = "Our own SQLite"

    app = app_with(tmp_path, backends=lambda: {"sqlite": Mine})
    write_chain(migrations_of(app), "a1")
    assert status_of(app)["server"].startswith("Our own SQLite ")


def test_ours_are_a_plugin_that_can_be_disabled(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["backends"])
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert not list(tmp_path.glob(".app.db.*lock"))
    listed = run_db(app, "plugins").output
    assert "backends" in listed


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (["sqlite"], "gave ['sqlite'] to backends, which is not a mapping"),
        ({"": Backend}, "which is not the name of a dialect"),
        ({"sqlite": dict}, "which is not a subclass of Backend"),
        ({"sqlite": Backend(sa.create_engine("sqlite://").dialect)}, "not a subclass"),
        ({"sqlite": "no_such_module:Mine"}, "cannot be imported: ModuleNotFoundError"),
        ({"sqlite": "strange:NoSuchClass"}, "cannot be imported: AttributeError"),
        ({"sqlite": "no_such_module"}, "cannot be imported"),
        ({"sqlite": ""}, "cannot be imported"),
    ],
)
def test_what_is_no_backend_is_refused(
    tmp_path: Path, answer: Any, message: str
) -> None:
    app = app_with(tmp_path, backends=lambda: answer)
    result = run_db(app, "current")
    assert result.exit_code == 3
    assert "lugin 'Implementing'" in result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_plugin_that_fails_is_named(tmp_path: Path) -> None:
    def backends() -> dict[str, Any]:
        raise OSError("the disk is full")

    result = run_db(app_with(tmp_path, backends=backends), "current")
    assert result.exit_code == 3
    assert "lugin 'Implementing' failed in backends" in result.stderr


def test_two_plugins_with_one_dialect_are_refused(tmp_path: Path) -> None:
    first = Implementing(backends=lambda: {"strange": Strange})
    second = Implementing(backends=lambda: {"strange": Minimal})
    app = make_app(tmp_path, extension={"plugins": [first, second]})
    result = run_db(app, "current")
    assert result.exit_code == 3
    assert (
        "Plugins 'Implementing' and 'Implementing_2' both give a backend for the "
        "dialect 'strange'" in " ".join(result.stderr.split())
    )


def test_only_the_backend_of_the_database_is_loaded(tmp_path: Path) -> None:
    """An app on SQLite imports nothing that is about a server."""
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from apps import make_app, run_db
app = make_app(Path({str(tmp_path)!r}))
assert run_db(app, "current").exit_code == 0
print([name for name in sys.modules if name.startswith("flask_alembic.backends.")])
"""
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "flask_alembic.backends.sqlite.backend'" in shown
    assert "flask_alembic.backends.mysql.backend'" not in shown
    assert "flask_alembic.backends.postgresql.backend'" not in shown


def test_a_dialect_that_alembic_does_not_know_is_named(tmp_path: Path) -> None:
    app = make_app(tmp_path, f"nameless:///{tmp_path / 'app.db'}")
    write_chain(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "Alembic does not support the database 'nameless'" in result.stderr


def test_a_failed_revision_is_rolled_back(tmp_path: Path) -> None:
    app = strange_app(tmp_path)
    body = ["op.create_table('t_c3', sa.Column('id', sa.Integer))", "op.execute('no')"]
    write_revision(migrations_of(app), "c3", "b2", body)
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "c3" in result.stderr
    assert "t_c3" not in tables_of(tmp_path)
