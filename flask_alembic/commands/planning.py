"""What would run: the steps from the heads a database is at to a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment import private
from ..environment.soundness import unusable
from ..errors import Refused, RevisionFileError, UsageError
from ..hooks.payloads import Direction, Step
from .known_rows import require_known
from .targets import describe, resolve
from .unreachable import parents, unreachable

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
    from alembic.script import Script

    from ..environment.scripts import Scripts

    PlanFunction = Callable[[Any, MigrationContext], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as hooks see it, beside Alembic's own object for it."""

    step: Step
    """What hooks see."""

    alembic: RevisionStep | StampStep
    """What knows how the version table changes."""

    function: Callable[..., Any]
    """The revision's ``upgrade`` or ``downgrade``."""


def plan(
    scripts: Scripts,
    database: str,
    heads: tuple[str, ...],
    target: Any,
    direction: Direction,
) -> list[PlannedStep]:
    """Return the steps that bring one database to a target.

    :param scripts: The history.
    :param database: The name of the database.
    :param heads: The revisions it is at.
    :param target: Where to: a revision, a relative number, ``heads``, ...
    :param direction: Which way.
    :raises RevisionNotFound: When the target is not there.
    :raises HistoryError: When the database is at a revision without a file.
    """
    require_known(scripts, database, heads)
    resolved = resolve(scripts, target, direction)
    if direction == "stamp":
        steps = private.stamp_steps(scripts, resolved, heads)
        return [_planned_stamp(scripts, step, database) for step in steps]
    revisions = _revisions(scripts, resolved, heads, direction, describe(target))
    return [planned_step(scripts, script, database, direction) for script in revisions]


def _revisions(
    scripts: Scripts,
    target: Any,
    heads: tuple[str, ...],
    direction: Direction,
    typed: str,
) -> list[Script]:
    """Return the revisions to run, in order."""
    from alembic.script import revision
    from alembic.util import CommandError

    if direction == "downgrade" and len(heads) > 1 and _is_step(target):
        # Alembic only warns, and undoes whichever row comes first.
        raise UsageError(
            f"{typed} is ambiguous: the database is at several revisions "
            f"({', '.join(heads)}).",
            f"Name the branch, as in {heads[0]}@{target}, or a revision.",
        )
    try:
        if direction == "upgrade":
            upward = scripts.iterate_revisions(target, heads, implicit_base=True)
            return list(upward)[::-1]
        return list(scripts.iterate_revisions(heads, target, select_for_downgrade=True))
    except (revision.RevisionError, CommandError, AssertionError) as error:
        told = unreachable(scripts, error, heads, direction, typed)
        if told is None:
            raise
        raise told from error


def _is_step(target: Any) -> bool:
    return isinstance(target, str) and target[:1] in {"+", "-"}


def adopt(alembic: Any, database: str) -> PlannedStep:
    """Return a planned step for a step that Alembic made.

    :param alembic: A ``RevisionStep`` or ``StampStep``.
    :param database: The name of the database.
    """
    script = getattr(alembic, "revision", None)
    upward: Direction = "upgrade" if alembic.is_upgrade else "downgrade"
    reached = (*alembic.to_revisions, *alembic.from_revisions)
    step = Step(
        revision=script.revision if script is not None else reached[0],
        down_revisions=tuple(alembic.from_revisions_no_deps),
        direction=upward if script is not None else "stamp",
        doc=alembic.doc or "",
        path=Path(script.path) if script is not None else None,
        database=database,
    )
    return PlannedStep(step, alembic, alembic.migration_fn)


def planned_step(
    scripts: Scripts, script: Script, database: str, direction: Direction
) -> PlannedStep:
    """Return the step that a revision is, wherever the database is.

    :param scripts: The history.
    :param script: The revision.
    :param database: The name of the database.
    :param direction: Which way.
    :raises RevisionFileError: When its file cannot be used.
    :raises Refused: When it is marked as irreversible and was to be undone.
    """
    from alembic.runtime.migration import RevisionStep

    path = Path(script.path)
    try:
        module = script.module
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise unusable(path, error) from error
    if not callable(getattr(module, direction, None)):
        raise RevisionFileError(
            f"The revision file {path} has no function {direction}().",
            f"Add it; it may do nothing. Nothing was run for {script.revision}.",
        )
    if direction == "downgrade" and getattr(module, "irreversible", False):
        raise Refused(
            f"{script.revision} ({script.doc}) is marked as irreversible; nothing was "
            "run.",
            f"Its file is {path}. Restore a backup, or write a revision that goes on "
            "from here.",
        )
    alembic = RevisionStep(scripts.revision_map, script, direction == "upgrade")
    step = Step(
        revision=script.revision,
        down_revisions=parents(script),
        direction=direction,
        doc=script.doc,
        path=path,
        database=database,
        branch_labels=tuple(sorted(script.branch_labels)),
    )
    return PlannedStep(step, alembic, alembic.migration_fn)


def _planned_stamp(scripts: Scripts, stamp: StampStep, database: str) -> PlannedStep:
    reached = stamp.to_revisions[0] if stamp.to_revisions else None
    script = scripts.get_revision(reached) if reached else None
    step = Step(
        revision=reached or "base",
        down_revisions=tuple(stamp.from_revisions),
        direction="stamp",
        doc=script.doc if script else "",
        path=Path(script.path) if script else None,
        database=database,
    )
    return PlannedStep(step, stamp, stamp.migration_fn)
