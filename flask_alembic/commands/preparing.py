"""What is in force on a connection while its revisions run, and put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from ..environment.locking import lock_key
from .members import Manner, Member
from .statements import StatementLog

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext

    from ..environment.objects import Environment
    from .planning import PlannedStep


def configured(
    environment: Environment, member: Member, manner: Manner, target: str
) -> EnvironmentContext:
    """Return the context in which the revisions of a database run.

    :param environment: The app's environment.
    :param member: The database.
    :param manner: How the run is to be done.
    :param target: Where to, as it was typed.
    """
    real = environment.settings.of("real_transactions", member.name)
    transactional = {"transactional_ddl": True}
    return environment.environment_context(
        member.database,
        member.scripts,
        member.connection,
        x_arguments=manner.x_arguments,
        configure=transactional if real and member.backend.transactional_ddl else {},
        fn=lambda revision, context: (),
        destination_rev=target,
        tag=manner.tag,
    )


@contextmanager
def prepared(
    environment: Environment, member: Member, log: StatementLog
) -> Iterator[None]:
    """Let transactions be real, waiting be bounded and statements be seen.

    :param environment: The app's environment.
    :param member: The database; no transaction is open.
    :param log: What sees the statements.
    """
    settings, name = environment.settings, member.name
    timeouts = member.backend.timeouts(
        member.connection,
        ddl_lock=settings.of("ddl_lock_timeout", name),
        statement=settings.of("statement_timeout", name),
    )
    with _transactions(environment, member, log), timeouts, log.attached():
        yield


def _transactions(
    environment: Environment, member: Member, log: StatementLog
) -> AbstractContextManager[None]:
    if not environment.settings.of("real_transactions", member.name):
        return nullcontext()
    return member.backend.transaction(
        member.connection,
        version_table=lock_key(environment, member.name).version_table,
        on_commit=log.committed,
    )


@contextmanager
def proxied(context: EnvironmentContext) -> Iterator[None]:
    """Let ``from alembic import op, context`` mean this database.

    The two are global to the process: the caller holds the process-wide lock.

    :param context: The context of the database.
    """
    from alembic.operations import Operations

    with context, Operations.context(context.get_context()):
        yield


def own_timeouts(member: Member, planned: PlannedStep) -> AbstractContextManager[None]:
    """Set the timeouts that a revision asks for as module attributes.

    :param member: The database.
    :param planned: The step; ``ddl_lock_timeout`` and ``statement_timeout`` of its
        file are in seconds.
    """
    known: dict[str, Any] = getattr(planned.function, "__globals__", {})
    ddl_lock, statement = known.get("ddl_lock_timeout"), known.get("statement_timeout")
    if ddl_lock is None and statement is None:
        return nullcontext()
    return member.backend.timeouts(
        member.connection, ddl_lock=ddl_lock, statement=statement
    )
