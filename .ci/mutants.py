"""Change central modules, one line at a time, and see whether their tests fail.

    python .ci/mutants.py [--seed 7] [--count 12] [--jobs 2] [--module PART ...]

Each mutant is one change of one line, in a copy of the checkout: a return of None, a negated
condition, the opposite comparison, ``and`` for ``or``, a statement left out, the other bool,
a constant plus one. The tests that mirror the module first run without a change; it is
recorded which of them reach which lines, and how long each takes. Those that reach the
changed line then run on each mutant, the fastest first, until one fails. Tests run on SQLite,
except for modules that are about another database.

A mutant that no test notices is alive; with fewer than 95 % killed ones the run exits with 1.
What cannot be noticed is listed in ``EQUIVALENT``, by the line as it stands in the module.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import inspect
import json
import multiprocessing
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENOUGH = 95
"""How many of a hundred mutants have to be killed."""

SERVERS = re.compile("postgresql|mariadb|mysql")


@dataclass(frozen=True)
class Tests:
    """The tests that mirror a module.

    :param files: Files of which the tests run that need SQLite only.
    :param with_servers: Files of which all tests run.
    """

    files: tuple[str, ...] = ()
    with_servers: tuple[str, ...] = ()

    def include(self, item: pytest.Item) -> bool:
        """Whether a test is one of them."""
        if item.nodeid.startswith(self.with_servers):
            return True
        cases = item.nodeid.partition("[")[2]
        fixtures: list[str] = getattr(item, "fixturenames", [])
        names = (name for name in fixtures if name.endswith(("_url", "_server")))
        needed = SERVERS.findall(" ".join((cases, *names)))
        return not needed


TESTS: dict[str, Tests] = {
    "flask_alembic/hooks/dispatcher.py": Tests(
        (
            "tests/hooks/test_hooks_dispatch.py",
            "tests/hooks/test_hooks_wrapping.py",
            "tests/hooks/test_hooks_telling.py",
            "tests/hooks/test_hooks_answering.py",
            "tests/hooks/test_hooks_refusing.py",
            "tests/hooks/test_hooks_guards.py",
            "tests/hooks/test_hooks_reentry.py",
            "tests/hooks/test_hooks_threads.py",
            "tests/hooks/test_hooks_running.py",
            "tests/hooks/test_signals.py",
        )
    ),
    "flask_alembic/script/targets.py": Tests(("tests/script/test_targets.py",)),
    "flask_alembic/script/header.py": Tests(("tests/script/test_header.py",)),
    "flask_alembic/script/identifiers.py": Tests(("tests/script/test_identifiers.py",)),
    "flask_alembic/runtime/planner.py": Tests(
        (
            "tests/runtime/test_planner.py",
            "tests/extension/test_extension_objects.py",
            "tests/extension/test_extension_commands.py",
            "tests/script/test_validator.py",
        )
    ),
    "flask_alembic/runtime/executor.py": Tests(
        (
            "tests/runtime/test_run_failed.py",
            "tests/runtime/test_transaction_truth.py",
            "tests/hooks/test_events_durable.py",
            "tests/hooks/test_events_failing.py",
        ),
        with_servers=(
            "tests/runtime/test_executor.py",
            "tests/runtime/test_blockers.py",
            "tests/extension/test_extension_subclass.py",
        ),
    ),
    "flask_alembic/runtime/run_transaction.py": Tests(
        ("tests/runtime/test_transaction_truth.py",),
        with_servers=("tests/runtime/test_run_transaction.py",),
    ),
    "flask_alembic/runtime/recorder.py": Tests(("tests/runtime/test_recorder.py",)),
    "flask_alembic/backends/sqlite/transaction.py": Tests(
        ("tests/backends/sqlite/test_transaction.py",)
    ),
    "flask_alembic/backends/mysql/journal.py": Tests(
        with_servers=("tests/backends/mysql/test_journal.py",)
    ),
}
"""The central modules, and the tests that mirror them."""

EQUIVALENT: dict[tuple[str, str], str] = {}
"""Why a change cannot be noticed, by the kind of change and the line."""

FALSE = {"None", "False", "()", "''", "0"}

OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True)
class Mutant:
    """One change of a module.

    :param lines: Those of the statement up to the end of what is changed.
    :param start: Where in the file ``text`` is put, up to ``end``.
    """

    module: str
    kind: str
    line: int
    lines: range
    start: int
    end: int
    text: str

    def source(self, original: bytes) -> bytes:
        """Return the module with the change."""
        return original[: self.start] + self.text.encode() + original[self.end :]

    def described(self, original: bytes) -> str:
        """Return where it is, and the line with the change."""
        line = self.source(original).decode().splitlines()[self.line - 1].strip()
        return f"alive: {self.module}:{self.line}: {self.kind}: {line}"


class Finder(ast.NodeVisitor):
    """Collects the changes that a module allows.

    :param module: Its path.
    :param source: Its text.
    """

    def __init__(self, module: str, source: bytes) -> None:
        self.module = module
        self.source = source
        self.lines = [0]
        for line in source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self.mutants: list[Mutant] = []
        self.first = 0

    def visit(self, node: ast.AST) -> None:
        """Look at a node; note where the statement begins that it is in."""
        before = self.first
        if isinstance(node, ast.stmt):
            self.first = node.lineno
        super().visit(node)
        self.first = before

    def add(self, kind: str, node: ast.expr | ast.stmt, text: str) -> None:
        """Add the change that puts a text in the place of a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.lines[node.lineno - 1] + node.col_offset
        end = self.lines[node.end_lineno - 1] + node.end_col_offset
        lines = range(self.first, node.end_lineno + 1)
        self.mutants.append(
            Mutant(self.module, kind, node.lineno, lines, start, end, text)
        )

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Look at the body only: no decorator, no annotation."""
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        for statement in node.body:
            self.visit(statement)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Look at the body only."""
        for statement in node.body:
            self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Look at the value only."""
        if node.value is not None:
            self.visit(node.value)

    def visit_Return(self, node: ast.Return) -> None:
        """Return None, except in the place of what is false as well."""
        value = node.value
        if value is not None and ast.unparse(value) not in FALSE:
            self.add("return None", value, "None")
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        """Negate the condition, except one about the Python that runs."""
        text = ast.unparse(node.test)
        if text != "TYPE_CHECKING" and not text.startswith("sys.version_info"):
            self.negate(node.test)
            self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """Negate the condition."""
        self.negate(node.test)
        self.generic_visit(node)

    def negate(self, test: ast.expr) -> None:
        """Negate a condition that has no comparison of its own."""
        if not isinstance(test, ast.Compare):
            self.add("negate", test, f"(not ({ast.unparse(test)}))")

    def visit_Compare(self, node: ast.Compare) -> None:
        """Compare the other way round."""
        operator = OPPOSITES[type(node.ops[0])]()
        changed = ast.Compare(node.left, [operator, *node.ops[1:]], node.comparators)
        self.add("compare", node, f"({ast.unparse(changed)})")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Swap ``and`` and ``or``."""
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self.add("and/or", node, f"({ast.unparse(ast.BoolOp(other, node.values))})")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Leave a call out, except one that writes a log."""
        call = node.value
        if isinstance(call, ast.Call) and not ast.unparse(call.func).startswith(
            "logger."
        ):
            self.add("drop", node, "pass")
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Do not raise; what a message says is not looked at."""
        self.add("drop", node, "pass")

    def visit_Constant(self, node: ast.Constant) -> None:
        """Flip a bool, add one to a number."""
        if isinstance(node.value, bool):
            self.add("bool", node, str(not node.value))
        elif isinstance(node.value, int):
            self.add("plus one", node, str(node.value + 1))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Texts stay as they are."""


def mutants_of(module: str, count: int, seed: int) -> list[Mutant]:
    """Choose mutants of a module, at most one for each line.

    :param module: The path of the module.
    :param count: How many.
    :param seed: Another number chooses others.
    """
    source = (ROOT / module).read_bytes()
    finder = Finder(module, source)
    finder.visit(ast.parse(source))
    chance = random.Random(f"{seed} {module.rpartition('/')[2]}")
    chance.shuffle(finder.mutants)
    lines = source.decode().splitlines()
    chosen: dict[int, Mutant] = {}
    for mutant in finder.mutants:
        if (mutant.kind, lines[mutant.line - 1].strip()) not in EQUIVALENT:
            chosen.setdefault(mutant.line, mutant)
    return sorted(list(chosen.values())[:count], key=lambda mutant: mutant.line)


class Recorder:
    """A plugin of pytest: notes which lines of a module each test reaches.

    :param tests: What the module is tested by.
    :param module: The path of the module.
    """

    def __init__(self, tests: Tests, module: Path) -> None:
        self.tests = tests
        self.module = str(module)
        self.lines: set[int] = set()
        self.reached: list[tuple[float, str, list[int]]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the tests that need other databases, before samples are chosen."""
        items[:] = filter(self.tests.include, items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Trace the functions of the module while a test runs."""
        self.lines = set()
        start = time.perf_counter()
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            seconds = time.perf_counter() - start
            self.reached.append((seconds, item.nodeid, sorted(self.lines)))

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:
        """Note a line; what runs when the module is imported belongs to no test."""
        code = frame.f_code
        if code.co_filename != self.module or not code.co_flags & inspect.CO_OPTIMIZED:
            return None
        self.lines.add(frame.f_lineno)
        return self.trace


class Chosen:
    """A plugin of pytest: runs some tests only, in a certain order.

    :param names: Their node ids.
    """

    def __init__(self, names: list[str]) -> None:
        self.order = {name: number for number, name in enumerate(names)}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        """Leave the others out and sort; the sample was chosen when these ran first."""
        chosen = [item for item in items if item.nodeid in self.order]
        yield
        items[:] = sorted(chosen, key=lambda item: self.order[item.nodeid])


def run_tests(copy: Path, arguments: list[str], plugin: object, log: Path) -> int:
    """Run pytest in a copy of the checkout; called in a process of its own."""
    with log.open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    os.environ["PYTHONPATH"] = str(copy)
    options = ["-q", "-x", "-p", "no:cacheprovider", *arguments]
    return int(pytest.main(options, plugins=[plugin]))


class ModuleRun:
    """The mutants of one module, in a copy of the checkout.

    :param copy: The folder of the copy.
    :param module: The path of the module.
    """

    def __init__(self, copy: Path, module: str) -> None:
        self.copy = copy
        self.module = module
        self.tests = TESTS[module]
        self.original = (copy / module).read_bytes()
        self.reached: list[tuple[float, str, set[int]]] = []

    def record(self) -> None:
        """Run all tests without a change.

        :raises SystemExit: When one of them fails.
        """
        recorder = Recorder(self.tests, self.copy / self.module)
        notes = self.copy / "reached.json"
        files = [*self.tests.files, *self.tests.with_servers]

        def work() -> None:
            code = run_tests(self.copy, files, recorder, self.log)
            notes.write_text(json.dumps(recorder.reached))
            sys.exit(code)

        if self._process(work, limit=3600) != 0:
            print(self.log.read_text())
            sys.exit(f"the tests of {self.module} fail without any change")
        self.reached = [
            (seconds, name, set(lines))
            for seconds, name, lines in sorted(json.loads(notes.read_text()))
        ]
        if not any(lines for _, _, lines in self.reached):
            sys.exit(f"no test reaches {self.module}")
        for compiled in self._compiled():
            compiled.unlink()

    @property
    def log(self) -> Path:
        """What the last run of pytest has printed."""
        return self.copy / "tests.log"

    def _compiled(self) -> list[Path]:
        path = self.copy / self.module
        return [*(path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")]

    def is_alive(self, mutant: Mutant) -> bool:
        """Run the tests that reach a mutant, or all where it is reached by none."""
        lines = set(mutant.lines)
        chosen = [test for test in self.reached if test[2] & lines] or self.reached
        names = [name for _, name, _ in chosen]
        files = sorted({name.partition("::")[0] for name in names})

        def work() -> None:
            sys.dont_write_bytecode = True
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            sys.exit(run_tests(self.copy, files, Chosen(names), self.log))

        path = self.copy / self.module
        path.write_bytes(mutant.source(self.original))
        try:
            return self._process(work, 60 + 5 * sum(test[0] for test in chosen)) == 0
        finally:
            path.write_bytes(self.original)

    def _process(self, work: Any, limit: float) -> int | None:
        """Do something in a forked process; return its exit code, none for too late."""
        process = multiprocessing.get_context("fork").Process(target=work)
        process.start()
        process.join(limit)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        return code


def alive_in(template: Path, module: str, mutants: list[Mutant]) -> int:
    """Print the mutants of a module that are alive, and return how many these are.

    :param template: A copy of the checkout, which is copied again.
    """
    copy = template.with_name(module.replace("/", "."))
    shutil.copytree(template, copy)
    try:
        run = ModuleRun(copy, module)
        run.record()
        alive = 0
        for mutant in mutants:
            if run.is_alive(mutant):
                alive += 1
                print(mutant.described(run.original), flush=True)
        return alive
    finally:
        shutil.rmtree(copy)


def make_template(folder: Path) -> Path:
    """Copy the checkout and compile it."""
    template = folder / "checkout"
    ignored = shutil.ignore_patterns(
        ".git", ".venv*", "*.pyc", "*.egg-info", "_build", ".hypothesis", ".*_cache"
    )
    shutil.copytree(ROOT, template, ignore=ignored)
    compileall.compile_dir(template / "flask_alembic", quiet=2)
    return template


def run(mutants: dict[str, list[Mutant]], jobs: int) -> int:
    """Run the tests of all mutants, print a line for each module, count the alive.

    :param mutants: Those of each module.
    """
    import alembic.command  # noqa: F401 - what is forked later has it
    import flask  # noqa: F401

    context = multiprocessing.get_context("fork")
    alive = 0
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    try:
        template = make_template(folder)
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            runs = {
                pool.submit(alive_in, template, module, mutants[module]): module
                for module in mutants
            }
            for done in as_completed(runs):
                found = done.result()
                alive += found
                summarize(runs[done], len(mutants[runs[done]]), found)
    finally:
        shutil.rmtree(folder)
    return alive


def summarize(name: str, total: int, alive: int) -> float:
    """Print how many mutants there were and were killed; return the percentage."""
    killed = total - alive
    percent = 100 * killed / total
    print(f"{name:46} {killed:3} of {total:3} killed {percent:6.1f} %", flush=True)
    return percent


def main() -> int:
    """Choose mutants, run their tests, print what is alive."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=12, help="for each module")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--module", action="append", metavar="PART", help="a part of a path"
    )
    given = parser.parse_args()
    mutants = {
        module: mutants_of(module, given.count, given.seed)
        for module in TESTS
        if not given.module or any(part in module for part in given.module)
    }
    if not mutants:
        parser.error("no module has that in its path")
    alive = run(mutants, given.jobs)
    total = sum(map(len, mutants.values()))
    return int(summarize("sum", total, alive) < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
