"""The operation of a revision file that a line belongs to."""

from __future__ import annotations

import ast
from pathlib import Path

LONGEST = 300
"""How many characters of an operation are shown."""

_STATEMENTS = (ast.Expr, ast.Assign, ast.AnnAssign, ast.Raise, ast.Return, ast.With)


def operation_at(path: Path | None, line: int | None) -> str:
    """Return the statement of a file that covers a line, on one line.

    :param path: The file.
    :param line: The line, counted from 1.
    :return: An empty text where there is no such statement.
    """
    if path is None or line is None:
        return ""
    try:
        source = path.read_text("utf-8", errors="replace")
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return ""
    found: ast.stmt | None = None
    for node in ast.walk(tree):
        if (
            isinstance(node, _STATEMENTS)
            and node.lineno <= line <= (node.end_lineno or node.lineno)
            and (found is None or node.lineno >= found.lineno)
        ):
            found = node
    if found is None:
        return ""
    text = " ".join((ast.get_source_segment(source, found) or "").split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
