"""A revision that is half in effect, on databases whose DDL commits as it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..environment.locking import lock_key
from ..environment.progress import Progress, tell
from ..errors import DatabaseError
from ..hooks.payloads import Step
from .planning import PlannedStep

if TYPE_CHECKING:
    from ..dialects.journal import Journal
    from ..dialects.journal_records import Unfinished
    from ..environment.objects import Environment
    from .members import Member
    from .requests import Request


def open_journal(environment: Environment, member: Member) -> Journal | None:
    """Return the journal of a database, where its DDL is not transactional.

    :param environment: The app's environment.
    :param member: The database.
    """
    return member.backend.journal(member.connection, lock_key(environment, member.name))


def check_unfinished(
    environment: Environment,
    member: Member,
    *,
    resume: bool,
    happened: bool | None = None,
) -> None:
    """Stop before anything is touched when an earlier run left a revision half done.

    :param environment: The app's environment.
    :param member: The database, its lock held.
    :param resume: Whether the run goes on with that revision.
    :param happened: What a person found out about the uncertain statement.
    :raises DatabaseError: With what is in effect and what to type next.
    """
    journal = open_journal(environment, member)
    if journal is None:
        return
    try:
        found = journal.unfinished()
        if found is None or not member.steps:
            return
        if not resume:
            raise _explained(member, found)
        _check_same(found, member.steps[0])
        if found.uncertain is not None:
            if happened is None:
                raise _uncertain(member.name, found)
            journal.settle(found.uncertain.ordinal, happened)
    finally:
        journal.close()


def _check_same(found: Unfinished, planned: PlannedStep) -> None:
    """Refuse to resume another revision than the one that is half in effect."""
    step = planned.step
    if (found.revision, found.direction) != (step.revision, step.direction):
        raise DatabaseError(
            f"The {found.direction} of {found.revision} was left half done, so "
            f"{step.direction} of {step.revision} cannot begin.",
            f"Finish the other first: flask db {found.direction} --resume",
        )
    if found.checksum != checksum(planned):
        raise DatabaseError(
            f"{step.path} has changed since a part of it was run, so it cannot be "
            "resumed.",
            "Put the file back as it was; or undo by hand what is in effect, run "
            f"flask db stamp {place_before(step)} and then flask db {step.direction}; "
            f"or finish it by hand and run flask db stamp {place_after(step)}.",
        )


def note_half_done(
    environment: Environment, members: Sequence[Member], request: Request
) -> bool:
    """Note what a stamp ends, though the version table may be right already.

    :param environment: The app's environment.
    :param members: The databases.
    :param request: What was asked for.
    :return: Whether an earlier run left anything half done in any of them.
    """
    if request.direction == "stamp" and request.mode == "online":
        for member in members:
            member.half_done = _half_done(environment, member)
    return any(member.half_done for member in members)


def _half_done(environment: Environment, member: Member) -> str | None:
    journal = open_journal(environment, member)
    if journal is None:
        return None
    try:
        found = journal.unfinished()
        return found.revision if found is not None else None
    finally:
        journal.close()


def forget_unfinished(environment: Environment, member: Member) -> None:
    """Drop the records of a half revision: a stamp says what the truth is now.

    :param environment: The app's environment.
    :param member: The database, its lock held.
    """
    journal = open_journal(environment, member)
    if journal is None:
        return
    try:
        found = journal.unfinished()
        if found is not None:
            journal.discard()
            tell(Progress("forgotten", member.name, text=found.revision))
    finally:
        journal.close()


def checksum(planned: PlannedStep) -> str:
    """Return a hash of a revision's file, so that a changed one is not resumed.

    :param planned: The step.
    """
    path: Path | None = planned.step.path
    content = path.read_bytes() if path is not None and path.exists() else b""
    return hashlib.sha256(content).hexdigest()


def place_before(step: Step) -> str:
    """Return what to stamp when nothing of a step is in effect.

    :param step: The step.
    """
    if step.direction == "downgrade":
        return step.revision
    return step.down_revisions[0] if step.down_revisions else "base"


def place_after(step: Step) -> str:
    """Return what to stamp when all of a step is in effect.

    :param step: The step.
    """
    if step.direction == "upgrade":
        return step.revision
    return step.down_revisions[0] if step.down_revisions else "base"


def _explained(member: Member, found: Unfinished) -> DatabaseError:
    statements = "\n".join(
        f"  {record.ordinal}. {record.sql}" for record in found.in_effect
    )
    parts = [
        f"The {found.direction} of {found.revision} in database {member.name!r} was left "
        "half done; nothing was run now.",
        f"In effect are:\n{statements}" if statements else "Nothing is in effect.",
    ]
    if found.uncertain is not None:
        parts.append(f"It is not known whether this one is: {found.uncertain.sql}")
    advice = f"Go on with flask db {found.direction} --resume; or finish or undo it by "
    step = member.steps[0].step
    if step.revision == found.revision and step.direction == found.direction:
        advice += (
            f"hand and say so: flask db stamp {place_after(step)} when it is finished, "
            f"flask db stamp {place_before(step)} when it is undone."
        )
    else:
        advice += f"hand and say so with flask db stamp {found.revision} or its parent."
    return DatabaseError("\n".join(parts), advice)


def _uncertain(name: str, found: Unfinished) -> DatabaseError:
    assert found.uncertain is not None
    return DatabaseError(
        f"The process that ran {found.revision} in database {name!r} ended while this "
        "statement was at work, so it may or may not be in effect:\n"
        f"  {found.uncertain.ordinal}. {found.uncertain.sql}",
        f"Look at the database, then run flask db {found.direction} --resume with "
        "--happened or --not-happened.",
    )
