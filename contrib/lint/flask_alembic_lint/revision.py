"""A revision's file as text: statements, comments, imports, calls of ``op``."""

from __future__ import annotations

import ast
import functools
import io
import tokenize
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

QUIET = frozenset(
    "f get_bind get_context inline_literal implementation_for register_operation".split()  # noqa: SIM905
)
"""Attributes of ``op`` that do nothing to a database."""


@dataclass(frozen=True)
class RevisionSource:
    """The source of a revision.

    .. versionadded:: 1.0
    """

    revision: str
    """The id of the revision."""

    text: str
    """The Python text."""

    path: Path | None = None
    """The file; ``None`` while it is not written."""

    @property
    def filename(self) -> str:
        """The name under which the code is compiled."""
        return str(self.path) if self.path else f"<revision {self.revision}>"

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The parsed text; empty where it is no Python."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError):
            return ast.Module(body=[], type_ignores=[])

    @functools.cached_property
    def comments(self) -> dict[int, str]:
        """The comments by line, without what stands before them."""
        found: dict[int, str] = {}
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                if token.type == tokenize.COMMENT:
                    found[token.start[0]] = token.string
        except (tokenize.TokenError, SyntaxError):
            pass
        return found

    @functools.cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.splitlines()

    @functools.cached_property
    def literals(self) -> tuple[str, ...]:
        """Every short string in the file: what it may ask the database for."""
        found = {
            node.value: None
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and 0 < len(node.value) < 100
        }
        return tuple(found) or ("anything",)

    @functools.cached_property
    def identifiers(self) -> tuple[str, ...]:
        """Every name in the file that may be one of a column."""
        attributes = {
            node.attr: None
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Attribute) and not node.attr.startswith("_")
        }
        named = [text for text in self.literals if text.isidentifier()]
        return tuple(dict.fromkeys((*attributes, *named)))

    def span(self, line: int) -> range:
        """Return the lines of the innermost statement around a line.

        :param line: Counted from 1.
        """
        best = range(line, line + 1)
        size = None
        for node in ast.walk(self.tree):
            if isinstance(node, ast.stmt):
                last = _end(node)
                if node.lineno <= line <= last and (
                    size is None or last - node.lineno < size
                ):
                    best, size = range(node.lineno, last + 1), last - node.lineno
        return best

    def simple_statement(self, line: int) -> range | None:
        """Return the lines of the statement without a body around a line, if any.

        :param line: Counted from 1.
        """
        for node in ast.walk(self.tree):
            if isinstance(node, ast.stmt) and not getattr(node, "body", None):
                last = node.end_lineno or node.lineno
                if node.lineno <= line <= last:
                    return range(node.lineno, last + 1)
        return None

    def function(self, name: str) -> ast.FunctionDef | None:
        """Return the top-level function of a name.

        :param name: ``upgrade`` or ``downgrade``.
        """
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
        return None

    def only_raises(self, name: str) -> bool:
        """Return whether a function says that it cannot be done, and nothing else.

        :param name: ``upgrade`` or ``downgrade``.
        """
        function = self.function(name)
        body = [] if function is None else function.body
        return (
            bool(body)
            and isinstance(body[-1], ast.Raise)
            and all(
                isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                for node in body[:-1]
            )
        )

    @functools.cached_property
    def calls(self) -> list[range]:
        """The lines of each call that changes a database, such as ``op.execute``."""
        names = {"op", *self._batch_names()}
        found = []
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in names
                and node.func.attr not in QUIET | {"batch_alter_table"}
            ):
                found.append(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return found

    def _batch_names(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.withitem) and isinstance(
                node.optional_vars, ast.Name
            ):
                yield node.optional_vars.id

    def unreached(self, lines: Container[int | None]) -> list[range]:
        """Return the calls none of whose lines is among those seen.

        :param lines: The lines that were seen to do something.
        """
        return [call for call in self.calls if not any(line in lines for line in call)]

    def within(self, line: int | None, ranges: list[range]) -> bool:
        """Return whether a line lies in one of the ranges.

        :param line: The line.
        :param ranges: As :meth:`unreached` gives them.
        """
        return line is not None and any(line in each for each in ranges)


def _end(node: ast.stmt) -> int:
    """Return the last line of a statement, its body not counted."""
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        return max(node.lineno, body[0].lineno - 1)
    return node.end_lineno or node.lineno
