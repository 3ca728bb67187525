"""``flask_alembic.commands.targets``: what a person types for a revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import write_revision

from flask_alembic.commands.targets import describe, missing, require, resolve
from flask_alembic.environment.scripts import Scripts
from flask_alembic.errors import AlembicError, RevisionNotFound, UsageError


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    write_revision(tmp_path, "abcd1", labels=["default"])
    write_revision(tmp_path, "abcd2", "abcd1")
    write_revision(tmp_path, "20240101", "abcd2")
    write_revision(tmp_path, "3", "20240101")
    write_revision(tmp_path, "user1", labels=["users", "my-branch"])
    return Scripts(str(tmp_path), version_locations=[str(tmp_path)])


@pytest.mark.parametrize("direction", ["upgrade", "downgrade", "stamp"])
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("abcd1", "abcd1"),
        (" abcd1 ", "abcd1"),
        ("20240101", "20240101"),
        ("2024", "2024"),
        ("3", "3"),
        ("base", "base"),
        ("default", "default"),
        ("users@head", "users@head"),
        ("my-branch@base", "my-branch@base"),
        (["abcd1"], "abcd1"),
        (("abcd1", "user1"), ("abcd1", "user1")),
    ],
)
def test_a_name_stays_one(
    scripts: Scripts, direction: Any, target: Any, expected: Any
) -> None:
    assert resolve(scripts, target, direction) == expected


def test_a_script_goes_by_its_id(scripts: Scripts) -> None:
    script = scripts.get_revision("abcd2")
    assert resolve(scripts, script, "upgrade") == "abcd2"
    assert resolve(scripts, [script], "downgrade") == "abcd2"
    assert describe([script, "heads", -1]) == "abcd2,heads,-1"


@pytest.mark.parametrize(
    ("target", "direction", "expected"),
    [
        (1, "upgrade", "+1"),
        ("1", "upgrade", "+1"),
        ("+2", "upgrade", "+2"),
        (-1, "downgrade", "-1"),
        (1, "downgrade", "-1"),
        ("2", "downgrade", "-2"),
        ("-2", "downgrade", "-2"),
        ("abcd1+1", "upgrade", "abcd1+1"),
        ("users@-1", "downgrade", "users@-1"),
        ("heads", "upgrade", "heads"),
        ("head", "stamp", "head"),
    ],
)
def test_a_number_without_a_revision_is_one_of_steps(
    scripts: Scripts, target: Any, direction: Any, expected: str
) -> None:
    assert resolve(scripts, target, direction) == expected


@pytest.mark.parametrize(
    ("target", "direction", "says"),
    [
        ("", "upgrade", "empty"),
        ("  ", "stamp", "empty"),
        ([], "upgrade", "No target"),
        (None, "upgrade", "None"),
        (True, "upgrade", "True"),
        (1.5, "upgrade", "1.5"),
        (object(), "upgrade", "object"),
        (0, "upgrade", "0"),
        (-1, "upgrade", "-1"),
        ("-1", "upgrade", "-1"),
        (0, "downgrade", "0"),
        ("+1", "downgrade", r"\+1"),
        ("head", "downgrade", "'head'"),
        ("heads", "downgrade", "'heads'"),
        (1, "stamp", r"\+1"),
        ("-1", "stamp", "-1"),
        ("99", "stamp", "'99'"),
        ("99", "upgrade", "'99'"),
        ("20249999", "downgrade", "'20249999'"),
        ("nosuch", "upgrade", "'nosuch'"),
        ("nosuch@base", "downgrade", "'nosuch'"),
        ("nosuch@head", "upgrade", "'nosuch'"),
        ("users@nosuch", "upgrade", "'nosuch'"),
        ("nosuch-1", "downgrade", "'nosuch'"),
        ("@head", "upgrade", "'@head'"),
        ("users@", "upgrade", "'users@'"),
        ("abcd", "upgrade", "Several.*abcd1, abcd2"),
        ("a", "upgrade", "Several.*abcd1, abcd2"),
        ("abcd9", "upgrade", "'abcd9'"),
        (["abcd1", "nosuch"], "upgrade", "'nosuch'"),
        ("a\nb", "upgrade", r"'a\\nb'"),
    ],
)
def test_what_means_nothing_is_refused(
    scripts: Scripts, target: Any, direction: Any, says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        resolve(scripts, target, direction)
    assert caught.value.exit_code == 2
    assert caught.value.advice


@pytest.mark.parametrize(
    ("name", "kind", "advice"),
    [
        ("abcd", UsageError, "more of the id"),
        ("ab", UsageError, "more of the id"),
        ("abcd11", RevisionNotFound, "mean 'abcd1'"),
        ("usres", RevisionNotFound, "mean 'users'"),
        ("entirely", RevisionNotFound, "flask db log"),
    ],
)
def test_what_was_probably_meant_is_said(
    scripts: Scripts, name: str, kind: type[AlembicError], advice: str
) -> None:
    error = missing(scripts, name)
    assert type(error) is kind
    with pytest.raises(kind, match=advice):
        raise error


def test_many_beginnings_are_counted(tmp_path: Path) -> None:
    for number in range(9):
        write_revision(tmp_path, f"same{number}")
    scripts = Scripts(str(tmp_path), version_locations=[str(tmp_path)])
    assert "same0, same1, same2, same3, same4 and 4 more" in str(
        missing(scripts, "same")
    )


@pytest.mark.parametrize(
    "name", ["head", "heads", "base", "abcd1", "my-branch", "2024"]
)
def test_what_is_there_is_not_missing(scripts: Scripts, name: str) -> None:
    require(scripts, name)
