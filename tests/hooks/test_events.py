"""The exact order of hooks and signals."""

from __future__ import annotations

from pathlib import Path

import pytest
from apps import (
    extension_of,
    migrations_of,
    run_db,
    write_table_revision,
)
from events import BEGIN, CONNECT, END, both_modes, heard, project

# Runs ---------------------------------------------------------------------------


def test_setting_up_happens_once_and_after_the_first_guard(tmp_path: Path) -> None:
    app, everything = project(tmp_path)
    with app.app_context():
        for _ in range(2):
            extension_of(app).upgrade()
    assert everything.heard[0] == "before_command"
    assert everything.heard.count("before_command") == 2
    assert everything.heard.count("version_locations") == 1
    assert everything.heard.count("configure") == 1


def test_order_of_upgrade_in_one_transaction(tmp_path: Path) -> None:
    assert heard(project(tmp_path), "upgrade") == [
        "before_command",
        "before-command",
        "revision_arguments",
        "open_connection {",
        "open_connection }",
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
        "revision_applied a1 [a2]",
        "revision-applied a1 [a2]",
        "revision_applied a2 [a2]",
        "revision-applied a2 [a2]",
        "run_migrations }",
        "after_upgrade [a2]",
        "after-upgrade [a2]",
        "after_command",
        "after-command",
    ]


def test_order_of_upgrade_in_a_transaction_per_revision(tmp_path: Path) -> None:
    assert heard(project(tmp_path, per_revision=True), "upgrade") == [
        "before_command",
        "before-command",
        "revision_arguments",
        "open_connection {",
        "open_connection }",
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
        "run_migrations }",
        "after_upgrade [a2]",
        "after-upgrade [a2]",
        "after_command",
        "after-command",
    ]


@both_modes
def test_order_of_upgrade_with_nothing_to_do(
    tmp_path: Path, per_revision: bool
) -> None:
    at_head = project(tmp_path, per_revision=per_revision)
    assert run_db(at_head[0], "upgrade").exit_code == 0
    assert heard(at_head, "upgrade") == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "before_upgrade",
        "before-upgrade",
        "run_migrations {",
        "run_migrations }",
        "after_upgrade [a2]",
        "after-upgrade [a2]",
        *END,
    ]


def test_order_of_downgrade_in_one_transaction(tmp_path: Path) -> None:
    at_head = project(tmp_path)
    assert run_db(at_head[0], "upgrade").exit_code == 0
    assert heard(at_head, "downgrade", "base") == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "migration_lock",
        "before_downgrade",
        "before-downgrade",
        "run_migrations {",
        "apply_revision { a2",
        "before_statement a2",
        "apply_revision } a2",
        "apply_revision { a1",
        "before_statement a1",
        "apply_revision } a1",
        "revision_applied a2 [base]",
        "revision-applied a2 [base]",
        "revision_applied a1 [base]",
        "revision-applied a1 [base]",
        "run_migrations }",
        "after_downgrade [base]",
        "after-downgrade [base]",
        *END,
    ]


def test_order_of_downgrade_in_a_transaction_per_revision(tmp_path: Path) -> None:
    at_head = project(tmp_path, per_revision=True)
    assert run_db(at_head[0], "upgrade").exit_code == 0
    assert heard(at_head, "downgrade", "base") == [
        *BEGIN,
        "revision_arguments",
        *CONNECT,
        "migration_lock",
        "before_downgrade",
        "before-downgrade",
        "run_migrations {",
        "apply_revision { a2",
        "before_statement a2",
        "apply_revision } a2",
        "revision_applied a2 [a1]",
        "revision-applied a2 [a1]",
        "apply_revision { a1",
        "before_statement a1",
        "apply_revision } a1",
        "revision_applied a1 [base]",
        "revision-applied a1 [base]",
        "run_migrations }",
        "after_downgrade [base]",
        "after-downgrade [base]",
        *END,
    ]


@both_modes
def test_order_of_stamp(tmp_path: Path, per_revision: bool) -> None:
    assert heard(project(tmp_path, per_revision=per_revision), "stamp") == [
        *BEGIN,
        *CONNECT,
        "migration_lock",
        "before_stamp",
        "before-stamp",
        "run_migrations {",
        "apply_revision { a2",
        "apply_revision } a2",
        "run_migrations }",
        "after_stamp [a2]",
        "after-stamp [a2]",
        *END,
    ]


@both_modes
def test_order_of_current(tmp_path: Path, per_revision: bool) -> None:
    assert heard(project(tmp_path, per_revision=per_revision), "current") == [
        *BEGIN,
        *CONNECT,
        *END,
    ]


@pytest.mark.parametrize(
    "words", [("heads",), ("branches",), ("log",), ("show", "a1"), ("mkdir",)]
)
def test_order_of_commands_that_read_files_only(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert heard(project(tmp_path), *words) == [*BEGIN, *END]


# Generating ---------------------------------------------------------------------


def test_order_of_revision(tmp_path: Path) -> None:
    at_head = project(tmp_path)
    assert run_db(at_head[0], "upgrade").exit_code == 0
    assert heard(at_head, "revision", "models", "--force") == [
        *BEGIN,
        "before_revision",
        "before-revision",
        "rev_id",
        *CONNECT,
        "process_revision_directives",
        "rewrite_revision",
        "lint_problems",
        "revision_arguments",
        "prove_revision {",
        "process_revision_directives",  # models and scratch database are compared
        "prove_revision }",
        "revision_generated [a2]",
        "revision-generated [a2]",
        *END,
    ]


def test_order_of_a_revision_that_is_not_proved(tmp_path: Path) -> None:
    at_head = project(tmp_path)
    assert run_db(at_head[0], "upgrade").exit_code == 0
    assert heard(at_head, "revision", "models", "--force", "--no-prove") == [
        *BEGIN,
        "before_revision",
        "before-revision",
        "rev_id",
        *CONNECT,
        "process_revision_directives",
        "rewrite_revision",
        "lint_problems",
        "revision_generated [a2]",
        "revision-generated [a2]",
        *END,
    ]


def test_order_of_an_empty_revision(tmp_path: Path) -> None:
    assert heard(project(tmp_path), "revision", "x", "--empty") == [
        *BEGIN,
        "before_revision",
        "before-revision",
        "rev_id",
        "lint_problems",
        "revision_generated [base]",
        "revision-generated [base]",
        *END,
    ]


def test_order_of_merge(tmp_path: Path) -> None:
    several = project(tmp_path)
    write_table_revision(migrations_of(several[0]), "b1")
    assert heard(several, "merge") == [
        *BEGIN,
        "before_revision",
        "before-revision",
        "rev_id",
        "lint_problems",
        "revision_generated [base]",
        "revision-generated [base]",
        *END,
    ]


def test_order_of_check(tmp_path: Path) -> None:
    at_head = project(tmp_path)
    assert run_db(at_head[0], "upgrade").exit_code == 0
    linted = ["lint_problems"] * 2  # once for each revision
    asked = "project_problems"  # once for the project and once for each database
    assert heard(at_head, "check", exit_code=1) == [
        *BEGIN,
        asked,
        *linted,
        *CONNECT,
        "process_revision_directives",  # what it takes out is no difference
        asked,
        *END,
    ]
