"""Modules of the app that define models and were not imported: found in their source."""

from __future__ import annotations

import ast
import importlib
import os
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import ConfigurationError
from ..hooks.payloads import Problem

if TYPE_CHECKING:
    from flask import Flask

    from ..runtime.environment import Environment

LIMIT: Final = 5000
"""How many files are looked at, at most."""

_LEFT_OUT = frozenset(
    {"__pycache__", "node_modules", "site-packages", "tests", "test", "build", "dist"}
)
_SIGNS = (b"Column", b"mapped_column", b"__tablename__", b"Table(", b"relationship")
_COLUMNS = frozenset({"Column", "mapped_column", "relationship"})


@dataclass(frozen=True, slots=True)
class ModelModule:
    """A module that defines models."""

    name: str
    """How it would be imported: ``shop.models``."""

    path: Path
    """Its file."""

    models: tuple[str, ...]
    """The names of the models and tables."""


def not_imported(app: Flask, folders: Collection[Path] = ()) -> list[ModelModule]:
    """Return the modules of the app's package that nobody has imported.

    They are parsed, never imported.

    :param app: The application; its package is what is looked through.
    :param folders: Folders that are left out: those of the revisions.
    """
    root, package = _root(app)
    imported = _imported()
    left_out = {os.path.realpath(folder) for folder in folders}
    found: list[ModelModule] = []
    for path in _files(root, left_out):
        if os.path.realpath(path) in imported:
            continue
        models = _models(path)
        if models:
            found.append(ModelModule(_module(path, root, package), path, models))
    return found


def _imported() -> set[str]:
    """Return the files of all imported modules, without symbolic links.

    A folder is resolved once: most modules share theirs with many.
    """
    folders: dict[str, str] = {}
    files = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str):
            continue
        folder, name = os.path.split(file)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        path = os.path.join(folders[folder], name)
        files.add(os.path.realpath(path) if os.path.islink(path) else path)
    return files


def _root(app: Flask) -> tuple[Path, str]:
    """Return the folder of the app's outermost package, and the package's name."""
    name = ""
    for part in app.import_name.split("."):
        name = f"{name}.{part}" if name else part
        module = sys.modules.get(name)
        # A namespace package has no file of its own: it may be shared by many.
        if module is not None and getattr(module, "__file__", None):
            paths = list(getattr(module, "__path__", ()))
            if paths:
                return Path(paths[0]), name
            break
    return Path(app.root_path), ""


def _files(root: Path, left_out: Collection[str]) -> Iterator[Path]:
    count = 0
    for folder, folders, names in os.walk(root):
        if "pyvenv.cfg" in names or os.path.realpath(folder) in left_out:
            folders.clear()
            continue
        folders[:] = sorted(
            each
            for each in folders
            if each not in _LEFT_OUT and not each.startswith(".")
        )
        for name in sorted(names):
            if not name.endswith(".py") or name.startswith(("test_", "conftest")):
                continue
            count += 1
            if count > LIMIT:
                return
            yield Path(folder, name)


def _module(path: Path, root: Path, package: str) -> str:
    parts = list(path.relative_to(root).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join([*([package] if package else []), *parts])


def _models(path: Path) -> tuple[str, ...]:
    """Return the models that a file defines at its outermost level."""
    try:
        source = path.read_bytes()
        if not any(sign in source for sign in _SIGNS):
            return ()
        tree = ast.parse(source, str(path))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _is_model(node):
            found.append(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_table(node.value):
            assert isinstance(node.value, ast.Call)
            first = node.value.args[0]
            assert isinstance(first, ast.Constant)
            found.append(str(first.value))
    return tuple(found)


def _is_model(node: ast.ClassDef) -> bool:
    """Whether a class looks like a mapped one: based on something, with columns."""
    assigned = {}
    for each in node.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            assigned[each.targets[0].id] = each.value
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            assigned[each.target.id] = each.value or each.annotation
    if not node.bases or "__abstract__" in assigned:
        return False
    columns = (
        isinstance(value, ast.Call) and _called(value) in _COLUMNS
        for value in assigned.values()
    )
    return "__tablename__" in assigned or "__table__" in assigned or any(columns)


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_table(value: ast.expr | None) -> bool:
    """Whether a value is ``Table("name", metadata, ...)``."""
    return (
        isinstance(value, ast.Call)
        and _called(value) == "Table"
        and bool(value.args)
        and isinstance(value.args[0], ast.Constant)
        and isinstance(value.args[0].value, str)
    )


def model_problems(environment: Environment) -> list[Problem]:
    """Return the modules with models that were not imported, as problems.

    :param environment: The app's environment.
    """
    return [
        Problem(
            "models-not-imported",
            f"{found.name} defines {', '.join(found.models)} and was not imported, so "
            "that is not compared.",
            "warning",
            path=found.path,
            advice="Import it where the app is created, or set ALEMBIC['import_models'].",
        )
        for found in _found(environment)
    ]


def import_models(environment: Environment) -> None:
    """Import the modules that define models and that nobody has imported.

    :param environment: The app's environment; its app context must be active.
    :raises ConfigurationError: When one cannot be imported.
    """
    for found in _found(environment):
        try:
            importlib.import_module(found.name)
        except (Exception, SystemExit) as error:
            raise ConfigurationError(
                f"The module {found.name}, which defines {', '.join(found.models)}, "
                f"cannot be imported: {type(error).__name__}: {error}",
                "Fix the module, or import the models where the app is created and "
                "remove ALEMBIC['import_models'].",
            ) from error


def where_models_are(environment: Environment) -> str:
    """Return a sentence that names the modules to import; empty for none.

    :param environment: The app's environment.
    """
    names = [
        f"{found.name} ({', '.join(found.models)})" for found in _found(environment)
    ]
    if not names:
        return ""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"These define models and were not imported: {', '.join(names[:5])}{more}. "


def _found(environment: Environment) -> list[ModelModule]:
    locations = environment.locations
    return not_imported(environment.app, (locations.script, *locations.paths))
