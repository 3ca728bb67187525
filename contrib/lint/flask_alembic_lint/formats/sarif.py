"""SARIF 2.1.0, the format that code scanning reads.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ..rules import RULES
from .paths import repository_path

if TYPE_CHECKING:
    from flask_alembic.hooks import Problem, Report

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
"""Where the schema of the format is."""

LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
"""What SARIF calls the severities."""


def render(report: Report) -> str:
    """Return a report as SARIF.

    :param report: The report of a command.
    """
    return json.dumps(log(report), indent=2, ensure_ascii=False)


def log(report: Report) -> dict[str, Any]:
    """Return a report as SARIF's objects.

    :param report: The report of a command.
    """
    codes = list(dict.fromkeys(problem.code for problem in report.problems))
    urls = {problem.code: problem.url for problem in report.problems if problem.url}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "flask-alembic-lint",
                        "semanticVersion": _version(),
                        "rules": [_rule(code, urls.get(code, "")) for code in codes],
                    }
                },
                "invocations": [{"executionSuccessful": report.error is None}],
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(problem, codes.index(problem.code))
                    for problem in report.problems
                ],
            }
        ],
    }


def _rule(code: str, url: str) -> dict[str, Any]:
    """Return a rule's description; that of another plugin has only its code."""
    known = RULES.get(code)
    found: dict[str, Any] = {"id": code}
    if known is not None:
        safe = "\n\n".join(text.strip("\n") for text in known.rewrites.values())
        found.update(
            name=code,
            shortDescription={"text": known.title},
            fullDescription={"text": known.reason},
            help={
                "text": f"{known.reason}\n\nSafe:\n\n{safe}",
                "markdown": f"{known.reason}\n\nSafe:\n\n```python\n{safe}\n```",
            },
        )
    if url:
        found["helpUri"] = url
    return found


def _result(problem: Problem, index: int) -> dict[str, Any]:
    text = problem.message
    if problem.advice:
        text += f"\n\nSafe:\n{problem.advice}"
    found: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": LEVELS[problem.severity],
        "message": {"text": text},
        "partialFingerprints": {"flaskAlembicLint/v1": _fingerprint(problem)},
    }
    if problem.path is not None:
        place: dict[str, Any] = {
            "artifactLocation": {
                "uri": quote(repository_path(problem.path)),
                "uriBaseId": "%SRCROOT%",
            },
            "region": {"startLine": problem.line or 1},
        }
        found["locations"] = [{"physicalLocation": place}]
    properties = {"revision": problem.revision, "database": problem.database}
    given = {key: value for key, value in properties.items() if value}
    if given:
        found["properties"] = given
    return found


def _fingerprint(problem: Problem) -> str:
    """Return what stays the same when lines above a finding are added or removed."""
    text = "\0".join((problem.code, problem.revision or "", problem.message))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("flask-alembic-lint")
    except PackageNotFoundError:
        return "0.0.0"
