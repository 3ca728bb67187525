"""The HEAD files follow the history, and are off until the setting turns them on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask_alembic_headfile.branches import file_name
from flask_alembic_headfile.head_file import Conflict, HeadFile, parse

if TYPE_CHECKING:
    from conftest import Commit, Invoke, MakeApp

    Ids = Callable[..., list[str]]


def heads(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("HEAD*"))


def test_each_revision_and_merge_is_written(
    make_app: MakeApp, commit: Commit, folder: Path, ids: Ids
) -> None:
    first = commit("first")
    assert ids() == [first]
    second = commit("second", parent=first)
    assert ids() == [second]
    third = commit("third", parent=first, splice=True)
    assert ids() == sorted([second, third])
    app = make_app()
    with app.app_context():
        merged = app.extensions["alembic"].merge("heads", "join").revision
    assert ids() == [merged]
    assert heads(folder) == ["HEAD"]


def test_what_the_file_holds(commit: Commit, folder: Path) -> None:
    id_ = commit("Größe \x1b[31m ändern\nsecond line")
    lines = (folder / "HEAD").read_text("utf-8").splitlines()
    assert lines[-1] == f"{id_} Größe [31m ändern"
    assert [line[:2] for line in lines[:-1]] == ["# ", "# "]
    assert "flask db rebase" in lines[1]


def test_each_independent_branch_has_a_file_of_its_own(
    commit: Commit, make_app: MakeApp, folder: Path, ids: Ids
) -> None:
    main = commit("main")
    auth = commit("auth", branch="auth")
    assert heads(folder) == ["HEAD", "HEAD.auth"]
    assert (ids(), ids("HEAD.auth")) == ([main], [auth])
    # A labelled line off the main one is a branch too.
    start = commit("more")
    feature = commit("feature", parent=main, splice=True, label="feature")
    assert ids("HEAD.feature") == [feature]
    assert ids() == [start]
    app = make_app()
    with app.app_context():
        merged = app.extensions["alembic"].merge([start, auth], "join").revision
    assert heads(folder) == ["HEAD", "HEAD.feature"]
    assert ids() == [merged]


def test_names_of_files_are_safe() -> None:
    assert file_name("default") == "HEAD"
    assert file_name("a/../b c") == "HEAD.a%2F..%2Fb%20c"
    assert file_name("größe") == "HEAD.gr%C3%B6%C3%9Fe"


def test_history_without_labels(make_app: MakeApp, folder: Path, ids: Ids) -> None:
    folder.mkdir()
    (folder / "a.py").write_text("revision = 'a'\ndown_revision = None\n")
    app = make_app()
    with app.app_context():
        made = app.extensions["alembic"].revision("b", empty=True)[0].revision
    assert ids() == [made]


def test_revisions_of_an_installed_package_are_not_ours(
    make_app: MakeApp, commit: Commit, tmp_path: Path, folder: Path, db: Invoke
) -> None:
    commit("mine")
    theirs = tmp_path / "lib" / "site-packages" / "package" / "migrations"
    theirs.mkdir(parents=True)
    (theirs / "p1.py").write_text(
        "revision = 'p1'\ndown_revision = None\nbranch_labels = 'package'\n"
    )
    app = make_app(ALEMBIC={"version_locations": [("package", str(theirs))]})
    assert db(app, "revision", "--empty", "mine too").exit_code == 0
    assert heads(folder) == ["HEAD"]
    (theirs / "p2.py").write_text("revision = 'p2'\ndown_revision = 'p1'\n")
    assert db(app, "headfile", "--check").exit_code == 0


def test_files_of_others_stay(commit: Commit, folder: Path) -> None:
    commit("first")
    (folder / "HEAD.rst").write_text("About heads.\n")
    commit("second")
    assert heads(folder) == ["HEAD", "HEAD.rst"]


def test_a_file_that_is_right_is_not_touched(
    make_app: MakeApp, commit: Commit, folder: Path, db: Invoke
) -> None:
    commit("first")
    before = (folder / "HEAD").stat()
    assert db(make_app(), "headfile").output == "Every HEAD file is right.\n"
    after = (folder / "HEAD").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("value", [None, False])
def test_silent_without_its_setting(
    make_app: MakeApp, folder: Path, db: Invoke, value: bool | None
) -> None:
    app = make_app(ALEMBIC_HEADFILE=value)
    assert db(app, "revision", "--empty", "first").exit_code == 0
    assert heads(folder) == []
    assert db(app, "upgrade").exit_code == 0
    assert db(app, "check").exit_code == 0
    output = db(app, "--help").output
    assert "rebase" not in output
    assert "headfile" not in output


def test_a_wrong_setting_is_told_in_one_sentence(
    make_app: MakeApp, folder: Path, db: Invoke
) -> None:
    app = make_app(ALEMBIC_HEADFILE="yes")
    for words in (["revision", "--empty", "x"], ["headfile"], ["rebase"]):
        result = db(app, *words)
        assert result.exit_code == 3
        assert "ALEMBIC_HEADFILE must be True or False, not 'yes'." in result.output
    assert list(folder.glob("*.py")) == []
    assert db(app, "current").exit_code == 0


def test_a_folder_that_cannot_be_written_fails_no_revision(
    make_app: MakeApp, commit: Commit, folder: Path, db: Invoke
) -> None:
    commit("first")
    (folder / "HEAD").unlink()
    (folder / "HEAD").mkdir()
    app = make_app()
    result = db(app, "revision", "--empty", "second")
    assert result.exit_code == 0
    assert len(list(folder.glob("*second*"))) == 1
    result = db(app, "headfile")
    assert result.exit_code == 3
    assert "HEAD cannot be written" in result.output


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("base", ["", "||||||| 1234\na old\n"])
def test_conflicts_are_read(newline: str, base: str) -> None:
    text = f"# x\n<<<<<<< HEAD\nb mine\n{base}=======\nc theirs\nd t\n>>>>>>> feature\n"
    found = parse(text.replace("\n", newline))
    assert found == HeadFile((), Conflict(("b",), ("c", "d")))
    assert parse("# x\na first\n\n#1 second\n") == HeadFile(("a", "#1"))
    assert parse("<<<<<<< HEAD\nb") == HeadFile((), Conflict(("b",), ()))
