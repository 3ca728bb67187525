"""Several processes and threads that make revisions at once, in one folder."""

from __future__ import annotations

import contextvars
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask_alembic_ids import locking

if TYPE_CHECKING:
    from conftest import MakeApp

PROGRAM = """
import sys
import sqlalchemy as sa
from flask import Flask
from flask_alembic import Alembic, AlembicError

folder, ids, number = sys.argv[1:]
app = Flask("app", root_path=folder, instance_path=folder)
app.config["ALEMBIC_IDS"] = ids
alembic = Alembic(app, engines=sa.create_engine("sqlite://"))
sys.stdin.read(1)  # everybody starts when the pipe is closed
with app.app_context():
    made = 0
    while made < 3:
        try:
            alembic.revision(f"process {number} {made}", empty=True)
            made += 1
        except AlembicError as error:
            # Somebody else was faster, as the message says.
            assert "Run the command again" in error.advice, error
"""


@pytest.mark.parametrize("ids", ["timestamp", "sequential", "date-slug", "%Y%m%d"])
def test_processes_never_make_one_id_twice(
    make_app: MakeApp, tmp_path: Path, ids: str
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    app = make_app(ALEMBIC_IDS=ids)
    with app.app_context():
        app.extensions["alembic"].revision("first", empty=True)
    processes = [
        subprocess.Popen(
            [sys.executable, str(program), str(tmp_path), ids, str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        assert process.stderr is not None
        errors = process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 0, errors
    with app.app_context():
        log = app.extensions["alembic"].log()
        assert len(app.extensions["alembic"].heads()) == 1
    made = [script.revision for script in log]
    assert len(made) == 10
    assert made == sorted(made)
    if ids == "sequential":
        assert made == [f"{number:04}" for number in range(1, 11)]


def test_a_command_that_failed_holds_nobody_up(
    make_app: MakeApp,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(locking, "PATIENCE", 0.1)
    app = make_app(ALEMBIC_IDS="sequential")
    template = folder / "script.py.mako"
    good = template.read_text()
    template.write_text("${no such thing}")
    with app.app_context():
        alembic = app.extensions["alembic"]
        with pytest.raises(Exception, match="template"):
            alembic.revision("first", empty=True)
        elsewhere = contextvars.Context()
        elsewhere.run(locking.hold, str(folder))
        elsewhere.run(locking.release)
        assert not caplog.records
        template.write_text(good)
        assert alembic.revision("first", empty=True)[0].revision == "0001"


def test_whoever_waits_too_long_goes_on_and_says_so(
    make_app: MakeApp,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(locking, "PATIENCE", 0.1)
    app = make_app(ALEMBIC_IDS="sequential")
    elsewhere = contextvars.Context()
    elsewhere.run(locking.hold, str(folder))
    with app.app_context():
        made = app.extensions["alembic"].revision("first", empty=True)
    elsewhere.run(locking.release)
    assert made[0].revision == "0001"
    assert "Another process may give the same revision id" in caplog.text


def test_threads_with_an_app_each(make_app: MakeApp) -> None:
    failures: list[BaseException] = []
    make_app()  # makes the folder

    def work(name: str) -> None:
        app = make_app(ALEMBIC_IDS="timestamp")
        try:
            with app.app_context():
                app.extensions["alembic"].revision("x", empty=True, branch=name)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"b{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    app = make_app()
    with app.app_context():
        assert len({script.revision for script in app.extensions["alembic"].log()}) == 4
