"""The exact order of hooks and signals when something fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from apps import (
    extension_of,
    migrations_of,
    run_db,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from events import BEGIN, CONNECT, END, Project, both_modes, heard, project
from plugging import Implementing


def failing(
    folder: Path, url: str | None = None, per_revision: bool = False
) -> Project:
    """Return a project whose third revision fails after its first statement."""
    made = project(folder, url, per_revision)
    write_revision(
        migrations_of(made[0]),
        "a3",
        "a2",
        ["op.execute('SELECT 1')", "raise ValueError('no')"],
    )
    write_table_revision(migrations_of(made[0]), "a4", "a3")
    return made


def test_order_of_a_failing_upgrade_in_one_transaction(tmp_path: Path) -> None:
    broken = failing(tmp_path)
    assert heard(broken, "upgrade", exit_code=3) == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "migration_lock",
        "before_upgrade",
        "before-upgrade",
        "run_migrations {",
        "apply_revision { a1",
        "before_statement a1",
        "apply_revision } a1",
        "apply_revision { a2",
        "before_statement a2",
        "apply_revision } a2",
        "apply_revision { a3",
        "before_statement a3",
        "apply_revision ! a3",
        "revision_failed a3",
        "revision-failed a3",
        "run_migrations !",
        "run_failed",
        "run-failed",
        *END,
    ]
    assert tables(broken[0].config["SQLALCHEMY_DATABASE_URI"]) == set()


def test_order_of_a_failing_upgrade_in_a_transaction_per_revision(
    tmp_path: Path,
) -> None:
    broken = failing(tmp_path, per_revision=True)
    assert heard(broken, "upgrade", exit_code=3) == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "migration_lock",
        "before_upgrade",
        "before-upgrade",
        "run_migrations {",
        "apply_revision { a1",
        "before_statement a1",
        "apply_revision } a1",
        "revision_applied a1 [a1]",
        "revision-applied a1 [a1]",
        "apply_revision { a2",
        "before_statement a2",
        "apply_revision } a2",
        "revision_applied a2 [a2]",
        "revision-applied a2 [a2]",
        "apply_revision { a3",
        "before_statement a3",
        "apply_revision ! a3",
        "revision_failed a3",
        "revision-failed a3",
        "run_migrations !",
        "run_failed",
        "run-failed",
        *END,
    ]
    url = broken[0].config["SQLALCHEMY_DATABASE_URI"]
    assert tables(url) == {"t_a1", "t_a2"}


@both_modes
def test_order_of_a_failing_downgrade(tmp_path: Path, per_revision: bool) -> None:
    broken = project(tmp_path, per_revision=per_revision)
    app = broken[0]
    write_revision(migrations_of(app), "a3", "a2", "pass", "raise ValueError('no')")
    write_table_revision(migrations_of(app), "a4", "a3")
    assert run_db(app, "upgrade").exit_code == 0
    told = ["revision_applied a4 [a3]", "revision-applied a4 [a3]"]
    assert heard(broken, "downgrade", "base", exit_code=3) == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "migration_lock",
        "before_downgrade",
        "before-downgrade",
        "run_migrations {",
        "apply_revision { a4",
        "before_statement a4",
        "apply_revision } a4",
        *(told if per_revision else []),
        "apply_revision { a3",
        "apply_revision ! a3",
        "revision_failed a3",
        "revision-failed a3",
        "run_migrations !",
        "run_failed",
        "run-failed",
        *END,
    ]


def test_order_of_a_refused_upgrade(tmp_path: Path) -> None:
    def refuse() -> None:
        raise ValueError("no")

    made = project(tmp_path)
    extension_of(made[0]).register(Implementing(before_upgrade=refuse))
    assert heard(made, "upgrade", exit_code=3) == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "migration_lock",
        "before_upgrade",
        "run_failed",
        "run-failed",
        *END,
    ]


def test_order_of_a_refused_command(tmp_path: Path) -> None:
    def refuse() -> None:
        raise ValueError("no")

    made = project(tmp_path)
    extension_of(made[0]).register(Implementing(before_command=refuse))
    run_db(made[0], "heads")
    assert heard(made, "heads", exit_code=3) == ["before_command", *END]


def test_every_command_that_cannot_begin_is_reported_too(tmp_path: Path) -> None:
    """The folder is missing: guard and report frame the error all the same."""
    made = project(tmp_path)
    run_db(made[0], "heads")
    migrations_of(made[0]).rename(tmp_path / "elsewhere")
    for words in (
        ["upgrade"],
        ["current"],
        ["downgrade"],
        ["stamp"],
        ["revision", "x"],
    ):
        events = heard(made, *words, exit_code=3)
        assert events[:2] == BEGIN, words
        assert events[-2:] == END, words


@both_modes
def test_plan_tells_nothing_in_past_tense(tmp_path: Path, per_revision: bool) -> None:
    assert heard(project(tmp_path, per_revision=per_revision), "upgrade", "--plan") == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "before_upgrade",
        "before-upgrade",
        *END,
    ]


@both_modes
def test_sql_tells_nothing_in_past_tense(tmp_path: Path, per_revision: bool) -> None:
    made = project(tmp_path, per_revision=per_revision)
    assert heard(made, "upgrade", "--sql") == [
        *BEGIN,
        "revision_arguments",
        "before_upgrade",
        "before-upgrade",
        "run_migrations {",
        "apply_revision { a1",
        "before_statement a1",
        "apply_revision } a1",
        "apply_revision { a2",
        "before_statement a2",
        "apply_revision } a2",
        "run_migrations }",
        *END,
    ]
    assert not Path(tmp_path, "app.db").exists()


@both_modes
def test_dry_run_tells_nothing_in_past_tense(
    tmp_path: Path, per_revision: bool
) -> None:
    made = project(tmp_path, per_revision=per_revision)
    assert heard(made, "upgrade", "--dry-run") == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "migration_lock",
        "before_upgrade",
        "before-upgrade",
        "run_migrations {",
        "apply_revision { a1",
        "before_statement a1",
        "apply_revision } a1",
        "apply_revision { a2",
        "before_statement a2",
        "apply_revision } a2",
        "run_migrations }",
        *END,
    ]
    url = made[0].config["SQLALCHEMY_DATABASE_URI"]
    assert (tables(url), version_rows(url)) == (set(), set())


@pytest.mark.parametrize("mode", ["plan", "sql", "dry-run"])
@pytest.mark.parametrize("command", ["downgrade", "stamp"])
def test_downgrade_and_stamp_tell_nothing_when_nothing_happens(
    tmp_path: Path, command: str, mode: str
) -> None:
    app, everything = project(tmp_path)
    with app.app_context():
        extension_of(app).upgrade()
        everything.heard.clear()
        target = "a2:a1" if mode == "sql" else "a1"
        with everything.listening(app):
            getattr(extension_of(app), command)(target, mode=mode)
    past = ("applied", "after_stamp", "after-stamp", "after_down", "after-down")
    assert not [event for event in everything.heard if any(w in event for w in past)]
    assert version_rows(app.config["SQLALCHEMY_DATABASE_URI"]) == {"a2"}
