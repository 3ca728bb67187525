from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from flask_alembic_lint.formats import github, sarif
from flask_alembic_lint.formats.paths import repository_path

from flask_alembic.hooks import Command, Problem, Report


def report(*problems: Problem) -> Report:
    return Report(Command("lint"), ok=False, problems=problems)


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    path = tmp_path / "migrations" / "a file, of: mine.py"
    path.parent.mkdir()
    path.touch()
    return Problem(
        code="FA401",
        message="100% of writes wait.",
        severity="error",
        revision="b2",
        path=path,
        line=12,
        advice="with x:\n    y()",
        url="https://example.org/rules#fa401",
    )


def test_path_is_relative_to_the_repository(problem):
    assert repository_path(problem.path) == "migrations/a file, of: mine.py"


def test_github_annotation_escapes_what_means_something_there(problem):
    text = github.render(report(problem))
    assert text == (
        "::error file=migrations/a file%2C of%3A mine.py,line=12,title=FA401::"
        "100%25 of writes wait.%0A%0ASafe:%0Awith x:%0A    y()%0A%0A"
        "https://example.org/rules#fa401"
    )


@pytest.mark.parametrize(
    ("severity", "word"),
    [("error", "error"), ("warning", "warning"), ("info", "notice")],
)
def test_github_names_of_severities(severity, word):
    text = github.render(report(Problem("FA902", "empty", severity)))
    assert text == f"::{word} title=FA902::empty"


def test_github_of_nothing_is_nothing():
    assert github.render(report()) == ""


def test_sarif(problem):
    other = Problem("XX001", "of another plugin", "info", database="reports")
    log = json.loads(sarif.render(report(problem, other, problem)))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    first, second, third = run["results"]
    assert [each["ruleId"] for each in run["results"]] == ["FA401", "XX001", "FA401"]
    assert [each["level"] for each in run["results"]] == ["error", "note", "error"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["FA401", "XX001"]
    assert [each["ruleIndex"] for each in run["results"]] == [0, 1, 0]
    assert rules[0]["helpUri"] == "https://example.org/rules#fa401"
    place = first["locations"][0]["physicalLocation"]
    assert (
        place["artifactLocation"]["uri"] == "migrations/a%20file%2C%20of%3A%20mine.py"
    )
    assert place["region"]["startLine"] == 12
    assert first["partialFingerprints"] == third["partialFingerprints"]
    assert "locations" not in second
    assert second["properties"] == {"database": "reports"}


def test_sarif_is_what_the_standard_says(problem):
    """Read by models that were generated from the published schema."""
    models = pytest.importorskip("sarif_pydantic")
    text = sarif.render(report(problem, Problem("FA902", "empty", "info")))
    log = models.Sarif.model_validate_json(text)
    assert log.runs[0].results[0].rule_id == "FA401"


def test_sarif_of_nothing_is_still_a_log():
    log = json.loads(sarif.render(report()))
    assert log["runs"][0]["results"] == []
    assert log["runs"][0]["invocations"] == [{"executionSuccessful": True}]
