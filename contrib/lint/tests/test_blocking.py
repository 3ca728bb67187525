"""The benchmark of waiting writers still runs; what it measures is not asserted on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_rewrites import SERVERS

BENCHMARK = Path(__file__).resolve().parents[3] / "benchmarks" / "blocking.py"


def test_writers_are_measured() -> None:
    if not BENCHMARK.exists():
        pytest.skip("this is not a checkout")
    ran = subprocess.run(
        [
            *(sys.executable, str(BENCHMARK), "--rows", "10", "--rounds", "1"),
            *("--forms", "index", "--postgresql", SERVERS["postgresql"]),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    lines = [line.split(", ") for line in ran.stdout.splitlines()]
    assert [line[:2] for line in lines[:2]] == [
        ["PostgreSQL", "none"],
        ["PostgreSQL", "index"],
    ]
