"""Asking, gathering and editing: answers, and who failed to give one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from plugging import NOTHING, Implementing, Wrapper, hooks_with, raising, saying

from flask_alembic.cli.group import make_group
from flask_alembic.errors import HookError, UsageError
from flask_alembic.hooks import Command, Problem, Report
from flask_alembic.hooks import specs as declared

COMMAND = Command("upgrade")
REPORT = Report(COMMAND, ok=True)


# ask ----------------------------------------------------------------------------

REQUEST: Any = None


def test_ask_stops_at_the_first_answer() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(rev_id=saying("a", heard, None)),
        Implementing(rev_id=saying("b", heard, "")),
        Implementing(rev_id=saying("c", heard, "c")),
    )
    assert hooks.firstresult(declared.rev_id, request=REQUEST) == ""
    assert heard == ["a", "b"]


def test_a_wrapper_may_change_an_answer() -> None:
    def wrapper() -> Wrapper:
        return f"{(yield)}-more"

    hooks = hooks_with(
        Implementing(wrappers={"rev_id": wrapper}),
        Implementing(rev_id=saying("b", [], "plain")),
    )
    assert hooks.firstresult(declared.rev_id, request=REQUEST) == "plain-more"


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1)])
def test_what_is_raised_while_asking_names_the_plugin(error: BaseException) -> None:
    hooks = hooks_with(Implementing(rev_id=raising(error)))
    with pytest.raises(HookError) as caught:
        hooks.firstresult(declared.rev_id, request=REQUEST)
    kind = type(error).__name__
    assert caught.value.message == f"plugin 'a' failed in rev_id: {kind}: {error}."
    assert (caught.value.plugin, caught.value.hook) == ("a", "rev_id")
    assert caught.value.__cause__ is error
    assert "flask db plugins" in caught.value.advice


def test_our_own_errors_pass_as_they_are() -> None:
    error = UsageError("The id is taken.", "Give another one.")
    hooks = hooks_with(Implementing(rev_id=raising(error)))
    with pytest.raises(UsageError) as caught:
        hooks.firstresult(declared.rev_id, request=REQUEST)
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
    assert hooks.collect(declared.lint_problems, target=TARGET) == [
        ("a", [one]),
        ("c", [other]),
    ]


def test_a_generator_may_gather() -> None:
    def lint_problems(app: Flask) -> Iterator[Problem]:
        yield Problem("A1", app.name)

    hooks = hooks_with(Implementing(lint_problems=lint_problems))
    found = hooks.collect(declared.lint_problems, target=TARGET)
    assert found == [("a", [Problem("A1", "shop")])]


def test_what_a_generator_raises_in_the_middle_names_the_plugin() -> None:
    def lint_problems() -> Iterator[Problem]:
        yield Problem("A1", "one")
        raise ValueError("lost")

    hooks = hooks_with(Implementing(lint_problems=lint_problems))
    with pytest.raises(HookError, match="plugin 'a' failed in lint_problems: ValueErr"):
        hooks.collect(declared.lint_problems, target=TARGET)


@pytest.mark.parametrize("answer", [Problem("A1", "one"), "A1", {"A1": "one"}, 7])
def test_what_is_no_list_where_one_is_asked_for_names_the_plugin(answer: Any) -> None:
    hooks = hooks_with(Implementing(lint_problems=saying("a", [], answer)))
    with pytest.raises(HookError, match=r"plugin 'a' gave .* which is not a list") as e:
        hooks.collect(declared.lint_problems, target=TARGET)
    assert e.value.hook == "lint_problems"


def test_gather_of_single_answers_takes_them_as_they_are() -> None:
    plugin = Implementing(context_options=saying("a", [], {"tag": "x"}))
    hooks = hooks_with(plugin, core=NOTHING)
    found = hooks.collect(declared.context_options, database="default")
    assert found == [("a", {"tag": "x"})]


def test_what_is_raised_while_gathering_stops_at_once() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(lint_problems=raising(ValueError("no"))),
        Implementing(lint_problems=saying("b", heard)),
    )
    with pytest.raises(HookError):
        hooks.collect(declared.lint_problems, target=TARGET)
    assert heard == []


# edit ---------------------------------------------------------------------------


def test_edit_hands_one_object_round() -> None:
    def adding(word: str) -> Callable[..., None]:
        def configure(config: Any) -> None:
            config.append(word)

        return configure

    hooks = hooks_with(
        Implementing(configure=adding("a")),
        Implementing(configure=adding("b")),
        core=NOTHING,
    )
    config: Any = []
    hooks.modify(declared.configure, config=config)
    assert config == ["a", "b"]


def test_what_is_raised_while_editing_names_the_plugin() -> None:
    plugin = Implementing(configure=raising(ValueError("no")))
    hooks = hooks_with(plugin, core=NOTHING)
    config: Any = []
    with pytest.raises(HookError, match="plugin 'a' failed in configure"):
        hooks.modify(declared.configure, config=config)


def test_modify_each_goes_on_past_those_who_fail() -> None:
    heard: list[str] = []
    hooks = hooks_with(
        Implementing(register_commands=raising(ValueError("no"))),
        Implementing(register_commands=saying("b", heard)),
    )
    outcomes = dict(hooks.modify_each(declared.register_commands, cli=make_group()))
    assert {name: type(error) for name, error in outcomes.items()} == {
        "a": HookError,
        "b": type(None),
        "commands": type(None),
    }
    assert heard == ["b"]
