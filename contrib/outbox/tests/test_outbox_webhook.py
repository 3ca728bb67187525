"""Messages that are posted to a server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import MakeApp, db, done
from flask_alembic_outbox.errors import SettingsError
from flask_alembic_outbox.webhook import Webhook


class Server(HTTPServer):
    """Keeps what is posted to it, and answers with the given numbers first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posted: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.answers: list[int] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.answers.pop(0) if self.server.answers else 204
        if status < 300:
            self.server.posted.append((json.loads(body), dict(self.headers)))
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(tmp_path: Path) -> sa.URL:
    return sa.make_url(f"sqlite:///{tmp_path}/x.db")


def at(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/hook?token=S3cr3t"


def test_messages_are_posted(make_app: MakeApp, url: sa.URL, server: Server) -> None:
    hook = Webhook(at(server), headers={"X-Token": "t"})
    done(make_app(url, {"receivers": {"hook": hook}}), "upgrade")
    kinds = [body["kind"] for body, _ in server.posted]
    assert kinds == ["revision_applied", "revision_applied", "run_finished"]
    body, headers = server.posted[0]
    assert body["body"]["steps"][0]["revision"] == "a1"
    assert headers["Idempotency-Key"] == body["id"]
    assert (headers["Content-Type"], headers["X-Token"]) == ("application/json", "t")


def test_what_is_refused_comes_again(
    make_app: MakeApp, url: sa.URL, server: Server
) -> None:
    server.answers = [503, 404, 302]
    app = make_app(url, {"receivers": {"hook": Webhook(at(server))}, "deliver": False})
    done(app, "upgrade")
    result = db(app, "outbox", "deliver")
    assert result.exit_code == 3
    shown = result.output + db(app, "outbox", "status").output
    assert "127.0.0.1 answered 503" in shown
    assert "S3cr3t" not in shown
    assert server.posted == []
    assert "Delivered 3" in done(app, "outbox", "deliver").stdout
    assert len(server.posted) == 3


def test_a_server_that_is_away(make_app: MakeApp, url: sa.URL) -> None:
    hook = Webhook("http://127.0.0.1:9/S3cr3t", timeout=2)
    app = make_app(url, {"receivers": {"hook": hook}, "deliver": False})
    done(app, "upgrade")
    result = db(app, "outbox", "deliver")
    assert result.exit_code == 3
    assert "127.0.0.1 cannot be reached" in result.output
    assert "S3cr3t" not in result.output + repr(hook)


@pytest.mark.parametrize("given", [None, "", "ftp://host/x", "https://", "file:///etc"])
def test_a_wrong_url_is_refused(given: Any) -> None:
    with pytest.raises(SettingsError, match="must begin with http"):
        Webhook(given)


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_wrong_timeout_is_refused(timeout: float) -> None:
    with pytest.raises(SettingsError, match="more than 0 seconds"):
        Webhook("https://host/x", timeout)
