"""``run_failed`` is sent once for a run that fails anywhere, with what is applied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    tables,
    url_of,
    version_rows,
    write_chain,
    write_revision,
)
from flask import Flask
from plugging import Implementing, Wrapper

from flask_alembic import Veto
from flask_alembic.errors import AlembicError, LockNotObtained, MigrationFailed
from flask_alembic.hooks import Run, RunResult
from flask_alembic.runtime.run_state import RunState
from flask_alembic.signals import run_failed

pytestmark = pytest.mark.costly

EACH = {"ALEMBIC_CONTEXT": {"transaction_per_migration": True}}


class Heard:
    """Keeps what a run sends, and what ``run_failed`` brings."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.results: list[RunResult] = []
        self.errors: list[BaseException] = []

    def plugin(self, **functions: Callable[..., Any]) -> Implementing:
        """Return a plugin that listens, and that does this beside it."""

        def told(name: str) -> Callable[..., None]:
            def listener(run: Run) -> None:
                self.events.append(name)

            return listener

        def revision_applied(step: Any) -> None:
            self.events.append(f"revision_applied {step.revision}")

        def revision_failed(step: Any) -> None:
            self.events.append(f"revision_failed {step.revision}")

        def failed(run: Run, result: RunResult, error: BaseException) -> None:
            self.events.append("run_failed")
            self.results.append(result)
            self.errors.append(error)

        def after_command(report: Any) -> None:
            self.events.append("after_command")

        listeners: dict[str, Any] = {
            "revision_applied": revision_applied,
            "revision_failed": revision_failed,
            "run_failed": failed,
            "after_upgrade": told("after_upgrade"),
            "after_command": after_command,
        }
        return Implementing(**{**listeners, **functions})


def app_of(folder: Path, url: str, *plugins: object, **config: Any) -> Flask:
    return make_app(
        folder,
        url,
        models=no_models,
        extension={"plugins": list(plugins)},
        **config,
    )


def upgrade_fails(app: Flask, kind: type[BaseException], **options: Any) -> Any:
    with app.app_context(), pytest.raises(kind) as raised:
        extension_of(app).upgrade(**options)
    return raised.value


def assert_true(heard: Heard, url: str) -> RunResult:
    """Compare what ``run_failed`` brought with what another connection sees."""
    assert heard.events.count("run_failed") == 1, heard.events
    assert heard.events[-2:] == ["run_failed", "after_command"]
    (result,) = heard.results
    assert result.failure is not None
    assert not result.ok
    rows = version_rows(url)
    if "default" in result.heads_after:
        assert set(result.heads_after["default"]) == rows
    there = tables(url)
    for done in result.applied:
        assert f"t_{done.step.revision}" in there
    absent = {*result.failure.rolled_back, *result.not_started}
    for step in absent:
        assert f"t_{step.revision}" not in there
    assert result.changed == bool(result.applied)
    return result


@pytest.mark.parametrize("each", [False, True], ids=["one", "each"])
def test_a_revision_fails(each: bool, tmp_path: Path, database_url: str) -> None:
    heard = Heard()
    app = app_of(tmp_path, database_url, heard.plugin(), **(EACH if each else {}))
    write_chain(migrations_of(app), "a", "b")
    write_revision(migrations_of(app), "c", "b", "op.execute('nonsense')")
    error = upgrade_fails(app, MigrationFailed)
    result = assert_true(heard, database_url)
    assert heard.errors == [error]
    assert error.result is result
    assert result.failure is not None
    assert result.failure.step is not None
    assert result.failure.step.revision == "c"
    assert "revision_failed c" in heard.events


def test_a_commit_fails(tmp_path: Path, postgresql_url: str) -> None:
    heard = Heard()
    app = app_of(tmp_path, postgresql_url, heard.plugin(), **EACH)
    write_chain(migrations_of(app), "a")
    deferred = [
        "op.execute('CREATE TABLE t_b (id int PRIMARY KEY, other int REFERENCES t_b '",
        "    'DEFERRABLE INITIALLY DEFERRED)')",
        "op.execute('INSERT INTO t_b VALUES (1, 2)')",
    ]
    write_revision(migrations_of(app), "b", "a", deferred)
    upgrade_fails(app, MigrationFailed)
    result = assert_true(heard, postgresql_url)
    assert [done.step.revision for done in result.applied] == ["a"]
    assert heard.events == [
        "revision_applied a",
        "revision_failed b",
        "run_failed",
        "after_command",
    ]


