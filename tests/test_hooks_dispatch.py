"""The six verbs: who is called, in what order, and what an exception means."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apps import Implementing, Wrapper
from flask import Flask

from flask_alembic import defaults, hookimpl
from flask_alembic.errors import AlembicError, HookError, UsageError
from flask_alembic.hooks import Command, HookFailure, Problem, Report, Veto, Vetoed
from flask_alembic.hooks import specs as declared
from flask_alembic.hooks.dispatch import Hooks
from flask_alembic.hooks.registry import Registry
from flask_alembic.hooks.signals import before_command

COMMAND = Command("upgrade")
REPORT = Report(COMMAND, ok=True)


def hooks_with(*plugins: object, core: object = defaults) -> Hooks:
    """Return a dispatcher; the plugins are called a, b, c, ..."""
    named = [(chr(ord("a") + place), plugin) for place, plugin in enumerate(plugins)]
    return Hooks(Flask("shop"), Registry(core, named, load_installed=False))


def saying(word: str, heard: list[str], answer: Any = None) -> Callable[..., Any]:
    def listen() -> Any:
        heard.append(word)
        return answer

    return listen


def raising(error: BaseException) -> Callable[..., Any]:
    def fail() -> None:
        raise error

    return fail


# Order --------------------------------------------------------------------------


def test_the_first_plugin_is_asked_first() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(after_command=saying("a", heard)),
        Implementing(after_command=saying("b", heard)),
        Implementing(after_command=saying("c", heard)),
    )
    hooks.tell(declared.after_command, report=REPORT)
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
    hooks.tell(declared.after_command, report=REPORT)
    assert heard == ["c first", "e first", "b", "f", "a last", "d last"]


def test_the_default_answers_after_a_plugin_marked_trylast() -> None:
    """In pluggy's own order it would answer before."""
    mine = hookimpl(trylast=True)(saying("mine", [], "mine"))
    core = Implementing(rev_id=hookimpl(trylast=True)(saying("core", [], "core")))
    hooks = hooks_with(Implementing(rev_id=mine), core=core)
    request: Any = None
    assert hooks.ask(declared.rev_id, request=request) == "mine"
    assert hooks.implementations(declared.rev_id) == ("a", "defaults")


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

    result: Any = hooks.around(declared.run_migrations, work, run=run)
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
    hooks.around(declared.run_migrations, lambda: "done", run=run)  # type: ignore[arg-type,return-value]
    assert heard == ["b first", "a"]


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
        hooks.tell(declared.after_command, report=REPORT)
    assert heard == ["b"]
    words = f"{type(error).__name__}: {error}"
    assert hooks.failures == [HookFailure("after_command", "a", "", words)]
    assert [record.getMessage() for record in caplog.records] == [
        f"a failed in after_command, which changes nothing of the outcome: {words}"
    ]


def test_an_interrupt_passes_through_a_tell() -> None:
    hooks = hooks_with(Implementing(after_command=raising(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        hooks.tell(declared.after_command, report=REPORT)


def test_passwords_in_a_plugins_error_are_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ValueError("cannot reach https://bot:hunter2@chat.example/hook")
    hooks = hooks_with(Implementing(after_command=raising(error)))
    with caplog.at_level(logging.ERROR):
        hooks.tell(declared.after_command, report=REPORT)
    assert "hunter2" not in hooks.failures[0].error
    assert "hunter2" not in caplog.text
    assert "https://bot:***@chat.example/hook" in caplog.text


def test_each_command_has_failures_of_its_own() -> None:
    hooks = hooks_with(Implementing(after_command=raising(ValueError("no"))))
    one, other = hooks.for_command(), hooks.for_command()
    one.tell(declared.after_command, report=REPORT)
    assert len(one.failures) == 1
    assert other.failures == []


# ask ----------------------------------------------------------------------------

REQUEST: Any = None


def test_ask_stops_at_the_first_answer() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(rev_id=saying("a", heard, None)),
        Implementing(rev_id=saying("b", heard, "")),
        Implementing(rev_id=saying("c", heard, "c")),
    )
    assert hooks.ask(declared.rev_id, request=REQUEST) == ""
    assert heard == ["a", "b"]


def test_a_wrapper_may_change_an_answer() -> None:
    def wrapper() -> Wrapper:
        return f"{(yield)}-more"

    hooks = hooks_with(
        Implementing(wrappers={"rev_id": wrapper}),
        Implementing(rev_id=saying("b", [], "plain")),
    )
    assert hooks.ask(declared.rev_id, request=REQUEST) == "plain-more"


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1)])
def test_what_is_raised_while_asking_names_the_plugin(error: BaseException) -> None:
    hooks = hooks_with(Implementing(rev_id=raising(error)))
    with pytest.raises(HookError) as caught:
        hooks.ask(declared.rev_id, request=REQUEST)
    kind = type(error).__name__
    assert caught.value.message == f"plugin 'a' failed in rev_id: {kind}: {error}."
    assert (caught.value.plugin, caught.value.hook) == ("a", "rev_id")
    assert caught.value.__cause__ is error
    assert "flask db plugins" in caught.value.advice


