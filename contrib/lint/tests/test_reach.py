"""A revision that is looked at reaches no database, file, process or network.

Each route is real: it is linted first, which changes nothing and finds its line, and is
run afterwards, which does change what it says. ``FLASK_ALEMBIC_POSTGRESQL_URL`` and
``FLASK_ALEMBIC_MARIADB_URL`` name the servers, as in ``test_rewrites.py``.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import socket
import sqlite3
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask_alembic_lint import plugin
from flask_alembic_lint.examples import revision_text
from flask_alembic_lint.linting import Linter, Subject
from flask_alembic_lint.revision import RevisionSource
from flask_alembic_lint.settings import Settings
from test_rewrites import SERVERS

from flask_alembic.errors import Vetoed
from flask_alembic.sandbox import Sandbox
from flask_alembic.testing import MakeApp

CLIENT = shutil.which("mariadb") or shutil.which("mysql") or ""
SQLITE = ctypes.util.find_library("sqlite3") or ""


class World:
    """What the routes try to change: rows, files, and who has connected."""

    def __init__(self, folder: Path) -> None:
        self.name = f"reach_{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.file = folder / "kept.txt"
        self.inner = folder / "inner"
        self.sqlite = folder / "shop.db"
        self.postgresql = self._create("postgresql")
        self.mariadb = self._create("mariadb")
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        for each in (self.tcp, self.udp):
            each.setblocking(False)
        self.reset()

    def _create(self, kind: str) -> sa.Engine:
        url = sa.make_url(SERVERS[kind])
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        try:
            with admin.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {self.name}"))
        except sa.exc.OperationalError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no {kind} server: {error}")
        finally:
            admin.dispose()
        engine = sa.create_engine(
            url.set(database=self.name), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(sa.text("CREATE TABLE account (id int)"))
        return engine

    def reset(self) -> None:
        for engine in (self.postgresql, self.mariadb):
            with engine.connect() as connection:
                if self._rows(connection) != 1:
                    connection.execute(sa.text("INSERT INTO account VALUES (1)"))
        with closing(sqlite3.connect(self.sqlite)) as connection:
            connection.executescript(
                "DROP TABLE IF EXISTS account; CREATE TABLE account (id int);"
                "INSERT INTO account VALUES (1)"
            )
        shutil.rmtree(self.inner, ignore_errors=True)
        for path in self.folder.iterdir():
            if path != self.sqlite:
                path.unlink()
        self.file.write_text("kept")
        self.inner.mkdir()
        self.state()

    def _rows(self, connection: sa.Connection) -> int:
        return connection.execute(sa.text("SELECT count(*) FROM account")).scalar_one()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            str(path.relative_to(self.folder)): path.is_file() and path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
        }
        found["folder"] = self.inner.exists()
        found["mode"] = self.file.stat().st_mode if self.file.exists() else None
        for engine in (self.postgresql, self.mariadb):
            with engine.connect() as connection:
                found[engine.name] = self._rows(connection)
        found["connected"] = found["received"] = False
        with suppress(BlockingIOError):
            self.tcp.accept()[0].close()
            found["connected"] = True
        with suppress(BlockingIOError):
            found["received"] = bool(self.udp.recv(100))
        return found

    def close(self) -> None:
        self.tcp.close()
        self.udp.close()
        for engine in (self.postgresql, self.mariadb):
            engine.dispose()
            admin = sa.create_engine(
                SERVERS["postgresql" if engine is self.postgresql else "mariadb"],
                isolation_level="AUTOCOMMIT",
            )
            with admin.connect() as connection:
                connection.execute(sa.text(f"DROP DATABASE {self.name}"))
            admin.dispose()

    def body(self, route: str) -> str:
        """Return a route with what it is about."""
        libpq = self.postgresql.url.set(drivername="postgresql")
        mysql = self.mariadb.url
        for name, value in {
            "PG_URL": self.postgresql.url.render_as_string(hide_password=False),
            "MARIADB_URL": mysql.render_as_string(hide_password=False),
            "LIBPQ": libpq.render_as_string(hide_password=False),
            "MYSQL": {
                "host": mysql.host,
                "port": mysql.port or 3306,
                "user": mysql.username,
                "password": mysql.password or "",
                "database": self.name,
            },
            "CLIENT": [
                *(CLIENT, f"-h{mysql.host}", f"-P{mysql.port or 3306}"),
                *(f"-u{mysql.username}", f"-p{mysql.password or ''}", self.name),
                *("-e", "DELETE FROM account"),
            ],
            "LIBSQLITE": SQLITE,
            "PYTHON": sys.executable,
            "SQLITE": str(self.sqlite),
            "FILE": str(self.file),
            "INNER": str(self.inner),
            "NEW": str(self.folder / "new.txt"),
            "TCP": self.tcp.getsockname(),
            "UDP": self.udp.getsockname(),
        }.items():
            route = route.replace(f"<{name}>", repr(value))
        return route


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def linter() -> Iterator[Linter]:
    with Linter(Subject(Settings())) as linter:
        yield linter


ROUTES = {
    "psycopg2": """
