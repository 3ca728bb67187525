"""The databases of a run, how it is to be done, and how a part of it stops."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..hooks.payloads import Failure, Step

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..dialects.base import Backend
    from ..environment.databases import Database
    from ..environment.scripts import Scripts
    from .planning import PlannedStep


class Stopped(Exception):
    """A database's part of a run stopped; carries what to report."""

    def __init__(self, error: BaseException, failure: Failure) -> None:
        super().__init__(str(error))
        self.error = error
        self.failure = failure


@dataclass
class Member:
    """A database that takes part in a run."""

    database: Database
    connection: Connection
    backend: Backend
    heads: tuple[str, ...]
    steps: list[PlannedStep] = field(default_factory=list)
    scripts: Scripts = field(init=False)
    is_planned: bool = False
    """Whether ``steps`` lead on from ``heads``."""
    half_done: str | None = None
    """The revision that an earlier run left half done, where a stamp ends that."""

    @property
    def name(self) -> str:
        """The name of the database."""
        return self.database.name


@dataclass(frozen=True, slots=True)
class Manner:
    """How the steps of a run are to be done."""

    arguments: Mapping[str, Any]
    """Extra arguments for ``upgrade()`` and ``downgrade()``."""

    x_arguments: tuple[str, ...] = ()
    """What ``get_x_argument()`` gives."""

    tag: str | None = None
    """What ``get_tag_argument()`` gives."""

    purge: bool = False
    """Whether to empty the version table first."""

    dry: bool = False
    """Whether to roll back at the end."""

    resume: bool = False
    """Whether to go on with a revision that is half in effect."""


def not_started(
    members: Sequence[Member], begun: Collection[Step | None]
) -> tuple[Step, ...]:
    """Return the planned steps that were never begun.

    :param members: The databases of the run.
    :param begun: The steps that were.
    """
    return tuple(
        planned.step
        for member in members
        for planned in member.steps
        if planned.step not in begun
    )
