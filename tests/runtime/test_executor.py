"""``flask_alembic.runtime.executor``: transactions, and what is said around them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask
from plugging import Implementing

from flask_alembic.errors import DatabaseError, HookError, MigrationFailed
from flask_alembic.hooks import ProgressEvent, Run, RunResult, SqlStatement, Step
from flask_alembic.runtime.executor import source


class Project:
    """An app with the revisions a1 and a2, and the events of its runs."""

    def __init__(self, folder: Path, url: str | None = None, **config: Any) -> None:
        self.events: list[ProgressEvent] = []
        self.applied: list[str] = []
        plugin = Implementing(
            progress=lambda event: self.events.append(event),
            revision_applied=lambda step: self.applied.append(step.revision),
        )
        self.app: Flask = make_app(
            folder, url, models=no_models, extension={"plugins": [plugin]}, **config
        )
        self.folder = migrations_of(self.app)
        write_table_revision(self.folder, "a1")
        write_table_revision(self.folder, "a2", "a1")

    def upgrade(self, **options: Any) -> RunResult:
        self.events.clear()
        with self.app.app_context():
            return extension_of(self.app).upgrade(**options)

    def stamp(self, *arguments: Any, **options: Any) -> RunResult:
        self.events.clear()
        with self.app.app_context():
            return extension_of(self.app).stamp(*arguments, **options)

    def fail(self, **options: Any) -> MigrationFailed:
        with pytest.raises(MigrationFailed) as caught:
            self.upgrade(**options)
        return caught.value

    @property
    def heard(self) -> list[str]:
        """What happened, with the numbers; statements are left out."""
        lines = []
        for event in self.events:
            if event.kind in {"planned", "statement"}:
                continue
            words = [event.kind, event.step.revision if event.step else "", event.text]
            if event.number or event.total:
                words.append(f"{event.number}/{event.total}")
            lines.append(" ".join(word for word in words if word))
        return lines


ONE = "database_started one transaction for all 0/2"
EACH = "database_started a transaction for each revision 0/2"
BY_ITSELF = "database_started each statement of DDL commits by itself 0/2"
RUN = ["started {} {}", "finished {} {}"]
DURABLE = ["applied {} {}", "committed 1/0"]


def lines(revision: str, number: str, *templates: str) -> list[str]:
    return [line.format(revision, number) for line in templates]


def test_one_transaction_for_all(tmp_path: Path) -> None:
    project = Project(tmp_path)
    result = project.upgrade()
    assert project.heard == [
        ONE,
        *lines("a1", "1/2", *RUN),
        *lines("a2", "2/2", *RUN),
        "applied a1 1/2",
        "applied a2 2/2",
        "committed 2/0",
    ]
    assert project.applied == ["a1", "a2"]
    assert result.heads_after == {"default": ("a2",)}
    assert {event.database for event in project.events} <= {"default", ""}
    finished = [event for event in project.events if event.kind == "finished"]
    applied = [event for event in project.events if event.kind == "applied"]
    assert [event.statements for event in finished] == [1, 1]
    assert [event.elapsed for event in finished] == [event.elapsed for event in applied]
    assert [each.elapsed for each in result.applied] == [
        event.elapsed for event in applied
    ]
    assert all(event.elapsed > 0 for event in applied)


def test_a_transaction_for_each(tmp_path: Path) -> None:
    options = {"transaction_per_migration": True}
    project = Project(tmp_path, ALEMBIC_CONTEXT=options)
    project.upgrade()
    assert project.heard == [
        EACH,
        *lines("a1", "1/2", *RUN, *DURABLE),
        *lines("a2", "2/2", *RUN, *DURABLE),
    ]


def test_statements_of_ddl_that_commit(tmp_path: Path, mariadb_url: str) -> None:
    project = Project(tmp_path, mariadb_url)
    write_revision(project.folder, "a3", "a2", ["raise ValueError('no')"])
    error = project.fail()
    assert project.heard[0] == BY_ITSELF.replace("/2", "/3")
    assert project.applied == ["a1", "a2"]
    assert error.result.heads_after == {"default": ("a2",)}
    write_revision(project.folder, "a3", "a2")
    project.upgrade()
    assert project.heard == [
        BY_ITSELF.replace("/2", "/1"),
        *lines("a3", "1/1", *RUN, *DURABLE),
    ]
    assert tables(mariadb_url) == {"t_a1", "t_a2"}


def test_real_transactions_may_be_switched_off(tmp_path: Path) -> None:
    project = Project(tmp_path, ALEMBIC={"real_transactions": False})
    body = ["op.create_table('kept', sa.Column('id', sa.Integer))", "raise ValueError"]
    write_revision(project.folder, "a2", "a1", body)
    url = project.app.config["SQLALCHEMY_DATABASE_URI"]
    assert project.fail().result.heads_after == {"default": ("a1",)}
    assert project.heard[0] == BY_ITSELF
    assert tables(url) == {"t_a1", "kept"}


def test_a_dry_run_makes_nothing_durable(tmp_path: Path) -> None:
    options = {"transaction_per_migration": True}
    project = Project(tmp_path, ALEMBIC_CONTEXT=options)
    result = project.upgrade(mode="dry-run")
    assert result.ok
    assert project.heard[1:] == [*lines("a1", "1/2", *RUN), *lines("a2", "2/2", *RUN)]
    assert project.applied == []
    assert tables(project.app.config["SQLALCHEMY_DATABASE_URI"]) == set()


def test_a_dry_run_refuses_a_commit_in_the_middle(tmp_path: Path) -> None:
    project = Project(tmp_path)
    body = ["with op.get_context().autocommit_block():", "    pass"]
    write_revision(project.folder, "a2", "a1", body)
    failure = project.fail(mode="dry-run").result.failure
    assert failure.error == (
        "a2 commits in the middle (autocommit_block or the like), so it cannot be "
        "tried and rolled back"
    )
    assert failure.advice == "Use --plan or --sql."
    assert tables(project.app.config["SQLALCHEMY_DATABASE_URI"]) == set()


def test_a_stamp_applies_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path)
    result = project.stamp("a2")
    assert project.heard == [
        "database_started one transaction for all 0/1",
        *lines("a2", "1/1", *RUN),
        "applied a2 1/1",
        "committed 1/0",
    ]
    assert project.applied == []
    assert result.heads_after == {"default": ("a2",)}


def test_a_stamp_forgets_what_is_partially_applied(
    tmp_path: Path, mariadb_url: str
) -> None:
    """And an upgrade does not: the journal says what was applied."""
    project = Project(tmp_path, mariadb_url)
    body = ["op.create_table('part', sa.Column('id', sa.Integer))", "raise ValueError"]
    path = write_revision(project.folder, "a2", "a1", body)
    project.fail()
    assert tables(mariadb_url) == {"t_a1", "part"}
    with pytest.raises(DatabaseError, match="is partially applied"):
        project.upgrade()
    project.stamp("a2")
    path.unlink()
    write_revision(project.folder, "a2", "a1")
    write_table_revision(project.folder, "a3", "a2")
    assert project.upgrade().ok
    assert version_rows(mariadb_url) == {"a3"}


def test_rows_are_purged_once(tmp_path: Path) -> None:
    options = {"transaction_per_migration": True}
    project = Project(tmp_path, ALEMBIC_CONTEXT=options)
    write_table_revision(project.folder, "b1")
    project.stamp(["a1"])
    project.stamp(["a2", "b1"], purge=True)
    url = project.app.config["SQLALCHEMY_DATABASE_URI"]
    assert version_rows(url) == {"a2", "b1"}


def test_alembics_callback_is_called_for_each_version(tmp_path: Path) -> None:
    calls: list[tuple[Any, ...]] = []

    def keep(ctx: Any, step: Any, heads: Any, run_args: Any, **extra: Any) -> None:
        is_open = ctx.connection.in_transaction()
        calls.append((step.up_revision_id, heads, run_args, is_open))

    project = Project(tmp_path, ALEMBIC_CONTEXT={"on_version_apply": [keep]})
    project.upgrade()
    assert calls == [
        ("a1", {"a1"}, {}, True),
        ("a2", {"a2"}, {}, True),
    ]


def test_statements_are_told_with_their_step(tmp_path: Path) -> None:
    project = Project(tmp_path)
    guarded: list[tuple[str, str]] = []

    def before_statement(run: Run, step: Step, statement: SqlStatement) -> None:
        guarded.append((step.revision, " ".join(statement.sql.split()[:3])))

    extension_of(project.app).register(Implementing(before_statement=before_statement))
    project.upgrade()
    told = [
        (event.step.revision if event.step else None, event.database)
        for event in project.events
        if event.kind == "statement" and "TABLE t_" in event.text
    ]
    assert told == [("a1", "default"), ("a2", "default")]
    assert guarded == [("a1", "CREATE TABLE t_a1"), ("a2", "CREATE TABLE t_a2")]


@pytest.mark.parametrize("timeout", ["ddl_lock_timeout = 1.5", "statement_timeout = 9"])
def test_a_revision_may_have_timeouts_of_its_own(tmp_path: Path, timeout: str) -> None:
    project = Project(tmp_path, ALEMBIC={"ddl_lock_timeout": 3})
    path = write_revision(
        project.folder,
        "a2",
        "a1",
        [
            "found = op.get_bind().exec_driver_sql('PRAGMA busy_timeout').scalar()",
            "raise ValueError(found)",
        ],
    )
    path.write_text(f"{path.read_text()}\n{timeout}\n")
    expected = "1500" if timeout.startswith("ddl") else "3000"
    assert project.fail().result.failure.error == f"ValueError: {expected}"


def test_a_wrapper_has_to_return_what_was_done(tmp_path: Path) -> None:
    project = Project(tmp_path)

    def apply_revision(step: Step) -> Any:
        yield
        return "done"

    plugin = Implementing({"apply_revision": apply_revision})
    extension_of(project.app).register(plugin)
    error = project.fail()
    assert isinstance(error.__cause__, HookError)
    assert error.__cause__.message == "A wrapper of apply_revision returned 'done'."
    assert error.__cause__.advice == "A wrapper must end with: return (yield)."
    assert tables(project.app.config["SQLALCHEMY_DATABASE_URI"]) == set()


def test_a_failure_before_the_first_transaction_changes_nothing(tmp_path: Path) -> None:
    """As by a listener of the app, while the connection is prepared."""
    project = Project(tmp_path)

    def listen(conn: object, cursor: object, sql: str, *rest: object) -> None:
        if sql == "PRAGMA busy_timeout":
            raise ValueError("no")

    with project.app.app_context():
        engine = project.app.extensions["sqlalchemy"].engine
    sa.event.listen(engine, "before_cursor_execute", listen)
    result = project.fail().result
    assert result.failure.error == "ValueError: no"
    assert (result.failure.step, result.failure.rolled_back) == (None, ())
    assert [step.revision for step in result.not_started] == ["a1", "a2"]
    assert result.heads_after == {"default": ()}
    assert project.heard == []


def step_of(function: object, *, is_stamp: bool = False) -> Any:
    return SimpleNamespace(function=function, step=SimpleNamespace(is_stamp=is_stamp))


def test_the_text_of_a_step_is_that_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a1.py"
    path.write_bytes(b"# \xff\ndef upgrade(): pass\n")
    namespace: dict[str, Any] = {"__file__": str(path)}
    exec("def upgrade(): pass", namespace)
    function = namespace["upgrade"]
    assert source(step_of(function)) == "# �\ndef upgrade(): pass\n"
    assert source(step_of(function, is_stamp=True)) == ""
    assert source(step_of(len)) == ""
    path.unlink()
    assert source(step_of(function)) == ""


# Locks ------------------------------------------------------------------------------


def locked(project: Project) -> sqlite3.Connection:
    """Let another connection be the writer of the database."""
    url: str = project.app.config["SQLALCHEMY_DATABASE_URI"]
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def pauses(project: Project) -> list[float]:
    return [event.elapsed for event in project.events if event.kind == "retrying"]


def test_a_transaction_is_tried_again_when_the_lock_is_free(tmp_path: Path) -> None:
    settings = {"ddl_lock_timeout": 0.1, "lock_retries": 1}
    project = Project(tmp_path, ALEMBIC=settings)
    other = locked(project)

    def hear(event: ProgressEvent) -> None:
        if event.kind == "retrying":
            other.rollback()

    extension_of(project.app).register(Implementing(progress=hear))
    assert project.upgrade().ok
    assert pauses(project) == [0.5]
    assert project.applied == ["a1", "a2"]
    other.close()


@pytest.mark.parametrize(("retries", "expected"), [(0, []), (2, [0.5, 1.0])])
def test_tries_come_to_an_end(
    tmp_path: Path, retries: int, expected: list[float]
) -> None:
    settings = {"ddl_lock_timeout": 0.1, "lock_retries": retries}
    project = Project(tmp_path, ALEMBIC=settings)
    other = locked(project)
    error = project.fail()
    assert pauses(project) == expected
    assert "database is locked" in error.result.failure.error
    assert error.result.failure.step is None
    assert error.result.heads_after == {"default": ()}
    other.rollback()
    other.close()


def test_another_failure_is_not_tried_again(tmp_path: Path) -> None:
    project = Project(tmp_path)
    write_revision(project.folder, "a2", "a1", ["op.execute('no such statement')"])
    error = project.fail()
    assert pauses(project) == []
    failure = error.result.failure
    assert (failure.step.revision, failure.database) == ("a2", "default")
    assert [step.revision for step in failure.rolled_back] == ["a1"]
    assert (failure.not_known, failure.uncertain) == ((), ())
    assert project.applied == []


def test_what_was_committed_in_the_middle_is_not_tried_again(tmp_path: Path) -> None:
    project = Project(tmp_path, ALEMBIC={"ddl_lock_timeout": 0.1})
    database = project.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
    body = [
        "import sqlite3",
        "from flask import current_app",
        "with op.get_context().autocommit_block():",
        "    op.execute('CREATE TABLE inside (id INTEGER)')",
        f"    other = sqlite3.connect({database!r}, isolation_level=None)",
        "    other.execute('BEGIN IMMEDIATE')",
        "    current_app.other = other",
    ]
    write_revision(project.folder, "a2", "a1", body)
    error = project.fail()
    project.app.other.rollback()  # type: ignore[attr-defined]
    project.app.other.close()  # type: ignore[attr-defined]
    assert pauses(project) == []
    assert project.applied == ["a1"]
    assert error.result.failure.in_effect == ("CREATE TABLE inside (id INTEGER)",)
    url = project.app.config["SQLALCHEMY_DATABASE_URI"]
    assert tables(url) == {"t_a1", "inside"}
    assert version_rows(url) == {"a1"}
