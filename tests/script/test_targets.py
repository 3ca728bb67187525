"""``flask_alembic.script.targets``: what a person types for a revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import write_revision

from flask_alembic.errors import AlembicError, RevisionNotFound, UsageError
from flask_alembic.script.loader import AppScriptDirectory
from flask_alembic.script.targets import (
    absolute,
    chosen_scripts,
    describe,
    missing,
    one_script,
    require,
    resolve,
)


@pytest.fixture
def scripts(tmp_path: Path) -> AppScriptDirectory:
    write_revision(tmp_path, "abcd1", labels=["default"])
    write_revision(tmp_path, "abcd2", "abcd1")
    write_revision(tmp_path, "20240101", "abcd2")
    write_revision(tmp_path, "3", "20240101")
    write_revision(tmp_path, "user1", labels=["users", "my-branch"])
    return AppScriptDirectory(str(tmp_path), version_locations=[str(tmp_path)])


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
    scripts: AppScriptDirectory, direction: Any, target: Any, expected: Any
) -> None:
    assert resolve(scripts, target, direction) == expected


def test_a_script_goes_by_its_id(scripts: AppScriptDirectory) -> None:
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
    scripts: AppScriptDirectory, target: Any, direction: Any, expected: str
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
        ("nosuch@-1", "downgrade", "'nosuch'"),
        ("nosuch@abcd2-1", "downgrade", "'nosuch'"),
        ("users@nosuch-1", "downgrade", "'nosuch'"),
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
    scripts: AppScriptDirectory, target: Any, direction: Any, says: str
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
    scripts: AppScriptDirectory, name: str, kind: type[AlembicError], advice: str
) -> None:
    error = missing(scripts, name)
    assert isinstance(error, kind)
    assert isinstance(error, RevisionNotFound) is (kind is RevisionNotFound)
    with pytest.raises(kind, match=advice):
        raise error


@pytest.mark.parametrize(
    ("direction", "end"),
    [("upgrade", "heads"), ("stamp", "heads"), ("downgrade", "base")],
)
def test_the_end_of_the_way_is_named(
    scripts: AppScriptDirectory, direction: Any, end: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(scripts, "", direction)
    assert f"'{end}'" in caught.value.advice


def test_many_beginnings_are_counted(tmp_path: Path) -> None:
    for number in range(9):
        write_revision(tmp_path, f"same{number}")
    scripts = AppScriptDirectory(str(tmp_path), version_locations=[str(tmp_path)])
    assert "same0, same1, same2, same3, same4 and 4 more" in str(
        missing(scripts, "same")
    )


@pytest.mark.parametrize(
    "name", ["head", "heads", "base", "abcd1", "my-branch", "2024"]
)
def test_what_is_there_is_not_missing(scripts: AppScriptDirectory, name: str) -> None:
    require(scripts, name)


# Revisions by name ----------------------------------------------------------------


def ids(found: Any) -> list[str]:
    return [str(script.revision) for script in found]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("abcd1", ["abcd1"]),
        ("abcd1:20240101", ["abcd1", "abcd2", "20240101"]),
        (" abcd2 : 3 ", ["abcd2", "20240101", "3"]),
        (["20240101:", "abcd1"], ["abcd1", "20240101", "3"]),
        (":abcd2", ["abcd1", "abcd2"]),
        (["", None, "3"], ["3"]),
        (("users@head",), ["user1"]),
        ("base", []),
    ],
)
def test_chosen_revisions_stand_in_the_order_of_the_history(
    scripts: AppScriptDirectory, names: Any, expected: list[str]
) -> None:
    assert ids(chosen_scripts(scripts, names)) == expected


@pytest.mark.parametrize("names", [(), [], "", None, [""]])
def test_no_name_chooses_each_revision(scripts: AppScriptDirectory, names: Any) -> None:
    chosen = ids(chosen_scripts(scripts, names))
    assert sorted(chosen) == ["20240101", "3", "abcd1", "abcd2", "user1"]
    assert [one for one in chosen if one != "user1"] == [
        "abcd1",
        "abcd2",
        "20240101",
        "3",
    ]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (" ", "The revision is empty"),
        ("nosuch", "'nosuch'"),
        ("nosuch@base", "'nosuch'"),
        ("users@base", "'users@base'"),
        ("nosuch:abcd2", "'nosuch'"),
        ("abcd1:nosuch", "'nosuch'"),
        ("nosuch@base:abcd1", "'nosuch'"),
        (["abcd1", "@head"], "'@head'"),
    ],
)
def test_a_name_of_nothing_chooses_nothing(
    scripts: AppScriptDirectory, names: Any, says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        chosen_scripts(scripts, names)
    assert caught.value.advice


def test_one_revision_is_named_by_whatever_stands_for_one(
    scripts: AppScriptDirectory,
) -> None:
    script = scripts.get_revision("abcd2")
    for name in (script, "abcd2", " abcd2 "):
        assert one_script(scripts, name).revision == "abcd2"
    assert one_script(scripts, "users@head").revision == "user1"
    with pytest.raises(UsageError, match="'heads' names 2 revisions"):
        one_script(scripts, "heads")
    with pytest.raises(UsageError, match="'base' names 0 revisions"):
        one_script(scripts, "base")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abcd1", "abcd1"),
        ("abcd1+2", "20240101"),
        ("20240101-2", "abcd1"),
        ("3-1", "20240101"),
        ("users@head", "users@head"),
    ],
)
def test_a_relative_name_is_an_id(
    scripts: AppScriptDirectory, text: str, expected: str
) -> None:
    assert absolute(scripts, text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("abcd1-1", RevisionNotFound, "abcd1 is the first revision"),
        ("abcd1+4", RevisionNotFound, "3 is the last revision"),
        ("heads-1", UsageError, "heads is 2 revisions"),
        ("fork1+1", UsageError, "left1, right1 follow fork1"),
        ("both1-1", UsageError, "left1, right1 come before both1"),
    ],
)
def test_a_relative_name_that_leads_nowhere_is_refused(
    tmp_path: Path, scripts: AppScriptDirectory, text: str, kind: Any, says: str
) -> None:
    if text.startswith(("fork1", "both1")):
        write_revision(tmp_path, "fork1", labels=["forks"])
        write_revision(tmp_path, "left1", "fork1")
        write_revision(tmp_path, "right1", "fork1")
        write_revision(tmp_path, "both1", ("left1", "right1"))
        scripts = AppScriptDirectory(str(tmp_path), version_locations=[str(tmp_path)])
    with pytest.raises(kind, match=says) as caught:
        absolute(scripts, text)
    assert caught.value.advice
