"""What a hook may do from the inside of a command: read, but not run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    url_of,
    version_rows,
    write_chain,
)
from databases import MakeDatabase
from flask import Flask
from plugging import Implementing, Wrapper, app_around, app_with

from flask_alembic.errors import Vetoed
from flask_alembic.hooks import Run

RUN_HOOKS = (
    "before_command",
    "before_upgrade",
    "revision_applied",
    "after_upgrade",
    "after_command",
)


@pytest.mark.parametrize("hook", RUN_HOOKS)
def test_a_run_inside_a_run_is_refused(tmp_path: Path, hook: str) -> None:
    outcomes: list[str] = []

    def nest() -> None:
        try:
            extension_of(app).upgrade()
        except Exception as error:
            outcomes.append(type(error).__name__)

    functions: dict[str, Any] = {hook: nest}
    app: Flask = app_with(tmp_path, **functions)
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert outcomes == ["NestedRun"]
    assert version_rows(url_of(app)) == {"a1"}


def test_a_guard_that_starts_a_run_refuses_the_command(tmp_path: Path) -> None:
    app: Flask = app_with(tmp_path, before_upgrade=lambda: extension_of(app).stamp())
    write_chain(migrations_of(app), "a1")
    with app.app_context(), pytest.raises(Vetoed, match="stamp was called inside a ru"):
        extension_of(app).upgrade()
    assert version_rows(url_of(app)) == set()


WHERE = [
    *((hook, "sqlite") for hook in (*RUN_HOOKS, "migration_lock")),
    *(
        (hook, kind)
        for hook in ("migration_lock", "revision_applied")
        for kind in ("postgresql", "mariadb")
    ),
]
"""Hooks and databases: all of them, and where a lock or a transaction is near."""


@pytest.mark.parametrize(("hook", "kind"), WHERE)
def test_reading_inside_a_hook_works(
    tmp_path: Path, hook: str, kind: str, make_database: MakeDatabase
) -> None:
    database_url = make_database(kind)
    found: list[tuple[list[str], list[str], bool]] = []

    def read() -> None:
        alembic = extension_of(app)
        current = [script.revision for script in alembic.current()]
        heads = [script.revision for script in alembic.heads()]
        found.append((current, heads, alembic.needs_upgrade()))

    functions: dict[str, Any] = {hook: read}
    app: Flask = app_with(tmp_path, database_url, **functions)
    write_chain(migrations_of(app), "a1", "a2")
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    before = hook in {"before_command", "before_upgrade", "migration_lock"}
    expected = [([], ["a2"], True) if before else (["a2"], ["a2"], False)]
    if hook == "revision_applied":
        # MariaDB commits each revision by itself, the others both at once.
        first = (["a1"], ["a2"], True) if kind == "mariadb" else expected[0]
        expected = [first, *expected]
    assert found == expected


def test_reading_inside_the_transaction_sees_what_is_committed(
    tmp_path: Path, database_url: str
) -> None:
    found: list[list[str]] = []

    def apply_revision() -> Wrapper:
        result = yield
        found.append([script.revision for script in extension_of(app).current()])
        return result

    app = app_around(tmp_path, database_url, apply_revision=apply_revision)
    write_chain(migrations_of(app), "a1", "a2")
    assert run_db(app, "upgrade", "a1").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert found == [[], ["a1"]]


def test_two_plugins_that_read_in_after_command_hear_of_each_other(
    tmp_path: Path,
) -> None:
    heard: list[tuple[str, str]] = []

    def listener(name: str) -> Any:
        def after_command(report: Any) -> None:
            heard.append((name, report.command.name))
            extension_of(app).heads()

        return after_command

    plugins = [Implementing(after_command=listener(name)) for name in "ab"]
    app = make_app(tmp_path, extension={"plugins": plugins})
    assert run_db(app, "branches").exit_code == 0
    assert heard == [
        ("a", "branches"),
        ("b", "heads"),
        ("b", "branches"),
        ("a", "heads"),
    ]


def test_the_stash_belongs_to_one_run(tmp_path: Path) -> None:
    seen: list[object] = []

    def before_upgrade(run: Run) -> None:
        seen.append(run.stash.get("shop.word"))
        run.stash["shop.word"] = "kept"

    app = app_with(
        tmp_path,
        before_upgrade=before_upgrade,
        after_upgrade=lambda run: seen.append(run.stash["shop.word"]),
    )
    write_chain(migrations_of(app), "a1")
    for _ in range(2):
        assert run_db(app, "upgrade").exit_code == 0
    assert seen == [None, "kept", None, "kept"]
