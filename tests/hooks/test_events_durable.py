"""Past tense is the truth, as a second connection sees it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from events import BEGIN, CONNECT, END, Everything, both_modes, heard, project
from flask import Flask

from flask_alembic import hookimpl
from flask_alembic.errors import MigrationFailed
from flask_alembic.hooks import Step


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


def test_a_refused_commit_is_tried_again_with_the_same_command(
    tmp_path: Path, postgresql_url: str
) -> None:
    """No step is at work at COMMIT; after a downgrade an upgrade would be wrong."""
    app, _ = witnessed(tmp_path, postgresql_url, per_revision=False)
    orphans = [
        "op.execute('CREATE TABLE child (id INT PRIMARY KEY, parent INT"
        " REFERENCES t_a1 (id) DEFERRABLE INITIALLY DEFERRED)')",
        "op.execute('INSERT INTO child VALUES (1, 99)')",
    ]
    write_revision(migrations_of(app), "a4", "a3", downgrade=orphans)
    with app.app_context():
        extension_of(app).upgrade()
    failed = run_db(app, "downgrade", "--yes")
    assert failed.exit_code == 3
    assert "run flask db downgrade again" in failed.stderr
    assert version_rows(postgresql_url) == {"a4"}


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
        "run_migrations !",
        "run_failed",
        "run-failed",
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
        "revision_arguments",
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
