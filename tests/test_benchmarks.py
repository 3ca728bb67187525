"""The benchmarks still run; what they measure is not asserted on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("flask_sqlalchemy")

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / "run.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.mark.full
def test_every_group_is_measured(tmp_path: Path) -> None:
    ran = run(
        "--small",
        "--here",
        "--folder",
        str(tmp_path),
        "--rst",
        str(tmp_path / "tables.rst"),
        "--markdown",
        str(tmp_path / "tables.md"),
    )
    assert ran.returncode == 0, ran.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    assert set(results) == {"startup", "history", "upgrading", "probing", "comparing"}
    numbers = [
        number
        for tables in results.values()
        for table in tables
        for row in table["rows"].values()
        for number in row.values()
    ]
    assert numbers
    assert all(number >= 0 for number in numbers)
    assert results["probing"][0]["rows"]["5 revisions"]["queries"] == 1
    written = (tmp_path / "tables.rst").read_text()
    assert written.count(".. list-table::") == sum(map(len, results.values()))
    assert "alembic" in (tmp_path / "tables.md").read_text()


def test_a_contender_that_fails_stops_the_run(tmp_path: Path) -> None:
    project = tmp_path / "projects" / "startup" / "this"
    project.mkdir(parents=True)
    (project / "app.py").write_text("raise SystemExit('broken app')\n")
    ran = run("startup", "--small", "--here", "--folder", str(tmp_path))
    assert ran.returncode == 1
    assert "broken app" in ran.stderr
    assert not (tmp_path / "results.json").exists()


def test_unknown_groups_are_refused(tmp_path: Path) -> None:
    ran = run("speed", "--small", "--here", "--folder", str(tmp_path))
    assert ran.returncode == 1
    assert "There is no group speed." in ran.stderr


def test_unchanged_tables_are_measured() -> None:
    ran = subprocess.run(
        [sys.executable, str(BENCHMARKS / "catalogs.py"), "--tables", "3", "sqlite"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0] == "sqlite, 3 tables"
    ways = ["Alembic", "first time", "kept in a file", "kept in memory"]
    assert [line[2:18].rstrip() for line in lines[1:]] == ways
