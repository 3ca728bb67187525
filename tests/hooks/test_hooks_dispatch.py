"""Who is called, in what order, and with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from plugging import NOTHING, Implementing, Wrapper, hooks_with, raising, saying

from flask_alembic import hookimpl
from flask_alembic.hooks import Command, Report
from flask_alembic.hooks import specs as declared
from flask_alembic.hooks.dispatcher import call_stopping

COMMAND = Command("upgrade")
REPORT = Report(COMMAND, ok=True)


# Order --------------------------------------------------------------------------


def test_the_first_plugin_is_asked_first() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(after_command=saying("a", heard)),
        Implementing(after_command=saying("b", heard)),
        Implementing(after_command=saying("c", heard)),
    )
    hooks.event(declared.after_command, report=REPORT)
    assert heard == ["a", "b", "c"]


def test_tryfirst_and_trylast_stand_before_and_after_the_others() -> None:
    heard: list[str] = []
    first, last = hookimpl(tryfirst=True), hookimpl(trylast=True)
    hooks = hooks_with(
        Implementing(after_command=last(saying("a last", heard))),
        Implementing(after_command=saying("b", heard)),
        Implementing(after_command=first(saying("c first", heard))),
        Implementing(after_command=last(saying("d last", heard))),
        Implementing(after_command=first(saying("e first", heard))),
        Implementing(after_command=saying("f", heard)),
    )
    hooks.event(declared.after_command, report=REPORT)
    assert heard == ["c first", "e first", "b", "f", "a last", "d last"]


def test_the_default_answers_after_a_plugin_marked_trylast() -> None:
    """In pluggy's own order it would answer before."""
    mine = hookimpl(trylast=True)(saying("mine", [], "mine"))
    core = Implementing(rev_id=hookimpl(trylast=True)(saying("core", [], "core")))
    hooks = hooks_with(Implementing(rev_id=mine), core=core)
    request: Any = None
    assert hooks.firstresult(declared.rev_id, request=request) == "mine"
    assert hooks.implementations(declared.rev_id) == ("a", "core")


def test_wrappers_go_from_the_outside_in_and_out_again() -> None:
    heard: list[str] = []

    def around(word: str) -> Callable[..., Any]:
        def wrapper() -> Wrapper:
            heard.append(f"{word} in")
            result = yield
            heard.append(f"{word} out")
            return result

        return wrapper

    hooks = hooks_with(
        Implementing(wrappers={"run_migrations": around("a")}),
        Implementing(wrappers={"run_migrations": around("b")}),
    )
    run: Any = None

    def work() -> Any:
        heard.append("work")
        return "done"

    result: Any = hooks.wrapper(declared.run_migrations, work, run=run)
    assert result == "done"
    assert heard == ["a in", "b in", "work", "b out", "a out"]


def test_a_wrapper_marked_tryfirst_is_the_outermost() -> None:
    heard: list[str] = []

    def around(word: str) -> Any:
        def wrapper() -> Wrapper:
            heard.append(word)
            return (yield)

        return wrapper

    first = hookimpl(wrapper=True, tryfirst=True)
    hooks = hooks_with(
        Implementing(wrappers={"run_migrations": around("a")}),
        Implementing(run_migrations=first(around("b first"))),
    )
    run: Any = None
    hooks.wrapper(declared.run_migrations, lambda: "done", run=run)  # type: ignore[arg-type,return-value]
    assert heard == ["b first", "a"]


def test_the_setting_of_the_app_answers_after_plugins_and_before_the_default() -> None:
    core = Implementing(rev_id=hookimpl(trylast=True)(saying("core", [], "core")))
    request: Any = None

    def answer(*plugins: object, own: object) -> object:
        hooks = hooks_with(*plugins, core=core)
        return hooks.firstresult_with(declared.rev_id, lambda: own, request=request)

    mine = Implementing(rev_id=saying("mine", [], "mine"))
    silent = Implementing(rev_id=saying("silent", []))
    assert answer(mine, own="own") == "mine"
    assert answer(silent, own="own") == "own"
    assert answer(silent, own=None) == "core"


def test_the_answer_of_a_wrapper_to_a_failure_is_the_result() -> None:
    def around() -> Wrapper:
        try:
            return (yield)
        except ZeroDivisionError:
            return "instead"

    hooks = hooks_with(Implementing(wrappers={"run_migrations": around}))
    run: Any = None
    result: Any = hooks.wrapper(declared.run_migrations, lambda: 1 / 0, run=run)  # type: ignore[arg-type,return-value]
    assert result == "instead"


# Attribution --------------------------------------------------------------------


def test_implemented_does_not_count_the_default() -> None:
    assert not hooks_with().implemented(declared.rev_id)
    assert hooks_with(Implementing(rev_id=lambda: None)).implemented(declared.rev_id)


def test_an_implementation_takes_the_arguments_it_names_in_any_order() -> None:
    heard = []

    def after_command(report: Report, app: Flask) -> None:
        heard.append((report, app.name))

    hooks = hooks_with(Implementing(after_command=after_command))
    hooks.event(declared.after_command, report=REPORT)
    assert heard == [(REPORT, "shop")]


def test_an_answer_stays_as_it_is_where_no_list_is_asked_for() -> None:
    answer = iter(("a", "b"))
    hooks = hooks_with(Implementing(rev_id=lambda: answer))
    impl = hooks.registry.implementations("rev_id")[0]
    assert call_stopping(impl, "plugin 'a'", "rev_id", {}) is answer
    assert call_stopping(impl, "plugin 'a'", "rev_id", {}, collect=True) == ["a", "b"]


def test_calling_a_hook_by_the_wrong_verb_is_a_bug_that_shows() -> None:
    with pytest.raises(AssertionError, match="after_command is event, not guard"):
        hooks_with().guard(declared.after_command, report=REPORT)


def test_a_plugin_that_fails_in_progress_is_recorded_once() -> None:
    """Progress comes too often for that; of other events each failure counts."""
    failing = Implementing(
        progress=raising(ValueError("slow")), after_command=raising(ValueError("late"))
    )
    other = Implementing(progress=raising(KeyError("other")))
    hooks = hooks_with(failing, other, core=NOTHING)
    event: Any = object()
    for _ in range(3):
        hooks.event(declared.progress, event=event)
    assert [(each.hook, each.plugin) for each in hooks.failures] == [
        ("progress", "a"),
        ("progress", "b"),
    ]
    for _ in range(2):
        hooks.event(declared.after_command, report=REPORT)
    hooks.event(declared.progress, event=event)
    assert [each.hook for each in hooks.failures[2:]] == ["after_command"] * 2
    assert "late" in hooks.failures[-1].error
