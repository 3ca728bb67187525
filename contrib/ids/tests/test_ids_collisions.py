"""Two files with one id: reported with the command that fixes it, and fixed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

if TYPE_CHECKING:
    from conftest import Invoke, MakeApp


Commit = Callable[[str], Path]


@pytest.fixture
def commit(make_app: MakeApp) -> Commit:
    """A function: a message in, the file of a new revision out."""

    def make(message: str) -> Path:
        # Another app each time, as each command is another process.
        app = make_app(ALEMBIC_IDS="sequential")
        with app.app_context():
            made = app.extensions["alembic"].revision(message, empty=True)
            return Path(made[0].path)

    return make


def away(path: Path, tmp_path: Path) -> Path:
    """Take a file out of the folder, as the other clone does not have it."""
    return Path(shutil.move(path, tmp_path / path.name))


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(ALEMBIC_IDS="sequential")


@pytest.fixture
def collided(app: Flask, commit: Commit, tmp_path: Path, folder: Path) -> Flask:
    """Both clones had 0001; one made 0002 and 0003, the other its own 0002."""
    commit("users")
    mine = away(commit("invoices"), tmp_path)
    commit("products")
    commit("prices")
    shutil.move(mine, folder / mine.name)
    return app


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py"))


def test_every_command_that_reads_the_history_tells_how_to_mend_it(
    collided: Flask, db: Invoke
) -> None:
    for words in (
        ("upgrade",),
        ("heads",),
        ("current",),
        ("log",),
        ("revision", "--empty", "x"),
    ):
        result = db(collided, *words)
        assert result.exit_code == 3
        assert "Two files have the id '0002'" in result.output
        assert (
            "Keep the one that others have applied already and put the other one on "
            "top: flask db renumber 0002_invoices.py, or flask db renumber "
            "0002_products.py" in result.output
        )


def test_the_command_lists_what_collides(collided: Flask, db: Invoke) -> None:
    result = db(collided, "renumber")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "2 files have the id 0002. Renumber all but one:",
        "    flask db renumber 0002_invoices.py",
        "    flask db renumber 0002_products.py",
    ]


def test_the_later_one_goes_on_top(collided: Flask, db: Invoke, folder: Path) -> None:
    before = (folder / "0002_invoices.py").read_text()
    result = db(collided, "renumber", "0002_invoices.py")
    assert result.output == (
        "0002_invoices.py is 0004_invoices.py now: revision 0004, on top of 0003.\n"
    )
    assert names(folder) == [
        "0001_users.py",
        "0002_products.py",
        "0003_prices.py",
        "0004_invoices.py",
    ]
    after = (folder / "0004_invoices.py").read_text()
    assert after == before.replace("0002", "0004").replace("0001", "0003")
    with collided.app_context():
        alembic = collided.extensions["alembic"]
        assert [s.revision for s in alembic.log()] == ["0001", "0002", "0003", "0004"]
        alembic.upgrade()
    assert db(collided, "renumber").output == "Every revision has an id of its own.\n"


def test_a_chain_is_mended_one_after_the_other(
    app: Flask, commit: Commit, db: Invoke, folder: Path, tmp_path: Path
) -> None:
    commit("start")
    paths = [commit("a1"), commit("a2")]
    mine = [away(path, tmp_path) for path in paths]
    commit("b1")
    commit("b2")
    for path in mine:
        shutil.move(path, folder / path.name)
    result = db(app, "renumber", str(folder / "0002_a1.py"), "0003_a2.py")
    assert result.exit_code == 0, result.output
    with app.app_context():
        log = app.extensions["alembic"].log()
    assert [script.doc for script in log] == ["start", "b1", "b2", "a1", "a2"]
    assert [script.revision for script in log] == [f"{n:04}" for n in range(1, 6)]


def test_two_first_revisions(
    app: Flask, commit: Commit, db: Invoke, folder: Path, tmp_path: Path
) -> None:
    mine = away(commit("mine"), tmp_path)
    commit("theirs")
    shutil.move(mine, folder / mine.name)
    result = db(app, "renumber", "0001_mine.py")
    assert result.exit_code == 0, result.output
    with app.app_context():
        log = app.extensions["alembic"].log()
    assert [script.doc for script in log] == ["theirs", "mine"]
    # Both gave the branch its label; the first one keeps it.
    assert "branch_labels = ('default',)" in (folder / "0001_theirs.py").read_text()
    assert "branch_labels = None" in (folder / "0002_mine.py").read_text()


def test_several_heads_need_to_be_told(
    collided: Flask, db: Invoke, folder: Path
) -> None:
    text = (folder / "0003_prices.py").read_text().replace("0003", "0009")
    (folder / "0009_other.py").write_text(text)
    result = db(collided, "renumber", "0002_invoices.py")
    assert result.exit_code == 2
    assert "The branch of 0002 has several heads: 0003, 0009." in result.output
    assert "0002_invoices.py" in names(folder)
    result = db(collided, "renumber", "0002_invoices.py", "--onto", "0003")
    assert result.exit_code == 0, result.output
    assert "0010_invoices.py" in names(folder)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["0001_users.py"], "is the only file with the id '0001'"),
        (["0007_nothing.py"], "There is no revision file '0007_nothing.py'."),
        (["0002_invoices.py", "--onto", "x"], "There is no revision 'x'."),
    ],
)
def test_refusals_change_nothing(
    collided: Flask, db: Invoke, folder: Path, words: list[str], sentence: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.py")}
    result = db(collided, "renumber", *words)
    assert result.exit_code == 2
    assert sentence in result.output
    assert {path.name: path.read_bytes() for path in folder.glob("*.py")} == before


def test_a_merge_is_refused(collided: Flask, db: Invoke, folder: Path) -> None:
    path = folder / "0002_invoices.py"
    path.write_text(path.read_text().replace("= '0001'", "= ('0001', 'x')"))
    result = db(collided, "renumber", "0002_invoices.py")
    assert result.exit_code == 2
    assert "merges 0001 and x" in result.output


def test_other_errors_keep_their_advice(app: Flask, commit: Commit, db: Invoke) -> None:
    path = commit("users")
    path.write_text(
        path.read_text().replace("down_revision = None", "down_revision='x'")
    )
    result = db(app, "heads")
    assert result.exit_code == 3
    assert "renumber" not in result.output


def test_a_file_that_cannot_be_renumbered_keeps_its_advice(
    collided: Flask, db: Invoke, folder: Path
) -> None:
    # There is no room for the longer name of what is written beside it.
    path = folder / f"0002_{'x' * 240}.py"
    (folder / "0002_invoices.py").rename(path)
    before = path.read_bytes()
    result = db(collided, "renumber", path.name)
    assert result.exit_code == 3
    assert "cannot be written" in result.output
    assert "Make the folder writable." in result.output
    assert path.read_bytes() == before


def test_timestamps_that_collide_are_mended_too(
    make_app: MakeApp, db: Invoke, folder: Path
) -> None:
    app = make_app(ALEMBIC_IDS="timestamp")
    with app.app_context():
        first = Path(app.extensions["alembic"].revision("first", empty=True)[0].path)
    (folder / "20200101000000_again.py").write_text(first.read_text())
    result = db(app, "renumber", "20200101000000_again.py")
    assert result.exit_code == 0, result.output
    # The name did not begin with the id, so it stays.
    assert "20200101000000_again.py" in names(folder)
    with app.app_context():
        assert len(app.extensions["alembic"].log()) == 2
