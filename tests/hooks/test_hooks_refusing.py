"""Guards and tells: what an exception in one of them means."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from plugging import Implementing, hooks_with, raising, saying

from flask_alembic.errors import UsageError
from flask_alembic.hooks import Command, HookFailure, Report, Veto, Vetoed
from flask_alembic.hooks import specs as declared
from flask_alembic.hooks.signals import before_command

COMMAND = Command("upgrade")
REPORT = Report(COMMAND, ok=True)


# guard --------------------------------------------------------------------------


def test_guard_collects_every_veto_and_names_the_plugins() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(before_command=raising(Veto("there is a freeze"))),
        Implementing(before_command=saying("b", heard)),
        Implementing(before_command=raising(Veto("nobody approved it"))),
    )
    with pytest.raises(Vetoed) as caught:
        hooks.guard(declared.before_command, command=COMMAND)
    assert caught.value.hook == "before_command"
    assert caught.value.refusals == (
        ("plugin 'a'", "there is a freeze"),
        ("plugin 'c'", "nobody approved it"),
    )
    assert str(caught.value) == (
        "Refused by before_command: plugin 'a': there is a freeze; plugin 'c': nobody "
        "approved it."
    )
    assert heard == ["b"]


@pytest.mark.parametrize(
    ("reason", "shown"),
    [("it is late.", "it is late."), ("wait...", "wait."), ("see a..b", "see a..b.")],
)
def test_a_reason_is_shown_as_it_was_written(reason: str, shown: str) -> None:
    hooks = hooks_with(Implementing(before_command=raising(Veto(reason))))
    with pytest.raises(Vetoed) as caught:
        hooks.guard(declared.before_command, command=COMMAND)
    assert str(caught.value).endswith(f": {shown}")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no answer"), "it failed: ValueError: no answer"),
        (SystemExit(0), "it failed: SystemExit: 0"),
        (UsageError("It is wrong."), "it failed: UsageError: It is wrong."),
        (RuntimeError(), "it failed: RuntimeError"),
    ],
)
def test_a_guard_that_fails_has_not_agreed(error: BaseException, words: str) -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(before_command=raising(error)),
        Implementing(before_command=saying("b", heard)),
    )
    with pytest.raises(Vetoed) as caught:
        hooks.guard(declared.before_command, command=COMMAND)
    assert caught.value.refusals == (("plugin 'a'", words),)
    assert heard == ["b"]


def test_an_interrupt_passes_through_a_guard() -> None:
    hooks = hooks_with(Implementing(before_command=raising(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        hooks.guard(declared.before_command, command=COMMAND)


def test_the_signal_of_a_guard_is_sent_when_everybody_agreed() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(before_command=saying("a", heard)),
        Implementing(before_command=saying("b", heard)),
    )

    def receiver(app: Flask, **arguments: Any) -> None:
        heard.append(f"signal {sorted(arguments)}")

    with before_command.connected_to(receiver, hooks.app):
        hooks.guard(declared.before_command, command=COMMAND)
    assert heard == ["a", "b", "signal ['command']"]


def test_the_signal_of_a_guard_is_not_sent_after_a_veto() -> None:
    heard: list[str] = []
    hooks = hooks_with(Implementing(before_command=raising(Veto("no"))))

    def receiver(app: Flask, **arguments: Any) -> None:
        heard.append("signal")

    with before_command.connected_to(receiver, hooks.app), pytest.raises(Vetoed):
        hooks.guard(declared.before_command, command=COMMAND)
    assert heard == []


# tell ---------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1), UsageError("no")])
def test_what_a_listener_raises_is_kept_and_stops_nobody(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(after_command=raising(error)),
        Implementing(after_command=saying("b", heard)),
    )
    with caplog.at_level(logging.ERROR, "flask_alembic.hooks"):
        hooks.event(declared.after_command, report=REPORT)
    assert heard == ["b"]
    words = f"{type(error).__name__}: {error}"
    assert hooks.failures == [HookFailure("after_command", "a", "", words)]
    assert [record.getMessage() for record in caplog.records] == [
        f"a failed in after_command, which changes nothing of the outcome: {words}"
    ]


def test_an_interrupt_passes_through_a_tell() -> None:
    hooks = hooks_with(Implementing(after_command=raising(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        hooks.event(declared.after_command, report=REPORT)


def test_passwords_in_a_plugins_error_are_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ValueError("cannot reach https://bot:hunter2@chat.example/hook")
    hooks = hooks_with(Implementing(after_command=raising(error)))
    with caplog.at_level(logging.ERROR):
        hooks.event(declared.after_command, report=REPORT)
    assert "hunter2" not in hooks.failures[0].error
    assert "hunter2" not in caplog.text
    assert "https://bot:***@chat.example/hook" in caplog.text


def test_each_command_has_failures_of_its_own() -> None:
    hooks = hooks_with(Implementing(after_command=raising(ValueError("no"))))
    one, other = hooks.for_command(), hooks.for_command()
    one.event(declared.after_command, report=REPORT)
    assert len(one.failures) == 1
    assert other.failures == []
