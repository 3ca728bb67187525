"""What is in the outbox, and that it is there exactly when the version has moved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import MakeApp, connected, db, done, tables, version, write
from flask import Flask
from flask_alembic_outbox import Message, plugin
from flask_alembic_outbox.delivery import deliver
from flask_alembic_outbox.settings import load

from flask_alembic.testing import check_plugin

FAIL = "op.execute('INSERT INTO users (id) VALUES (1)'); op.execute('SELECT nosuch')"


class Inbox(list[Message]):
    """A receiver that keeps what it gets, and raises first as often as it is told."""

    failures = 0

    def __call__(self, app: Flask, message: Message) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the mailbox is full")
        self.append(message)

    @property
    def said(self) -> list[tuple[str, list[str]]]:
        return [
            (message.kind, [step["revision"] for step in message.body["steps"]])
            for message in self
        ]


def status(app: Flask) -> Any:
    return json.loads(done(app, "outbox", "--format", "json").stdout)["data"]


def test_what_an_upgrade_says_is_delivered(make_app: MakeApp, url: sa.URL) -> None:
    inbox = Inbox()
    app = make_app(url, {"receivers": {"inbox": inbox}})
    done(app, "upgrade")
    assert inbox.said == [
        ("revision_applied", ["a1"]),
        ("revision_applied", ["b2"]),
        ("run_finished", ["a1", "b2"]),
    ]
    first = inbox[0]
    assert first.database == "default"
    assert (first.body["operation"], first.body["target"]) == ("upgrade", "heads")
    step = first.body["steps"][0]
    assert (step["doc"], step["file"]) == ("create users", "a1.py")
    assert len({message.id for message in inbox}) == 3
    assert "Everything is delivered; 3 messages kept." in done(app, "outbox").stdout
    done(app, "downgrade", "a1", "--yes")
    done(app, "stamp", "b2")
    assert inbox.said[3:] == [
        ("revision_applied", ["b2"]),
        ("run_finished", ["b2"]),
        ("revision_applied", ["b2"]),
        ("run_finished", ["b2"]),
    ]


def test_a_revision_that_is_rolled_back_says_nothing(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    write(folder, "c3", "b2", "wrong", FAIL)
    inbox = Inbox()
    config = {"ALEMBIC_CONTEXT": {"transaction_per_migration": True}}
    app = make_app(url, {"receivers": {"inbox": inbox}}, **config)
    assert db(app, "upgrade").exit_code == 3
    assert version(url) == {"b2"}
    assert inbox.said == [("revision_applied", ["a1"]), ("revision_applied", ["b2"])]
    assert status(app)["undelivered"] == []


@pytest.mark.parametrize("mode", ["--dry-run", "--sql", "--plan"])
def test_nothing_is_written_unless_it_is_for_real(
    make_app: MakeApp, url: sa.URL, mode: str
) -> None:
    db(make_app(url), "upgrade", mode)  # there is no dry run on MariaDB
    assert "alembic_outbox" not in tables(url)


def test_what_is_not_taken_stays(
    make_app: MakeApp, url: sa.URL, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure changes no run, and who has a message does not get it again."""
    inbox, other = Inbox(), Inbox()
    inbox.failures = 1
    app = make_app(url, {"receivers": {"inbox": inbox, "other": other}})
    done(app, "upgrade")
    assert "mailbox is full" in caplog.text
    assert len(other) == 3
    (left,) = status(app)["undelivered"]
    assert (left["attempts"], left["received_by"]) == (1, ["other"])
    assert left["error"] == "inbox: RuntimeError: the mailbox is full"
    assert "mailbox is full" in done(app, "outbox").stdout
    inbox.failures = 1
    result = db(app, "outbox", "deliver")
    assert result.exit_code == 3
    assert "1 message was not delivered" in result.stderr
    assert "Delivered 1 message." in done(app, "outbox", "deliver").stdout
    assert len(other) == 3
    assert {message.id for message in inbox} == {message.id for message in other}


