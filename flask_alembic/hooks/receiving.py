"""Calling the receiver of a signal, a coroutine included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .threads import in_thread

if TYPE_CHECKING:
    from flask import Flask


def send_to(
    receiver: Callable[..., Any], app: Flask, arguments: Mapping[str, Any]
) -> None:
    """Call a receiver and wait for it.

    A coroutine is run by :meth:`flask.Flask.ensure_sync`, which needs a thread
    without a running event loop. With an async engine a command works inside one,
    so there the coroutine gets a thread of its own, with the same context.

    :param receiver: What is connected to the signal.
    :param app: The sender.
    :param arguments: The signal's arguments.
    :raises Exception: Whatever the receiver raised.
    """
    call = app.ensure_sync(receiver)
    if call is receiver or not _inside_loop():
        call(app, **arguments)
        return
    in_thread(lambda: call(app, **arguments))


def _inside_loop() -> bool:
    """Whether an event loop runs in this thread."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def key_of(receiver: Callable[..., Any]) -> tuple[int, int]:
    """Return what tells a receiver from others; a bound method is made anew each time.

    :param receiver: What is connected to the signal.
    """
    function = getattr(receiver, "__func__", receiver)
    return id(getattr(receiver, "__self__", None)), id(function)


def name_of(receiver: Callable[..., Any]) -> str:
    """Name a receiver for a message.

    :param receiver: What is connected to the signal.
    """
    module = getattr(receiver, "__module__", None)
    name = getattr(receiver, "__qualname__", None)
    if module is None or name is None:
        return f"receiver {receiver!r}"
    return f"receiver {module}.{name}"