import psycopg2
connection = psycopg2.connect(<LIBPQ>)  # here
connection.cursor().execute("DELETE FROM account")
connection.commit()
""",
    "psycopg2, caught": """
import psycopg2
try:
    connection = psycopg2.connect(<LIBPQ>)  # here
    connection.cursor().execute("DELETE FROM account")
    connection.commit()
except Exception:
    pass
""",
    "psycopg": """
import psycopg
with psycopg.connect(<LIBPQ>) as connection:  # here
    connection.execute("DELETE FROM account")
""",
    "pymysql": """
import pymysql
connection = pymysql.connect(**<MYSQL>)  # here
connection.cursor().execute("DELETE FROM account")
connection.commit()
""",
    "asyncpg": """
import asyncio, asyncpg
async def run():
    connection = await asyncpg.connect(<LIBPQ>)  # here
    await connection.execute("DELETE FROM account")
asyncio.run(run())
""",
    "sqlite3": """
import sqlite3
with sqlite3.connect(<SQLITE>) as connection:  # here
    connection.execute("DELETE FROM account")
""",
    "an engine for PostgreSQL": """
with sa.create_engine(<PG_URL>).begin() as connection:  # here
    connection.execute(sa.text("DELETE FROM account"))
""",
    "an engine for MariaDB, in a thread": """
import threading
def run():
    with sa.create_engine(<MARIADB_URL>).begin() as connection:  # here
        connection.execute(sa.text("DELETE FROM account"))
thread = threading.Thread(target=run)
thread.start()
thread.join()
""",
    "an engine with a creator": """
import sqlite3
engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(<SQLITE>))  # here
with engine.begin() as connection:
    connection.execute(sa.text("DELETE FROM account"))
""",
    "a program": """
import subprocess
subprocess.run([<PYTHON>, "-c", "open(" + repr(<NEW>) + ", 'w')"])  # here
""",
    "a shell": """
import subprocess
subprocess.check_output("touch " + <NEW>, shell=True)  # here
""",
    "os.system": """
import os
os.system("touch " + <NEW>)  # here
""",
    "os.popen": """
import os
os.popen("touch " + <NEW>).read()  # here
""",
    "os.fork": """
import os
if not os.fork():  # here
    os.execlp("touch", "touch", <NEW>)
os.wait()
""",
    "os.execv": """
import os
os.execlp("touch", "touch", <NEW>)  # here
""",
    "os.posix_spawn": """
import os, shutil
os.posix_spawn(shutil.which("touch"), ["touch", <NEW>], {})  # here
os.wait()
""",
    "multiprocessing": """
import multiprocessing, os
process = multiprocessing.get_context("fork").Process(target=os.remove, args=[<FILE>])
process.start()  # here
process.join()
""",
    "a socket": """
import socket
socket.create_connection(<TCP>)  # here
""",
    "a plain socket": """
