"""The house: imports go down its floors, in no circle, and features are plugins."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_alembic.builtin import plugins
from flask_alembic.hooks import specs

ROOT = Path(__file__).parents[1]
PACKAGE = "flask_alembic"

sys.path.append(str(ROOT / "docs"))
FLOORS: tuple[tuple[str, ...], ...] = importlib.import_module("floors").FLOORS
"""The floors from the ground up: what stands on each, by its name in the package."""

DOORS = (
    "flask_alembic.cli",
    "flask_alembic.cli.base",
    "flask_alembic.cli.click",
    "flask_alembic.cli.flask_script",
    "flask_alembic.cli.script",
)
"""Public modules of ``cli`` that hand on what commands define: on the top floor."""


def modules() -> dict[str, Path]:
    """Return the file of each module of the package by its dotted name."""
    files = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return files


MODULES = modules()


NAME = re.compile(r"(flask_alembic(?:\.\w+)+)(?::\w+)?")
"""A module as text, which may be imported later, and what to take from it."""


def imported(name: str, path: Path) -> Iterator[str]:
    """Yield the modules of the package that a file imports, in whatever way.

    For types only, inside a function, and by a name that is a text.
    """
    package = name.split(".")[: None if path.name == "__init__.py" else -1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = NAME.fullmatch(node.value)
            module = match[1] if match else ""
            # A package alone is a logger, or the name of a group of entry points.
            if module in MODULES and MODULES[module].name != "__init__.py":
                yield module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                module = f"{source}.{alias.name}"
                if module in MODULES:
                    yield module
                elif source in MODULES:
                    yield source


IMPORTS = {name: set(imported(name, path)) - {name} for name, path in MODULES.items()}


def room_of(name: str) -> str:
    """Return the name after the package's: of a package in it, or of a module."""
    return name.removeprefix(PACKAGE).removeprefix(".").partition(".")[0]


def floor(name: str) -> int:
    """Return the floor that a module stands on."""
    if name in DOORS:
        return len(FLOORS) - 1
    room = room_of(name)
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    raise LookupError(f"{name} stands on no floor of tests/test_house.py")


def test_imports_go_down() -> None:
    up = [
        f"{name} -> {other}"
        for name, others in IMPORTS.items()
        for other in sorted(others)
        if floor(other) > floor(name)
    ]
    assert up == []


def test_every_module_stands_on_a_floor() -> None:
    rooms = {room for rooms in FLOORS for room in rooms}
    assert {room_of(name) for name in MODULES} == rooms


def test_rooms_of_one_floor_do_not_lean_on_each_other() -> None:
    """Of two rooms, only one may import the other."""
    between = {
        (name.split(".")[1], other.split(".")[1])
        for name, others in IMPORTS.items()
        for other in others
        if "." in name and "." in other and not {name, other} & {*DOORS}
    }
    both = {pair for pair in between if pair[::-1] in between and pair[0] < pair[1]}
    assert both == set()


def circles() -> list[list[str]]:
    """Return the modules that import each other in a circle, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    result: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        stack.append(name)
        for other in IMPORTS[name]:
            if other not in order:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], order[other])
        if lowest[name] == order[name]:
            circle = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(circle) > 1:
                result.append(sorted(circle))

    for name in IMPORTS:
        if name not in order:
            visit(name)
    return result


def test_there_is_no_circle() -> None:
    assert circles() == []


@pytest.mark.parametrize("room", ["commands", "plugins"])
def test_only_the_composition_root_knows(room: str) -> None:
    allowed = {f"{PACKAGE}.extension", f"{PACKAGE}.builtin", *DOORS}
    top = len(FLOORS) - 1
    who = [
        f"{name} -> {other}"
        for name, others in IMPORTS.items()
        for other in sorted(others)
        if other.startswith(f"{PACKAGE}.{room}")
        and not name.startswith((f"{PACKAGE}.commands", f"{PACKAGE}.plugins"))
        and name not in allowed
        and floor(name) < top
    ]
    assert who == []


def test_no_module_is_named_by_a_gerund() -> None:
    things = {"testing", "logging"}
    gerunds = [
        name
        for name in MODULES
        if name.rpartition(".")[2].endswith("ing")
        and name.rpartition(".")[2] not in things
    ]
    assert gerunds == []


def test_no_name_has_two_meanings() -> None:
    """A module name stands in one place, but for words that mean the same everywhere.

    A plugin is called like the service that it gives to a hook, and a database has its
    own of what stands in ``backends``.
    """
    shared = {"base", "commands", "errors", "scaffold", "signals", "text"}
    by_name: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        room, _, last = name.removeprefix(f"{PACKAGE}.").rpartition(".")
        if path.name != "__init__.py" and room != "plugins" and last not in shared:
            place = "backends" if room.startswith("backends") else name
            by_name.setdefault(last, [])
            if place not in by_name[last]:
                by_name[last].append(place)
    assert {last: names for last, names in by_name.items() if len(names) > 1} == {}


def test_hooks_have_implementations_of_our_own() -> None:
    hooks = [name for name, spec in vars(specs).items() if hasattr(spec, "hook_kind")]
    implemented = {
        name for name in hooks for _, plugin in plugins() if hasattr(plugin, name)
    }
    assert len(implemented) >= 0.75 * len(hooks), sorted(set(hooks) - implemented)


def test_help_imports_neither_alembic_nor_the_commands(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from flask import Flask\n"
        "from flask_alembic import Alembic\n"
        "app = Flask('empty', root_path=sys.argv[1])\n"
        "Alembic(app, run_mkdir=False)\n"
        "result = app.test_cli_runner().invoke(args=['db', '--help'])\n"
        "assert result.exit_code == 0, result.output\n"
        "names = set(sys.modules)\n"
        "assert not names & {'alembic', 'mako', 'sqlalchemy'}, 'too much'\n"
        "print(len([n for n in names if n.startswith('flask_alembic.commands.')]))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout.strip()) == ("", "0")
