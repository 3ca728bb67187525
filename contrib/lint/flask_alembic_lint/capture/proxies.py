"""``from alembic import op`` pointed at the recorder for the time of a capture.

The revision itself gets the recorder through its own import statements, see
:mod:`.standins`. Helper modules that it calls have imported ``alembic.op`` before,
so the proxies in there, which belong to the whole process, are pointed at the
recorder as well: one capture at a time, never while somebody else's migration has
them, and what stood in them before stands in them afterwards.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext

LOCK: Final = threading.RLock()
"""Held while the proxies point at a recorder."""

PATIENCE: Final = 10.0
"""How long to wait for somebody else's migration, in seconds."""


class Busy(Exception):
    """Another migration runs in this process, and has ``alembic.op``."""


@contextmanager
def installed(
    environment: EnvironmentContext,
    operations: Operations,
    patience: float = PATIENCE,
) -> Iterator[None]:
    """Point ``alembic.op`` and ``alembic.context`` at what is given.

    :param environment: What ``alembic.context`` stands for.
    :param operations: What ``alembic.op`` stands for.
    :param patience: How long to wait until nobody else has ``alembic.op``, in
        seconds.
    :raises Busy: When somebody still has it then. To take it away would send their
        operations to the recorder, and to leave it ours to their database.
    """
    from alembic import context as context_module
    from alembic import op as op_module

    with LOCK:
        wait_for(op_module, patience)
        before = installed_in(context_module)
        install(environment)
        install(operations)
        try:
            yield
        finally:
            # A migration that began meanwhile keeps what it has installed.
            if installed_in(op_module) is operations:
                remove(operations)
            if installed_in(context_module) is environment:
                remove(environment)
                if before is not None:
                    install(before)


def wait_for(module: Any, patience: float) -> None:
    """Wait until nothing is installed in a proxy module.

    :param module: ``alembic.op``.
    :param patience: How long, in seconds.
    :raises Busy: When something still is.
    """
    until = time.monotonic() + patience
    while installed_in(module) is not None:
        if time.monotonic() >= until:
            raise Busy("another migration is running in this process")
        time.sleep(0.01)


def clear() -> None:
    """Take out what stands in the proxies, in a process whose parent put it there."""
    from alembic import context as context_module
    from alembic import op as op_module

    for module in (op_module, context_module):
        proxy = installed_in(module)
        if proxy is not None:
            remove(proxy)


def installed_in(module: Any) -> Any:
    """Return what a proxy module stands for now, or ``None``.

    Nothing public tells it, and ``Operations.context()`` would take away from
    somebody else what it did not install itself. ``tests/test_capture.py`` fails
    when Alembic names these three otherwise.

    :param module: ``alembic.op`` or ``alembic.context``.
    """
    return vars(module).get("_proxy")


def install(proxy: Any) -> None:
    """Point a proxy module at an object, for the reason given above.

    :param proxy: An ``Operations`` or ``EnvironmentContext``.
    """
    proxy._install_proxy()


def remove(proxy: Any) -> None:
    """Take out what is installed, for the reason given above.

    :param proxy: What :func:`installed_in` gave.
    """
    proxy._remove_proxy()
