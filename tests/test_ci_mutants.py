"""The changes of central modules that ``.ci/mutants.py`` makes, and the tests it runs."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def mutants() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("mutants", ROOT / ".ci/mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mutants"]


def test_ten_modules_and_their_tests_are_there(mutants: ModuleType) -> None:
    assert len(mutants.TESTS) == 10
    for module, tests in mutants.TESTS.items():
        assert (ROOT / module).is_file()
        for name in (*tests.files, *tests.with_servers):
            assert (ROOT / name).is_file(), name


def test_a_seed_chooses_changes_of_different_lines(mutants: ModuleType) -> None:
    module = "flask_alembic/script/targets.py"
    source = (ROOT / module).read_bytes()
    chosen = mutants.mutants_of(module, 12, seed=1)
    assert len({mutant.line for mutant in chosen}) == 12
    assert chosen == mutants.mutants_of(module, 12, seed=1)
    assert chosen != mutants.mutants_of(module, 12, seed=2)
    for mutant in chosen:
        changed = ast.parse(mutant.source(source))
        assert ast.dump(changed) != ast.dump(ast.parse(source)), mutant
        assert mutant.line in mutant.lines


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): return 1", ["return None: def f(): return None", "plus one"]),
        ("def f(): return ()", []),
        ("if a: b = 1", ["negate: if (not (a)): b = 1", "plus one: if a: b = 2"]),
        ("x = a < b", ["compare: x = (a >= b)"]),
        ("x = a and b", ["and/or: x = (a or b)"]),
        ("f(g(True))", ["drop: pass", "bool: f(g(False))"]),
        ("raise ValueError(1)", ["drop: pass"]),
        ("logger.debug('x')", []),
        ("if sys.version_info >= (3, 13): f()", []),
        ("@d(1)\nclass A:\n    x: int = field(3)", ["plus one: x: int = field(4)"]),
    ],
)
def test_each_kind_of_change(
    mutants: ModuleType, source: str, expected: list[str]
) -> None:
    finder = mutants.Finder("m.py", source.encode())
    finder.visit(ast.parse(source))
    described = [
        mutant.described(source.encode()).removeprefix(f"alive: m.py:{mutant.line}: ")
        for mutant in finder.mutants
    ]
    assert len(described) == len(expected)
    for line, start in zip(described, expected, strict=True):
        assert line.startswith(start)
