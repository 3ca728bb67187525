"""What executing a module binds, told from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield what the module's own statements assign to one name, with that name.

    :param tree: The module.
    """
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target: ast.expr = node.targets[0]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target = node.target
        else:
            continue
        if isinstance(target, ast.Name):
            assert node.value is not None
            yield target.id, node.value


def bound(node: ast.AST) -> Iterator[str]:
    """Yield each name that executing a node binds or deletes in the module.

    What stands in the body of a function or class binds names of its own, but for
    those that it declares as global. ``*`` is all that a star import binds.

    :param node: The module, or a part of it.
    """
    if isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
        return
    for field, value in ast.iter_fields(node):
        hidden = field == "body" and isinstance(node, _SCOPES)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST):
                yield from _global(child) if hidden else bound(child)
            elif isinstance(child, str) and field in ("name", "rest"):
                # of a function, class, exception handler or pattern
                yield child
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.Global):
        yield from node.names


def _global(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Global):
            yield from inner.names
