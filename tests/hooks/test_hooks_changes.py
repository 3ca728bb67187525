"""What changes files or databases outside of runs says so through events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    second_connection,
    version_rows,
    write_chain,
)
from flask import Flask
from plugging import Implementing

from flask_alembic import Veto
from flask_alembic.errors import Vetoed
from flask_alembic.hooks import Finding
from flask_alembic.signals import after_fix, files_changed


def app_of(folder: Path, url: str, **functions: Any) -> Flask:
    return make_app(
        folder,
        url,
        models=no_models,
        extension={"plugins": [Implementing(**functions)]},
    )


def with_two_rows(app: Flask, url: str) -> None:
    """Leave the row of an ancestor beside that of the head."""
    write_chain(migrations_of(app), "a", "b")
    assert run_db(app, "upgrade").exit_code == 0
    with second_connection(url) as connection:
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('a')")
        connection.commit()


def test_hook_after_fix(tmp_path: Path, database_url: str) -> None:
    heard: list[tuple[str, str, bool, set[str]]] = []

    def before_fix(database: str, findings: tuple[Finding, ...]) -> None:
        code = findings[0].code
        rows = version_rows(database_url)
        heard.append(("before", code, findings[0].fixed, rows))

    def after(database: str, findings: tuple[Finding, ...]) -> None:
        code = findings[0].code
        rows = version_rows(database_url)
        heard.append(("after", code, findings[0].fixed, rows))

    app = app_of(tmp_path, database_url, before_fix=before_fix, after_fix=after)
    with_two_rows(app, database_url)
    with after_fix.connected_to(lambda app, **extra: None, sender=app):
        assert run_db(app, "doctor", "--fix").exit_code == 0
    (before, fixed) = heard
    assert before[0] == "before"
    assert before[2:] == (False, {"a", "b"})
    assert fixed[:2] == ("after", before[1])
    assert fixed[2:] == (True, {"b"})
    del heard[:]
    assert run_db(app, "doctor", "--fix").exit_code == 0
    assert heard == []


def test_hook_before_fix(tmp_path: Path, database_url: str) -> None:
    def before_fix(database: str) -> None:
        raise Veto(f"{database} is frozen")

    app = app_of(tmp_path, database_url, before_fix=before_fix)
    with_two_rows(app, database_url)
    refused = run_db(app, "doctor", "--fix")
    assert refused.exit_code == 3
    assert "default is frozen" in refused.stderr
    assert version_rows(database_url) == {"a", "b"}
    with app.app_context(), pytest.raises(Vetoed):
        extension_of(app).doctor(fix=True)


Changes = list[tuple[str, list[str], list[str], list[str]]]


def listening(heard: Changes) -> Any:
    def names(paths: Any) -> list[str]:
        return [path.name for path in paths]

    def listener(command: str, created: Any, changed: Any, removed: Any) -> None:
        heard.append((command, names(created), names(changed), names(removed)))

    return listener


def test_hook_files_changed(tmp_path: Path, sqlite_url: str) -> None:
    heard: Changes = []
    app = app_of(tmp_path, sqlite_url, files_changed=listening(heard))
    write_chain(migrations_of(app), "a", "b", "c")
    before = {path.name for path in migrations_of(app).glob("*.py")}
    done = run_db(app, "squash", ":b")
    assert done.exit_code == 0, done.output
    after = {path.name for path in migrations_of(app).glob("*.py")}
    ((command, created, changed, removed),) = heard
    assert command == "squash"
    assert set(removed) == before - after
    assert set(created) == after - before
    assert {*changed, *created}


@pytest.mark.parametrize("editor", ["true", "sh -c 'echo \"# more\" >> $1' --"])
def test_edit_says_what_was_edited(
    editor: str, tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: Changes = []
    app = app_of(tmp_path, sqlite_url, files_changed=listening(heard))
    write_chain(migrations_of(app), "a")
    monkeypatch.setenv("VISUAL", editor)
    done = run_db(app, "edit", "head")
    assert done.exit_code == 0, done.output
    expected = [] if editor == "true" else [("edit", [], ["a_.py"], [])]
    assert heard == expected


def test_init_says_what_it_made(tmp_path: Path, sqlite_url: str) -> None:
    heard: Changes = []
    app = make_app(
        tmp_path,
        sqlite_url,
        models=no_models,
        extension={
            "run_mkdir": False,
            "plugins": [Implementing(files_changed=listening(heard))],
        },
    )
    signals: list[str] = []

    def receiver(app: Flask, command: str, **extra: Any) -> None:
        signals.append(command)

    with files_changed.connected_to(receiver, sender=app):
        assert run_db(app, "init").exit_code == 0
        assert run_db(app, "init").exit_code == 0
    ((command, created, changed, removed),) = heard
    assert command == "mkdir"
    assert "script.py.mako" in created
    assert (changed, removed) == ([], [])
    assert signals == ["mkdir"]
