"""Names that a module uses and nothing in it defines."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

_MODULE_NAMES = frozenset(
    {
        "__annotations__",
        "__builtins__",
        "__cached__",
        "__doc__",
        "__file__",
        "__loader__",
        "__name__",
        "__package__",
        "__path__",
        "__spec__",
    }
)
_DYNAMIC = frozenset({"exec", "globals", "vars"})


def unbound_names(source: str) -> dict[str, int]:
    """Return the names that a module uses without defining them.

    A name counts as defined when it is assigned, imported or declared anywhere in the
    module, or is a builtin. Where only running the module can answer (a star import,
    ``globals()``, ``exec()``), nothing is returned.

    :param source: The text of a module that compiles.
    :return: The names, each with the first line that uses it.
    """
    tree = ast.parse(source)
    if _is_dynamic(tree):
        return {}
    module = symtable.symtable(source, "<revision>", "exec")
    tables = [module, *_children(module)]
    defined = {*dir(builtins), *_MODULE_NAMES}
    for table in tables:
        defined.update(
            symbol.get_name()
            for symbol in table.get_symbols()
            if (table is module or symbol.is_declared_global())
            and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace())
        )
    used = {
        symbol.get_name()
        for table in tables
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table is module or symbol.is_global())
    }
    return _evaluated_lines(tree, used - defined)


def _children(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _children(child)


def _is_dynamic(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if any(alias.name == "*" for alias in node.names):
                return True
        elif isinstance(node, ast.Name) and node.id in _DYNAMIC:
            return True
    return False


def _evaluated_lines(tree: ast.Module, names: set[str]) -> dict[str, int]:
    """Return where names are used, annotations that nobody evaluates not counted."""
    ignored: set[int] = set()
    if _postpones_annotations(tree):
        for node in ast.walk(tree):
            for annotation in (
                getattr(node, "annotation", None),
                getattr(node, "returns", None),
            ):
                if isinstance(annotation, ast.AST):
                    ignored.update(map(id, ast.walk(annotation)))
    lines: dict[str, int] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or isinstance(node.ctx, ast.Store):
            continue
        if node.id in names and id(node) not in ignored:
            lines[node.id] = min(node.lineno, lines.get(node.id, node.lineno))
    return dict(sorted(lines.items(), key=lambda item: (item[1], item[0])))


def _postpones_annotations(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )
