"""Work in a thread of its own: where an event loop runs in this one already."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


def in_thread(work: Callable[[], R], name: str = "flask-alembic") -> R:
    """Call something in a thread of its own and wait for it.

    The thread gets a copy of the context, so that the app context is active there.

    :param work: What to call.
    :param name: The name of the thread.
    :return: What it returned.
    :raises BaseException: Whatever it raised.

    .. versionadded:: 4.0
    """
    returned: list[R] = []
    raised: list[BaseException] = []

    def target() -> None:
        try:
            returned.append(work())
        except BaseException as error:
            raised.append(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(target,), name=name)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return returned[0]
