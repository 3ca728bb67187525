"""Strict mode: a failing listener is seen in the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from apps import (
    make_app,
    migrations_of,
    run_db,
    tables,
    write_table_revision,
)
from flask import Flask
from plugging import Implementing


@pytest.fixture
def failing_app(tmp_path: Path) -> Flask:
    def after_upgrade() -> None:
        raise OSError("the chat is down")

    app = make_app(
        tmp_path,
        extension={"plugins": [Implementing(after_upgrade=after_upgrade)]},
        ALEMBIC_HOOKS_STRICT=True,
    )
    write_table_revision(migrations_of(app), "a1")
    return app


def test_strict_mode_ends_with_3_and_says_that_the_database_was_changed(
    failing_app: Flask,
) -> None:
    result = run_db(failing_app, "upgrade")
    assert result.exit_code == 3
    assert "the database was changed" in result.stderr.lower()
    assert "Implementing in after_upgrade (OSError: the chat is down)" in result.stderr
    assert tables(failing_app.config["SQLALCHEMY_DATABASE_URI"]) == {"t_a1"}
    again = run_db(failing_app, "upgrade")
    assert again.exit_code == 3
    assert "the database was not changed" in again.stderr.lower()


def test_without_strict_mode_a_failing_listener_changes_nothing(
    failing_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    failing_app.config["ALEMBIC_HOOKS_STRICT"] = False
    result = run_db(failing_app, "upgrade", "--format", "json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["ok"] is True
    assert report["hook_failures"] == [
        {
            "hook": "after_upgrade",
            "plugin": "Implementing",
            "distribution": "",
            "error": "OSError: the chat is down",
        }
    ]
    assert "Implementing failed in after_upgrade" in caplog.text


def test_strict_mode_as_json_says_it_too(failing_app: Flask) -> None:
    result = run_db(failing_app, "upgrade", "--format", "json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["ok"], report["exit_code"]) == (False, 3)
    assert report["error"]["type"] == "HookFailures"
    assert report["result"]["applied"][0]["revision"] == "a1"
