"""Waiting for the migration lock: short growing pauses, and a word about who has it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ..errors import LockNotObtained


@dataclass(frozen=True, slots=True)
class LockKey:
    """What one migration lock protects: a version table and what it stands for.

    :param database: The name under which the app knows the database; for messages.
    :param schema: The schema of the version table, None for the default one.
    :param version_table: The name of the version table.
    :param id: The number of the lock, where the app names it.

    .. versionadded:: 4.0
    """

    database: str
    schema: str | None = None
    version_table: str = "alembic_version"
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Another session on the database server, as far as we may see it.

    :param id: The server's number for it; on SQLite the process id.
    :param age: Seconds since its transaction began, or, for who holds the migration
        lock, since it connected (MySQL and MariaDB: since its last statement began).
        None if unknown.
    :param application: What it says it is: the application name, or user and host.
    :param statement: What it runs, or ran last; literals are replaced by ``?``.
    :param state: The server's word for what it does, such as ``idle in transaction``.

    .. versionadded:: 4.0
    """

    id: str
    age: float | None = None
    application: str | None = None
    statement: str | None = None
    state: str | None = None

    def __str__(self) -> str:
        known = [f"session {self.id}"]
        if self.application:
            known.append(f"({self.application})")
        if self.age is not None:
            known.append(f"for {self.age:.0f} s")
        if self.state:
            known.append(f"[{self.state}]")
        if self.statement:
            known.append(f"running {self.statement!r}")
        return " ".join(known)


OnWait = Callable[[tuple[Session, ...], float], None]
"""Called while waiting, with who holds the lock and the seconds waited so far."""

FIRST_WORD = 1.0
NEXT_WORD = 10.0
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5


def wait_for_lock(
    attempt: Callable[[], bool],
    holders: Callable[[], tuple[Session, ...]],
    key: LockKey,
    timeout: float,
    on_wait: OnWait,
) -> None:
    """Try for the lock until it is ours or the time is over.

    Trying again, rather than one statement that waits in the server: a waiting
    statement holds a snapshot for which ``CREATE INDEX CONCURRENTLY`` of the run that
    has the lock would wait in turn, and it cannot be interrupted in peace.

    :param attempt: Tries once, at once; True if the lock is ours now.
    :param holders: Who has it.
    :param timeout: Seconds; 0 tries once, less than 0 waits for ever.
    :param on_wait: Told after a second, then about every ten.
    :raises LockNotObtained: when the time is over.
    """
    started = time.monotonic()
    next_word = FIRST_WORD
    pause = _FIRST_PAUSE
    while not attempt():
        waited = time.monotonic() - started
        if 0 <= timeout <= waited:
            raise not_obtained(key, seen(holders), timeout)
        if waited >= next_word:
            on_wait(seen(holders), waited)
            next_word = waited + NEXT_WORD
        rest = timeout - waited if timeout >= 0 else pause
        time.sleep(max(0.0, min(pause, rest, next_word - waited)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def seen(holders: Callable[[], tuple[Session, ...]]) -> tuple[Session, ...]:
    """Return who holds the lock; nobody if the server does not let us look."""
    with suppress(Exception):
        return holders()
    return ()


def not_obtained(
    key: LockKey, holders: tuple[Session, ...], timeout: float
) -> LockNotObtained:
    """Return the error that says who kept us from the lock."""
    who = "; ".join(str(session) for session in holders) or "another run"
    within = f"within {timeout:g} seconds" if timeout > 0 else "at once"
    verb = "hold" if len(holders) > 1 else "holds"
    return LockNotObtained(
        f"The migration lock of database {key.database!r} was not obtained {within}: "
        f"{who} {verb} it.",
        "Let that run end, or end its session, and try again;"
        ' ALEMBIC["lock_timeout"] says how long to wait.',
    )
