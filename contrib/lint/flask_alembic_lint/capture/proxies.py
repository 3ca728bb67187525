"""``from alembic import op`` pointed at the recorder for the time of a capture.

The proxies in ``alembic.op`` and ``alembic.context`` belong to the whole
process, so a lock lets one capture at a time have them, and what stood in them
before stands in them afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext

LOCK: Final = threading.RLock()
"""Held while the proxies point at a recorder."""


@contextmanager
def installed(
    environment: EnvironmentContext, context: MigrationContext
) -> Iterator[Operations]:
    """Point ``alembic.op`` and ``alembic.context`` at what is given.

    :param environment: What ``alembic.context`` stands for.
    :param context: What ``alembic.op`` works on.
    :return: The object behind ``alembic.op``.
    """
    from alembic import context as context_module
    from alembic import op as op_module
    from alembic.operations import Operations

    with LOCK:
        before = [installed_in(op_module), installed_in(context_module)]
        try:
            with environment, Operations.context(context) as operations:
                yield operations
        finally:
            left = installed_in(op_module)
            if left is not None:  # Operations.context() cleans up on success only
                remove(left)
            for proxy in before:
                if proxy is not None:
                    install(proxy)


def installed_in(module: Any) -> Any:
    """Return what a proxy module stands for now, or ``None``.

    ``Operations.context`` forgets what was installed before it, so a capture
    within somebody else's context would leave ``alembic.op`` empty; nothing
    public tells what was there. ``tests/test_proxies.py`` fails when Alembic
    names it otherwise.

    :param module: ``alembic.op`` or ``alembic.context``.
    """
    return vars(module).get("_proxy")


def install(proxy: Any) -> None:
    """Put back what :func:`installed_in` gave, for the reason given there.

    :param proxy: An ``Operations`` or ``EnvironmentContext``.
    """
    proxy._install_proxy()


def remove(proxy: Any) -> None:
    """Take out what is installed, for the reason given in :func:`installed_in`.

    :param proxy: What :func:`installed_in` gave.
    """
    proxy._remove_proxy()
