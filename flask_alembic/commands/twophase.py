"""Several databases that commit together or not at all: two-phase commit.

Every database runs its steps in a prepared transaction first; only when all are
prepared is any of them committed. It needs an engine that can prepare DDL, which is
PostgreSQL with ``max_prepared_transactions`` above zero, and a single transaction
for each database.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from ..errors import ConfigurationError
from .members import Stopped
from .preparing import proxied
from .transacting import DatabaseRun


def require_twophase(parts: Sequence[DatabaseRun]) -> None:
    """Refuse databases that cannot commit together.

    :param parts: The databases of the run.
    :raises ConfigurationError: Naming the first that cannot.
    """
    for part in parts:
        if not part.member.backend.two_phase(part.member.database.engine):
            raise ConfigurationError(
                f"ALEMBIC['twophase'] is set, but the database {part.member.name!r} "
                "cannot prepare transactions that hold DDL.",
                "On PostgreSQL set max_prepared_transactions; elsewhere unset it.",
            )


def run_together(parts: Sequence[DatabaseRun]) -> dict[str, tuple[str, ...]]:
    """Run the steps of all databases and commit them together.

    :param parts: The databases of the run, each with steps to do.
    :return: Where each database is afterwards.
    :raises Stopped: When a step, a PREPARE or a COMMIT failed. Before the first
        COMMIT everything is rolled back; after it, what is prepared stays prepared on
        the server for an administrator.
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
                transactions.append(part.member.connection.begin_twophase())
                with proxied(part.environment_context):
                    part.steps(part.member.steps)
            for part, transaction in zip(parts, transactions, strict=True):
                at_work = part
                transaction.prepare()
            for part, transaction in zip(parts, transactions, strict=True):
                at_work = part
                transaction.commit()
                part.told()
        except BaseException as error:
            for transaction in transactions:
                if transaction.is_active:
                    transaction.rollback()
            raise _all_undone(at_work.stopped(error), parts) from error
    return {part.member.name: part.stepper.versions.heads for part in parts}


def _all_undone(stopped: Stopped, parts: Sequence[DatabaseRun]) -> Stopped:
    """Count the steps of the other databases among those that were undone."""
    undone = [result.step for part in parts for result in part.stepper.done]
    stopped.failure = replace(stopped.failure, rolled_back=tuple(undone))
    return stopped
