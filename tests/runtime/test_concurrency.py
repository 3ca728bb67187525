"""Several processes upgrade one database at the same moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import last_words, start, together, until, wait
from projects import count_rows, dispose, look, make_app, write_chain
from sample import rounds

from flask_alembic import hookimpl

pytestmark = pytest.mark.costly

REVISIONS = 20
TABLES = {f"t{number}" for number in range(1, REVISIONS + 1)}
ROUNDS = rounds(2)


def upgrade(url: str, folder: Path, target: str = "heads") -> Callable[[], None]:
    def work() -> None:
        app, alembic = make_app(url, folder)
        with app.app_context():
            alembic.upgrade(target)
        dispose(app)

    return work


def assert_whole(url: str) -> None:
    """All tables are there, once, with the rows of one run each."""
    tables, rows = look(url)
    assert tables == TABLES
    assert rows == ["r020"]
    assert [count_rows(url, table) for table in sorted(tables)] == [3] * REVISIONS


@pytest.mark.parametrize("processes", [2, 8, 20])
def test_empty_database(
    make_database: Callable[[str], str], kind: str, tmp_path: Path, processes: int
) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, REVISIONS)
    for _ in range(ROUNDS):
        url = make_database(kind)
        codes = together([upgrade(url, folder)] * processes, tmp_path)
        assert codes == [0] * processes, last_words(tmp_path)
        assert_whole(url)


@pytest.mark.parametrize("processes", [2, 8, 20])
def test_half_way(
    make_database: Callable[[str], str], kind: str, tmp_path: Path, processes: int
) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, REVISIONS)
    for _ in range(ROUNDS):
        url = make_database(kind)
        assert together([upgrade(url, folder, "r010")], tmp_path) == [0]
        codes = together([upgrade(url, folder)] * processes, tmp_path)
        assert codes == [0] * processes, last_words(tmp_path)
        assert_whole(url)


class Holder:
    """Says that the lock is held and waits to be killed."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    @hookimpl
    def before_upgrade(self) -> None:
        self.mark.touch()
        signal.pause()


@pytest.mark.parametrize("processes", [2, 8, 20])
def test_holder_killed(
    make_database: Callable[[str], str], kind: str, tmp_path: Path, processes: int
) -> None:
    """One is killed while it holds the lock; the others do its work."""
    folder = tmp_path / "migrations"
    write_chain(folder, REVISIONS)
    for number in range(ROUNDS):
        url = make_database(kind)
        mark = tmp_path / f"locked{number}"

        def hold(url: str = url, plugin: object = Holder(mark)) -> None:
            app, alembic = make_app(url, folder, plugins=[plugin])
            with app.app_context():
                alembic.upgrade()

        holder = start(hold, tmp_path / "holder.log")
        until(mark.exists)
        others = [
            start(upgrade(url, folder), tmp_path / f"other{n}.log")
            for n in range(processes)
        ]
        os.kill(holder, signal.SIGKILL)
        assert wait(holder) == -signal.SIGKILL
        assert [wait(pid) for pid in others] == [0] * processes
        assert_whole(url)
