"""Two people who add a revision get a conflict in git, and one command fixes it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask_alembic_headfile.git import later_side

if TYPE_CHECKING:
    from conftest import Commit, Invoke, MakeApp

    Ids = Callable[..., list[str]]

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is missing")

Git = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A function: the words of a git command in, what became of it out."""
    environment = {
        **{name: text for name, text in os.environ.items() if name[:4] != "GIT_"},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Somebody",
        "GIT_AUTHOR_EMAIL": "somebody@example.com",
        "GIT_COMMITTER_NAME": "Somebody",
        "GIT_COMMITTER_EMAIL": "somebody@example.com",
        "GIT_EDITOR": "true",
    }

    def run(*words: str, at: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *words], cwd=at, env=environment, capture_output=True, text=True
        )

    run("init", "-b", "main")
    (tmp_path / ".gitignore").write_text("*.db\n__pycache__\n.*.json\n")
    return run


@pytest.fixture
def two_lines(git: Git, commit: Commit) -> tuple[str, str]:
    """A revision on ``main`` and another on ``feature``, both after the first."""

    def save(message: str) -> None:
        assert git("add", "-A").returncode == 0
        assert git("commit", "-m", message).returncode == 0

    commit("start")
    save("start")
    git("checkout", "-b", "feature")
    feature = commit("invoices")
    save("invoices")
    git("checkout", "main")
    main = commit("prices")
    save("prices")
    return main, feature


def conflict(git: Git, *words: str) -> None:
    done = git(*words)
    assert done.returncode != 0
    assert git("diff", "--name-only", "--diff-filter=U").stdout == "migrations/HEAD\n"


def resolve(
    make_app: MakeApp, db: Invoke, git: Git, *, on_top: str, below: str
) -> None:
    assert "HEAD003" in db(make_app(), "headfile", "--check").output
    result = db(make_app(), "rebase")
    assert result.exit_code == 0, result.output
    assert f"Put {on_top} (" in result.output
    assert f") on top of {below} (" in result.output
    assert git("add", "-A").returncode == 0
    assert db(make_app(), "headfile", "--check").exit_code == 0
    app = make_app()
    with app.app_context():
        script = app.extensions["alembic"].heads()[0]
        assert (script.revision, script.down_revision) == (on_top, below)


def test_the_trunk_is_merged_into_a_feature(
    git: Git, two_lines: tuple[str, str], make_app: MakeApp, db: Invoke
) -> None:
    main, feature = two_lines
    git("checkout", "feature")
    conflict(git, "merge", "main")
    resolve(make_app, db, git, on_top=feature, below=main)
    assert git("commit", "--no-edit").returncode == 0
    assert git("status", "--porcelain").stdout == ""


def test_a_feature_is_merged_into_the_trunk(
    git: Git, two_lines: tuple[str, str], make_app: MakeApp, db: Invoke
) -> None:
    main, feature = two_lines
    conflict(git, "merge", "feature")
    resolve(make_app, db, git, on_top=feature, below=main)


def test_a_feature_is_rebased_by_git(
    git: Git, two_lines: tuple[str, str], make_app: MakeApp, db: Invoke
) -> None:
    main, feature = two_lines
    git("checkout", "feature")
    conflict(git, "rebase", "main")
    resolve(make_app, db, git, on_top=feature, below=main)
    assert git("rebase", "--continue").returncode == 0
    assert git("status", "--porcelain").stdout == ""


def test_a_commit_is_picked(
    git: Git, two_lines: tuple[str, str], make_app: MakeApp, db: Invoke
) -> None:
    main, feature = two_lines
    conflict(git, "cherry-pick", "feature")
    resolve(make_app, db, git, on_top=feature, below=main)


def test_the_trunk_is_pulled_into_a_clone(
    git: Git, two_lines: tuple[str, str], make_app: MakeApp, db: Invoke, tmp_path: Path
) -> None:
    theirs, mine = two_lines
    # What is main elsewhere is pulled into a main of its own.
    git("clone", ".", str(tmp_path / "elsewhere"))
    git("reset", "--hard", "feature")
    conflict(git, "pull", "--no-rebase", str(tmp_path / "elsewhere"), "main")
    resolve(make_app, db, git, on_top=mine, below=theirs)


def test_in_a_linked_work_tree(
    git: Git, two_lines: tuple[str, str], tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    assert git("worktree", "add", str(linked), "feature").returncode == 0
    assert later_side(linked / "migrations") is None
    assert git("merge", "main", at=linked).returncode != 0
    assert later_side(linked / "migrations") == "ours"
    assert later_side(tmp_path / "migrations") is None


def test_a_merge_that_does_not_tell_has_to_be_told(
    git: Git, two_lines: tuple[str, str], make_app: MakeApp, db: Invoke, ids: Ids
) -> None:
    _, feature = two_lines
    conflict(git, "merge", git("rev-parse", "feature").stdout.strip())
    result = db(make_app(), "rebase")
    assert result.exit_code == 3
    assert "Name the one that comes later: flask db rebase " in result.output
    assert "<<<<<<<" in ids()
    assert db(make_app(), "rebase", feature).exit_code == 0
    assert ids() == [feature]


def test_whatever_git_says_the_database_decides(
    git: Git, two_lines: tuple[str, str], make_app: MakeApp, db: Invoke
) -> None:
    _, feature = two_lines
    conflict(git, "merge", "feature")
    assert db(make_app(), "upgrade", feature).exit_code == 0
    result = db(make_app(), "rebase")
    assert result.exit_code == 3
    assert f"The database has {feature} already." in result.output


def test_without_git(tmp_path: Path) -> None:
    assert later_side(tmp_path) is None