def test_our_own_errors_pass_as_they_are() -> None:
    error = UsageError("The id is taken.", "Give another one.")
    hooks = hooks_with(Implementing(rev_id=raising(error)))
    with pytest.raises(UsageError) as caught:
        hooks.ask(declared.rev_id, request=REQUEST)
    assert caught.value is error


# gather -------------------------------------------------------------------------

TARGET: Any = None


def test_gather_keeps_the_names_and_leaves_out_none() -> None:
    one, other = Problem("A1", "one"), Problem("B1", "other")
    hooks = hooks_with(
        Implementing(lint_problems=saying("a", [], [one])),
        Implementing(lint_problems=saying("b", [], None)),
        Implementing(lint_problems=saying("c", [], (other,))),
    )
    assert hooks.gather(declared.lint_problems, target=TARGET) == [
        ("a", [one]),
        ("c", [other]),
    ]


def test_a_generator_may_gather() -> None:
    def lint_problems(app: Flask) -> Iterator[Problem]:
        yield Problem("A1", app.name)

    hooks = hooks_with(Implementing(lint_problems=lint_problems))
    found = hooks.gather(declared.lint_problems, target=TARGET)
    assert found == [("a", [Problem("A1", "shop")])]


def test_what_a_generator_raises_in_the_middle_names_the_plugin() -> None:
    def lint_problems() -> Iterator[Problem]:
        yield Problem("A1", "one")
        raise ValueError("lost")

    hooks = hooks_with(Implementing(lint_problems=lint_problems))
    with pytest.raises(HookError, match="plugin 'a' failed in lint_problems: ValueErr"):
        hooks.gather(declared.lint_problems, target=TARGET)


@pytest.mark.parametrize("answer", [Problem("A1", "one"), "A1", {"A1": "one"}, 7])
def test_what_is_no_list_where_one_is_asked_for_names_the_plugin(answer: Any) -> None:
    hooks = hooks_with(Implementing(lint_problems=saying("a", [], answer)))
    with pytest.raises(HookError, match=r"plugin 'a' gave .* which is not a list") as e:
        hooks.gather(declared.lint_problems, target=TARGET)
    assert e.value.hook == "lint_problems"


def test_gather_of_single_answers_takes_them_as_they_are() -> None:
    hooks = hooks_with(Implementing(context_options=saying("a", [], {"tag": "x"})))
    found = hooks.gather(declared.context_options, database="default")
    assert found == [("a", {"tag": "x"})]


def test_what_is_raised_while_gathering_stops_at_once() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(lint_problems=raising(ValueError("no"))),
        Implementing(lint_problems=saying("b", heard)),
    )
    with pytest.raises(HookError):
        hooks.gather(declared.lint_problems, target=TARGET)
    assert heard == []


# edit ---------------------------------------------------------------------------


def test_edit_hands_one_object_round() -> None:
    def adding(word: str) -> Callable[..., None]:
        def configure(config: Any) -> None:
            config.append(word)

        return configure

    hooks = hooks_with(
        Implementing(configure=adding("a")), Implementing(configure=adding("b"))
    )
    config: Any = []
    hooks.edit(declared.configure, config=config)
    assert config == ["a", "b"]


def test_what_is_raised_while_editing_names_the_plugin() -> None:
    hooks = hooks_with(Implementing(configure=raising(ValueError("no"))))
    config: Any = []
    with pytest.raises(HookError, match="plugin 'a' failed in configure"):
        hooks.edit(declared.configure, config=config)


