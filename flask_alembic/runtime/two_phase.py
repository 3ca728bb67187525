"""Several databases that commit together or not at all: two-phase commit.

Every database runs its steps in a prepared transaction first; only when all are
prepared is any of them committed. It needs an engine that can prepare DDL, which is
PostgreSQL with ``max_prepared_transactions`` above zero, and a single transaction
for each database.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from ..errors import ConfigurationError
from .connections import roll_back
from .executor import DatabaseExecutor, proxied
from .request import StepFailed

logger = logging.getLogger("flask_alembic.runtime")


def require_twophase(parts: Sequence[DatabaseExecutor]) -> None:
    """Refuse databases that cannot commit together.

    :param parts: The databases of the run.
    :raises ConfigurationError: Naming the first that cannot.
    """
    for part in parts:
        if not part.database_run.backend.two_phase(part.database_run.database.engine):
            raise ConfigurationError(
                f"ALEMBIC['twophase'] is set, but the database {part.database_run.name!r} "
                "cannot prepare transactions that hold DDL.",
                "On PostgreSQL set max_prepared_transactions; elsewhere unset it.",
            )


def run_together(parts: Sequence[DatabaseExecutor]) -> dict[str, tuple[str, ...]]:
    """Run the steps of all databases and commit them together.

    :param parts: The databases of the run, each with steps to do.
    :return: Where each database is afterwards.
    :raises StepFailed: When a step, a PREPARE or a COMMIT failed. Before the first
        COMMIT everything is rolled back; after it, what is prepared and cannot be
        committed stays prepared on the server for an administrator, and is reported as
        not known.
    """
    require_twophase(parts)
    transactions: list[Any] = []
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(part.opened())
        at_work = parts[0]
        try:
            for part in parts:
                at_work = part
                part.stepper.begin()
                transaction = part.database_run.connection.begin_twophase()
                transactions.append(transaction)
                part.transaction.expected = transaction
                stack.enter_context(part.transaction.guarded())
                part.transaction.begun()
                with proxied(part.environment_context):
                    try:
                        part.steps(
                            part.database_run.steps,
                            purge=part.request.purge,
                            check=part.transaction.check,
                        )
                        part.transaction.check()
                    except BaseException as error:
                        part.is_intact = part.transaction.was_intact(error)
                        raise
            for part, transaction in zip(parts, transactions, strict=True):
                at_work = part
                with part.log.own_end():
                    transaction.prepare()
                part.is_prepared = True
            for part, transaction in zip(parts, transactions, strict=True):
                at_work = part
                part.is_committing = True
                with part.log.own_commit():
                    transaction.commit()
                part.is_committing = part.is_prepared = False
                part.report_durable()
        except BaseException as error:
            for part, transaction in zip(parts, transactions, strict=False):
                _roll_back(part, transaction)
            raise _settled(at_work.stopped(error), at_work, parts) from error
    return {part.database_run.name: part.heads for part in parts}


def _roll_back(part: DatabaseExecutor, transaction: Any) -> None:
    """Roll a transaction back, prepared or not, as far as its server answers."""
    try:
        if transaction.is_active:
            transaction.rollback()
    except Exception as error:
        logger.debug("Rolling back failed", exc_info=error)
    roll_back(part.database_run.connection)


def _settled(
    stopped: StepFailed, at_work: DatabaseExecutor, parts: Sequence[DatabaseExecutor]
) -> StepFailed:
    """Add what became of the steps of the other databases, as each of them says."""
    rolled_back = list(stopped.failure.rolled_back)
    not_known = list(stopped.failure.not_known)
    for part in parts:
        if part is at_work:
            continue
        # What is prepared may be committed or rolled back by an administrator.
        part.is_committing = part.is_prepared
        steps, is_known = part.settled()
        (rolled_back if is_known else not_known).extend(steps)
    order = [planned.step for part in parts for planned in part.database_run.steps]
    stopped.failure = replace(
        stopped.failure,
        rolled_back=tuple(sorted(rolled_back, key=order.index)),
        not_known=tuple(sorted(not_known, key=order.index)),
    )
    return stopped
