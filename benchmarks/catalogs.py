"""How fast unchanged tables are found: with the catalog of the models, and by Alembic.

``python benchmarks/catalogs.py --tables 1000 --latency 5 URL ...``, each the URL of a server
where databases may be created, or ``sqlite``. With a latency, connections to a server go
through a proxy that holds each answer back.
"""

from __future__ import annotations

import argparse
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations
from alembic.runtime.migration import MigrationContext
from flask import Flask

from flask_alembic.builtin import plugins
from flask_alembic.runtime.databases import Given
from flask_alembic.runtime.environment import Environment
from flask_alembic.schema import model_catalog, unchanged_tables
from flask_alembic.schema.model_catalog import ScratchSource


def models(count: int) -> sa.MetaData:
    """Return common tables, each with a foreign key to the one before it.

    :param count: How many.
    """
    metadata = sa.MetaData()
    for number in range(count):
        columns: list[Any] = [
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(50), nullable=False, index=True),
            sa.Column("state", sa.String(20), server_default="new"),
            sa.Column("price", sa.Numeric(10, 2)),
            sa.Column("made", sa.DateTime, server_default=sa.text("CURRENT_TIMESTAMP")),
        ]
        if number:
            before = f"t{number - 1}.id"
            columns.append(sa.Column("before_id", sa.Integer, sa.ForeignKey(before)))
        sa.Table(f"t{number}", metadata, *columns)
    return metadata


@contextmanager
def delayed(host: str, port: int, seconds: float) -> Iterator[int]:
    """Give the port of a proxy that holds each answer of a server back.

    :param host: The host of the server.
    :param port: Its port.
    :param seconds: How long.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def copy(source: socket.socket, target: socket.socket, wait: float) -> None:
        try:
            while data := source.recv(1 << 20):
                if wait:
                    time.sleep(wait)
                target.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, target):
                each.close()

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection((host, port))
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pair in ((client, server, 0.0), (server, client, seconds)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


@contextmanager
def database(url: str, folder: Path) -> Iterator[sa.URL]:
    """Give the URL of a new database that is dropped at the end.

    :param url: Of the server, or ``sqlite``.
    :param folder: Where a file goes.
    """
    if url == "sqlite":
        yield sa.make_url(f"sqlite:///{folder / 'bench.db'}")
        return
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"flask_alembic_bench_{uuid.uuid4().hex[:8]}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield engine.url.set(database=name)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
        engine.dispose()


def measured(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the milliseconds that passed, and those of this process's CPU.

    :param work: What is measured.
    """
    passed, used = time.perf_counter(), time.process_time()
    work()
    ended = time.perf_counter(), time.process_time()
    return (ended[0] - passed) * 1000, (ended[1] - used) * 1000


def compare(engine: sa.Engine, count: int, path: str) -> Iterator[tuple[str, Any]]:
    """Yield what each way of comparing takes.

    :param engine: Connects to a database that is as the models are.
    :param count: How many tables there are.
    :param path: Where the catalog is kept.
    """
    environment = Environment(
        Flask("catalogs"), Given(), builtin=plugins, load_installed=False
    )
    backend = environment.backends.backend_for(engine.dialect)
    source = ScratchSource(backend, lambda: backend.scratch(engine), path)

    def run(way: Callable[[MigrationContext, sa.MetaData], Any]) -> Any:
        metadata = models(count)
        with engine.connect() as connection:
            sent: list[str] = []
            sa.event.listen(
                connection, "before_cursor_execute", lambda *a: sent.append(a[2])
            )
            opts = {"compare_server_default": True}
            context = MigrationContext.configure(connection, opts=opts)
            result = measured(lambda: way(context, metadata))
            return *result, sum("SAVEPOINT" not in each for each in sent)

    def ours(context: MigrationContext, metadata: sa.MetaData) -> None:
        script, why = unchanged_tables.produce_migrations(context, [metadata], source)
        assert script.upgrade_ops is not None
        assert script.upgrade_ops.is_empty()
        assert not why, why

    def kept(context: MigrationContext, metadata: sa.MetaData) -> None:
        model_catalog._memory.clear()
        ours(context, metadata)

    run(produce_migrations)  # what is imported counts for nobody
    yield "Alembic", run(produce_migrations)
    yield "first time", run(ours)
    yield "kept in a file", run(kept)
    yield "kept in memory", run(ours)


def main() -> None:
    """Print a table for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.0, help="in milliseconds")
    chosen = parser.parse_args()
    for url in chosen.urls:
        with (
            tempfile.TemporaryDirectory() as folder,
            database(url, Path(folder)) as one,
        ):
            plain = sa.create_engine(one)
            models(chosen.tables).create_all(plain, checkfirst=False)
            port = one.port or {"postgresql": 5432, "mysql": 3306}.get(
                one.get_backend_name()
            )
            proxied = chosen.latency and port
            with delayed(
                one.host or "127.0.0.1", port or 0, chosen.latency / 1000
            ) as to:
                engine = sa.create_engine(one.set(port=to) if proxied else one)
                print(f"{one.get_backend_name()}, {chosen.tables} tables", flush=True)
                first: Any = None
                for name, row in compare(engine, chosen.tables, f"{folder}/catalog"):
                    first = first or row
                    print(
                        f"  {name:16} {row[0]:8.0f} ms ({first[0] / row[0]:5.1f}x), "
                        f"CPU {row[1]:7.0f} ms ({first[1] / row[1]:5.1f}x), "
                        f"{row[2]} statements",
                        flush=True,
                    )
                engine.dispose()
            plain.dispose()


if __name__ == "__main__":
    main()