import socket
socket.socket().connect(<TCP>)  # here
""",
    "a datagram": """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", <UDP>)  # here
""",
    "a socket that listens": """
import socket
socket.socket(socket.AF_UNIX).bind(<NEW>)  # here
""",
    "urllib": """
import urllib.request
urllib.request.urlopen("http://%s:%s/?password=secret" % <TCP>, timeout=0.1)  # here
""",
    "http.client": """
import http.client
http.client.HTTPConnection(*<TCP>).request("GET", "/")  # here
""",
    "asyncio": """
import asyncio
asyncio.run(asyncio.open_connection(*<TCP>))  # here
""",
    "open": """
with open(<NEW>, "w") as file:  # here
    file.write("x")
""",
    "open to append": """
with open(<FILE>, "a") as file:  # here
    file.write("x")
""",
    "pathlib": """
from pathlib import Path
Path(<FILE>).write_text("gone")  # here
""",
    "os.open": """
import os
os.open(<FILE>, os.O_WRONLY | os.O_TRUNC)  # here
""",
    "os.remove": """
import os
os.remove(<FILE>)  # here
""",
    "os.rename": """
import os
os.rename(<FILE>, <NEW>)  # here
""",
    "os.chmod": """
import os
os.chmod(<FILE>, 0o600)  # here
""",
    "os.link": """
import os
os.link(<FILE>, <NEW>)  # here
""",
    "os.truncate": """
import os
os.truncate(<FILE>, 0)  # here
""",
    "shutil.rmtree": """
import shutil
shutil.rmtree(<INNER>)  # here
""",
    "shutil.copy": """
import shutil
shutil.copy(<FILE>, <NEW>)  # here
""",
    "tempfile": """
import tempfile
tempfile.NamedTemporaryFile(dir=<INNER>, delete=False)  # here
""",
    "a thread that is not waited for": """
import os, threading
def run():
    os.remove(<FILE>)  # here
threading.Thread(target=run).start()
""",
    "a thread without code of the revision": """
import os, threading
thread = threading.Thread(target=os.remove, args=[<FILE>])
thread.start(), thread.join()  # here
""",
    "a pool of threads": """
import os
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor() as pool:
    pool.submit(lambda: os.remove(<FILE>))  # here
""",
    "atexit": """
import atexit, os
atexit.register(os.remove, <FILE>)  # here
""",
    "code at the top of the file": """
import os
os.remove(<FILE>)  # here

def upgrade():
    pass
""",
    "a downgrade": """
import os

def upgrade():
    pass

def downgrade():
    os.remove(<FILE>)  # here
""",
}

COMPILED = {
    "the C library connects": """
import ctypes, socket, struct
library = ctypes.CDLL(None)
host, port = <TCP>
address = struct.pack("=H", 2) + struct.pack(">H", port) + socket.inet_aton(host)
library.connect(library.socket(2, 1, 0), address + bytes(8), 16)  # here
""",
    "the C library removes": """
import ctypes, os
ctypes.CDLL(None).unlink(os.fsencode(<FILE>))  # here
""",
    "the C library writes": """
import ctypes, os
ctypes.CDLL(None).creat(os.fsencode(<NEW>), 0o600)  # here
""",
    "the C library starts a program": """
import ctypes, os
ctypes.CDLL(None).system(b"touch " + os.fsencode(<NEW>))  # here
""",
    "the C library is replaced by a program": """
import ctypes, os
arguments = (ctypes.c_char_p * 3)(b"touch", os.fsencode(<NEW>), None)
ctypes.CDLL(None).execvp(b"touch", arguments)  # here
""",
}
if SQLITE:
    COMPILED["the library of SQLite"] = """
import ctypes, os
library = ctypes.CDLL(<LIBSQLITE>)
database = ctypes.c_void_p()
library.sqlite3_open(os.fsencode(<SQLITE>), ctypes.byref(database))
library.sqlite3_exec(database, b"DELETE FROM account", None, None, None)  # here
library.sqlite3_close(database)
"""
if CLIENT:
    ROUTES["the client of MariaDB"] = """
