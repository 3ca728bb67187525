"""The exact order of hooks and signals, and that past tense is the truth."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from apps import (
    Implementing,
    extension_of,
    make_app,
    migrations_of,
    run_db,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from events import Everything
from flask import Flask

from flask_alembic import hookimpl
from flask_alembic.errors import MigrationFailed
from flask_alembic.hooks import Step

Project = tuple[Flask, Everything]

PER_RUN = pytest.param(False, id="one transaction per run")
PER_REVISION = pytest.param(True, id="one transaction per revision")
both_modes = pytest.mark.parametrize("per_revision", [PER_RUN, PER_REVISION])


def project(
    folder: Path, url: str | None = None, per_revision: bool = False
) -> Project:
    """Return an app with revisions a1 and a2, and what hears everything of it."""

    def look() -> str:
        database = app.config["SQLALCHEMY_DATABASE_URI"]
        return ",".join(sorted(version_rows(database))) or "base"

    everything = Everything(look)
    app = make_app(
        folder,
        url,
        extension={"plugins": [everything]},
        ALEMBIC_CONTEXT={"transaction_per_migration": per_revision},
    )
    write_table_revision(migrations_of(app), "a1")
    write_table_revision(migrations_of(app), "a2", "a1")
    return app, everything


def heard(project: Project, *words: str, exit_code: int = 0) -> list[str]:
    """Run a command and return what was heard of it."""
    app, everything = project
    if not everything.heard:
        run_db(app, "heads")  # so that what is set up once is set up
    everything.heard.clear()
    with everything.listening(app):
        result = run_db(app, *words)
    assert result.exit_code == exit_code, result.output
    return list(everything.heard)


BEGIN = ["before_command", "before-command"]
CONNECT = ["open_connection {", "open_connection }"]
END = ["after_command", "after-command"]


# Runs ---------------------------------------------------------------------------


def test_setting_up_happens_once_and_after_the_first_guard(tmp_path: Path) -> None:
    app, everything = project(tmp_path)
    with app.app_context():
        extension_of(app).heads()
        extension_of(app).heads()
    assert everything.heard == [
        "before_command",
        "version_locations",
        "configure",
        "after_command",
        "before_command",
        "after_command",
    ]


def test_order_of_upgrade_in_one_transaction(tmp_path: Path) -> None:
    assert heard(project(tmp_path), "upgrade") == [
        "before_command",
        "before-command",
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
    assert heard(at_head, "revision", "models") == [
        *BEGIN,
        "before_revision",
        "before-revision",
        "rev_id",
        *CONNECT,
        "process_revision_directives",
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
    assert heard(at_head, "check", exit_code=1) == [*BEGIN, *CONNECT, *END]


# Failures -----------------------------------------------------------------------


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
        *CONNECT,
        "run_migrations !",
        *END,
    ]
    assert tables(broken[0].config["SQLALCHEMY_DATABASE_URI"]) == set()


def test_order_of_a_failing_upgrade_in_a_transaction_per_revision(
    tmp_path: Path,
) -> None:
    broken = failing(tmp_path, per_revision=True)
    assert heard(broken, "upgrade", exit_code=3) == [
        *BEGIN,
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
        *CONNECT,
        "run_migrations !",
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
        *CONNECT,
        "run_migrations !",
        *END,
    ]


def test_order_of_a_refused_upgrade(tmp_path: Path) -> None:
    def refuse() -> None:
        raise ValueError("no")

    made = project(tmp_path)
    extension_of(made[0]).register(Implementing(before_upgrade=refuse))
    assert heard(made, "upgrade", exit_code=3) == [
        *BEGIN,
        *CONNECT,
        "migration_lock",
        "before_upgrade",
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


# Modes in which nothing happens -------------------------------------------------


@both_modes
def test_plan_tells_nothing_in_past_tense(tmp_path: Path, per_revision: bool) -> None:
    assert heard(project(tmp_path, per_revision=per_revision), "upgrade", "--plan") == [
        *BEGIN,
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
        "before_upgrade",
        "before-upgrade",
        "run_migrations {",
        "apply_revision { a1",
        "apply_revision } a1",
        "apply_revision { a2",
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


# Durable truth, seen from a second connection -----------------------------------


class Witness:
    """What a second connection sees each time something is told in past tense."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[tuple[str, str, bool, bool]] = []
        self.after: list[tuple[str, set[str], set[str]]] = []

    @hookimpl
    def revision_applied(self, step: Step) -> None:
        there = f"t_{step.revision}" in tables(self.url)
        heads = version_rows(self.url)
        # In one transaction all rows have moved on: to the step's revision or past it.
        at = bool(heads) and max(heads) >= step.revision
        self.seen.append((step.direction, step.revision, there, at))

    def _note(self, name: str) -> None:
        self.after.append((name, tables(self.url), version_rows(self.url)))

    @hookimpl
    def after_upgrade(self) -> None:
        self._note("after_upgrade")

    @hookimpl
    def after_downgrade(self) -> None:
        self._note("after_downgrade")

    @hookimpl
    def after_stamp(self) -> None:
        self._note("after_stamp")


def witnessed(folder: Path, url: str, per_revision: bool) -> tuple[Flask, Witness]:
    witness = Witness(url)
    app = make_app(
        folder,
        url,
        extension={"plugins": [witness]},
        ALEMBIC_CONTEXT={"transaction_per_migration": per_revision},
    )
    for down, revision in ((None, "a1"), ("a1", "a2"), ("a2", "a3")):
        write_table_revision(migrations_of(app), revision, down)
    return app, witness