def test_the_next_run_delivers_what_was_left(make_app: MakeApp, url: sa.URL) -> None:
    inbox = Inbox()
    done(make_app(url, {"deliver": False}), "upgrade")
    done(make_app(url, {"receivers": {"inbox": inbox}}), "upgrade")
    assert len(inbox) == 3


def test_nobody_receives(make_app: MakeApp, url: sa.URL) -> None:
    app = make_app(url)
    done(app, "upgrade")
    assert len(status(app)["undelivered"]) == 3
    result = db(app, "outbox", "deliver")
    assert result.exit_code == 3
    assert "nobody receives" in result.stderr


def test_doctor_reports_what_is_left(make_app: MakeApp, url: sa.URL) -> None:
    app = make_app(url, {"deliver": False})
    done(app, "upgrade")
    result = db(app, "doctor")
    assert "3 messages are in the outbox" in result.output
    assert "flask db outbox deliver" in result.output


def test_the_table_is_not_compared(make_app: MakeApp, url: sa.URL) -> None:
    app = make_app(url, {"deliver": False})
    done(app, "upgrade")
    assert "alembic_outbox" in tables(url)
    assert "alembic_outbox" not in db(app, "check").output


def test_purging(make_app: MakeApp, url: sa.URL) -> None:
    inbox = Inbox()
    app = make_app(url, {"receivers": {"inbox": inbox}})
    done(app, "upgrade", "a1")
    inbox.failures = 1
    done(app, "upgrade")
    assert "Purged 0" in done(app, "outbox", "purge", "--days", "1").stdout
    assert "Purged 3 messages." in done(app, "outbox", "purge").stdout
    assert len(status(app)["undelivered"]) == 1
    assert "Purged 1 message." in done(app, "outbox", "purge", "--undelivered").stdout
    assert db(app, "outbox", "status", "--undelivered").exit_code == 2


