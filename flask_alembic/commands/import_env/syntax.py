"""Parts of Python's syntax tree, as the rules look at them."""

from __future__ import annotations

import ast
from typing import Final

from ...hooks.redaction import hide_secrets
from .python_source import Function, PythonSource, stored

Block = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try
"""Statements with a block."""

_NOTHING: Final = (
    ast.Return,
    ast.Pass,
    ast.Global,
    ast.Nonlocal,
    ast.Break,
    ast.Continue,
)
_LONG: Final = 60


def inside(node: ast.AST) -> list[ast.stmt]:
    """Return the statements of all blocks of a statement."""
    found: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        found += getattr(node, name, [])
    for handler in getattr(node, "handlers", []):
        found += handler.body
    return found


def header(node: ast.AST) -> list[ast.AST]:
    """Return what stands before the block of a statement."""
    if isinstance(node, ast.With | ast.AsyncWith):
        return list(node.items)
    parts = [getattr(node, name, None) for name in ("test", "iter")]
    parts += [handler.type for handler in getattr(node, "handlers", [])]
    return [part for part in parts if part is not None]


def own_parts(node: ast.stmt) -> list[ast.AST]:
    """Return a statement, or of one with a block what stands before the block."""
    if isinstance(node, Function):
        return [node.args, *node.decorator_list, *filter(None, [node.returns])]
    return header(node) if isinstance(node, Block) else [node]


def is_nothing(node: ast.stmt) -> bool:
    """Return whether a statement does nothing by itself."""
    if isinstance(node, _NOTHING):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_offline(name: str) -> bool:
    """Return whether a function is for ``--sql``, by its name."""
    return "offline" in name


def attribute(node: ast.AST) -> str:
    """Return the last attribute of what is called."""
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else ""


def base(node: ast.expr) -> ast.expr:
    """Return what an item or an attribute belongs to."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node


def modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the modules that an import imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""]


def first_words(text: str) -> str:
    """Return the beginning of a text, on one line and without passwords."""
    words = hide_secrets(" ".join(text.split()))
    return words if len(words) <= _LONG else f"{words[: _LONG - 3]}..."


def shown(source: PythonSource, node: ast.stmt) -> str:
    """Return the first line of a statement."""
    lines = source.code(node).splitlines()
    return first_words(next((line for line in lines if line.strip()), ""))


def defined(node: ast.stmt) -> str:
    """Return what a statement gives a name to, for people."""
    if isinstance(node, Function):
        return f"def {node.name}()"
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}"
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "import " + ", ".join(modules(node))
    return ", ".join(sorted(stored(node)))
