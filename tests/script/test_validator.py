"""``flask_alembic.script.validator``: files, ids and labels that will not do."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from alembic.script.revision import Revision

from flask_alembic.errors import (
    HistoryError,
    RevisionFileError,
)
from flask_alembic.script.validator import (
    check_history,
    check_identifiers,
    line_in,
    unusable,
)


def script(revision: str, down: Any = None, **more: Any) -> Any:
    """Return what the check looks at."""
    return SimpleNamespace(
        revision=revision,
        down_revision=down,
        dependencies=more.get("depends"),
        branch_labels=set(more.get("labels", ())),
        path=f"{more.get('name', revision)}.py",
    )


def test_a_history_that_is_one_is_taken() -> None:
    check_history(
        [
            script("a", labels=["default"]),
            script("b", "a"),
            script("c", "a", depends=("b",)),
            script("d", ("b", "c"), depends="default"),
        ]
    )
    check_history([])


@pytest.mark.parametrize(
    ("scripts", "says"),
    [
        ([script("")], ["''"]),
        ([script("a'b")], ["a'b.py"]),
        ([script("a;b")], ["a;b.py"]),
        ([script("a\nb")], ["'a\\nb'"]),
        ([script("head")], ["'head'"]),
        ([script("a", name="x"), script("a", name="y")], ["'a'", "x.py", "y.py"]),
        ([script("a", "gone")], ["a.py", "'gone'"]),
        ([script("a", ("gone", "away"))], ["'gone', 'away'"]),
        ([script("a", depends="gone")], ["a.py", "'gone'"]),
        ([script("a"), script("b", ("a", "a"))], ["b.py", "twice", "'a'"]),
        ([script("a"), script("b", labels=["a"])], ["'a'", "a.py", "b.py"]),
        ([script("a", labels=["a"])], ["'a'", "both"]),
        (
            [script("a", labels=["x"]), script("b", labels=["x"])],
            ["'x'", "a.py", "b.py"],
        ),
    ],
)
def test_what_is_no_history_is_named(scripts: list[Any], says: list[str]) -> None:
    with pytest.raises(HistoryError) as caught:
        check_history(scripts)
    assert caught.value.advice
    for part in says:
        assert part in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("revision", 5),
        ("revision", None),
        ("revision", ["a"]),
        ("down_revision", 5),
        ("down_revision", ("a", None)),
        ("down_revision", {"a": 1}),
        ("branch_labels", [1]),
        ("branch_labels", True),
        ("depends_on", b"a"),
    ],
)
def test_identifiers_of_other_types_are_named(name: str, value: Any) -> None:
    module = ModuleType("m")
    vars(module).update(revision="a", down_revision=None)
    setattr(module, name, value)
    with pytest.raises(RevisionFileError, match=name):
        check_identifiers(module, Path("m.py"))


@pytest.mark.parametrize("value", [None, "a", ("a", "b"), ["a"], {"a"}, frozenset("a")])
def test_identifiers_that_alembic_understands_are_taken(value: Any) -> None:
    module = ModuleType("m")
    vars(module).update(revision="a", down_revision=value, depends_on=value)
    check_identifiers(module, Path("m.py"))


def raised(path: Path, source: str) -> BaseException:
    """Return what executing a file raises."""
    path.write_text(source)
    try:
        exec(compile(source, str(path), "exec"), {})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = (\n", "does not compile"),
        ("\n\nraise ValueError('no way')", "ValueError: no way, line 3"),
        ("raise ValueError", "cannot be loaded: ValueError, line 1"),
        ("import sys\nsys.exit(2)", "sys.exit()"),
        ("import no_such_module", "'no_such_module'"),
        ("open('/no/such/file')", "/no/such/file"),
        ("n = None\nn()", "TypeError: 'NoneType' object is not callable, line 2"),
    ],
)
def test_a_file_that_fails_is_told_with_its_line(
    tmp_path: Path, source: str, says: str
) -> None:
    path = tmp_path / "a.py"
    error = raised(path, source)
    told = unusable(path, error)
    assert told.exit_code == 3
    assert str(path) in told.message
    assert says in told.message
    assert told.advice


def test_a_type_error_of_alembics_is_about_the_id(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.touch()
    with pytest.raises(TypeError) as caught:
        Revision(5, None)  # type: ignore[arg-type]
    assert "no usable 'revision'" in unusable(path, caught.value).message


def test_a_line_is_only_told_of_the_file_itself(tmp_path: Path) -> None:
    error = raised(tmp_path / "a.py", "1 / 0")
    assert line_in(tmp_path / "a.py", error) == 1
    assert line_in(tmp_path / "b.py", error) == 0


def test_a_link_to_nowhere_goes_by_its_own_name(tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to("nowhere.py")
    told = unusable(tmp_path / "nowhere.py", ImportError("x"), [str(tmp_path), "/no"])
    assert str(link) in told.message