def test_each_message_is_delivered_by_one_of_several(
    make_app: MakeApp, url: sa.URL, folder: Path
) -> None:
    for number in range(10):
        write(folder, f"r{number}", f"r{number - 1}" if number else "b2", "more")
    done(make_app(url, {"deliver": False}), "upgrade")
    inbox = Inbox()

    def receive(app: Flask, message: Message) -> None:
        time.sleep(0.01)
        inbox.append(message)

    apps = [make_app(url, {"receivers": {"inbox": receive}}) for _ in range(2)]

    def work(app: Flask) -> None:
        with app.app_context():
            settings = load(app)
            assert settings is not None
            deliver(app, settings)

    threads = [threading.Thread(target=work, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(inbox) == 13
    assert len({message.id for message in inbox}) == 13
    assert status(apps[0])["undelivered"] == []


# Processes that are killed ------------------------------------------------------

PROGRAM = """
import os, signal, sys
from flask import Flask
from flask_alembic import Alembic
from flask_alembic.hooks import hookimpl
from flask_sqlalchemy import SQLAlchemy
url, root, where = sys.argv[1:4]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Killer:
    @hookimpl
    def revision_applied(self):
        if where == "after commit":
            die()
    @hookimpl(wrapper=True, tryfirst=True)
    def apply_revision(self, step):
        result = yield
        if where == "before commit" and step.revision == "b2":
            die()
        return result

def receive(app, message):
    with open(root + "/received", "a") as file:
        file.write(message.id + "\\n")
    if where == "delivering":
        die()

app = Flask("shop", root_path=root)
app.config.update(SQLALCHEMY_DATABASE_URI=url, ALEMBIC_PLUGINS=["outbox"],
    ALEMBIC_OUTBOX={"receivers": {"file": receive}, "lease": 0.3})
SQLAlchemy(app)
alembic = Alembic(app, plugins=[Killer()])
with app.app_context():
    alembic.upgrade()
"""


@pytest.fixture
def killed(url: sa.URL, folder: Path) -> Callable[[str], list[str]]:
    """A function: upgrade in a process that is killed, and return what was received."""

    def run(where: str) -> list[str]:
        given = [url.render_as_string(hide_password=False), str(folder.parent), where]
        process = subprocess.run(
            [sys.executable, "-c", PROGRAM, *given],
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == -signal.SIGKILL, process.stderr
        file = folder.parent / "received"
        return file.read_text().split() if file.exists() else []

    return run


def test_killed_between_commit_and_delivery(
    make_app: MakeApp, url: sa.URL, killed: Callable[[str], list[str]]
) -> None:
    assert killed("after commit") == []
    inbox = Inbox()
    app = make_app(url, {"receivers": {"inbox": inbox}})
    found = status(app)["undelivered"]
    moved = version(url)
    assert moved
    # What is committed is in the outbox, whatever the transactions of the database are.
    told = [row["revisions"] for row in found if row["kind"] == "revision_applied"]
    assert told[-1] == list(moved)
    done(app, "outbox", "deliver")
    assert [message.id for message in inbox] == [row["id"] for row in found]
    assert status(app)["undelivered"] == []


def test_killed_before_commit(
    make_app: MakeApp, url: sa.URL, killed: Callable[[str], list[str]]
) -> None:
    """There is a message exactly where the version has moved."""
    assert killed("before commit") == []
    app = make_app(url)
    found = [row["revisions"] for row in status(app)["undelivered"]]
    moved = version(url) if "alembic_version" in tables(url) else set()
    assert found == [[revision] for revision in moved]
    assert "b2" not in moved


def test_killed_while_delivering(
    make_app: MakeApp, url: sa.URL, killed: Callable[[str], list[str]]
) -> None:
    """The message comes again, with the same id, when the lease is over."""
    (first,) = killed("delivering")
    inbox = Inbox()
    app = make_app(url, {"receivers": {"file": inbox}})
    time.sleep(0.4)
    done(app, "outbox", "deliver")
    assert inbox[0].id == first
    assert status(app)["undelivered"] == []


def test_a_message_in_delivery_is_left_alone(make_app: MakeApp, url: sa.URL) -> None:
    inbox = Inbox()
    app = make_app(url, {"deliver": False, "receivers": {"inbox": inbox}})
    done(app, "upgrade", "a1")
    with connected(url) as connection:
        connection.exec_driver_sql(
            "UPDATE alembic_outbox SET claimed_by = 'x', "
            "claimed_until = '2999-01-01 00:00:00.000000' WHERE number = 1"
        )
        connection.commit()
    result = done(app, "outbox", "deliver").stdout
    assert "1 message in delivery by another process." in result
    assert len(inbox) == 1
    assert "claimed until" in done(app, "outbox").stdout


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("yes", "must be True, False or a dict"),
        ({"tabel": "x"}, "Did you mean 'table'?"),
        ({"table": "A b"}, "small letters"),
        ({"lease": 0}, "more than 0 seconds"),
        ({"deliver": 1}, "True or False"),
        ({"receivers": [1]}, "a dict of functions"),
        ({"receivers": {"a": 1}}, "module:function"),
    ],
)
def test_wrong_settings_refuse_the_run(
    make_app: MakeApp, given: Any, words: str, tmp_path: Path
) -> None:
    app = make_app(sa.make_url(f"sqlite:///{tmp_path}/x.db"), given)
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert words in result.stderr
    assert db(app, "outbox").exit_code == 2


def test_receivers_that_are_named(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = sa.make_url(f"sqlite:///{tmp_path}/x.db")
    app = make_app(url, {"receivers": {"a": "no_such_module:f"}})
    done(app, "upgrade")
    assert "no_such_module" in caplog.text
    app = make_app(url, {"receivers": {"a": "builtins:print"}})
    assert "Delivered 3" in done(app, "outbox", "deliver").stdout


def test_it_is_off_without_a_setting(make_app: MakeApp, url: sa.URL) -> None:
    app = make_app(url, None)
    done(app, "upgrade")
    assert "alembic_outbox" not in tables(url)
    result = db(app, "outbox")
    assert result.exit_code == 2
    assert "ALEMBIC_OUTBOX is not set" in result.stderr


def test_the_plugin_is_sound() -> None:
    check_plugin(plugin)
