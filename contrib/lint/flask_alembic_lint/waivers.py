"""Waivers in a revision's file: which finding, why it is safe, and until when.

::

    op.drop_table("x")  # lint: ignore[FA501] empty since the move until 2027-01-31

    # lint: ignore[FA401, FA403] the table has 200 rows
    op.create_index("ix", "countries", ["name"])

    # lint: ignore-file[FA901] never taken back
"""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

from .findings import Finding
from .revision import RevisionSource
from .rules.base import RULES, Hit, Rule
from .rules.waiving import EXPIRED, NO_REASON, UNKNOWN, UNUSED

COMMENT: Final = re.compile(
    r"#\s*lint:\s*ignore(?P<file>-file)?\s*(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)",
    re.I,
)
"""A waiver."""

UNTIL: Final = re.compile(r"[\s,;(]*\buntil\s+(\d{4}-\d{2}-\d{2})\b[).\s]*$", re.I)
"""The day after which it no longer holds, at its end."""

BLOCKS: Final = (ast.With, ast.For, ast.While, ast.If, ast.Try)
"""Statements whose whole body a waiver above them covers."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A comment that waives findings."""

    line: int
    codes: tuple[str, ...]
    reason: str
    until: datetime.date | None
    covers: range | None
    """The lines it is for; ``None`` for the whole file."""

    bad_date: str = ""
    """The day as it was written, where there is no such day."""

    def holds(self, today: datetime.date) -> bool:
        """Return whether it counts on a day.

        :param today: The day.
        """
        expired = self.until is not None and self.until < today
        return bool(self.reason and self.codes) and not expired and not self.bad_date

    def covers_line(self, line: int | None) -> bool:
        """Return whether it is for a line.

        :param line: The line of a finding, ``None`` for the whole revision.
        """
        return self.covers is None or (line is not None and line in self.covers)


def read(source: RevisionSource) -> list[Waiver]:
    """Return the waivers in a revision's file.

    :param source: The file.
    """
    found = []
    for line, text in source.comments.items():
        match = COMMENT.match(text)
        if match is None:
            continue
        reason, until, bad = match["reason"].strip(" :-\t"), None, ""
        told = UNTIL.search(reason)
        if told is not None:
            reason = reason[: told.start()].strip()
            try:
                until = datetime.date.fromisoformat(told[1])
            except ValueError:
                bad = told[1]
        codes = [code.strip().upper() for code in (match["codes"] or "").split(",")]
        found.append(
            Waiver(
                line=line,
                codes=tuple(code for code in codes if code),
                reason=reason,
                until=until,
                covers=None if match["file"] else _covered(source, line),
                bad_date=bad,
            )
        )
    return found


def _covered(source: RevisionSource, line: int) -> range:
    """Return the lines of the statement that a comment stands at or above."""
    alone = source.lines[line - 1].lstrip().startswith("#")
    if not alone:
        return source.span(line)
    inside = source.simple_statement(line)
    if inside is not None:
        return inside  # between the lines of a statement
    below = line
    while below < len(source.lines):
        text = source.lines[below].strip()
        below += 1
        if text and not text.startswith("#"):
            break
    for node in ast.walk(source.tree):
        if isinstance(node, BLOCKS) and node.lineno == below:
            return range(below, (node.end_lineno or below) + 1)
    return source.span(below)


def apply(
    source: RevisionSource,
    findings: Iterable[Finding],
    today: datetime.date,
    *,
    complete: bool,
    off: Container[str] = (),
) -> list[Finding]:
    """Take out what is waived, and add what is wrong with the waivers.

    :param source: The revision's file.
    :param findings: What the rules found.
    :param today: The day to judge expiry by.
    :param complete: Whether every rule could look at everything, so that a waiver
        which waives nothing is of no use.
    :param off: Codes of rules that are switched off.
    """
    waivers = read(source)
    kept: list[Finding] = []
    used: set[tuple[int, str]] = set()
    for finding in findings:
        waived = False
        for waiver in waivers:
            if finding.code.upper() in waiver.codes and waiver.covers_line(
                finding.line
            ):
                used.add((waiver.line, finding.code.upper()))
                waived = waived or waiver.holds(today)
        if not waived:
            kept.append(finding)
    for waiver in waivers:
        kept += _complaints(waiver, today)
        for code in waiver.codes:
            idle = _exists(code) and code not in off and (waiver.line, code) not in used
            if idle and complete and waiver.holds(today):
                text = f"{code} finds nothing here, so this waiver waives nothing."
                kept.append(_about(waiver, UNUSED, text))
    return kept


def _exists(code: str) -> bool:
    """Return whether there is a rule of a code, one of ours or one of squawk."""
    return code in RULES or code.startswith("SQUAWK-")


def _complaints(waiver: Waiver, today: datetime.date) -> Iterable[Finding]:
    if not waiver.codes:
        text = "This waiver names no rule; write lint: ignore[FA501] and the reason."
        yield _about(waiver, UNKNOWN, text)
    elif not waiver.reason:
        text = "This waiver gives no reason, so it counts for nothing."
        yield _about(waiver, NO_REASON, text)
    elif waiver.bad_date:
        text = f"There is no day {waiver.bad_date}, so this waiver counts for nothing."
        yield _about(waiver, EXPIRED, text)
    elif waiver.until is not None and waiver.until < today:
        text = f"This waiver expired on {waiver.until}; it said: {waiver.reason}."
        yield _about(waiver, EXPIRED, text)
    for code in waiver.codes:
        if not _exists(code):
            text = f"No rule has the code {code}, so nothing is waived."
            yield _about(waiver, UNKNOWN, text)


def _about(waiver: Waiver, rule: Rule, message: str) -> Finding:
    return Finding.of(rule, Hit(message, line=waiver.line), family="*")
