"""What a run without ``--full`` keeps of what repeats."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sample import examples, rounds

CASES = """
import pytest
from sample import examples, rounds

@pytest.mark.parametrize("number", range(50))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_cases(kind, number): pass

@pytest.mark.sample("always")
@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_each(kind, number): pass

@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_kinds(kind): pass

@pytest.mark.sample(1)
@pytest.mark.parametrize("case", ["sqlite1", "sqlite2", "mariadb1", "mariadb2"])
def test_names(case): pass

@pytest.mark.sample(6)
@pytest.mark.parametrize("number", range(50))
def test_many(number): pass

@pytest.mark.parametrize(("a", "b"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_pairs(a, b): pass

@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
@pytest.mark.parametrize("number", range(2))
def test_one(kind, number): pass

@pytest.mark.one_database
@pytest.mark.parametrize("number", range(3))
def test_none(number): pass

@pytest.mark.costly
@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
@pytest.mark.parametrize("number", range(5))
def test_costly(kind, number): pass

@pytest.mark.costly
@pytest.mark.sample(2)
@pytest.mark.parametrize("number", range(5))
def test_costly_list(number): pass

@pytest.mark.full
def test_slow(): pass

def test_numbers(): assert (rounds(5), examples(100)) == EXPECTED
"""


def run(folder: Path, *arguments: str) -> list[str]:
    expected = "(5, 100)" if {"--full", "--every"} & set(arguments) else "(1, 20)"
    text = textwrap.dedent(CASES).replace("EXPECTED", expected)
    (folder / "test_cases.py").write_text(text)
    names = ("FLASK_ALEMBIC_ROUNDS", "FLASK_ALEMBIC_FULL")
    environ = {name: os.environ[name] for name in os.environ if name not in names}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "sample", *arguments],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if "PASSED" in line]
    return sorted(line.partition("::")[2].partition(" ")[0] for line in lines)


def test_a_sample_and_everything(tmp_path: Path) -> None:
    names = run(tmp_path)
    cases = [name for name in names if name.startswith("test_cases")]
    words = [name.partition("[")[2].rstrip("]").split("-") for name in cases]
    assert {kind for kind, _ in words} == {"sqlite", "postgresql", "mariadb"}
    assert sorted(int(number) for _, number in words) == list(range(50))
    assert len([name for name in names if name.startswith("test_each")]) == 4
    assert len([name for name in names if name.startswith("test_kinds")]) == 1
    databases = [name[11:-2] for name in names if name.startswith("test_names")]
    assert databases == ["mariadb", "sqlite"]
    assert len([name for name in names if name.startswith("test_many")]) == 6
    assert len([name for name in names if name.startswith("test_pairs")]) == 4
    assert len({name[-8:-3] for name in names if name.startswith("test_one")}) == 1
    assert len([name for name in names if name.startswith("test_one")]) == 2
    assert len([name for name in names if name.startswith("test_none")]) == 3
    assert len([name for name in names if name.startswith("test_costly")]) == 2
    assert "test_slow" not in names
    assert run(tmp_path) == names
    thin = run(tmp_path, "--thin")
    assert set(thin) <= set(names)
    assert len({name.partition("[")[0] for name in names}) == 11
    assert len(thin) == 11 + 3, "each once, and all of test_each"
    assert len({name[-8:-1] for name in thin if "sql" in name or "mariadb" in name}) > 1
    full = run(tmp_path, "--full")
    assert len(full) == 150 + 4 + 3 + 4 + 4 + 4 + 3 + 50 + 2 + 5 + 5
    assert set(names) <= set(full)
    costly = [name for name in full if name.startswith("test_costly[")]
    assert {word for name in costly for word in name[12:-1].split("-")} == {
        *map(str, range(5)),
        "sqlite",
        "mariadb",
    }
    every = run(tmp_path, "--every")
    assert set(full) < set(every)
    assert len(every) == len(full) + 5


def test_rounds_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_ALEMBIC_ROUNDS", "7")
    assert rounds(5) == 7
    monkeypatch.setenv("FLASK_ALEMBIC_FULL", "")
    assert examples(30) == 10
