"""Work that is done in a thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from flask_alembic.hooks.threads import in_thread

place = contextvars.ContextVar("place", default="nowhere")


def test_it_returns_what_was_returned() -> None:
    assert in_thread(lambda: threading.current_thread().name, "worker") == "worker"
    assert in_thread(lambda: None) is None


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_it_raises_what_was_raised(kind: type[BaseException]) -> None:
    def work() -> None:
        raise kind("no")

    with pytest.raises(kind, match="no"):
        in_thread(work)


def test_the_context_is_there_as_a_copy() -> None:
    def work() -> str:
        before = place.get()
        place.set("in the thread")
        return before

    token = place.set("here")
    try:
        assert in_thread(work) == "here"
        assert place.get() == "here"
    finally:
        place.reset(token)


def test_a_loop_may_run_on_both_sides() -> None:
    async def inner() -> int:
        return 1

    async def outer() -> int:
        return in_thread(lambda: asyncio.run(inner()))

    assert asyncio.run(outer()) == 1
