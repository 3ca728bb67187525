"""A file that was changed after it was applied, and a table that nobody drops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import MakeApp, db, done, rows, summary, write
from flask import Flask
from flask_alembic_audit import plugin

from flask_alembic.hooks import LintTarget, Problem


def lint(app: Flask, *revisions: str) -> list[Problem]:
    """Ask the hook as a command does: once for each file, in one app context."""
    found: list[Problem] = []
    with app.app_context():
        plugin.before_command()
        for script in app.extensions["alembic"].show(list(revisions)):
            path = Path(script.path)
            target = LintTarget(
                script.revision,
                path,
                path.read_text("utf-8"),
                script,
                dialects={"default": ""},
            )
            found += plugin.lint_problems(app, target)
    return found


def change(folder: Path, name: str = "a1") -> None:
    path = folder / f"{name}.py"
    path.write_text(path.read_text("utf-8") + "\n# changed\n", "utf-8")


def test_changed_file_is_a_problem(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    app = make_app(url)
    assert lint(app, "a1", "b2") == []
    done(app, "upgrade", "a1")
    change(folder, "a1")
    change(folder, "b2")  # not applied
    (problem,) = lint(app, "a1", "b2")
    assert (problem.code, problem.severity) == ("AUDIT001", "error")
    assert (problem.revision, problem.database) == ("a1", "default")
    assert problem.path == folder / "a1.py"
    assert (
        "a1.py has changed since it was applied to database 'default' ("
        in problem.message
    )
    assert "flask db audit-accept a1" in problem.advice


def test_command_shows_changed_files(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    app = make_app(url)
    done(app, "upgrade", "a1")
    text = done(app, "audit", "--changed").stdout
    assert text == "No file has changed since it was applied.\n"
    change(folder, "a1")
    change(folder, "b2")  # not applied
    result = db(app, "audit", "--changed")
    assert result.exit_code == 1
    assert result.stdout.startswith("a1.py has changed since it was applied to")
    assert "b2.py" not in result.stdout
    assert "Files have changed since they were applied." in result.stderr


def test_line_ends_are_no_change(make_app: MakeApp, url: sa.URL, folder: Path) -> None:
    app = make_app(url)
    done(app, "upgrade")
    path = folder / "a1.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert lint(app, "a1") == []


def test_what_was_reverted_may_change(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    app = make_app(url)
    done(app, "upgrade")
    done(app, "downgrade", "a1", "-y")
    change(folder, "b2")
    assert lint(app, "a1", "b2") == []
    done(app, "upgrade")
    assert lint(app, "a1", "b2") == []
    change(folder, "b2")
    assert [problem.revision for problem in lint(app, "a1", "b2")] == ["b2"]


def test_stamped_file_may_not_change(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    app = make_app(url)
    done(app, "stamp", "a1")
    change(folder, "a1")
    assert [problem.revision for problem in lint(app, "a1")] == ["a1"]


def test_failed_file_may_change(make_app: MakeApp, url: sa.URL, folder: Path) -> None:
    write(folder, "c3", "b2", "fail", "op.execute('SELECT nosuch')")
    app = make_app(url)
    assert db(app, "upgrade").exit_code == 3
    change(folder, "c3")
    assert lint(app, "c3") == []


def test_accept(make_app: MakeApp, url: sa.URL, folder: Path) -> None:
    app = make_app(url)
    done(app, "upgrade", "a1")
    change(folder, "a1")
    text = done(app, "audit-accept", "a1").stdout
    assert text == "a1.py [default]: accepted as it is now\n"
    assert lint(app, "a1") == []
    assert summary(url)[-1] == ("accept", "a1", "done")
    text = done(app, "audit-accept", "a1").stdout
    assert text == "a1.py [default]: has not changed\n"
    assert len(rows(url)) == 2
    change(folder, "a1")
    (problem,) = lint(app, "a1")
    assert "has changed since it was accepted for database" in problem.message
    result = db(app, "audit-accept", "b2")
    assert result.exit_code == 2
    assert "Revision b2 is not recorded as applied anywhere." in result.stderr


def test_doctor_reports_changed_files(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    app = make_app(url)
    done(app, "upgrade", "a1")
    assert done(app, "doctor").exit_code == 0
    change(folder, "a1")
    change(folder, "b2")  # not applied
    with app.app_context():
        (finding,) = app.extensions["alembic"].doctor()
    assert (finding.code, finding.database) == ("changed-file", "default")
    assert finding.command == f"git log --oneline -- {folder / 'a1.py'}"
    assert "audit-accept a1" in finding.advice
    assert db(app, "doctor", "--fix").exit_code == 1, "a person has to look"
    assert len(rows(url)) == 1
    done(app, "audit-accept", "a1")
    assert done(app, "doctor").exit_code == 0


def test_doctor_accepts_changed_files_that_are_a_warning(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    app = make_app(url, {"changed": "warning"})
    done(app, "upgrade", "a1")
    change(folder, "a1")
    assert db(app, "doctor").exit_code == 1
    text = done(app, "doctor", "--fix").stdout
    assert "Accepted a1.py as it is now." in text
    assert summary(url)[-1] == ("accept", "a1", "done")
    assert done(app, "doctor").exit_code == 0


@pytest.mark.parametrize("changed", ["info", "off"])
def test_doctor_is_silent_about_changes_that_do_not_matter(
    make_app: MakeApp, tmp_path: Path, folder: Path, changed: str
) -> None:
    app = make_app(sa.make_url(f"sqlite:///{tmp_path / 'x.db'}"), {"changed": changed})
    done(app, "upgrade")
    change(folder)
    assert done(app, "doctor").exit_code == 0


@pytest.mark.parametrize(
    ("changed", "wanted"), [("warning", ["warning"]), ("info", ["info"]), ("off", [])]
)
def test_severity(
    make_app: MakeApp, tmp_path: Path, folder: Path, changed: str, wanted: list[str]
) -> None:
    app = make_app(sa.make_url(f"sqlite:///{tmp_path / 'x.db'}"), {"changed": changed})
    done(app, "upgrade")
    change(folder)
    assert [problem.severity for problem in lint(app, "a1")] == wanted


def test_database_that_is_away_is_only_noted(make_app: MakeApp) -> None:
    app = make_app(sa.make_url("postgresql+psycopg://u:hunter2@127.0.0.1:1/x"))
    first, *more = lint(app, "a1", "b2")
    assert more == []
    assert (first.code, first.severity) == ("AUDIT002", "info")
    assert "hunter2" not in first.message


def test_silent_without_setting(
    make_app: MakeApp, tmp_path: Path, folder: Path
) -> None:
    url = sa.make_url(f"sqlite:///{tmp_path / 'x.db'}")
    done(make_app(url), "upgrade")
    change(folder)
    assert lint(make_app(url, None), "a1") == []


def models(app: Flask) -> None:
    """Declare the models that the two revisions make."""
    db = app.extensions["sqlalchemy"]
    for name in ("users", "carts"):
        sa.Table(name, db.metadata, sa.Column("id", sa.Integer, primary_key=True))


def differences(app: Flask) -> list[Any]:
    with app.app_context():
        found: list[Any] = app.extensions["alembic"].compare_metadata()
        return found


def unmanaged_tables(app: Flask) -> list[str]:
    with app.app_context():
        found = app.extensions["alembic"].check().unmanaged_tables
        return [table for tables in found.values() for table in tables]


def test_autogenerate_leaves_the_table_alone(make_app: MakeApp, url: sa.URL) -> None:
    app = make_app(url)
    models(app)
    done(app, "upgrade")
    assert differences(app) == []
    assert unmanaged_tables(app) == []
    assert db(app, "check").exit_code == 0


def test_table_is_hidden_where_nothing_is_written(
    make_app: MakeApp, url: sa.URL
) -> None:
    done(make_app(url, {"table": "log"}), "upgrade")
    app = make_app(url, {"table": "log", "write": False})
    models(app)
    assert differences(app) == []
    done(app, "downgrade", "base", "-y")
    assert len(rows(url, "log")) == 2


def test_autogenerate_is_not_changed_without_setting(
    make_app: MakeApp, url: sa.URL
) -> None:
    done(make_app(url), "upgrade")
    app = make_app(url, None)
    models(app)
    # Without the setting it is a table that nobody knows, and is shown as one.
    assert differences(app) == []
    assert unmanaged_tables(app) == ["alembic_audit"]


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_table_in_a_schema_is_left_alone(make_app: MakeApp, url: sa.URL) -> None:
    from conftest import connected

    with connected(url) as connection:
        connection.execute(sa.text("CREATE SCHEMA ops"))
        connection.commit()
    app = make_app(url, {"schema": "ops"}, ALEMBIC_CONTEXT={"include_schemas": True})
    models(app)
    done(app, "upgrade")
    assert differences(app) == []