@both_modes
def test_what_is_told_is_durable(
    tmp_path: Path, database_url: str, per_revision: bool
) -> None:
    app, witness = witnessed(tmp_path, database_url, per_revision)
    with app.app_context():
        alembic = extension_of(app)
        alembic.upgrade()
        alembic.downgrade("a1")
        alembic.stamp("a3")
    assert witness.seen == [
        ("upgrade", "a1", True, True),
        ("upgrade", "a2", True, True),
        ("upgrade", "a3", True, True),
        ("downgrade", "a3", False, False),
        ("downgrade", "a2", False, False),
    ]
    assert witness.after == [
        ("after_upgrade", {"t_a1", "t_a2", "t_a3"}, {"a3"}),
        ("after_downgrade", {"t_a1"}, {"a1"}),
        ("after_stamp", {"t_a1"}, {"a3"}),
    ]


@both_modes
def test_nothing_is_told_of_what_was_rolled_back(
    tmp_path: Path, database_url: str, per_revision: bool
) -> None:
    app, witness = witnessed(tmp_path, database_url, per_revision)
    write_revision(migrations_of(app), "a4", "a3", "raise ValueError('no')")
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        extension_of(app).upgrade()
    result: Any = caught.value.result
    durable = sorted(tables(database_url))
    assert [f"t_{revision}" for _, revision, _, _ in witness.seen] == durable
    assert all(there and at for _, _, there, at in witness.seen)
    assert [f"t_{one.step.revision}" for one in result.applied] == durable
    assert witness.after == []
    alone = per_revision or "pymysql" in database_url
    assert durable == (["t_a1", "t_a2", "t_a3"] if alone else [])


@both_modes
def test_a_refused_commit_tells_nothing(
    tmp_path: Path, postgresql_url: str, per_revision: bool
) -> None:
    """A deferred constraint fails at COMMIT, after the last revision has run."""
    app, witness = witnessed(tmp_path, postgresql_url, per_revision)
    deferred = (
        "CREATE TABLE child (id INT PRIMARY KEY,"
        " parent INT REFERENCES t_a1 (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    write_revision(
        migrations_of(app),
        "a4",
        "a3",
        [f"op.execute({deferred!r})", "op.execute('INSERT INTO child VALUES (1, 99)')"],
    )
    with app.app_context(), pytest.raises(MigrationFailed):
        extension_of(app).upgrade()
    assert witness.after == []
    told = {revision for _, revision, _, _ in witness.seen}
    assert told == ({"a1", "a2", "a3"} if per_revision else set())
    assert version_rows(postgresql_url) == ({"a3"} if per_revision else set())


def test_an_autocommit_block_makes_the_revisions_before_it_durable(
    tmp_path: Path, postgresql_url: str
) -> None:
    app, witness = witnessed(tmp_path, postgresql_url, per_revision=False)
    write_revision(
        migrations_of(app),
        "a4",
        "a3",
        [
            "with op.get_context().autocommit_block():",
            "    op.execute('CREATE INDEX CONCURRENTLY i ON t_a1 (id)')",
            "raise ValueError('no')",
        ],
    )
    with app.app_context(), pytest.raises(MigrationFailed):
        extension_of(app).upgrade()
    assert [revision for _, revision, _, _ in witness.seen] == ["a1", "a2", "a3"]
    assert version_rows(postgresql_url) == {"a3"}
    assert witness.after == []


def test_an_interrupt_is_told_as_a_failure_after_the_rollback(tmp_path: Path) -> None:
    made = project(tmp_path)
    write_revision(
        migrations_of(made[0]),
        "a3",
        "a2",
        ["import os, signal", "os.kill(os.getpid(), signal.SIGINT)"],
    )
    assert os.getpid() > 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    events = heard(made, "upgrade", exit_code=130)
    assert events[-8:] == [
        "apply_revision ! a3",
        "revision_failed a3",
        "revision-failed a3",
        *CONNECT,
        "run_migrations !",
        *END,
    ]
    assert not [event for event in events if "applied" in event]
    assert tables(made[0].config["SQLALCHEMY_DATABASE_URI"]) == set()


def test_several_databases_are_told_one_after_another(
    tmp_path: Path, make_database: Any
) -> None:
    """The first database's revisions are durable before the second one's begin."""
    first, second = make_database("sqlite"), make_database("sqlite")
    everything = Everything()
    app = make_app(
        tmp_path,
        first,
        extension={"plugins": [everything]},
        SQLALCHEMY_BINDS={"other": second},
        ALEMBIC={"databases": "*"},
    )
    write_table_revision(migrations_of(app), "a1")
    assert heard((app, everything), "upgrade") == [
        *BEGIN,
        *CONNECT,
        *CONNECT,
        "migration_lock",
        "migration_lock",
        "before_upgrade",
        "before-upgrade",
        "run_migrations {",
        "apply_revision { a1",
        "before_statement a1",
        "apply_revision } a1",
        "revision_applied a1",
        "revision-applied a1",
        "apply_revision { a1",
        "before_statement a1",
        "apply_revision } a1",
        "revision_applied a1",
        "revision-applied a1",
        "run_migrations }",
        "after_upgrade",
        "after-upgrade",
        *END,
    ]
    assert tables(first) == tables(second) == {"t_a1"}
