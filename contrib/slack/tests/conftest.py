"""A Slack on the loopback interface, and apps with a real history and database."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from flask import Flask

from flask_alembic.testing import run_db as db  # noqa: F401
from flask_alembic.testing import write_revision

MakeApp = Callable[..., Flask]


@dataclass
class Slack:
    """What it is asked, and what it answers: the next of ``answers``, then ``ok``.

    A status; a status and headers; or ``hang``, ``close`` or ``drip``. Before the time
    of a ``Retry-After`` is over, the answer is always 429.
    """

    url: str
    answers: list[Any] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    taken: int = 0
    busy_until: float = 0.0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def message(self) -> Any:
        """The only message that came."""
        assert len(self.bodies) == 1, self.bodies
        return self.bodies[0]

    @property
    def words(self) -> str:
        """All the text of the only message's blocks."""
        return "\n".join(words_of(self.message))


def words_of(message: Any) -> list[str]:
    """Return the text of each block of a message."""
    return [
        (block.get("text") or block["elements"][0])["text"]
        for block in message["blocks"]
    ]


class Handler(BaseHTTPRequestHandler):
    slack: Slack

    def do_POST(self) -> None:
        slack = self.slack
        length = int(self.headers["Content-Length"])
        slack.bodies.append(json.loads(self.rfile.read(length)))
        slack.headers.append(dict(self.headers))
        answer = slack.answers.pop(0) if slack.answers else 200
        if time.monotonic() < slack.busy_until:
            answer = 429  # asked again too early
        if answer == "hang":
            slack.released.wait(30)
            return
        if answer == "close":
            self.connection.close()
            return
        if answer == "drip":
            self.drip()
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        if headers.get("Retry-After", "").isdigit():
            slack.busy_until = time.monotonic() + float(headers["Retry-After"])
        slack.taken += status == 200
        api = self.path.startswith("/api/")
        body = b'{"ok": true}' if api else b"ok"
        if status != 200:
            body = b'{"ok": false, "error": "ratelimited"}' if api else b"no_text"
        if status == "denied":
            status, body = 200, b'{"ok": false, "error": "channel_not_found"}'
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json" if api else "text/html")
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """Answer so slowly that no single wait is ever long."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(1000):
            if self.slack.released.wait(0.1):
                return
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def slack() -> Iterator[Slack]:
    """Slack, as a real HTTP server on the loopback interface."""
    handler = type("OwnHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    found = Slack(f"http://127.0.0.1:{server.server_address[1]}/services/T0/B0/s3cr3t")
    handler.slack = found
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    found.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def write(
    folder: Path,
    id_: str,
    down: Any = None,
    doc: str = "",
    upgrade: str = "pass",
    downgrade: str = "pass",
) -> Path:
    """Write a revision file; further lines of a text are indented by four."""
    up, back = dedent(f"    {upgrade}"), dedent(f"    {downgrade}")
    name = f"{id_}.py"
    return write_revision(folder, id_, down, up, back, message=doc, name=name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the revision files of the app are."""
    path = tmp_path / "migrations"
    path.mkdir()
    return path


@pytest.fixture
def make_app(make_app: MakeApp, folder: Path) -> MakeApp:
    """A function that makes an app with two revisions, and the plugin as installed."""

    def make(settings: Any = None, **config: Any) -> Flask:
        if settings is not None:
            config["ALEMBIC_SLACK"] = settings
        config.setdefault("ALEMBIC_PLUGINS", ["slack"])
        if not list(folder.glob("*.py")):
            create = "op.create_table('users', sa.Column('id', sa.Integer))"
            drop = "op.drop_table('users')"
            write(folder, "a1", None, "create users", create, drop)
            write(folder, "b2", "a1", "add email")
        url = f"sqlite:///{folder.parent / 'shop.db'}"
        config.setdefault("SQLALCHEMY_DATABASE_URI", url)
        return make_app(root=folder.parent, name="shop", **config)

    return make
