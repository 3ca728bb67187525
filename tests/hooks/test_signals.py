"""Signals: what an app connects to, and what a receiver can and cannot do."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    plain_models,
    run_db,
    second_connection,
    tables,
    url_of,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask, current_app, g
from plugging import Implementing
from sqlalchemy.ext.asyncio import create_async_engine

from flask_alembic import signals
from flask_alembic.hooks.signals import SIGNALS, spec_functions

ARGUMENTS = {
    name: [*inspect.signature(spec).parameters][1:]
    for name, spec in spec_functions().items()
}


class Recorder(list[Any]):
    """A list of what was sent: the names of signals, and their arguments."""

    def receiver(self, name: str) -> Callable[..., None]:
        def receive(app: Flask, **arguments: Any) -> None:
            self.append((name, app, arguments))

        return receive

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    return app


def record_all(stack: ExitStack, app: Flask) -> Recorder:
    recorder = Recorder()
    for name, signal in SIGNALS.items():
        receiver = recorder.receiver(name)
        stack.enter_context(signal.connected_to(receiver, app))
    return recorder


def test_every_signal_is_sent_with_the_arguments_of_its_hook(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "sh -c 'echo >> $1' --")
    write_revision(migrations_of(app), "bad", "a1", "raise ValueError('no')")
    with ExitStack() as stack:
        recorder = record_all(stack, app)
        run_db(app, "upgrade", "a1")
        run_db(app, "upgrade")
        run_db(app, "downgrade")
        run_db(app, "stamp", "a1")
        with second_connection(url_of(app)) as connection:
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('')")
            connection.commit()
        run_db(app, "doctor", "--fix")
        run_db(app, "edit", "a1")
        run_db(app, "revision", "x", "--empty")
    assert set(recorder.names) == set(SIGNALS)
    for name, sender, arguments in recorder:
        assert list(arguments) == ARGUMENTS[name]
        assert sender is app, "the app itself, not the proxy"


def test_receivers_of_another_app_hear_nothing(app: Flask, tmp_path: Path) -> None:
    other = make_app(tmp_path / "other")
    with ExitStack() as stack:
        recorder = record_all(stack, other)
        assert run_db(app, "upgrade").exit_code == 0
    assert recorder == []


def test_a_receiver_may_listen_to_all_apps(app: Flask, tmp_path: Path) -> None:
    other = make_app(tmp_path / "other")
    recorder = Recorder()
    with signals.after_command.connected_to(recorder.receiver("after_command")):
        run_db(app, "heads")
        run_db(other, "heads")
    assert [sender for _, sender, _ in recorder] == [app, other]


def test_connect_via_keeps_a_function_of_a_module(app: Flask) -> None:
    seen: list[int] = []

    @signals.after_upgrade.connect_via(app)
    def tell_the_team(app: Flask, run: Any, result: Any, **extra: Any) -> None:
        seen.append(len(result.applied))

    assert run_db(app, "upgrade").exit_code == 0
    assert seen == [1]


def test_weak_receivers_vanish_and_strong_ones_stay(app: Flask) -> None:
    seen: list[str] = []

    def connect() -> None:
        def weak(app: Flask, **extra: Any) -> None:
            seen.append("weak")

        def strong(app: Flask, **extra: Any) -> None:
            seen.append("strong")

        signals.after_upgrade.connect(weak, app)
        signals.after_upgrade.connect(strong, app, weak=False)

    connect()
    gc.collect()
    assert run_db(app, "upgrade").exit_code == 0
    assert seen == ["strong"]


def test_muted_signals_are_not_sent(app: Flask) -> None:
    recorder = Recorder()
    receiver = recorder.receiver("after_upgrade")
    with signals.after_upgrade.connected_to(receiver, app):
        with signals.after_upgrade.muted():
            assert run_db(app, "upgrade").exit_code == 0
        assert recorder == []
        assert run_db(app, "upgrade").exit_code == 0
    assert recorder.names == ["after_upgrade"]


@pytest.mark.parametrize("name", ["before_command", "before_upgrade", "after_upgrade"])
def test_a_receiver_cannot_refuse(
    app: Flask, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    from flask_alembic import Veto

    def receiver(app: Flask, **extra: Any) -> None:
        raise Veto("no")

    with SIGNALS[name].connected_to(receiver, app):
        with app.app_context():
            result = extension_of(app).upgrade()
    assert result.ok
    assert version_rows(app.config["SQLALCHEMY_DATABASE_URI"]) == {"a1"}
    assert f"{receiver.__qualname__} failed in {name.replace('_', '-')}" in caplog.text
    assert "Only a before_ hook of a plugin can refuse." in caplog.text


def test_a_failing_receiver_stops_no_other_and_is_reported(app: Flask) -> None:
    seen: list[str] = []
    reports: list[Any] = []

    def failing(app: Flask, **extra: Any) -> None:
        seen.append("failing")
        raise OSError("the chat is down")

    def other(app: Flask, **extra: Any) -> None:
        seen.append("other")

    def keep(app: Flask, report: Any, **extra: Any) -> None:
        reports.append(report)

    with ExitStack() as stack:
        for receiver in (failing, other):
            stack.enter_context(signals.after_upgrade.connected_to(receiver, app))
        stack.enter_context(signals.after_command.connected_to(keep, app))
        assert run_db(app, "upgrade").exit_code == 0
    assert sorted(seen) == ["failing", "other"]
    (failure,) = reports[0].hook_failures
    assert failure.hook == "after-upgrade"
    assert failure.plugin == f"receiver {__name__}.{failing.__qualname__}"
    assert failure.error == "OSError: the chat is down"


def test_strict_mode_counts_receivers_too(app: Flask) -> None:
    app.config["ALEMBIC_HOOKS_STRICT"] = True

    def failing(app: Flask, **extra: Any) -> None:
        raise OSError("the chat is down")

    with signals.revision_applied.connected_to(failing, app):
        result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "the database was changed" in result.stderr.lower()


def test_a_receiver_hears_after_the_plugins(app: Flask) -> None:
    heard: list[str] = []
    plugin = Implementing(after_upgrade=lambda: heard.append("plugin"))
    extension_of(app).register(plugin)

    def receiver(app: Flask, **extra: Any) -> None:
        heard.append("signal")

    with signals.after_upgrade.connected_to(receiver, app):
        assert run_db(app, "upgrade").exit_code == 0
    assert heard == ["plugin", "signal"]


def test_a_receiver_works_in_the_app_context_of_the_command(app: Flask) -> None:
    seen: list[Any] = []

    def receiver(sender: Flask, **extra: Any) -> None:
        assert current_app._get_current_object() is sender  # type: ignore[attr-defined]
        seen.append(g.get("word"))

    with signals.after_upgrade.connected_to(receiver, app), app.app_context():
        g.word = "kept"
        extension_of(app).upgrade()
    assert seen == ["kept"]


# Coroutines ---------------------------------------------------------------------


def test_a_coroutine_receiver_is_awaited(app: Flask) -> None:
    seen: list[Any] = []

    async def receiver(app: Flask, run: Any, result: Any, **extra: Any) -> None:
        import asyncio

        await asyncio.sleep(0)
        seen.append((current_app.name, len(result.applied)))

    with signals.after_upgrade.connected_to(receiver, app):
        assert run_db(app, "upgrade").exit_code == 0
    assert seen == [("shop", 1)]


def test_what_a_coroutine_receiver_raises_is_kept(app: Flask) -> None:
    async def receiver(app: Flask, **extra: Any) -> None:
        raise OSError("the chat is down")

    reports: list[Any] = []

    def keep(app: Flask, report: Any, **extra: Any) -> None:
        reports.append(report)

    with ExitStack() as stack:
        stack.enter_context(signals.after_upgrade.connected_to(receiver, app))
        stack.enter_context(signals.after_command.connected_to(keep, app))
        assert run_db(app, "upgrade").exit_code == 0
    assert [one.error for one in reports[0].hook_failures] == [
        "OSError: the chat is down"
    ]


@pytest.mark.parametrize("fails", [False, True])
def test_a_coroutine_receiver_is_awaited_where_the_engine_is_async(
    tmp_path: Path, fails: bool
) -> None:
    """The command runs inside an event loop there."""
    url = f"sqlite:///{tmp_path}/app.db"
    engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
    app = make_app(
        tmp_path,
        extension={"engines": engine, "metadatas": plain_models()},
        SQLALCHEMY_DATABASE_URI="sqlite://",
    )
    write_table_revision(migrations_of(app), "a1")
    seen: list[str] = []
    reports: list[Any] = []

    async def receiver(app: Flask, **extra: Any) -> None:
        import asyncio

        await asyncio.sleep(0)
        seen.append(current_app.name)
        if fails:
            raise OSError("the chat is down")

    def keep(app: Flask, report: Any, **extra: Any) -> None:
        reports.append(report)

    with ExitStack() as stack:
        stack.enter_context(signals.after_upgrade.connected_to(receiver, app))
        stack.enter_context(signals.after_command.connected_to(keep, app))
        assert run_db(app, "upgrade").exit_code == 0
    assert seen == ["shop"]
    assert tables(url) == {"t_a1"}
    errors = [one.error for one in reports[0].hook_failures]
    assert errors == (["OSError: the chat is down"] if fails else [])


# Calls from inside a receiver ---------------------------------------------------


class Reader:
    """A receiver that is a bound method, which is a new object each time."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.found: list[tuple[str, list[str]]] = []

    def read(self, app: Flask, report: Any, **extra: Any) -> None:
        heads = [script.revision for script in extension_of(self.app).heads()]
        self.found.append((report.command.name, heads))


def test_a_receiver_may_read_and_is_not_told_of_its_own_command(app: Flask) -> None:
    reader = Reader(app)
    with signals.after_command.connected_to(reader.read, app):
        assert run_db(app, "branches").exit_code == 0
    assert reader.found == [("branches", ["a1"])]


def test_a_receiver_cannot_start_a_run(app: Flask) -> None:
    outcomes: list[str] = []

    def receiver(app: Flask, **extra: Any) -> None:
        try:
            extension_of(app).downgrade()
        except Exception as error:
            outcomes.append(type(error).__name__)

    with signals.after_upgrade.connected_to(receiver, app):
        assert run_db(app, "upgrade").exit_code == 0
    assert outcomes == ["NestedRun"]
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        assert sa.inspect(engine).has_table("t_a1")
