"""A real PgBouncer between us and PostgreSQL: refused where it breaks the lock."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import backend_for

from flask_alembic.backends import LockKey, Session
from flask_alembic.errors import ConfigurationError

KEY = LockKey("main")
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(
    PGBOUNCER is None, reason="PgBouncer is not installed (pgbouncer on the PATH)"
)

CONFIGURATION = """
[databases]
app = {target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 5
server_round_robin = {round_robin}
client_login_timeout = 10
ignore_startup_parameters = extra_float_digits,options
"""


def nobody(sessions: tuple[Session, ...], waited: float) -> None:
    """Take no notice of the waiting."""


@pytest.fixture
def pooled(postgresql_url: str, tmp_path: Path) -> Iterator[Callable[..., sa.Engine]]:
    """Start PgBouncer before the test's database; give an engine that goes through."""
    url = sa.make_url(postgresql_url)
    host = str(url.host or url.query["host"])
    target = f"host={host} port={url.port or 5432} dbname={url.database}"
    if url.username:
        target += f" user={url.username}"
    if url.password:
        target += f" password={url.password}"
    processes: list[subprocess.Popen[bytes]] = []
    engines: list[sa.Engine] = []

    def start(mode: str, round_robin: int = 0, driver: str = "psycopg") -> sa.Engine:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        text = CONFIGURATION.format(
            target=target, port=port, mode=mode, round_robin=round_robin
        )
        path = tmp_path / f"{mode}.ini"
        path.write_text(text)
        command = [str(PGBOUNCER), str(path)]
        if os.geteuid() == 0:  # it refuses to run as root
            owner = os.stat(host).st_uid if host.startswith("/") else 65534
            command[1:1] = ["-u", pwd.getpwuid(owner).pw_name]
        processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        through = f"postgresql+{driver}://app@127.0.0.1:{port}/app"
        arguments = {"prepare_threshold": None} if driver == "psycopg" else {}
        engine = sa.create_engine(through, connect_args=arguments)
        engines.append(engine)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        return engine

    yield start
    for engine in engines:
        engine.dispose()
    for process in processes:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("round_robin", [0, 1])
def test_a_pool_of_transactions_is_refused(
    pooled: Callable[..., sa.Engine], postgresql_url: str, round_robin: int
) -> None:
    engine = pooled("transaction", round_robin)
    backend = backend_for(engine.dialect)
    with engine.connect() as other:  # so that the pool has more than one session
        other.exec_driver_sql("SELECT 1")
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    with engine.connect() as connection:
        with pytest.raises(ConfigurationError, match="PgBouncer") as caught:
            with backend.lock(connection, KEY, 5, nobody):
                pass
    assert "session mode" in caught.value.advice
    direct = sa.create_engine(postgresql_url)
    with direct.connect() as connection:
        with backend_for(direct.dialect).lock(connection, KEY, 0, nobody):
            left = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            assert connection.scalar(sa.text(left)) == 1
    direct.dispose()


def test_a_pool_of_sessions_works(pooled: Callable[..., sa.Engine]) -> None:
    engine = pooled("session")
    backend = backend_for(engine.dialect)
    with engine.connect() as connection:
        with backend.lock(connection, KEY, 0, nobody):
            with connection.begin():
                connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
        with backend.lock(connection, KEY, 0, nobody):
            pass
