"""What a statement does, as far as its text tells.

The one place that knows what SQL text does to data and to a transaction. What differs
between databases is in ``statement_rules`` of each; :mod:`.classifier` chooses. What no
rule knows may change and may commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final


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


class Control(Enum):
    """What a statement does with the transaction, and nothing else.

    .. versionadded:: 4.0
    """

    BEGIN = "begin"
    """It begins a transaction."""

    MODE = "mode"
    """It sets how transactions are: ``SET TRANSACTION``."""

    COMMIT = "commit"
    """It commits."""

    ROLLBACK = "rollback"
    """It rolls back the whole transaction."""

    END = "end"
    """It ends the transaction and does more: ``COMMIT AND CHAIN``, ``PREPARE
    TRANSACTION``, several statements of which one commits."""

    SAVEPOINT = "savepoint"
    """It sets or releases a savepoint, or rolls back to one."""

    DISTRIBUTED = "distributed"
    """It begins or ends a transaction that is not the session's own: ``XA``."""


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

    reads_id: bool = False
    """Whether what it asks about is a generated id."""

    keeps: str = ""
    """What it keeps in the session that comes from data: a temporary table, say."""

    control: Control | None = None
    """What it does with the transaction; ``None`` for most statements."""

    needs_autocommit: bool = False
    """Whether the server refuses it inside a transaction."""

    sets_autocommit: bool = False
    """Whether it changes if each statement of its session commits."""

    defines_routines: bool = False
    """Whether stored functions may be others after it."""

    verb: str = field(default="", compare=False)
    """Its first word, in upper case: of several statements, of the one that ends the
    transaction."""

    @property
    def changes(self) -> bool:
        """Whether it may leave anything behind in the database."""
        return self.effect is Effect.CHANGE

    @property
    def ends_transaction(self) -> bool:
        """Whether it is there to end the transaction of its session."""
        return self.control in (Control.COMMIT, Control.ROLLBACK, Control.END)