import subprocess
subprocess.run(<CLIENT>, check=True)  # here
"""


def source_of(body: str, path: Path | None = None) -> tuple[RevisionSource, int]:
    """Return a revision, and the line that is marked."""
    text = revision_text(body)
    marked = next(n for n, line in enumerate(text.splitlines(), 1) if "# here" in line)
    return RevisionSource("b2", text, path), marked


def run_for_real(source: RevisionSource) -> None:
    """Run both functions of a revision in a process that may do everything."""
    child = os.fork()
    if child == 0:
        try:
            namespace: dict[str, Any] = {}
            exec(compile(source.text, "<revision>", "exec"), namespace)
            namespace["upgrade"]()
            namespace["downgrade"]()
        except BaseException:
            pass
        finally:
            import atexit
            import threading

            for thread in threading.enumerate():
                if thread is not threading.current_thread():
                    thread.join()
            atexit._run_exitfuncs()
            os._exit(0)
    os.waitpid(child, 0)


@pytest.mark.parametrize("route", [*ROUTES, *COMPILED])
def test_a_route_is_refused_and_found(route: str, world: World, linter: Linter):
    source, line = source_of(world.body((ROUTES | COMPILED)[route]))
    before = world.state()
    findings = linter.lint(source, {"default": "postgresql"})
    assert world.state() == before
    found = next(each for each in findings if each.code == "FA912")
    assert found.severity == "warning"
    assert found.unchecked == (route != "a downgrade")
    assert "secret" not in found.message
    if route != "the library of SQLite":  # it opens the file a line before
        assert found.line == line, found.message
    run_for_real(source)
    assert world.state() != before
    world.reset()


HARMLESS = {
    "reading a file": "from pathlib import Path\nop.execute(Path(<FILE>).read_text())",
    "a database in memory": "sa.create_engine('sqlite://').dialect",
    "printing and logging": """
import logging, os, sys
print("hello"), sys.stderr.write("hello"), logging.getLogger("shop").error("hello")
print("hello", file=open(os.devnull, "w"))
""",
    "time, chance and names": """
import datetime, os, random, secrets, time, uuid, zoneinfo
datetime.datetime.now(zoneinfo.ZoneInfo("UTC")), time.sleep(0), os.getcwd()
uuid.uuid4(), random.random(), secrets.token_hex(), os.path.expanduser("~root")
""",
    "imports inside": "import xml.dom.minidom, wave\nfrom importlib.metadata import version\nversion('Flask')",
    "a loop of events and threads": """
import asyncio
from concurrent.futures import ThreadPoolExecutor
asyncio.run(asyncio.sleep(0))
with ThreadPoolExecutor() as pool:
    assert list(pool.map(len, ["a"])) == [1]
""",
}


@pytest.mark.parametrize("body", HARMLESS.values(), ids=[*HARMLESS])
def test_what_computes_and_reads_is_no_finding(body, world, linter, capfd):
    world.file.write_text("UPDATE t SET a = 1 WHERE id = 1")
    source = RevisionSource("b2", revision_text(world.body(body)))
    assert linter.lint(source, {"default": "postgresql"}) == []
    assert capfd.readouterr() == ("", "")
    world.reset()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import os\nos._exit(0)", "the process was ended"),
        ("import ctypes\nctypes.string_at(0)", "the process was ended by SIGSEGV"),
        ("while True:\n    pass", "there was no end after 0.5 seconds"),
    ],
)
def test_a_process_that_ends_is_a_finding(body, reason, linter, monkeypatch):
    monkeypatch.setattr(linter._sandbox, "_seconds", 0.5)
    (found,) = linter.lint(
        RevisionSource("b2", revision_text(body)), {"default": "sqlite"}
    )
    assert (found.code, found.unchecked) == ("FA904", True)
    assert reason in found.message
    assert linter.lint(RevisionSource("b2", revision_text("pass")), {}) == []


def test_nothing_of_it_stays(linter):
    """Neither in the process that lints nor for the revision that comes next."""
    body = """
