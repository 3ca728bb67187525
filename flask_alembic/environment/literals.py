"""Where the identifiers stand in the source of a revision file, as literals.

The source is not executed. What is computed, or bound twice, is not found rather
than guessed at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .bindings import assignments, bound

Value = str | tuple[str, ...] | None
"""What an identifier may be."""

Span = tuple[int, int]
"""From where to where something stands in a text, in characters."""

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


@dataclass(frozen=True, slots=True)
class Literal:
    """An identifier in the source.

    .. versionadded:: 4.0
    """

    value: Value
    """What it is."""

    span: Span
    """Where it stands."""


class Source:
    """The source of a revision file, taken apart.

    :param text: The source, its line ends as they are.
    :raises SyntaxError: When it does not compile.
    """

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self._lines: Sequence[re.Match[str]] = list(_LINE.finditer(text))
        self._bound = list(bound(self.tree))

    def literal(self, name: str) -> Literal | None:
        """Find the one literal that a name is bound to.

        :param name: The name of an identifier.
        :return: ``None`` when there is none, or it is not all that binds the name.
        """
        values = [value for each, value in assignments(self.tree) if each == name]
        if len(values) != 1 or self._bound.count(name) != 1 or "*" in self._bound:
            return None
        node = values[0]
        if not _is_literal(node):
            return None
        value = ast.literal_eval(node)
        return Literal(
            tuple(value) if isinstance(value, list) else value, self._span(node)
        )

    def has(self, name: str) -> bool:
        """Return whether a name is bound at all.

        :param name: The name of an identifier.
        """
        return name in self._bound

    def docstring(self) -> tuple[str, Span]:
        """Return the docstring and where it stands; nothing when there is none."""
        text = ast.get_docstring(self.tree, clean=False)
        if text is None:
            return "", (0, 0)
        return text, self._span(self.tree.body[0])

    def _span(self, node: ast.expr | ast.stmt) -> Span:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._index(node.lineno, node.col_offset),
            self._index(node.end_lineno, node.end_col_offset),
        )

    def _index(self, line: int, offset: int) -> int:
        """Return a place in characters; Python counts in bytes of UTF-8."""
        found = self._lines[line - 1]
        return found.start() + len(found[0].encode()[:offset].decode())


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(
            isinstance(part, ast.Constant) and isinstance(part.value, str)
            for part in node.elts
        )
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, type(None)))
