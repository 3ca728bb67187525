"""What a statement does, as far as its text tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from .statements import without_comments

_READS = ("SELECT", "SHOW", "EXPLAIN", "DESC", "USE", "PRAGMA", "VALUES", "TABLE")
_SESSION = ("SET", "SAVEPOINT", "RELEASE", "ROLLBACK")
_WORD = re.compile(r"[A-Za-z]+")


class Effect(Enum):
    """What a statement leaves behind.

    .. versionadded:: 4.0
    """

    READ = "read"
    """Nothing."""

    SESSION = "session"
    """Something in its session or transaction only: a savepoint, a variable, a lock."""

    CHANGE = "change"
    """A change of the database, as far as anybody knows."""


@dataclass(frozen=True, slots=True)
class StatementClass:
    """What a statement does. What is not known may change and may commit.

    .. versionadded:: 4.0
    """

    effect: Effect
    """What it leaves behind."""

    commits: bool = False
    """Whether the server commits when it executes it, or may do so."""

    is_known: bool = True
    """Whether it is known what it does; a procedure may do anything."""

    is_atomic: bool = True
    """Whether it has no effect at all where the server refuses it."""

    returns_rows: bool = False
    """Whether a change answers with rows, as ``INSERT ... RETURNING`` does."""

    reads_session: bool = False
    """Whether it asks about the statement before it, as ``LAST_INSERT_ID()`` does."""

    keeps: str = ""
    """What it keeps in the session that comes from data: a temporary table, say."""

    @property
    def changes(self) -> bool:
        """Whether it may leave anything behind in the database."""
        return self.effect is Effect.CHANGE


def statement_class(sql: str) -> StatementClass:
    """Return what a statement does in a database that never commits by itself.

    :param sql: Its text.

    .. versionadded:: 4.0
    """
    match = _WORD.match(without_comments(sql).lstrip("( "))
    word = match.group().upper() if match else ""
    if word in _READS or word == "DESCRIBE":
        return StatementClass(Effect.READ)
    if word in _SESSION:
        return StatementClass(Effect.SESSION)
    return StatementClass(Effect.CHANGE)