import os, sys
os.environ["REACHED"] = "1"
os.chdir("/")
sys.modules["reached"] = sys
import atexit
atexit.register(print)
"""
    here = os.getcwd()
    assert linter.lint(RevisionSource("b2", revision_text(body)), {}) == []
    assert (os.environ.get("REACHED"), os.getcwd()) == (None, here)
    assert "reached" not in sys.modules
    asked = "import os\nif 'REACHED' in os.environ or os.getcwd() == '/':\n    raise OSError"
    assert linter.lint(RevisionSource("b2", revision_text(asked)), {}) == []


OWN = {
    "engine": "db.engine.begin().__enter__().execute(sa.text(DELETE))  # here",
    "session": "db.session.execute(sa.text(DELETE)), db.session.commit()  # here",
    "connection": """
opened = current_app.extensions["opened"]
opened.execute(sa.text(DELETE)), opened.commit()  # here
""",
    "driver": """
opened = current_app.extensions["opened"].connection.driver_connection
opened.cursor().execute(DELETE), opened.commit()  # here
""",
}


@pytest.mark.parametrize("route", OWN)
def test_connections_of_the_app_lead_nowhere(
    route, world, tmp_path, make_app: MakeApp, monkeypatch
):
    """Those that are open too: of the app, of its session, of its pool."""
    monkeypatch.delenv("ALEMBIC_LINT_GUARD", raising=False)
    (tmp_path / "migrations").mkdir()
    url = world.body("<PG_URL>")[1:-1]
    app = make_app(url=url, root=tmp_path, name="shop", plugins=[plugin], TESTING=False)
    body = "from flask import current_app\nDELETE = 'DELETE FROM account'\n"
    body += "db = current_app.extensions['sqlalchemy']\n" + OWN[route]
    source, line = source_of(body)
    path = tmp_path / "migrations" / "b2_x.py"
    path.write_text(source.text.replace('"a1"', "None"), "utf-8")
    with app.app_context():
        alembic = app.extensions["alembic"]
        with app.extensions["sqlalchemy"].engine.connect() as opened:
            assert opened.scalar(sa.text("SELECT count(*) FROM account")) == 1
            app.extensions["opened"] = opened
            (problem,) = alembic.lint()
            assert (problem.code, problem.line) in (
                {("FA904", line)}
                if route in ("connection", "driver")
                else {("FA912", line)}
            )
            # The parent's connection is as it was.
            assert opened.scalar(sa.text("SELECT count(*) FROM account")) == 1
        app.config["ALEMBIC_LINT"] = {"guard": True}
        with pytest.raises(Vetoed, match="1 part that could not be checked"):
            alembic.upgrade()
        assert world.state()["postgresql"] == 1
        app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def incomplete(monkeypatch):
    """A system that has no filter: only Python's own functions are refused."""
    monkeypatch.setattr(Sandbox, "_start", lambda _: None)


PYTHON_ONLY = [
    name
    for name in ROUTES
    if not name.startswith(("a thread", "a pool", "atexit", "an engine for MariaDB"))
]


@pytest.mark.parametrize("route", PYTHON_ONLY)
def test_without_a_filter_python_is_refused(route, world, linter, incomplete):
    source, _ = source_of(world.body(ROUTES[route]))
    before = world.state()
    findings = linter.lint(source, {"default": "postgresql"})
    assert world.state() == before
    assert {each.code for each in findings} & {"FA904", "FA912"}


def test_without_a_filter_other_packages_are_not_used(linter, incomplete):
    body = "import psycopg2\npsycopg2.connect()\nop.drop_table('account')"
    found = linter.lint(RevisionSource("b2", revision_text(body)), {"default": ""})
    assert {(each.code, each.line) for each in found} >= {("FA904", 9), ("FA501", 11)}
    (unchecked,) = [each for each in found if each.unchecked]
    assert "psycopg2 may have compiled code, which cannot be watched" in (
        unchecked.message
    )
