"""What ``flask db lint`` prints for people."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask_alembic_lint.text import show_lint

from flask_alembic.hooks import Command, Problem, Report

HERE = Path.cwd() / "migrations"


class Lines:
    """A writer that keeps what it is given."""

    verbosity = 0

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str = "", **style: object) -> None:
        self.lines += text.split("\n")

    def note(self, text: str, **style: object) -> None:
        self.line(text)


def shown(*problems: Problem, revisions: int = 3) -> list[str]:
    report = Report(
        command=Command("lint", {}, None),
        ok=True,
        exit_code=0,
        error=None,
        run=None,
        result=None,
        scripts=(None,) * revisions,
        problems=problems,
        diffs={},
        data={"linters": ["lint"]},
        hook_failures=(),
        elapsed=0.0,
        warnings=(),
    )
    writer = Lines()
    show_lint(report, writer)
    return writer.lines


def problem(code="FA501", line=9, message="a is dropped.", **given) -> Problem:
    severity = given.pop("severity", "error")
    revision = given.pop("revision", "a1")
    path = HERE / f"{revision}_x.py"
    return Problem(
        code=code,
        message=message,
        severity=severity,
        revision=revision,
        path=path,
        line=line,
        **given,
    )


def test_files_with_their_findings_and_counts():
    assert shown(
        problem(advice="pass"),
        problem("FA905", 12, "Not checked.", severity="warning"),
        problem(revision="b2", message="b is dropped."),
    ) == [
        "migrations/a1_x.py: 1 error, 1 warning",
        "  line 9: error: FA501: a is dropped.",
        "    pass",
        "  line 12: warning: FA905: Not checked.",
        "",
        "migrations/b2_x.py: 1 error",
        "  line 9: error: FA501: b is dropped.",
        "",
        "   2  FA501  table dropped",
        "   1  FA905  SQL that cannot be read",
        "2 errors, 1 warning in 2 of 3 revisions.",
    ]


def test_nothing_found():
    assert shown(revisions=1) == ["No problems in 1 revision."]


def test_one_cause_is_told_once():
    lines = shown(
        problem(line=9, advice="wait"),
        problem(line=14, advice="wait"),
        problem(line=20, message="b is dropped.", advice="wait"),
    )
    assert lines[1:5] == [
        "  lines 9, 14: error: FA501: a is dropped.",
        "  line 20: error: FA501: b is dropped.",
        "    wait",
        "",
    ]
    assert lines[0] == "migrations/a1_x.py: 3 errors"


def test_databases_and_what_has_no_line():
    lines = shown(
        problem(line=None, database="reports"), problem(line=None, database="old")
    )
    assert lines[1] == "  error: FA501: a is dropped. [reports, old]"


@pytest.mark.parametrize("code", ["SH999", "squawk-ban-drop-column"])
def test_rules_of_others_are_counted(code):
    assert f"   1  {code}" in shown(problem(code))
