"""Many threads, many apps and many databases in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from projects import dispose, look, make_app, write_chain, write_revision
from sample import rounds

from flask_alembic import Alembic, hookimpl
from flask_alembic.errors import NestedRun

APPS = 8
ROUNDS = 2 * rounds(4)


@pytest.fixture
def projects(
    make_database: Callable[[str], str], kind: str, tmp_path: Path
) -> list[tuple[Flask, Alembic, str]]:
    """Apps that each have a database, a folder and tables of their own."""
    made = []
    for number in range(APPS):
        folder = tmp_path / f"app{number}" / "migrations"
        write_chain(folder, 3, prefix=f"app{number}_", pause=0.01)
        url = make_database(kind)
        made.append((*make_app(url, folder), url))
    yield made
    for app, _, _ in made:
        dispose(app)


def all_at_once(works: list[Callable[[], None]]) -> None:
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        barrier.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(run, work) for work in works]:
            future.result()


def in_context(app: Flask, function: Callable[[], object]) -> Callable[[], None]:
    def work() -> None:
        with app.app_context():
            function()

    return work


def test_each_writes_to_its_own_database(
    projects: list[tuple[Flask, Alembic, str]],
) -> None:
    for _ in range(ROUNDS):
        all_at_once([in_context(app, alembic.upgrade) for app, alembic, _ in projects])
        for number, (_, _, url) in enumerate(projects):
            tables = {f"app{number}_{table}" for table in (1, 2, 3)}
            assert look(url) == (tables, ["r003"])
        all_at_once(
            [
                in_context(app, lambda alembic=alembic: alembic.downgrade("base"))
                for app, alembic, _ in projects
            ]
        )
        for _, _, url in projects:
            assert look(url) == (set(), [])


def test_readers_and_writers_of_one_app(
    make_database: Callable[[str], str], kind: str, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    ids = write_chain(folder, 4, pause=0.05)
    app, alembic = make_app(make_database(kind), folder)
    seen: list[list[str]] = []

    def read() -> None:
        for _ in range(20):
            seen.append([script.revision for script in alembic.current()])
            alembic.heads()
            alembic.log()

    all_at_once(
        [in_context(app, alembic.upgrade)] * 2 + [in_context(app, read)] * 6,
    )
    with app.app_context():
        assert [script.revision for script in alembic.current()] == [ids[-1]]
    # A reader sees committed states only.
    assert all(one == [] or one[0] in ids for one in seen)
    dispose(app)


def test_request_that_ends_touches_no_run(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 3)
    made: list[Flask] = []

    class Plugin:
        @hookimpl(wrapper=True)
        def apply_revision(self):
            with made[0].app_context():
                alembic.current()
            made[0].test_client().get("/")
            return (yield)

    app, alembic = make_app(sqlite_url, folder, plugins=[Plugin()])
    made.append(app)

    @app.get("/")
    def index() -> str:
        alembic.current()
        return "read"

    with app.app_context():
        assert len(alembic.upgrade().applied) == 3
    assert look(sqlite_url)[1] == ["r003"]
    dispose(app)


def test_run_inside_a_run_is_refused(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 2)
    raised: list[BaseException] = []

    class Plugin:
        @hookimpl
        def before_upgrade(self, app):
            try:
                alembic.upgrade()
            except NestedRun as error:
                raised.append(error)

        @hookimpl
        def revision_applied(self):
            alembic.current()

    app, alembic = make_app(database_url, folder, plugins=[Plugin()])
    with app.app_context():
        assert alembic.upgrade().ok
    assert "inside a running upgrade" in str(raised[0])
    dispose(app)


def test_run_started_by_a_revision_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    body = "from flask import current_app\ncurrent_app.extensions['alembic'].upgrade()"
    write_revision(folder, "a1", None, body)
    app, alembic = make_app(sqlite_url, folder)
    with app.app_context(), pytest.raises(Exception, match="inside a running upgrade"):
        alembic.upgrade()
    assert look(sqlite_url) == (set(), [])
    dispose(app)