def test_edit_each_goes_on_past_those_who_fail() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(register_commands=raising(ValueError("no"))),
        Implementing(register_commands=saying("b", heard)),
    )
    cli: Any = None
    outcomes = list(hooks.edit_each(declared.register_commands, cli=cli))
    assert [(name, type(error)) for name, error in outcomes] == [
        ("a", HookError),
        ("b", type(None)),
    ]
    assert heard == ["b"]


# around -------------------------------------------------------------------------

RUN: Any = None


def around(wrapper: Callable[..., Any], work: Callable[[], Any]) -> Any:
    hooks = hooks_with(Implementing(wrappers={"run_migrations": wrapper}))
    return hooks.around(declared.run_migrations, work, run=RUN)


def test_what_the_work_raises_passes_as_it_is() -> None:
    heard = []

    def wrapper() -> Wrapper:
        try:
            return (yield)
        finally:
            heard.append("cleaned up")

    error = ValueError("the work failed")
    with pytest.raises(ValueError, match="the work failed") as caught:
        around(wrapper, raising(error))
    assert caught.value is error
    assert heard == ["cleaned up"]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(2)])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_wrapper_raises_names_the_plugin(
    when: str, error: BaseException
) -> None:
    heard: list[str] = []

    def wrapper() -> Wrapper:
        if when == "before":
            raise error
        yield
        raise error

    with pytest.raises(HookError) as caught:
        around(wrapper, saying("work", heard, "done"))
    kind = type(error).__name__
    assert caught.value.message == (
        f"plugin 'a' failed in run_migrations: {kind}: {error}."
    )
    assert heard == ([] if when == "before" else ["work"])


def test_a_wrapper_that_fails_while_the_work_fails_names_the_plugin() -> None:
    def wrapper() -> Wrapper:
        try:
            return (yield)
        except ValueError:
            raise KeyError("mine") from None

    with pytest.raises(HookError, match="plugin 'a' failed in run_migrations: KeyErr"):
        around(wrapper, raising(ValueError("theirs")))


def test_a_wrapper_may_turn_an_error_into_one_of_ours() -> None:
    def wrapper() -> Wrapper:
        try:
            return (yield)
        except ValueError as error:
            raise AlembicError("It cannot be done.", "Wait.") from error

    with pytest.raises(AlembicError, match="It cannot be done"):
        around(wrapper, raising(ValueError("theirs")))


def test_a_wrapper_that_loses_the_result_is_named() -> None:
    def wrapper() -> Wrapper:
        yield

    with pytest.raises(HookError, match=r"lost by a wrapper \('a'\)") as caught:
        around(wrapper, lambda: "done")
    assert "return (yield)" in caught.value.advice


def test_a_wrapper_that_does_not_yield_is_named() -> None:
    def wrapper() -> Wrapper:
        if not RUN:
            return "early"
        yield

    with pytest.raises(HookError, match="plugin 'a': its wrapper of run_migrations di"):
        around(wrapper, lambda: "done")


def test_a_wrapper_that_yields_twice_is_named() -> None:
    closed = []

    def wrapper() -> Wrapper:
        try:
            yield
            yield
        finally:
            closed.append(True)

    with pytest.raises(HookError, match="yielded more than once"):
        around(wrapper, lambda: "done")
    assert closed == [True]


def test_an_interrupt_passes_through_wrappers_and_runs_their_end() -> None:
    closed = []

    def wrapper() -> Wrapper:
        try:
            return (yield)
        finally:
            closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        around(wrapper, raising(KeyboardInterrupt()))
    assert closed == [True]


# Attribution --------------------------------------------------------------------


def test_implemented_does_not_count_the_default() -> None:
    assert not hooks_with().implemented(declared.rev_id)
    assert hooks_with(Implementing(rev_id=lambda: None)).implemented(declared.rev_id)


def test_an_implementation_takes_the_arguments_it_names_in_any_order() -> None:
    heard = []

    def after_command(report: Report, app: Flask) -> None:
        heard.append((report, app.name))

    hooks = hooks_with(Implementing(after_command=after_command))
    hooks.tell(declared.after_command, report=REPORT)
    assert heard == [(REPORT, "shop")]


def test_calling_a_hook_by_the_wrong_verb_is_a_bug_that_shows() -> None:
    with pytest.raises(AssertionError, match="after_command is tell, not guard"):
        hooks_with().guard(declared.after_command, report=REPORT)
