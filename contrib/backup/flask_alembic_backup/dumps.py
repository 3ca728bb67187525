"""How each database is dumped, how a dump is read back, and how it is restored."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .errors import BackupError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

    from .settings import Settings

Counts = dict[str, "int | None"]
"""The tables by name, with their rows; ``None`` where rows are not counted."""

SUFFIXES: Final = {"sqlite": "sqlite", "postgresql": "pgdump", "mysql": "sql"}
"""The end of a file's name, by the kind of the database."""

LIBPQ: Final = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "host": "PGHOST",
    "port": "PGPORT",
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
    "options": "PGOPTIONS",
}
"""Which parts of the query of a URL libpq is given, and in which variable."""

POSTGRESQL_TABLES: Final = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
"""

MYSQL_TABLES: Final = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
)


def kind_of(connection: Connection) -> str:
    """Return the kind of a database: ``sqlite``, ``postgresql`` or ``mysql``.

    :param connection: A connection to it.
    :raises BackupError: For any other.
    """
    name = connection.dialect.name
    name = "mysql" if name == "mariadb" else name
    if name not in SUFFIXES:
        raise BackupError(
            f"Databases of the kind {name!r} cannot be backed up.",
            "Set ALEMBIC_BACKUP['command'] to a command that does.",
        )
    return name


def count(connection: Connection, rows: bool = True) -> Counts:
    """Return the tables of a database, and how many rows each has.

    :param connection: A connection to it.
    :param rows: Whether rows are counted; never on MySQL and MariaDB.
    """
    kind = kind_of(connection)
    if kind == "sqlite":
        raw: Any = connection.exec_driver_sql
        return _count_sqlite(lambda sql: raw(sql).fetchall(), rows)
    text = POSTGRESQL_TABLES if kind == "postgresql" else MYSQL_TABLES
    names = [str(row[0]) for row in connection.exec_driver_sql(text)]
    if kind == "mysql" or not rows:
        return dict.fromkeys(names)
    return {
        name: connection.exec_driver_sql(
            f"SELECT count(*) FROM ONLY {name}".replace("%", "%%")
        ).scalar_one()
        for name in names
    }


def _count_sqlite(fetch: Callable[[str], list[Any]], rows: bool = True) -> Counts:
    found = fetch(
        "SELECT name FROM sqlite_master WHERE type = 'table' "
        "AND substr(name, 1, 7) <> 'sqlite_'"
    )
    names = [str(row[0]) for row in found]
    if not rows:
        return dict.fromkeys(names)
    quoted = {name: name.replace('"', '""') for name in names}
    return {
        name: fetch(f'SELECT count(*) FROM "{text}"')[0][0]
        for name, text in quoted.items()
    }


def dump(connection: Connection, settings: Settings, file: Path) -> Counts:
    """Write a dump of a database, and return what the server counted.

    :param connection: A connection in a transaction in which nothing was executed.
    :param settings: The settings.
    :param file: An empty file that only we may read.
    :raises BackupError: When it cannot be written.
    """
    kind = kind_of(connection)
    url = connection.engine.url
    if kind == "sqlite":
        return _dump_sqlite(connection, file)
    if kind == "postgresql":
        connection.exec_driver_sql(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        )
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar()
        counts = count(connection)
        words = ["--format=custom", "--no-password", f"--snapshot={snapshot}"]
        with file.open("wb") as output:
            run(settings, "pg_dump", words, url, _libpq(url), stdout=output)
        return counts
    with _my_options(url) as first, file.open("wb") as output:
        words = [first, "--single-transaction", "--routines", "--triggers", "--events"]
        words += ["--hex-blob", str(url.database)]
        run(settings, "mariadb-dump", words, url, {}, stdout=output)
    return count(connection)


def read(kind: str, settings: Settings, file: Path) -> Counts:
    """Read a dump from its beginning to its end, and return the tables that it holds.

    :param kind: The kind of the database.
    :param settings: The settings.
    :param file: The dump.
    :raises BackupError: When it is damaged, or of another kind.
    """
    try:
        if kind == "sqlite":
            return _read_sqlite(file)
        if kind == "postgresql":
            return _read_postgresql(settings, file)
        return _read_mysql(file)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"The backup {file} cannot be read: {error}.") from error


def restore(
    connection: Connection, settings: Settings, file: Path, extra: list[str]
) -> None:
    """Put a dump back, and drop the tables that were created after it.

    :param connection: A connection to the database, without a transaction.
    :param settings: The settings.
    :param file: The dump, which was read before.
    :param extra: The tables that the dump does not hold, as :func:`count` names them.
    :raises BackupError: When it fails. PostgreSQL and SQLite are as they were then.
    """
    kind, url = kind_of(connection), connection.engine.url
    if kind == "sqlite":
        _restore_sqlite(connection, file)
    elif kind == "postgresql":
        _restore_postgresql(url, settings, file, extra)
    else:
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for name in extra:
            quoted = name.replace("`", "``").replace("%", "%%")
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{quoted}`")
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
        connection.rollback()
        with _my_options(url) as first, file.open("rb") as source:
            run(settings, "mariadb", [first, str(url.database)], url, {}, stdin=source)


def _restore_postgresql(
    url: URL, settings: Settings, file: Path, extra: list[str]
) -> None:
    """Let psql do everything in one transaction, from a complete script."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".restore-") as folder:
        script = Path(folder, "script.sql")
        words = ["--clean", "--if-exists", f"--file={script}", str(file)]
        run(settings, "pg_restore", words, url, {})
        words = ["--no-psqlrc", "--quiet", "--no-password", "--single-transaction"]
        words += ["--set=ON_ERROR_STOP=1"]
        for name in extra:
            words += ["--command", f"DROP TABLE IF EXISTS {name} CASCADE"]
        run(settings, "psql", [*words, f"--file={script}"], url, _libpq(url))


