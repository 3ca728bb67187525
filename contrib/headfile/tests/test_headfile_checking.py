"""What is wrong with a HEAD file is reported, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flask_alembic.hooks import LintTarget

if TYPE_CHECKING:
    from conftest import Commit, Invoke, MakeApp


def test_all_is_well(make_app: MakeApp, commit: Commit, db: Invoke) -> None:
    assert db(make_app(), "headfile", "--check").output == "Every HEAD file is right.\n"
    commit("first")
    commit("auth", branch="auth")
    assert db(make_app(), "headfile", "--check").output == "Every HEAD file is right.\n"


def broken(folder: Path, commit: Commit) -> Iterator[tuple[str, str]]:
    """Break HEAD in each way and yield what is said of it."""
    first = commit("first")
    file = folder / "HEAD"
    good = file.read_text()
    file.unlink()
    yield "HEAD001", "HEAD is missing."
    file.write_text(good.replace(f"{first} first", "1234 other"))
    yield "HEAD002", f"HEAD says 1234, but the history ends at {first}."
    file.write_text("")
    yield "HEAD002", f"HEAD says nothing, but the history ends at {first}."
    file.write_text(f"<<<<<<< HEAD\n{first}\n=======\nb\n>>>>>>> b\n")
    yield "HEAD003", "HEAD holds a merge conflict."
    file.write_text(good)
    (folder / "HEAD.auth").write_text(good)
    yield "HEAD005", "HEAD.auth is of a branch that has no revision."
    (folder / "HEAD.auth").unlink()
    second = commit("second", parent=first)
    third = commit("third", parent=first, splice=True)
    both = ", ".join(sorted([second, third]))
    yield "HEAD004", f"The branch 'default' has 2 heads: {both}."


def test_the_command_says_what_is_wrong_and_what_to_do(
    make_app: MakeApp, commit: Commit, folder: Path, db: Invoke
) -> None:
    for code, message in broken(folder, commit):
        result = db(make_app(), "headfile", "--check")
        assert result.exit_code == 1, message
        assert f"error: {code} {message}\n" in result.output
        assert (
            "flask db headfile" in result.output or "flask db rebase" in result.output
        )


def test_a_lint_of_existing_files_says_it_once(
    make_app: MakeApp, commit: Commit, folder: Path
) -> None:
    from flask_alembic_headfile import plugin

    for code, message in broken(folder, commit):
        app = make_app()
        with app.app_context():
            # What check and lint ask of each existing file.
            scripts = app.extensions["alembic"].script_directory.walk_revisions()
            found = [
                (problem.code, problem.message, problem.severity)
                for script in scripts
                for problem in plugin.lint_problems(
                    app, LintTarget(script.revision, Path(script.path), "", script)
                )
            ]
        assert found == [(code, message, "error")]


def test_a_new_revision_is_not_blamed(
    make_app: MakeApp, commit: Commit, folder: Path, db: Invoke
) -> None:
    commit("first")
    (folder / "HEAD").unlink()
    assert db(make_app(), "revision", "--empty", "second").exit_code == 0
    assert db(make_app(), "headfile", "--check").exit_code == 0


def test_check_ends_with_1(
    make_app: MakeApp, commit: Commit, folder: Path, db: Invoke
) -> None:
    commit("first")
    commit("second")
    assert db(make_app(), "upgrade").exit_code == 0
    assert db(make_app(), "check").exit_code == 0
    (folder / "HEAD").unlink()
    result = db(make_app(), "check")
    assert result.exit_code == 1
    assert result.output.count("HEAD is missing.") == 1
    assert db(make_app(), "headfile").exit_code == 0
    assert db(make_app(), "check").exit_code == 0
