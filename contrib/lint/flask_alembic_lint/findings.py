"""What a rule found, before it becomes a ``Problem``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .rules.base import Hit, Rule, fill

if TYPE_CHECKING:
    from flask_alembic.hooks import Severity

RANK = {"error": 0, "warning": 1, "info": 2}
"""The severities, the gravest first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding in one revision."""

    code: str
    message: str
    severity: Severity
    line: int | None = None
    advice: str = ""
    databases: tuple[str, ...] = ()
    """The databases it was found for."""

    unchecked: bool = False
    """Whether it says that a part of ``upgrade()`` was not checked."""

    @classmethod
    def of(
        cls, rule: Rule, hit: Hit, *, family: str, databases: tuple[str, ...] = ()
    ) -> Finding:
        """Return what a rule found.

        :param rule: The rule.
        :param hit: What it found.
        :param family: The server's family.
        :param databases: The databases with that server.
        """
        own = rule.severity_on(family) or "warning"
        if hit.advice is not None:
            advice = hit.advice
        elif hit.rewrite is not None:
            advice = fill(hit.rewrite, hit.names, family)
        else:
            advice = rule.rewrite_for(family, hit.names)
        return cls(
            code=rule.code,
            message=hit.message,
            severity=hit.severity or own,
            line=hit.place,
            advice=advice.strip("\n"),
            databases=databases,
            unchecked=hit.unchecked,
        )


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Make one of findings that differ in nothing but the database.

    Several findings of one rule in one line, as from a loop, stay apart as long as
    their messages differ.

    :param findings: The findings of all servers.
    :return: By line, the gravest first.
    """
    found: dict[tuple[str, int | None, str], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.line, finding.message)
        known = found.get(key)
        if known is None:
            found[key] = finding
            continue
        graver = min(known, finding, key=lambda each: RANK[each.severity])
        names = dict.fromkeys((*known.databases, *finding.databases))
        found[key] = replace(graver, databases=tuple(names))
    return ordered(found.values())


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by line, those without one first, the gravest first.

    :param findings: In any order.
    """
    return sorted(
        findings,
        key=lambda each: (each.line or 0, RANK[each.severity], each.code),
    )
