"""What would run: the steps from the heads a database is at to a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AlembicError, RevisionFileError, RevisionNotFound, UsageError
from ..hooks.payloads import Direction, Step
from ..hooks.redaction import shown
from ..script.irreversible_mark import irreversible
from ..script.targets import describe, resolve
from ..script.validator import unusable
from . import alembic_private as private
from .version_rows import require_known_revisions

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
    from alembic.script import Script

    from ..script.loader import AppScriptDirectory

    PlanFunction = Callable[[Any, MigrationContext], Iterable[Any]]


def unreachable(
    scripts: AppScriptDirectory,
    error: Exception,
    heads: tuple[str, ...],
    direction: Direction,
    typed: str,
) -> UsageError | None:
    """Return why a target cannot be reached; ``None`` for what has other reasons.

    :param scripts: The history.
    :param error: What Alembic said.
    :param heads: The revisions the database is at.
    :param direction: Which way.
    :param typed: The target as it was typed.
    """
    from alembic.script import revision

    cause = error.__cause__ if error.__cause__ is not None else error
    text, at = str(cause), ", ".join(heads) or "base"
    typed = typed if len(typed) < 50 else shown(typed)
    if "ambiguous" in text.lower():
        return _ambiguous(scripts, heads, direction, typed)
    if "Relative revision" in text or "Walked too far" in text:
        return RevisionNotFound(
            f"{typed} leads past the end of the history: the database is at {at}, "
            f"{_room(scripts, heads, direction)}.",
            "flask db log shows the order of the revisions.",
        )
    if isinstance(cause, (revision.RangeNotAncestorError, AssertionError)) or (
        "Not a valid downgrade target" in text
    ):
        return UsageError(
            f"{typed} cannot be reached by {direction} from {at}.",
            "flask db log shows the order of the revisions.",
        )
    return None


def _ambiguous(
    scripts: AppScriptDirectory,
    heads: tuple[str, ...],
    direction: Direction,
    typed: str,
) -> UsageError:
    """Return why a number of steps leads to no single revision."""
    at = ", ".join(heads) or "base"
    if direction == "upgrade":
        return UsageError(
            f"{typed} is ambiguous from {at}: the history branches there.",
            "Name the branch, as in branch@+1, or a revision; flask db branches "
            "shows them.",
        )
    # Nor does a branch tell: a merge belongs to each that it joins.
    joined = parents(scripts.get_revision(heads[0])) if heads else ()
    if len(joined) > 1:
        return UsageError(
            f"{typed} is ambiguous from {at}: it joins {' and '.join(joined)}.",
            f"Name one of them: flask db downgrade {joined[0]} undoes only the merge.",
        )
    return UsageError(
        f"{typed} is ambiguous from {at}: several branches are joined on the way.",
        "Name the revision to go down to; flask db log shows the order.",
    )


def _room(
    scripts: AppScriptDirectory, heads: tuple[str, ...], direction: Direction
) -> str:
    """Say how many revisions lie ahead."""
    if direction == "upgrade":
        ahead = list(scripts.iterate_revisions("heads", heads, implicit_base=True))
    else:
        ahead = list(scripts.iterate_revisions(heads, "base"))
    count = len(ahead) or "no"
    noun = "revision" if len(ahead) == 1 else "revisions"
    return f"with {count} {noun} {'after' if direction == 'upgrade' else 'up to'} it"


def parents(script: Script) -> tuple[str, ...]:
    """Return the revisions that one follows; a merge follows several.

    :param script: The revision.
    """
    down = script.down_revision
    if not down:
        return ()
    return (down,) if isinstance(down, str) else tuple(down)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as hooks see it, beside Alembic's own object for it."""

    step: Step
    """What hooks see."""

    alembic: RevisionStep | StampStep | None
    """What knows how the version table changes; ``None`` where purging it is all."""

    function: Callable[..., Any]
    """The revision's ``upgrade`` or ``downgrade``."""


def plan(
    scripts: AppScriptDirectory,
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
    require_known_revisions(scripts, database, heads)
    resolved = resolve(scripts, target, direction)
    if direction == "stamp":
        steps = private.stamp_steps(scripts, resolved, heads)
        return [_planned_stamp(scripts, step, database) for step in steps]
    revisions = _revisions(scripts, resolved, heads, direction, describe(target))
    return [planned_step(scripts, script, database, direction) for script in revisions]


def _revisions(
    scripts: AppScriptDirectory,
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
    except AlembicError:
        raise
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
        irreversible=irreversible(script) if script is not None else False,
    )
    return PlannedStep(step, alembic, alembic.migration_fn)


def planned_step(
    scripts: AppScriptDirectory, script: Script, database: str, direction: Direction
) -> PlannedStep:
    """Return the step that a revision is, wherever the database is.

    :param scripts: The history.
    :param script: The revision.
    :param database: The name of the database.
    :param direction: Which way.
    :raises RevisionFileError: When its file cannot be used.
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
    alembic = RevisionStep(scripts.revision_map, script, direction == "upgrade")
    step = Step(
        revision=script.revision,
        down_revisions=parents(script),
        direction=direction,
        doc=script.doc,
        path=path,
        database=database,
        branch_labels=tuple(sorted(script.branch_labels)),
        irreversible=irreversible(script),
    )
    return PlannedStep(step, alembic, alembic.migration_fn)


def purge_step(database: str, heads: tuple[str, ...]) -> PlannedStep:
    """Return the step of a stamp that only deletes the rows of the version table.

    :param database: The name of the database.
    :param heads: The rows.
    """
    step = Step(
        revision="base",
        down_revisions=tuple(map(str, heads)),
        direction="stamp",
        doc="",
        path=None,
        database=database,
    )
    return PlannedStep(step, None, lambda **arguments: None)


def _planned_stamp(
    scripts: AppScriptDirectory, stamp: StampStep, database: str
) -> PlannedStep:
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


def pending(
    scripts: AppScriptDirectory, ids: tuple[str, ...], heads: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the revisions that an upgrade would run, without loading them.

    :param scripts: The history.
    :param ids: Where the database is; every id has a file.
    :param heads: Where the code ends.
    """
    if set(ids) == set(heads):
        return ()
    upward = scripts.iterate_revisions("heads", ids, implicit_base=True)
    return tuple(script.revision for script in upward)[::-1]