def run(
    settings: Settings,
    tool: str,
    words: list[str],
    url: URL,
    variables: Mapping[str, str],
    **streams: Any,
) -> None:
    """Run a program, which never asks for a password.

    :param settings: The settings, with the paths of programs.
    :param tool: The program.
    :param words: Its arguments; no password.
    :param url: The URL, whose password is removed from what the program says.
    :param variables: Environment variables.
    :raises BackupError: When it is missing or fails.
    """
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **streams}
    try:
        process = subprocess.run(
            [_path(settings, tool), *words],
            env={**os.environ, **variables, "LC_ALL": "C"},
            stderr=subprocess.PIPE,
            check=False,
            **streams,
        )
    except OSError as error:
        raise BackupError(
            f"{tool} cannot be run: {error.strerror}.",
            f"Install it, or set its path in ALEMBIC_BACKUP['tools'][{tool!r}].",
        ) from error
    if process.returncode:
        said = process.stderr.decode("utf-8", "replace").strip()
        if url.password:
            said = said.replace(str(url.password), "***")
        lines = " ".join(said.split())[-600:] or "it printed nothing"
        raise BackupError(f"{tool} failed with status {process.returncode}: {lines}")


def _path(settings: Settings, tool: str) -> str:
    if tool in settings.tools:
        return settings.tools[tool]
    old = {"mariadb-dump": "mysqldump", "mariadb": "mysql"}.get(tool, tool)
    return shutil.which(tool) or shutil.which(old) or tool


def _libpq(url: URL) -> dict[str, str]:
    given: dict[str, object] = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    given |= {
        name: url.query.get(key) for key, name in LIBPQ.items() if key in url.query
    }
    return {name: str(value) for name, value in given.items() if value is not None}


@contextmanager
def _my_options(url: URL) -> Iterator[str]:
    """Write the connection into a file that only we may read, and remove it."""
    values = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "socket": url.query.get("unix_socket"),
        "ssl-ca": url.query.get("ssl_ca"),
    }
    number, name = tempfile.mkstemp(prefix="flask-alembic-", suffix=".cnf")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write("[client]\n")
            for key, value in values.items():
                if value is not None:
                    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
                    file.write(f'{key}="{text}"\n')
        yield f"--defaults-extra-file={name}"
    finally:
        os.unlink(name)


