"""Findings handed to Flask-Alembic as problems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask_alembic.hooks import Problem

from .findings import Finding
from .rules import RULES

if TYPE_CHECKING:
    from .revision import RevisionSource
    from .settings import Settings


def problems(
    findings: Iterable[Finding],
    source: RevisionSource,
    settings: Settings,
    *,
    databases: int,
    shown_only: bool,
) -> list[Problem]:
    """Return findings as problems.

    :param findings: The findings of a revision.
    :param source: The revision.
    :param settings: The settings.
    :param databases: How many databases the app has.
    :param shown_only: Whether errors are shown as warnings unless the setting
        ``strict`` is on, so that a new revision is written and ``check`` says yes.
    """
    return [
        Problem(
            code=finding.code,
            message=finding.message,
            severity="warning"
            if shown_only and finding.severity == "error" and not settings.strict
            else finding.severity,
            revision=source.revision,
            path=source.path,
            line=finding.line,
            database=finding.databases[0]
            if len(finding.databases) == 1 and databases > 1
            else None,
            advice=finding.advice,
            url=page(finding.code, settings),
        )
        for finding in findings
    ]


def page(code: str, settings: Settings) -> str:
    """Return the address of a rule's section, empty if none is published.

    :param code: The rule's code.
    :param settings: The settings, whose ``docs_url`` says where.
    """
    if not settings.docs_url or code not in RULES:
        return ""
    return f"{settings.docs_url}#{code.lower()}"