def test_a_guard_refuses(tmp_path: Path, database_url: str) -> None:
    heard = Heard()

    def before_upgrade(run: Run) -> None:
        raise Veto("not on Fridays")

    app = app_of(tmp_path, database_url, heard.plugin(before_upgrade=before_upgrade))
    write_chain(migrations_of(app), "a")
    upgrade_fails(app, AlembicError)
    result = assert_true(heard, database_url)
    assert "not on Fridays" in result.failure.error  # type: ignore[union-attr]
    assert [step.revision for step in result.not_started] == ["a"]


def test_the_command_is_refused(tmp_path: Path, sqlite_url: str) -> None:
    heard = Heard()

    def before_command(command: Any) -> None:
        raise Veto("closed")

    app = app_of(tmp_path, sqlite_url, heard.plugin(before_command=before_command))
    write_chain(migrations_of(app), "a")
    upgrade_fails(app, AlembicError)
    assert not assert_true(heard, sqlite_url).changed


def test_the_lock_is_not_obtained(tmp_path: Path, database_url: str) -> None:
    heard = Heard()

    def migration_lock() -> Any:
        @contextmanager
        def lock() -> Iterator[None]:
            raise LockNotObtained("Another run is active.")
            yield

        return lock()

    app = app_of(tmp_path, database_url, heard.plugin(migration_lock=migration_lock))
    write_chain(migrations_of(app), "a")
    upgrade_fails(app, LockNotObtained)
    result = assert_true(heard, database_url)
    assert result.failure is not None
    assert result.failure.database == "default"
    assert "Another run is active" in result.failure.error


def test_nothing_answers(tmp_path: Path) -> None:
    heard = Heard()
    url = "postgresql+psycopg://nobody:S3cret@127.0.0.1:9/none"
    app = app_of(tmp_path, url, heard.plugin())
    write_chain(migrations_of(app), "a")
    upgrade_fails(app, AlembicError)
    assert heard.events == ["run_failed", "after_command"]
    (result,) = heard.results
    assert result.failure is not None
    assert result.failure.database == "default"
    assert result.heads_after == {}
    assert not result.changed
    assert "S3cret" not in repr(result)


def test_the_target_is_not_there(tmp_path: Path, sqlite_url: str) -> None:
    heard = Heard()
    app = app_of(tmp_path, sqlite_url, heard.plugin())
    write_chain(migrations_of(app), "a")
    upgrade_fails(app, AlembicError, target="nonsense")
    assert heard.events == ["run_failed", "after_command"]
    assert heard.results[0].run.target == "nonsense"


@pytest.mark.parametrize("mode", ["plan", "sql"])
def test_what_executes_nothing_sends_nothing(
    mode: str, tmp_path: Path, sqlite_url: str
) -> None:
    heard = Heard()
    app = app_of(tmp_path, sqlite_url, heard.plugin())
    write_chain(migrations_of(app), "a")
    upgrade_fails(app, AlembicError, target="nonsense", mode=mode)
    assert heard.events == ["after_command"]


INTERRUPTED_AT = ["revision_applied", "after_upgrade", "run_migrations", "lock"]


@pytest.mark.parametrize("each", [False, True], ids=["one", "each"])
@pytest.mark.parametrize("kind_of_error", [KeyboardInterrupt, OSError, GeneratorExit])
@pytest.mark.parametrize("at", INTERRUPTED_AT)
def test_an_error_after_the_commit_says_what_was_changed(
    at: str,
    kind_of_error: type[BaseException],
    each: bool,
    tmp_path: Path,
    database_url: str,
) -> None:
    if at in {"revision_applied", "after_upgrade"}:
        kind_of_error = (
            KeyboardInterrupt  # whatever else a listener raises changes nothing
        )
    heard = Heard()

    def listener(run: Run) -> None:
        raise kind_of_error("stop")

    def around() -> Wrapper:
        result = yield
        raise kind_of_error("stop")
        return result

    def migration_lock() -> Any:
        @contextmanager
        def lock() -> Iterator[None]:
            yield
            raise kind_of_error("stop")

        return lock()

    if at == "run_migrations":
        plugins = [heard.plugin(), Implementing({at: around})]
    elif at == "lock":
        plugins = [heard.plugin(migration_lock=migration_lock)]
    else:
        plugins = [heard.plugin(), Implementing(**{at: listener})]
    app = app_of(tmp_path, database_url, *plugins, **(EACH if each else {}))
    write_chain(migrations_of(app), "a", "b", "c")
    error = upgrade_fails(app, AlembicError)
    result = assert_true(heard, database_url)
    assert result.applied
    assert str(error).startswith("The database was changed, but: ")
    if kind_of_error is KeyboardInterrupt:
        assert isinstance(error, KeyboardInterrupt)
        assert error.exit_code == 130
    applied = [done.step.revision for done in result.applied]
    assert f"{', '.join(f'{one} [default]' for one in applied)}" in str(error)
    if at == "revision_applied" and (each or "mysql" in database_url):
        assert applied == ["a"]
        assert [step.revision for step in result.not_started] == ["b", "c"]
    else:
        assert applied == ["a", "b", "c"]