def sqlite_file(connection: Connection) -> str | None:
    """Return the file of a SQLite database.

    :param connection: A connection to it.
    :return: ``None`` for one in memory.
    """
    for row in connection.exec_driver_sql("PRAGMA database_list"):
        if row[1] == "main" and row[2]:
            return str(row[2])
    return None


@contextmanager
def _sqlite(connection: Connection) -> Iterator[sqlite3.Connection]:
    """Connect to the same database with Python's own driver."""
    path = sqlite_file(connection)
    if path is not None:
        with closing(sqlite3.connect(path, isolation_level=None)) as raw:
            yield raw
        return
    memory: Any = connection.connection.driver_connection
    if not isinstance(memory, sqlite3.Connection):
        raise BackupError("A database in memory of an async engine has no backup.")
    yield memory


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy a database, and give up when it stays locked for ten seconds."""
    end = time.monotonic() + 10

    def check(status: int, remaining: int, total: int) -> None:
        if status not in (0, 101) and time.monotonic() > end:
            raise BackupError(
                "The SQLite database is locked by another connection.",
                "Stop what uses it, and try again.",
            )

    source.backup(target, progress=check)


def _dump_sqlite(connection: Connection, file: Path) -> Counts:
    try:
        with _sqlite(connection) as source:
            begins = not source.in_transaction
            if begins:
                source.execute("BEGIN")
            counts = _count_sqlite(lambda sql: source.execute(sql).fetchall())
            with closing(sqlite3.connect(file)) as target:
                _copy(source, target)
                target.execute("PRAGMA journal_mode = DELETE")  # one file, also of WAL
            if begins:
                source.rollback()
        return counts
    except sqlite3.Error as error:
        raise BackupError(f"The database cannot be copied: {error}.") from error


def _restore_sqlite(connection: Connection, file: Path) -> None:
    try:
        with _sqlite(connection) as target, closing(sqlite3.connect(file)) as source:
            _copy(source, target)
    except sqlite3.Error as error:
        raise BackupError(f"The database cannot be restored: {error}.") from error


def _read_sqlite(file: Path) -> Counts:
    with file.open("rb") as start:
        if start.read(16) != b"SQLite format 3\0":
            raise BackupError(f"{file} is no SQLite database.")
    with closing(
        sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    ) as raw:
        (said,) = raw.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise BackupError(f"The backup {file} is damaged: {said}.")
        return _count_sqlite(lambda sql: raw.execute(sql).fetchall())


def _read_postgresql(settings: Settings, file: Path) -> Counts:
    """Let pg_restore print all data, and count the lines of each table."""
    words = [_path(settings, "pg_restore"), "--data-only", "--file=-", str(file)]
    counts: Counts = {}
    table = None
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors)
        except OSError as error:
            raise BackupError(f"pg_restore cannot be run: {error.strerror}.") from error
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                if table is not None:
                    if line == b"\\.\n":
                        table = None
                    else:
                        counts[table] = (counts[table] or 0) + 1
                elif line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
                    table = _copied(line.decode("utf-8", "replace"))
                    counts[table] = 0
        errors.seek(0)
        said = " ".join(errors.read().decode("utf-8", "replace").split())[-600:]
    if process.returncode or table is not None:
        raise BackupError(f"pg_restore cannot read the backup {file}: {said}")
    return counts


def _copied(line: str) -> str:
    """Return the table of a COPY, quoted as the server quotes it."""
    match = re.match(
        r'COPY ((?:"(?:[^"]|"")*"|[^".\s(])+(?:\.(?:"(?:[^"]|"")*"|[^".\s(]+))?)', line
    )
    return match[1] if match else line


def _read_mysql(file: Path) -> Counts:
    counts: Counts = {}
    last = b""
    with file.open("rb") as lines:
        for line in lines:
            if match := re.match(rb"CREATE TABLE `((?:[^`]|``)+)` \(", line):
                name = match[1].decode("utf-8", "replace").replace("``", "`")
                counts[name] = None
            last = line.strip() or last
    if not last.startswith(b"-- Dump completed"):
        raise BackupError(
            f"The backup {file} is not complete: its last line is missing."
        )
    return counts
