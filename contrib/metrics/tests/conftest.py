"""Apps with a real history and database, spans in memory, a Pushgateway on loopback."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from flask_alembic.testing import run_db as db  # noqa: F401
from flask_alembic.testing import write_revision

MakeApp = Callable[..., Flask]


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
    """Where the revision files of the app are; there are two."""
    path = tmp_path / "migrations"
    path.mkdir()
    create = "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True))"
    write(path, "a1", None, "create users", create, "op.drop_table('users')")
    write(path, "b2", "a1", "add email")
    return path


@pytest.fixture
def make_app(make_app: MakeApp, folder: Path) -> MakeApp:
    """A function that makes an app, with the plugin as it is installed."""

    def make(settings: Any = None, url: Any = None, **config: Any) -> Flask:
        if settings is not None:
            config["ALEMBIC_METRICS"] = settings
        config.setdefault("ALEMBIC_PLUGINS", ["metrics"])
        url = url or f"sqlite:///{folder.parent / 'shop.db'}"
        return make_app(url=url, root=folder.parent, name="shop", **config)

    return make


# Spans --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    """What keeps the spans; a process can have only one provider."""
    provider = TracerProvider()
    found = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(found))
    trace.set_tracer_provider(provider)
    return found


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Callable[[], list[ReadableSpan]]:
    """A function that returns the spans that have ended, in order."""
    exporter.clear()
    return lambda: list(exporter.get_finished_spans())


# Metrics ------------------------------------------------------------------------


def numbers(text: str) -> dict[str, Any]:
    """Return metrics as a dict: names and labels as Prometheus writes them."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            name = sample.name.removeprefix("flask_alembic_")
            found[f"{name}{{{labels}}}"] = sample.value
    return found


@dataclass
class Gateway:
    """What it was asked; ``answers`` are statuses, ``hang`` or ``drip``."""

    url: str
    answers: list[Any] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    gateway: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.gateway.requests.append(
            (self.command, self.path, dict(self.headers), body)
        )
        answer = self.gateway.answers.pop(0) if self.gateway.answers else 200
        if answer == "hang":
            self.gateway.released.wait(30)
            return
        self.send_response(200 if answer == "drip" else answer)
        self.send_header("Content-Length", "100" if answer == "drip" else "0")
        self.end_headers()
        while answer == "drip" and not self.gateway.released.wait(0.1):
            try:
                self.wfile.write(b"x")
                time.sleep(0)
            except OSError:
                return

    do_PUT = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A Pushgateway, as a real HTTP server on the loopback interface."""
    handler = type("OwnHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    found = Gateway(f"http://127.0.0.1:{server.server_address[1]}")
    handler.gateway = found
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    found.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


# Servers ------------------------------------------------------------------------


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request: pytest.FixtureRequest) -> Iterator[sa.URL]:
    """The URL of a fresh database on a server that the environment names."""
    given = os.environ.get(f"FLASK_ALEMBIC_{request.param.upper()}_URL")
    if not given:
        pytest.skip(f"FLASK_ALEMBIC_{request.param.upper()}_URL is not set")
    server = sa.make_url(given)
    name = f"metrics_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(
        server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.set(database=name)
    force = " WITH (FORCE)" if request.param == "postgresql" else ""
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
    engine.dispose()