def test_the_terminal_says_it_too(tmp_path: Path, database_url: str) -> None:
    def after_upgrade(run: Run) -> None:
        raise KeyboardInterrupt

    app = app_of(tmp_path, database_url, Implementing(after_upgrade=after_upgrade))
    write_chain(migrations_of(app), "a")
    done = run_db(app, "upgrade")
    assert done.exit_code == 130
    assert "The database was changed, but: interrupted" in done.stderr
    assert "Committed: a [default]" in done.stderr
    assert "Now at: a [default]" in done.stderr
    assert version_rows(database_url) == {"a"}


def test_json_says_it_too(tmp_path: Path, sqlite_url: str) -> None:
    def after_upgrade(run: Run) -> None:
        raise KeyboardInterrupt

    app = app_of(tmp_path, sqlite_url, Implementing(after_upgrade=after_upgrade))
    write_chain(migrations_of(app), "a")
    document = json.loads(run_db(app, "upgrade", "--format", "json").stdout)
    assert document["exit_code"] == 130
    assert [one["revision"] for one in document["result"]["applied"]] == ["a"]
    assert document["result"]["failure"]["error"] == "interrupted from the keyboard"
    assert document["error"]["message"].startswith("The database was changed, but")


def test_an_interrupt_of_after_command_says_it(tmp_path: Path, sqlite_url: str) -> None:
    def after_command(report: Any) -> None:
        raise KeyboardInterrupt

    app = app_of(tmp_path, sqlite_url, Implementing(after_command=after_command))
    write_chain(migrations_of(app), "a")
    done = run_db(app, "upgrade")
    assert done.exit_code == 130
    assert "The database was changed, but: interrupted" in done.stderr


