"""A late revision goes on top; what is not safe is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

if TYPE_CHECKING:
    from conftest import Commit, Invoke, MakeApp

    Ids = Callable[..., list[str]]


def log(app: Flask) -> list[str]:
    with app.app_context():
        return [script.revision for script in app.extensions["alembic"].log()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def file_of(folder: Path, id_: str) -> Path:
    return next(folder.glob(f"{id_}*.py"))


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


FORKED = {
    "start": None,
    "a1": "start",
    "a2": "a1",
    "b1": "start",
    "b2": "b1",
    "b3": "b2",
}


@pytest.fixture
def forked(commit: Commit) -> dict[str, str]:
    """One line of two, and a late one of three, from the same parent."""
    made = {}
    for name, parent in FORKED.items():
        # Ids of our own: their order must not depend on chance.
        made[name] = commit(
            name,
            parent=made[parent] if parent else "head",
            splice=name == "b1",
            rev_id=f"id_{name}",
        )
    return made


def test_one_literal_of_one_file_changes(
    make_app: MakeApp, commit: Commit, folder: Path, db: Invoke, ids: Ids
) -> None:
    start = commit("start")
    ours = commit("ours", parent=start)
    late = commit("late", parent=start, splice=True)
    before = contents(folder)
    result = db(make_app(), "rebase", late)
    assert result.exit_code == 0, result.output
    assert f"Put {late} (late) on top of {ours} (ours).\n" in result.output
    after = contents(folder)
    changed = {name for name in before if before[name] != after[name]}
    name = file_of(folder, late).name
    assert changed == {name, "HEAD"}
    assert before[name].count(start.encode()) == 2
    assert after[name] == before[name].replace(start.encode(), ours.encode())
    assert ids() == [late]
    assert log(make_app()) == [start, ours, late]


@pytest.mark.parametrize("named", ["b1", "b2", "b3"])
def test_a_chain_moves_as_a_whole(
    make_app: MakeApp, forked: dict[str, str], db: Invoke, named: str
) -> None:
    result = db(make_app(), "rebase", forked[named])
    assert result.exit_code == 0, result.output
    assert "(b1) and the 2 that follow it on top of" in result.output
    names = ["start", "a1", "a2", "b1", "b2", "b3"]
    assert log(make_app()) == [forked[name] for name in names]
    result = db(make_app(), "rebase", forked[named])
    assert result.exit_code == 0
    assert "nothing to do" in result.output


def test_dry_run_changes_nothing(
    make_app: MakeApp, forked: dict[str, str], folder: Path, db: Invoke
) -> None:
    before = contents(folder)
    result = db(make_app(), "rebase", "--dry-run", forked["b3"])
    assert "Would put" in result.output
    assert contents(folder) == before


@pytest.mark.parametrize("applied", ["b1", "b2", "b3"])
def test_what_the_database_has_stays(
    make_app: MakeApp, forked: dict[str, str], folder: Path, db: Invoke, applied: str
) -> None:
    assert db(make_app(), "upgrade", forked[applied]).exit_code == 0
    before = contents(folder)
    result = db(make_app(), "rebase", forked["b2"])
    assert result.exit_code == 3
    assert "The database has " in result.output
    assert f"take it back first: flask db downgrade {forked['start']}" in result.output
    assert contents(folder) == before
    assert db(make_app(), "downgrade", forked["start"]).exit_code == 0
    assert db(make_app(), "rebase", forked["b2"]).exit_code == 0
    assert db(make_app(), "upgrade").exit_code == 0


def test_what_the_database_has_of_the_other_line_matters_not(
    make_app: MakeApp, forked: dict[str, str], db: Invoke
) -> None:
    assert db(make_app(), "upgrade", forked["a2"]).exit_code == 0
    assert db(make_app(), "rebase", forked["b1"]).exit_code == 0
    assert db(make_app(), "upgrade").exit_code == 0
    assert forked["b3"] in db(make_app(), "current").output


def test_a_database_that_depends_on_it_counts(
    make_app: MakeApp, commit: Commit, forked: dict[str, str], db: Invoke
) -> None:
    other = commit("other", branch="auth", depend=forked["b1"])
    assert db(make_app(), "upgrade", other).exit_code == 0
    result = db(make_app(), "rebase", forked["b1"])
    assert result.exit_code == 3
    assert f"The database has {forked['b1']} already." in result.output


def test_a_database_that_cannot_be_asked_refuses(
    make_app: MakeApp, forked: dict[str, str], folder: Path, tmp_path: Path, db: Invoke
) -> None:
    before = contents(folder)
    app = make_app()
    (tmp_path / "app.db").write_text("this is no database" * 100)
    result = db(app, "rebase", forked["b3"])
    assert result.exit_code == 3
    assert "file is not a database" in result.output
    assert contents(folder) == before


def test_what_is_computed_is_refused(
    make_app: MakeApp, forked: dict[str, str], folder: Path, db: Invoke
) -> None:
    path = file_of(folder, forked["b1"])
    start = forked["start"]
    for computed in (
        f'"".join(["{start}"])',
        f'"{start}"\nif True:\n    down_revision = "{start}"',
    ):
        original = path.read_text()
        replace(path, f"down_revision = '{start}'", f"down_revision = {computed}")
        before = contents(folder)
        result = db(make_app(), "rebase", forked["b3"])
        assert result.exit_code == 3
        assert "computes 'down_revision'" in result.output
        assert contents(folder) == before
        path.write_text(original)


def test_what_only_running_the_file_shows_is_put_back(
    make_app: MakeApp, forked: dict[str, str], folder: Path, db: Invoke
) -> None:
    path = file_of(folder, forked["b1"])
    path.write_text(
        path.read_text() + f"\nglobals()['down_revision'] = '{forked['start']}'\n"
    )
    before = contents(folder)
    result = db(make_app(), "rebase", forked["b3"])
    assert result.exit_code == 3
    assert "in a way that cannot be rewritten" in result.output
    assert contents(folder) == before


def test_merges_are_not_moved(
    make_app: MakeApp, commit: Commit, forked: dict[str, str], db: Invoke
) -> None:
    late = commit("c", parent=forked["b1"], splice=True)
    app = make_app()
    with app.app_context():
        merged = app.extensions["alembic"].merge([forked["b3"], late]).revision
    for name in (merged, late, forked["b1"]):
        result = db(make_app(), "rebase", name)
        assert result.exit_code == 3
        assert f"{merged} merges " in result.output


def test_what_is_merged_already_needs_nothing(
    make_app: MakeApp, forked: dict[str, str], db: Invoke
) -> None:
    app = make_app()
    with app.app_context():
        app.extensions["alembic"].merge("heads")
    result = db(make_app(), "rebase", forked["b3"])
    assert result.exit_code == 0
    assert "There is no other head" in result.output


@pytest.mark.parametrize("id_", ["a_first", "z_last"])
def test_no_circle_through_a_dependency(
    make_app: MakeApp, commit: Commit, forked: dict[str, str], db: Invoke, id_: str
) -> None:
    top = commit("a3", parent=forked["a2"], depend=forked["b2"], rev_id=id_)
    result = db(make_app(), "rebase", forked["b3"])
    assert result.exit_code == 3
    assert f"{top} depends on " in result.output
    assert forked["b2"] in result.output
    # The other way round there is none.
    assert db(make_app(), "rebase", top, "--onto", forked["b3"]).exit_code == 0


def test_several_other_heads(
    make_app: MakeApp, commit: Commit, forked: dict[str, str], db: Invoke
) -> None:
    third = commit("c", parent=forked["start"], splice=True)
    result = db(make_app(), "rebase", forked["b3"])
    assert result.exit_code == 3
    assert "Say which one to follow with --onto." in result.output
    assert db(make_app(), "rebase", forked["b3"], "--onto", third).exit_code == 0
    assert log(make_app()).index(forked["b1"]) > log(make_app()).index(third)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["b3", "--onto", "a1"], "is not a head"),
        (["b3", "--onto", "b3"], "stands above"),
        (["start", "--onto", "a2"], "stands above"),
        (["nothing"], "nothing"),
        ([], "Name the one that comes later: flask db rebase"),
    ],
)
def test_refusals(
    make_app: MakeApp,
    forked: dict[str, str],
    folder: Path,
    db: Invoke,
    words: list[str],
    sentence: str,
) -> None:
    before = contents(folder)
    result = db(make_app(), "rebase", *(forked.get(word, word) for word in words))
    assert result.exit_code in {2, 3}
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert contents(folder) == before


def test_independent_branches_are_left_alone(
    make_app: MakeApp, commit: Commit, db: Invoke
) -> None:
    commit("main")
    auth = commit("auth", branch="auth")
    assert "nothing to do" in db(make_app(), "rebase", auth).output
    assert "nothing to rebase" in db(make_app(), "rebase").output


def test_two_first_revisions_without_a_label(
    make_app: MakeApp, folder: Path, db: Invoke, ids: Ids
) -> None:
    folder.mkdir()
    for name in ("a", "b"):
        text = f'"""{name}\n\nRevision ID: {name}\nRevises: \n"""\n'
        text += f"revision = '{name}'\ndown_revision = None\n"
        text += "def upgrade(): pass\ndef downgrade(): pass\n"
        (folder / f"{name}.py").write_text(text)
    assert db(make_app(), "rebase", "b").exit_code == 0
    text = (folder / "b.py").read_text()
    assert "Revises: a\n" in text
    assert "down_revision = 'a'\n" in text
    assert ids() == ["b"]


def test_a_file_of_an_installed_package_is_not_changed(
    make_app: MakeApp, forked: dict[str, str], folder: Path, tmp_path: Path, db: Invoke
) -> None:
    theirs = tmp_path / "site-packages" / "migrations"
    theirs.mkdir(parents=True)
    path = file_of(folder, forked["b1"])
    path.rename(theirs / path.name)
    app = make_app(ALEMBIC={"version_locations": [str(theirs)]})
    result = db(app, "rebase", forked["b3"])
    assert result.exit_code == 3
    assert "belongs to an installed package" in result.output
