"""``SIGTERM`` ends a run as a failure would: rolled back and reported."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from ..hooks.payloads import RunResult


@hookimpl(wrapper=True, trylast=True)
def run_migrations() -> Generator[None, RunResult, RunResult]:
    """Let the signal raise inside, where the app does not handle it."""
    from ..runtime.interrupt import termination_raises

    with termination_raises():
        return (yield)