UNKNOWN: Final = StatementClass(
    Effect.CHANGE,
    commits=True,
    is_known=False,
    is_atomic=False,
    defines_routines=True,
)
"""What is not known."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """How comments, texts and names are written.

    :param token: Matches each of them, and semicolons. What matches the group
        ``open`` is one that is not closed; ``nested`` begins a comment that may have
        others inside, ``name`` is a quoted name, ``end`` a semicolon.
    :param body: Matches the beginning of a statement with others inside.
    """

    token: re.Pattern[str]
    body: re.Pattern[str]


_NESTED: Final = re.compile(r"/\*|\*/")
_BLOCKS: Final = re.compile(r"\b(?:(BEGIN|CASE)|(END))\b", re.IGNORECASE)
_VERB: Final = re.compile(r"[A-Za-z]+")

_STANDARD: Final = Syntax(
    re.compile(
        r"""
        (?P<text>'(?:[^']|'')*')
        |(?P<name>"(?:[^"]|"")*"|`[^`]*`)
        |(?P<comment>--[^\n]*|/\*.*?\*/)
        |(?P<end>;)
        |(?P<open>['"`]|/\*)
        """,
        re.VERBOSE | re.DOTALL,
    ),
    re.compile(r"CREATE\b.*?\b(?:FUNCTION|PROCEDURE|TRIGGER)\b.*?\bBEGIN\b", re.I),
)

_COMMIT: Final = re.compile(
    r"(?:COMMIT|END)(?:\s+(?:WORK|TRANSACTION))?(?:\s+AND\s+NO\s+CHAIN)?\s*\Z", re.I
)
_ROLLBACK: Final = re.compile(
    r"(?:ROLLBACK|ABORT)(?:\s+(?:WORK|TRANSACTION))?(?:\s+AND\s+NO\s+CHAIN)?\s*\Z",
    re.IGNORECASE,
)
_ROLLBACK_TO: Final = re.compile(
    r"ROLLBACK(?:\s+(?:WORK|TRANSACTION\b.*?))?\s+TO\b", re.IGNORECASE
)
_PREPARED: Final = re.compile(r"(?:COMMIT|ROLLBACK)\s+PREPARED\b", re.IGNORECASE)
_ENDS: Final = re.compile(
    r"(?:COMMIT|END|ROLLBACK|ABORT|PREPARE\s+TRANSACTION)\b", re.IGNORECASE
)
_BEGIN: Final = re.compile(r"BEGIN\b|START\s+TRANSACTION\b", re.IGNORECASE)
_MODE: Final = re.compile(
    r"SET\s+(?:(?:SESSION|LOCAL)\s+)?TRANSACTION\b"
    r"|SET\s+SESSION\s+CHARACTERISTICS\b",
    re.IGNORECASE,
)
_SAVEPOINT: Final = re.compile(r"(?:SAVEPOINT|RELEASE)\b", re.IGNORECASE)

_READS: Final = frozenset(
    [
        "SELECT",
        "SHOW",
        "EXPLAIN",
        "DESC",
        "DESCRIBE",
        "USE",
        "VALUES",
        "TABLE",
        "PRAGMA",
        "WITH",
    ]
)
_CHANGES: Final = frozenset(["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"])
_DEFINES: Final = frozenset(
    ["CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "RENAME"]
)
_SESSION: Final = frozenset(["SET", "RESET", "LOCK", "UNLOCK"])
_WRITES: Final = re.compile(
    r"\bINTO\b|\bDELETE\s+FROM\b|[()]\s*UPDATE\b", re.IGNORECASE
)


def bare_statements(sql: str, syntax: Syntax = _STANDARD) -> list[str] | None:
    """Return the statements of a text without comments, texts and quoted names.

    :param sql: The text.
    :param syntax: How these are written.
    :return: ``None`` where one of them is not closed. Statements of comments only are
        left out; a text is ``''`` and a quoted name ``"n"``.
    """
    statements, parts, piece, at = [], [""], 0, 0
    depth: int | None = None
    while match := syntax.token.search(sql, at):
        parts.append(sql[at : match.start()])
        at = match.end()
        kind = match.lastgroup
        if kind == "open":
            return None
        if kind == "nested":
            closed = _end_of_comment(sql, at)
            if closed is None:
                return None
            at = closed
        if kind == "end":
            depth = _depth(parts[piece:], depth, syntax.body)
            parts.append(";")
            piece = len(parts)
            if not depth:
                statements.append("".join(parts[:-1]))
                parts, piece, depth = [""], 0, None
        else:
            parts.append({"text": "''", "name": ' "n" '}.get(kind or "", " "))
    statements.append("".join([*parts, sql[at:]]))
    bare = (" ".join(each.replace("\ufeff", " ").split()) for each in statements)
    return [each.lstrip("( ") for each in bare if each.strip("() ")]


def _end_of_comment(sql: str, at: int) -> int | None:
    """Return where a comment with comments inside ends."""
    depth = 1
    for match in _NESTED.finditer(sql, at):
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end()
    return None


def _depth(parts: list[str], depth: int | None, body: re.Pattern[str]) -> int:
    """Return in how many blocks of a statement a semicolon stands.

    :param parts: What there is since the semicolon before it.
    :param depth: In how many blocks that one was; ``None`` where it ended a statement.
    :param body: What a statement begins with that has blocks.
    """
    text = " ".join("".join(parts).split())
    if depth is None and not body.match(text):
        return 0
    blocks = sum(1 if match[1] else -1 for match in _BLOCKS.finditer(text))
    return max((depth or 0) + blocks, 0)


def control_of(text: str) -> StatementClass | None:
    """Return what a statement does that only controls the transaction.

    As the standard and most databases write it; ``None`` for all other statements.

    :param text: One of :func:`bare_statements`.
    """
    if _PREPARED.match(text):
        return None
    if _ROLLBACK_TO.match(text) or _SAVEPOINT.match(text):
        return StatementClass(Effect.SESSION, control=Control.SAVEPOINT)
    if _COMMIT.match(text):
        return StatementClass(Effect.SESSION, commits=True, control=Control.COMMIT)
    if _ROLLBACK.match(text):
        return StatementClass(Effect.SESSION, control=Control.ROLLBACK)
    if _ENDS.match(text):
        return StatementClass(Effect.SESSION, commits=True, control=Control.END)
    if _BEGIN.match(text):
        return StatementClass(Effect.SESSION, control=Control.BEGIN)
    if _MODE.match(text):
        return StatementClass(Effect.SESSION, control=Control.MODE)
    return None


def classify_each(
    statements: list[str] | None, classify: Callable[[str], StatementClass]
) -> StatementClass:
    """Return what a text does that may have several statements.

    :param statements: What :func:`bare_statements` has returned.
    :param classify: Returns what one of them does.
    """
    from dataclasses import replace

    if statements is None:
        return UNKNOWN
    found = [replace(classify(each), verb=verb_of(each)) for each in statements]
    if not found:
        return StatementClass(Effect.READ)
    return found[0] if len(found) == 1 else _combined(found)


def verb_of(text: str) -> str:
    """Return the first word of a bare statement, in upper case.

    :param text: One of :func:`bare_statements`.
    """
    match = _VERB.match(text)
    return match.group().upper() if match else ""


def _combined(found: Iterable[StatementClass]) -> StatementClass:
    """Return what several statements do that are sent as one text."""
    found = list(found)
    effects = [each.effect for each in found]
    strongest = next(
        effect
        for effect in (Effect.CHANGE, Effect.SESSION, Effect.READ)
        if effect in effects
    )
    ending = next((each for each in found if each.ends_transaction), None)
    return StatementClass(
        strongest,
        commits=any(each.commits for each in found),
        is_known=all(each.is_known for each in found),
        is_atomic=False,
        returns_rows=any(each.returns_rows for each in found),
        control=Control.END if ending is not None else None,
        needs_autocommit=any(each.needs_autocommit for each in found),
        defines_routines=any(each.defines_routines for each in found),
        verb=(ending or found[0]).verb,
    )


def statement_class(sql: str) -> StatementClass:
    """Return what a statement does in a database of which no more is known.

    :param sql: Its text.

    .. versionadded:: 4.0
    """
    return classify_each(bare_statements(sql), _standard)


def _standard(text: str) -> StatementClass:
    control = control_of(text)
    if control is not None:
        return control
    word = verb_of(text)
    if word in _READS:
        writes = word in ("SELECT", "WITH", "EXPLAIN") and _WRITES.search(text)
        return StatementClass(Effect.CHANGE if writes else Effect.READ)
    if word in _CHANGES:
        return StatementClass(Effect.CHANGE)
    if word in _DEFINES:
        return StatementClass(Effect.CHANGE, commits=True)
    if word in _SESSION:
        return StatementClass(Effect.SESSION)
    return UNKNOWN
