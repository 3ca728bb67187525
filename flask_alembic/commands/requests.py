"""A run as it is asked for, and as hooks get to see it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..hooks import specs
from ..hooks.payloads import Direction, Mode, Run
from .targets import describe

if TYPE_CHECKING:
    from .planning import PlannedStep

GUARDS: Final = {
    "upgrade": specs.before_upgrade,
    "downgrade": specs.before_downgrade,
    "stamp": specs.before_stamp,
}
AFTERS: Final = {
    "upgrade": specs.after_upgrade,
    "downgrade": specs.after_downgrade,
    "stamp": specs.after_stamp,
}


@dataclass(frozen=True, slots=True)
class Request:
    """A run as it was asked for."""

    direction: Direction
    """Which way."""

    target: Any
    """Where to."""

    mode: Mode = "online"
    """How."""

    databases: tuple[str, ...] = ()
    """Which databases; all for none."""

    lock: bool = True
    """Whether to hold the lock."""

    force: bool = False
    """Whether to go on where ``ALEMBIC["protected"]`` refuses."""

    purge: bool = False
    """Whether a stamp empties the version table first."""

    resume: bool = False
    """Whether to go on with a revision that is half in effect."""

    happened: bool | None = None
    """Whether the statement that a killed run left uncertain is in effect."""

    tag: str | None = None
    """What ``context.get_tag_argument()`` gives to revisions."""

    x_arguments: tuple[str, ...] = ()
    """What ``context.get_x_argument()`` gives to revisions."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Extra arguments for ``upgrade()`` and ``downgrade()``."""

    plan_function: Callable[[Any, Any], Iterable[Any]] | None = None
    """What gives Alembic's steps instead of ``target``."""

    @property
    def options(self) -> dict[str, Any]:
        """What hooks see beside target and mode."""
        shown = ("databases", "lock", "force", "purge", "resume", "tag", "x_arguments")
        return {name: getattr(self, name) for name in shown}


def make_run(
    request: Request,
    plans: Mapping[str, Sequence[PlannedStep]],
    heads: Mapping[str, tuple[str, ...]],
) -> Run:
    """Return the run as hooks see it.

    :param request: What was asked for.
    :param plans: The steps by database, in declared order.
    :param heads: Where each database is.
    """
    return Run(
        id=uuid.uuid4().hex[:12],
        command=request.direction,
        target=describe(request.target),
        mode=request.mode,
        plan=tuple(planned.step for steps in plans.values() for planned in steps),
        heads=dict(heads),
        options=request.options,
        is_baseline=request.direction == "stamp" and not any(heads.values()),
    )
