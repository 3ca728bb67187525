"""SQL text cut into words, by the tokenizer of sqlglot.

The tokenizer knows each dialect's quotes, comments and dollar quoting; the
statements that rules look at are then read word by word, so that neither a new
form of ``ALTER TABLE`` nor a new release of sqlglot makes a rule go blind.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["word", "name", "string", "number", "sign"]
"""``name`` is a quoted identifier."""

READ_AS: Final = {
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "oracle": "oracle",
    "mssql": "tsql",
    "cockroachdb": "postgres",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
}
"""What sqlglot calls the dialects."""

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s|%s")


class NotReadable(Exception):
    """The text is no SQL that can be read; says why."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, a quoted name, a string, a number or a sign."""

    text: str
    kind: Kind
    start: int
    end: int
    """Where it stands in the text; ``end`` is exclusive."""

    @property
    def upper(self) -> str:
        """The text in upper case if it is a bare word, else something no keyword is."""
        return self.text.upper() if self.kind in ("word", "sign") else "\0"


def dialect_name(dialect: str) -> str:
    """Return sqlglot's name for a dialect; empty for its general one.

    :param dialect: The name of the SQLAlchemy dialect.
    """
    return READ_AS.get(dialect, "")


def without_placeholders(sql: str) -> str:
    """Return the text with a driver's ``%s`` replaced by names after a colon."""
    return _PLACEHOLDER.sub(lambda found: f":{found[1] or 'p'}", sql)


def words(sql: str, dialect: str) -> list[Word]:
    """Cut a text into words.

    :param sql: The text.
    :param dialect: The name of the SQLAlchemy dialect.
    :raises NotReadable: When a quote or comment does not end.
    """
    from sqlglot import tokenize
    from sqlglot.errors import SqlglotError

    try:
        tokens = tokenize(sql, read=dialect_name(dialect))
    except SqlglotError as error:
        raise NotReadable(_first_line(error)) from error
    found: list[Word] = []
    for token in tokens:
        found += _split(token, sql, dialect, found[-1].end if found else 0)
    return found


def _split(token: Any, sql: str, dialect: str, behind: int) -> Iterator[Word]:
    """Give the words of a token; sqlglot joins some keywords and whole commands.

    :param behind: Where the word before it ends.
    """
    kind = token.token_type.name
    start, end = token.start, token.end + 1
    raw = sql[start:end]
    if kind.endswith("STRING"):
        rest = sql[behind:end]
        if rest.strip() == token.text.strip():
            # What follows a word like DO or VACUUM comes as one piece, unquoted,
            # and its start is that of the last word in it.
            for word in words(rest, dialect):
                yield Word(word.text, word.kind, word.start + behind, word.end + behind)
            return
        yield Word(token.text, "string", start, end)
    elif kind == "IDENTIFIER":
        yield Word(token.text, "name", start, end)
    elif kind == "NUMBER":
        yield Word(token.text, "number", start, end)
    elif re.match(r"[A-Za-z_]", raw):
        for found in re.finditer(r"\S+", raw):
            yield Word(found[0], "word", start + found.start(), start + found.end())
    else:
        yield Word(raw, "sign", start, end)


@functools.lru_cache(1024)
def statements(sql: str, dialect: str) -> tuple[tuple[str, list[Word]], ...]:
    """Cut a text into statements.

    :param sql: The text.
    :param dialect: The name of the SQLAlchemy dialect.
    :return: Each statement's text and words, empty ones left out.
    :raises NotReadable: When a quote or comment does not end.
    """
    found: list[tuple[str, list[Word]]] = []
    part: list[Word] = []
    for word in [*words(sql, dialect), None]:
        if word is None or (word.upper == ";" and not _is_open(part)):
            if part:
                text = sql[part[0].start : part[-1].end]
                found.append((text, part))
            part = []
        else:
            part.append(word)
    return tuple(found)


ROUTINES: Final = ("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT")
"""What has statements between BEGIN and END."""


def _is_open(part: list[Word]) -> bool:
    """Return whether a semicolon here is one inside the body of a routine."""
    keywords = [word.upper for word in part]
    if keywords[:1] != ["CREATE"] or not any(each in keywords for each in ROUTINES):
        return False
    depth = 0
    for index, keyword in enumerate(keywords):
        if keyword in ("BEGIN", "CASE") and keywords[index - 1] != "END":
            depth += 1
        elif keyword == "END":
            after = keywords[index + 1] if index + 1 < len(keywords) else ""
            depth -= after not in ("IF", "LOOP", "WHILE", "REPEAT")
    return depth > 0


@functools.lru_cache(1024)
def parse_error(sql: str, dialect: str) -> str | None:
    """Return why sqlglot cannot parse a statement, or ``None`` if it can.

    :param sql: One statement.
    :param dialect: The name of the SQLAlchemy dialect.
    """
    from sqlglot import parse
    from sqlglot.errors import SqlglotError

    from ..capture.isolation import quiet

    try:
        with quiet():
            parse(without_placeholders(sql), read=dialect_name(dialect))
    except (SqlglotError, RecursionError) as error:
        return _first_line(error)
    return None


def _first_line(error: BaseException) -> str:
    text = re.sub(r"\x1b\[\d*m", "", str(error)).strip().splitlines()
    return text[0].rstrip(". ") if text else type(error).__name__
