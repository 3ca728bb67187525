"""Folders of revisions that are missing, forgotten, odd or closed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from apps import tables, version_rows, write_table_revision
from sandbox import Sandbox, accepted, clean, refused, told

from flask_alembic import hookimpl
from flask_alembic.hooks import VersionLocation

HeldBack = Callable[[], AbstractContextManager[None]]

QUIET = {"extension": {"run_mkdir": False}}
"""An app that does not make the folder while it starts."""

LINES = [
    "upgrade",
    "downgrade",
    "stamp",
    "plan",
    "current",
    "heads",
    "log",
    "branches",
    "check",
    "revision message",
    "revision --empty message",
    "merge",
    "upgrade --sql",
]


@pytest.mark.parametrize("line", LINES)
def test_a_missing_folder_is_named(sandbox: Sandbox, line: str) -> None:
    says = ["migrations", "does not exist", "flask db init"]
    refused(sandbox, *line.split(), code=3, says=says, **QUIET)


@pytest.mark.parametrize("line", LINES)
def test_a_file_in_place_of_the_folder_is_named(sandbox: Sandbox, line: str) -> None:
    sandbox.migrations.write_text("not a folder")
    says = ["migrations", "not a directory"]
    refused(sandbox, *line.split(), code=3, says=says)


@pytest.mark.parametrize("line", ["mkdir", "init"])
def test_a_file_in_the_way_stops_mkdir(sandbox: Sandbox, line: str) -> None:
    sandbox.migrations.write_text("not a folder")
    refused(sandbox, line, code=3, says=["migrations", "cannot be created"])


RUNS = [
    "upgrade",
    "plan",
    "upgrade --plan",
    "upgrade --dry-run",
    "upgrade head",
    "stamp",
    "stamp head",
]


@pytest.mark.parametrize(
    "line",
    [
        "upgrade --sql",
        "stamp --sql",
        "downgrade",
        "downgrade base",
        "current --check-heads",
    ],
)
@pytest.mark.parametrize("applied", [True, False])
def test_a_forgotten_folder_is_not_taken_for_success(
    sandbox: Sandbox, line: str, applied: bool
) -> None:
    if applied:
        forget(sandbox)
    says = ["migrations", "no revision files"]
    outcome = refused(sandbox, *line.split(), code=2, says=says)
    assert "flask db revision" in outcome.err


def forget(sandbox: Sandbox) -> None:
    """Apply a revision and lose its file."""
    path = write_table_revision(sandbox.migrations, "aaaa1")
    accepted(sandbox, "upgrade")
    path.unlink()


@pytest.mark.parametrize("line", RUNS)
def test_a_database_whose_revisions_are_lost_is_not_at_head(
    sandbox: Sandbox, line: str
) -> None:
    forget(sandbox)
    refused(sandbox, *line.split(), code=3, says=["'aaaa1'", "migrations"])


@pytest.mark.parametrize("line", RUNS)
def test_a_new_project_may_upgrade_before_its_first_revision(
    sandbox: Sandbox, line: str
) -> None:
    """A container that upgrades when it starts."""
    outcome = accepted(sandbox, *line.split())
    assert "There are no revision files yet." in outcome.err


@pytest.mark.parametrize("line", ["stamp base", "stamp --purge base"])
def test_base_needs_no_revision_files(sandbox: Sandbox, line: str) -> None:
    accepted(sandbox, *line.split())


def test_a_database_ahead_of_an_empty_folder_is_not_at_head(sandbox: Sandbox) -> None:
    path = write_table_revision(sandbox.migrations, "aaaa1")
    accepted(sandbox, "upgrade")
    path.unlink()
    refused(sandbox, "current", code=3, says=["'aaaa1'", "stamp --purge"])


@pytest.mark.parametrize("line", ["heads", "log", "branches", "current"])
def test_an_empty_folder_is_no_error_for_a_reader(sandbox: Sandbox, line: str) -> None:
    assert accepted(sandbox, line).out == ""


@pytest.mark.parametrize(
    "name",
    [
        "100%",
        "%(here)s",
        "a%%b",
        "with space",
        "with,comma",
        "c:d",
        "Größe",
        "quote'd",
        'double"quote',
        "back\\slash",
        "semi;colon",
        "hash#tag",
        "[section]",
        "{brace}",
        "=x",
        "-dash",
        "line\nbreak",
        "a" * 200,
    ],
)
def test_any_path_will_do(sandbox: Sandbox, name: str) -> None:
    """A path may hold what means something to a configuration file."""
    folder = sandbox.folder / name / "migrations"
    config = {"ALEMBIC": {"script_location": str(folder)}}
    accepted(sandbox, "revision", "--empty", "first", **config)
    accepted(sandbox, "upgrade", **config)
    assert len(version_rows(sandbox.url)) == 1
    assert len(list(folder.glob("*_first.py"))) == 1


@pytest.mark.parametrize("name", ["100%", "c:d", "with space", "with,comma", "a\nb"])
def test_any_path_of_a_branch_will_do(sandbox: Sandbox, name: str) -> None:
    folder = sandbox.folder / name
    config = {"ALEMBIC": {"version_locations": [("users", str(folder))]}}
    accepted(sandbox, "revision", "--empty", "-b", "users", "first", **config)
    accepted(sandbox, "upgrade", "users@head", **config)
    assert len(list(folder.glob("*_first.py"))) == 1


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("no_such_package:migrations", "'no_such_package'"),
        ("c:d", "'c'"),
        (":migrations", "''"),
        ("os:migrations", "'os'"),
        ("a b:migrations", "'a b'"),
        (".relative:migrations", "'.relative'"),
    ],
)
@pytest.mark.parametrize("line", ["upgrade", "heads", "mkdir"])
def test_a_location_in_no_package_is_named(
    sandbox: Sandbox, location: str, says: str, line: str
) -> None:
    config = {"ALEMBIC": {"script_location": location}}
    refused(sandbox, line, code=3, says=[location, says], **config)


@pytest.mark.parametrize("line", ["upgrade", "heads", "current", "status"])
@pytest.mark.parametrize("location", ["no/such", ("portal", "no/such")])
@pytest.mark.parametrize("config", [{}, QUIET])
def test_a_missing_version_location_is_an_empty_one(
    sandbox: Sandbox, line: str, location: Any, config: dict[str, Any]
) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    config = {"ALEMBIC": {"version_locations": [location]}, **config}
    outcome = accepted(sandbox, *line.split(), **config)
    assert outcome.err.count("no/such does not exist") == 1
    assert "no/such" not in outcome.out
    assert not list(sandbox.folder.rglob("such"))


def test_the_folder_of_a_branch_comes_with_its_first_revision(sandbox: Sandbox) -> None:
    config: dict[str, Any] = {"ALEMBIC": {"version_locations": [("users", "no/such")]}}
    words = ["revision", "--empty", "-b", "users", "first"]
    assert "no/such does not exist" in accepted(sandbox, *words, **config).err
    assert "does not exist" not in accepted(sandbox, "upgrade", **config).err
    assert len(version_rows(sandbox.url)) == 1


def test_a_missing_version_location_is_a_warning_in_the_report(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    config: dict[str, Any] = {"ALEMBIC": {"version_locations": ["no/such"]}}
    report = json.loads(sandbox.db("heads", "--format", "json", **config).out)
    (warning,) = report["warnings"]
    assert "no/such does not exist" in warning
    app = sandbox.app(**config)
    caplog.clear()
    with app.app_context():
        assert app.extensions["alembic"].upgrade().ok
        assert app.extensions["alembic"].readiness().ready
    said = [text for text in caplog.messages if "no/such" in text]
    assert said == [warning]


def test_a_missing_version_location_is_a_finding(sandbox: Sandbox) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    config: dict[str, Any] = {"ALEMBIC": {"version_locations": ["no/such"]}}
    outcome = sandbox.db("doctor", **config)
    assert outcome.code == 1
    assert "missing-location: The version location" in outcome.out
    accepted(sandbox, "mkdir", **config)
    accepted(sandbox, "doctor", **config)
    assert "does not exist" not in accepted(sandbox, "heads", **config).err


def test_a_version_location_of_a_plugin_may_be_missing(sandbox: Sandbox) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")

    class Portal:
        @hookimpl
        def version_locations(self) -> list[VersionLocation]:
            return [VersionLocation(sandbox.folder / "portal", "portal")]

    app = sandbox.app()
    app.extensions["alembic"].register(Portal())
    assert "portal does not exist" in accepted(sandbox, "upgrade", app=app).err
    (sandbox.folder / "portal").write_text("no folder")
    refused(sandbox, "upgrade", app=app, code=3, says="portal is not a directory")


def test_a_closed_folder_stops_a_revision(
    open_sandbox: Sandbox, held_back: HeldBack
) -> None:
    app = open_sandbox.app()
    accepted(open_sandbox, "heads", app=app)
    open_sandbox.migrations.chmod(0o555)
    before = open_sandbox.state()
    with held_back():
        outcome = open_sandbox.db("revision", "--empty", "message", app=app)
    told(outcome, 3, ["migrations", "ermission"])
    assert open_sandbox.state() == before


@pytest.mark.parametrize("line", ["mkdir", "upgrade"])
def test_a_closed_app_does_not_keep_the_app_from_starting(
    open_sandbox: Sandbox, held_back: HeldBack, line: str
) -> None:
    warm = open_sandbox.app()  # imports everything
    accepted(open_sandbox, "mkdir", app=warm)
    warm.test_client().get("/nowhere")
    shutil.rmtree(open_sandbox.migrations)
    open_sandbox.folder.chmod(0o555)
    with held_back():
        app = open_sandbox.app()
        assert app.test_client().get("/nowhere").status_code == 404
        told(open_sandbox.db(line, app=app), 3, "migrations")
    assert not open_sandbox.migrations.exists()


def test_nothing_is_made_where_mkdir_may_not_write(
    open_sandbox: Sandbox, held_back: HeldBack
) -> None:
    accepted(open_sandbox, "mkdir")
    template = open_sandbox.migrations / "script.py.mako"
    template.unlink()
    open_sandbox.migrations.chmod(0o555)
    app = open_sandbox.app(**QUIET)
    with held_back():
        outcome = open_sandbox.db("mkdir", app=app)
    told(outcome, 3, ["migrations", "cannot be created"])
    assert list(open_sandbox.migrations.iterdir()) == []


def test_a_folder_of_another_tool_is_read_but_not_executed(sandbox: Sandbox) -> None:
    folder = sandbox.migrations / "versions"
    write_table_revision(folder, "aaaa1")
    (sandbox.migrations / "env.py").write_text("raise SystemExit('executed')\n")
    (sandbox.migrations / "alembic.ini").write_text("[broken\n%(nosuch)s")
    clean(accepted(sandbox, "upgrade"))
    assert tables(sandbox.url) == {"t_aaaa1"}


def test_a_vanished_folder_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    app = sandbox.app()
    accepted(sandbox, "heads", app=app)
    shutil.rmtree(sandbox.migrations)
    refused(sandbox, "upgrade", code=3, says="does not exist", app=app)
