"""Wrappers: around the work, with its errors passing through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from plugging import Implementing, Wrapper, hooks_with, raising, saying

from flask_alembic.errors import AlembicError, HookError, Vetoed
from flask_alembic.hooks import Command, Report, Veto
from flask_alembic.hooks import specs as declared
from flask_alembic.hooks.dispatcher import NamedContext, is_failure

COMMAND = Command("upgrade")
REPORT = Report(COMMAND, ok=True)


RUN: Any = None


def around(wrapper: Callable[..., Any], work: Callable[[], Any]) -> Any:
    hooks = hooks_with(Implementing(wrappers={"run_migrations": wrapper}))
    return hooks.wrapper(declared.run_migrations, work, run=RUN)


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


class Leaving(BaseException):
    """What is neither an ``Exception`` nor an interrupt."""


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (ValueError(), True),
        (SystemExit(1), True),
        (Leaving(), True),
        (KeyboardInterrupt(), False),
        (asyncio.CancelledError(), False),
    ],
)
def test_what_is_a_failure_of_a_plugin(error: BaseException, is_one: bool) -> None:
    assert is_failure(error) is is_one


def named(manager: Any) -> NamedContext:
    return NamedContext(manager, "migration_lock", "plugin 'a'", "a")


@contextmanager
def lock(*, before: Any = None, after: Any = None, caught: Any = ()) -> Iterator[None]:
    """Be a lock that fails where it is told to, or swallows what it is told to."""
    if before:
        raise before
    try:
        yield
    except caught:
        pass
    if after:
        raise after


def test_what_is_no_context_manager_is_named() -> None:
    with pytest.raises(HookError) as refused, named(5):
        pass
    assert refused.value.message == (
        "plugin 'a' gave 5 to migration_lock, which is not a context manager."
    )
    assert (refused.value.plugin, refused.value.hook) == ("a", "migration_lock")


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_context_manager_raises_names_the_plugin(when: str) -> None:
    with pytest.raises(HookError) as failed, named(lock(**{when: KeyError("gone")})):
        pass
    assert failed.value.message == (
        "plugin 'a' failed in what it gave to migration_lock: KeyError: 'gone'."
    )
    assert (failed.value.plugin, failed.value.hook) == ("a", "migration_lock")
    with (
        pytest.raises(Vetoed, match="not today"),
        named(lock(**{when: Veto("not today")})),
    ):
        pass
    ours = AlembicError("It is held.", "Wait.")
    with pytest.raises(AlembicError) as passed, named(lock(**{when: ours})):
        pass
    assert passed.value is ours
    with pytest.raises(KeyboardInterrupt), named(lock(**{when: KeyboardInterrupt()})):
        pass


def test_what_the_work_raises_passes_a_context_manager_or_is_swallowed_by_it() -> None:
    error = ValueError("the work failed")
    with pytest.raises(ValueError, match="the work failed") as caught, named(lock()):
        raise error
    assert caught.value is error
    with named(lock(caught=ValueError)):
        raise error