def test_output_that_fails_says_it(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(tmp_path, sqlite_url)
    write_chain(migrations_of(app), "a")

    def outcome(result: RunResult) -> str:
        raise OSError("no space left")

    monkeypatch.setattr("flask_alembic.cli.text.outcome", outcome)
    done = run_db(app, "upgrade")
    assert done.exit_code == 3
    assert "The database was changed, but: OSError: no space left." in done.stderr
    assert "Committed: a [default]" in done.stderr


def test_a_second_interrupt_changes_no_word(tmp_path: Path, database_url: str) -> None:
    def interrupt(run: Run) -> None:
        raise KeyboardInterrupt

    plugin = Implementing(after_upgrade=interrupt, run_failed=interrupt)
    app = app_of(tmp_path, database_url, plugin)
    write_chain(migrations_of(app), "a")
    error = upgrade_fails(app, MigrationFailed)
    assert str(error).startswith("The database was changed, but: interrupted")


def test_an_interrupt_before_the_first_step_changes_nothing(
    tmp_path: Path, database_url: str
) -> None:
    heard = Heard()

    def around() -> Wrapper:
        raise KeyboardInterrupt
        return (yield)

    app = app_of(
        tmp_path, database_url, heard.plugin(), Implementing({"run_migrations": around})
    )
    write_chain(migrations_of(app), "a")
    upgrade_fails(app, KeyboardInterrupt)
    result = assert_true(heard, database_url)
    assert not result.changed
    assert [step.revision for step in result.not_started] == ["a"]


def test_an_interrupt_before_the_result_says_what_was_changed(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come when everything is committed, and nothing is returned yet."""
    app = make_app(tmp_path, sqlite_url, models=no_models)
    write_chain(migrations_of(app), "a1", "a2")
    made, interrupts = RunState.result, [KeyboardInterrupt()]

    def interrupted(state: RunState, failure: Any = None) -> RunResult:
        if interrupts:
            raise interrupts.pop()
        return made(state, failure)

    monkeypatch.setattr(RunState, "result", interrupted)
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        extension_of(app).upgrade()
    result = caught.value.result
    assert isinstance(result, RunResult)
    assert [each.step.revision for each in result.applied] == ["a1", "a2"]
    assert result.heads_after == {"default": ("a2",)}
    assert result.not_started == ()
    assert version_rows(sqlite_url) == {"a2"}


def test_a_dry_run_lists_what_it_tried(tmp_path: Path, postgresql_url: str) -> None:
    app = app_of(tmp_path, postgresql_url)
    write_chain(migrations_of(app), "a", "b")
    with app.app_context():
        result = extension_of(app).upgrade(mode="dry-run")
    assert result.applied == ()
    assert [one.step.revision for one in result.tried] == ["a", "b"]
    assert not result.changed
    assert tables(postgresql_url) == set()
    document = json.loads(
        run_db(app, "upgrade", "--dry-run", "--format", "json").stdout
    )
    assert document["result"]["applied"] == []
    assert [one["revision"] for one in document["result"]["tried"]] == ["a", "b"]
    said = run_db(app, "upgrade", "--dry-run").stdout
    assert "Dry run: 2 revisions applied, then rolled back; still at base" in said


def test_a_purge_says_what_it_deletes(tmp_path: Path, database_url: str) -> None:
    app = app_of(tmp_path, database_url)
    write_chain(migrations_of(app), "a")
    with app.app_context():
        extension = extension_of(app)
        extension.upgrade()
        result = extension.stamp("base", purge=True)
        assert result.changed
        assert result.heads_before == {"default": ("a",)}
        assert result.heads_after == {"default": ()}
        (done,) = result.applied
        assert (done.step.revision, done.step.down_revisions) == ("base", ("a",))
        assert version_rows(database_url) == set()
        again = extension.stamp("base", purge=True)
        assert not again.changed
        assert not again.run.is_baseline or again.run.heads == {"default": ()}
        extension.stamp("heads")
        result = extension.stamp("heads", purge=True)
        assert result.heads_before == {"default": ("a",)}
        assert not result.run.is_baseline
        assert [one.step.revision for one in result.applied] == ["a"]
    assert version_rows(database_url) == {"a"}


def test_a_purge_deletes_rows_that_match_nothing(
    tmp_path: Path, database_url: str
) -> None:
    app = app_of(tmp_path, database_url)
    write_chain(migrations_of(app), "a")
    assert run_db(app, "upgrade").exit_code == 0
    with second_connection(database_url) as connection:
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('gone')")
        connection.commit()
    done = run_db(app, "stamp", "base", "--purge")
    assert done.exit_code == 0, done.output
    assert "Stamped 1 revision" in done.stdout
    assert "now at base" in done.stdout
    assert version_rows(url_of(app)) == set()


def test_before_statement_is_asked_for_sql(tmp_path: Path, database_url: str) -> None:
    seen: list[tuple[str, str]] = []

    def before_statement(step: Any, statement: Any) -> None:
        seen.append((step.revision, statement.sql))
        if "DROP TABLE" in statement.sql.upper():
            raise Veto(f"refused: {statement.sql} PASSWORD 'S3cret'")

    app = app_of(
        tmp_path, database_url, Implementing(before_statement=before_statement)
    )
    write_chain(migrations_of(app), "a", "b")
    done = run_db(app, "upgrade", "--sql")
    assert done.exit_code == 0, done.output
    assert [revision for revision, _ in seen] == ["a", "b"]
    assert all(sql.lstrip().startswith("CREATE TABLE t_") for _, sql in seen)
    refused = run_db(app, "downgrade", "b:base", "--sql")
    assert refused.exit_code == 3
    assert "DROP TABLE" not in refused.stdout
    assert "Refused by before_statement" in refused.stderr
    assert "S3cret" not in refused.output


def test_a_function_that_goes_down_asks_the_guard(
    tmp_path: Path, database_url: str
) -> None:
    asked: list[tuple[str, str]] = []

    def listener(name: str) -> Callable[..., None]:
        def listen(run: Run) -> None:
            asked.append((name, run.operation))

        return listen

    names = ("before_upgrade", "before_downgrade", "after_upgrade", "after_downgrade")
    plugin = Implementing(**{name: listener(name) for name in names})
    app = app_of(tmp_path, database_url, plugin)
    write_chain(migrations_of(app), "a", "b")
    with app.app_context():
        extension = extension_of(app)
        extension.upgrade()
        del asked[:]
        script: Any = extension.script
        extension.run_migrations(
            lambda heads, context: script._downgrade_revs("a", heads)
        )
    assert asked == [
        ("before_downgrade", "downgrade"),
        ("after_downgrade", "downgrade"),
    ]
    assert version_rows(database_url) == {"a"}


def test_the_signal_is_sent_once(tmp_path: Path, sqlite_url: str) -> None:
    app = app_of(tmp_path, sqlite_url)
    write_revision(migrations_of(app), "a", None, "raise ValueError('no')")
    heard: list[RunResult] = []

    def receiver(app: Flask, result: RunResult, **extra: Any) -> None:
        heard.append(result)

    with run_failed.connected_to(receiver, sender=app):
        assert run_db(app, "upgrade").exit_code == 3
    (result,) = heard
    assert result.failure is not None
    assert "ValueError: no" in result.failure.error
