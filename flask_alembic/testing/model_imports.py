"""Imports of models in revision files, found in their source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .database import MigrationDatabase


def imported_models(database: MigrationDatabase) -> list[str]:
    """Return in words which revision files import models, tables or sessions.

    Column types and other helpers of the app may be imported. The files are not
    executed; what a name stands for is looked up in the modules that the app has
    imported.

    :param database: Tells app and history.
    """
    own = database.app.extensions.get("sqlalchemy")
    found: list[str] = []
    for script in database.scripts().walk_revisions():
        path = Path(script.path)
        tree = ast.parse(path.read_text("utf-8"), str(path))
        modules = _modules(tree)
        for node in ast.walk(tree):
            found += [
                f"{path.name}:{line}: {what}"
                for line, what in (*_imports(node, own), *_uses(node, modules, own))
            ]
    return found


def _imports(node: ast.AST, own: Any) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            module = sys.modules.get(alias.name)
            if module is not None and _defines_models(module):
                yield node.lineno, f"import {alias.name}, which defines models"
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            what = _what(node.module, alias.name, own)
            if what:
                yield node.lineno, f"from {node.module} import {alias.name}, {what}"


def _modules(tree: ast.AST) -> dict[str, ModuleType]:
    """Return the modules of the app that a file has imported, by their names in it."""
    found: dict[str, ModuleType | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name if alias.asname else alias.name.partition(".")[0]
                found[alias.asname or top] = sys.modules.get(top)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = sys.modules.get(f"{node.module}.{alias.name}")
                found[alias.asname or alias.name] = module
    return {name: module for name, module in found.items() if module is not None}


def _uses(
    node: ast.AST, modules: dict[str, ModuleType], own: Any
) -> Iterator[tuple[int, str]]:
    """Find models that are reached through a package: ``shop.models.Author``."""
    if not isinstance(node, ast.Attribute):
        return
    dotted = ast.unparse(node)
    name, *rest = dotted.split(".")
    value: object = modules.get(name)
    for part in rest:
        if not isinstance(value, ModuleType):
            return
        value = getattr(value, part, None)
    if own is not None and value is own:
        yield node.lineno, f"{dotted}, whose session is not the migration's"
    elif _is_model(value):
        yield node.lineno, f"{dotted}, which is a model"


def _what(module_name: str, name: str, own: Any) -> str:
    """Return what is wrong with a name, or nothing."""
    module = sys.modules.get(module_name)
    if module is None:
        return ""
    if name == "*":
        return "which brings models" if _defines_models(module) else ""
    value = getattr(module, name, None) or sys.modules.get(f"{module_name}.{name}")
    if value is None:
        return ""
    if own is not None and value is own:
        return "whose session is not the migration's"
    if isinstance(value, ModuleType):
        return "which defines models" if _defines_models(value) else ""
    return "which is a model" if _is_model(value) else ""


def _is_model(value: object) -> bool:
    """Return whether something is a mapped class, a table or metadata."""
    from sqlalchemy import MetaData, Table

    if isinstance(value, type):
        return hasattr(value, "__table__") or hasattr(value, "__mapper__")
    return isinstance(value, (Table, MetaData))


def _defines_models(module: ModuleType) -> bool:
    """Return whether a module has mapped classes of its own."""
    return any(
        isinstance(value, type)
        and value.__module__ == module.__name__
        and _is_model(value)
        for value in list(vars(module).values())
    )
