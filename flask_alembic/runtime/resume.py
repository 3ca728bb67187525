"""A revision that is partially applied, on databases whose DDL commits as it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..backends.journal import Journal
from ..errors import DatabaseError, HookError
from ..hooks import specs
from ..hooks.payloads import ProgressEvent, Step
from .invocation import hooks_of
from .planner import PlannedStep
from .progress import notify

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..backends.journal import Record, Unfinished
    from .environment import Environment
    from .request import DatabaseRun, MigrationRequest


def open_journal(
    environment: Environment, database: str, connection: Connection
) -> Journal | None:
    """Return the journal of a database, where one is kept; it is to be closed.

    :param environment: The app's environment.
    :param database: The name of the database.
    :param connection: The connection of the run.
    """
    if environment.backends.backend_for(connection.dialect).transactional_ddl:
        return None
    journal = hooks_of(environment).firstresult(
        specs.run_journal, database=database, connection=connection
    )
    if journal is None or isinstance(journal, Journal):
        return journal
    raise HookError(
        f"An implementation of run_journal returned {journal!r}.",
        "Return a flask_alembic.backends.Journal, or None for no answer.",
        hook="run_journal",
    )


def read_unfinished(
    environment: Environment, database: str, connection: Connection
) -> Unfinished | None:
    """Return the revision that an earlier run left partially applied, if any.

    :param environment: The app's environment.
    :param database: The name of the database.
    :param connection: A connection to it; no transaction is left open.
    """
    journal = open_journal(environment, database, connection)
    if journal is None:
        return None
    try:
        return journal.unfinished()
    finally:
        journal.close()


def check_unfinished(
    environment: Environment,
    database_run: DatabaseRun,
    *,
    resume: bool,
    happened: bool | None = None,
) -> None:
    """Stop before anything is touched when a revision is partially applied.

    :param environment: The app's environment.
    :param database_run: The database, its lock held.
    :param resume: Whether the run goes on with that revision.
    :param happened: What a person found out about the uncertain statement.
    :raises DatabaseError: With what is in effect and what to type next.
    """
    journal = open_journal(environment, database_run.name, database_run.connection)
    if journal is None:
        if resume and database_run.steps:
            _refuse_resume(environment, database_run)
        return
    try:
        found = journal.unfinished()
        if found is None or not database_run.steps:
            return
        if not resume:
            raise _explained(database_run, found)
        _check_same(found, database_run.steps[0])
        if found.obstacle is not None:
            raise _impossible(database_run, found)
        if found.uncertain is not None:
            if happened is None:
                raise _uncertain(database_run.name, found)
            journal.settle(found.uncertain.ordinal, happened)
    finally:
        journal.close()


def _check_same(found: Unfinished, planned: PlannedStep) -> None:
    """Refuse to resume another revision than the one that is partially applied."""
    step = planned.step
    if (found.revision, found.direction) != (step.revision, step.direction):
        raise DatabaseError(
            f"The {found.direction} of {found.revision} is partially applied, so "
            f"{step.direction} of {step.revision} cannot begin.",
            f"Finish the other first: flask db {found.direction} --resume",
        )
    if found.checksum != checksum(planned):
        raise DatabaseError(
            f"{step.path} has changed since part of it was applied, so it cannot be "
            "resumed.",
            "Restore the file; or revert by hand what was applied, run "
            f"flask db stamp {place_before(step)} and then flask db {step.direction}; "
            f"or finish it by hand and run flask db stamp {place_after(step)}.",
        )


def note_half_done(
    environment: Environment,
    database_runs: Sequence[DatabaseRun],
    request: MigrationRequest,
) -> bool:
    """Note what a stamp ends, though the version table may be right already.

    :param environment: The app's environment.
    :param database_runs: The databases.
    :param request: What was asked for.
    :return: Whether an earlier run left anything partially applied in any of them.
    """
    if request.direction == "stamp":
        for database_run in database_runs:
            database_run.half_done = _half_done(environment, database_run)
    return any(database_run.half_done for database_run in database_runs)


def _half_done(environment: Environment, database_run: DatabaseRun) -> str | None:
    found = read_unfinished(environment, database_run.name, database_run.connection)
    return found.revision if found is not None else None


def forget_unfinished(environment: Environment, database_run: DatabaseRun) -> None:
    """Drop the records of a half revision: a stamp says what the truth is now.

    :param environment: The app's environment.
    :param database_run: The database, its lock held.
    """
    journal = open_journal(environment, database_run.name, database_run.connection)
    if journal is None:
        return
    try:
        found = journal.unfinished()
        if found is not None:
            journal.discard()
            journal.remove()
            notify(
                hooks_of(environment),
                ProgressEvent(
                    "journal_discarded", database=database_run.name, text=found.revision
                ),
            )
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


def _refuse_resume(environment: Environment, database_run: DatabaseRun) -> None:
    """Refuse to resume where the journal is turned off; elsewhere nothing is left."""
    if database_run.backend.transactional_ddl:
        return
    if environment.settings.of("journal", database_run.name):
        return
    step = database_run.steps[0].step
    raise DatabaseError(
        f"ALEMBIC['journal'] is off for database {database_run.name!r}, so it is not "
        "recorded what a failed revision has applied; nothing was run now.",
        "Compare the database with the revision. Finish it by hand and run flask db "
        f"stamp {place_after(step)}; or revert it by hand and run flask db "
        f"{step.direction} without --resume.",
    )


def _explained(database_run: DatabaseRun, found: Unfinished) -> DatabaseError:
    parts = _what_is_applied(database_run, found)
    if found.uncertain is not None:
        parts.append(_unknown(found.all_uncertain))
    by_hand = _by_hand(database_run, found)
    if found.obstacle is not None:
        parts.append(f"It cannot be resumed: {found.obstacle}.")
        return DatabaseError("\n".join(parts), f"Finish or revert it by {by_hand}")
    return DatabaseError(
        "\n".join(parts),
        f"Resume it with flask db {found.direction} --resume; or finish or revert it by "
        f"{by_hand}",
    )


def _what_is_applied(database_run: DatabaseRun, found: Unfinished) -> list[str]:
    applied = "\n".join(f"  {each.ordinal}. {each}" for each in found.in_effect)
    parts = [
        f"The {found.direction} of {found.revision} in database {database_run.name!r} "
        "is partially applied; nothing was run now.",
        f"Applied statements:\n{applied}"
        if applied
        else "No statement is known to have been applied.",
    ]
    if found.partial_step is not None:
        parts.append(
            f"The step {found.partial_step.sql!r} is not completed: what it has "
            "committed stays, and --resume runs it from its start."
        )
    return parts


def _unknown(records: Sequence[Record]) -> str:
    if len(records) == 1:
        return f"It is not known whether this one was applied: {records[0].sql}"
    lines = "\n".join(f"  {each.ordinal}. {each.sql}" for each in records)
    return f"It is not known whether these were applied, all of them or none:\n{lines}"


def _by_hand(database_run: DatabaseRun, found: Unfinished) -> str:
    step = database_run.steps[0].step
    if step.revision == found.revision and step.direction == found.direction:
        return (
            f"hand and say so: flask db stamp {place_after(step)} when it is finished, "
            f"flask db stamp {place_before(step)} when it is reverted."
        )
    return f"hand and say so with flask db stamp {found.revision} or its parent."


def _impossible(database_run: DatabaseRun, found: Unfinished) -> DatabaseError:
    parts = _what_is_applied(database_run, found)
    if found.uncertain is not None:
        parts.append(_unknown(found.all_uncertain))
    parts.append(f"It cannot be resumed: {found.obstacle}.")
    by_hand = _by_hand(database_run, found)
    return DatabaseError("\n".join(parts), f"Finish or revert it by {by_hand}")


def _uncertain(name: str, found: Unfinished) -> DatabaseError:
    records = found.all_uncertain
    lines = "\n".join(f"  {each.ordinal}. {each.sql}" for each in records)
    several = len(records) > 1
    what = "these statements were" if several else "this statement was"
    they = "they" if several else "it"
    return DatabaseError(
        f"The run of {found.revision} in database {name!r} ended while {what} running, "
        f"so it is not known whether {they} took effect, wholly or in part:\n{lines}",
        f"Look at the database, then run flask db {found.direction} --resume with "
        "--last-statement-applied or --last-statement-not-applied. If part of it took "
        "effect, first revert or finish that part by hand.",
    )
