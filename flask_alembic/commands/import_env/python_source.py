"""The source of an ``env.py``: parsed and looked at, never executed."""

from __future__ import annotations

import ast
import builtins
import copy
import io
import symtable
import textwrap
import tokenize
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from ...errors import ConfigurationError
from ...hooks.redaction import first_line

Replace = Callable[[ast.AST], str | None]
"""Returns what a node is replaced with; ``None`` to leave it as it is."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
"""A function, async or not."""

_BUILTIN: Final = frozenset(dir(builtins))


def parse(text: str) -> ast.Module:
    """Parse Python, without the warnings that the compiler has about it.

    :param text: The source.
    :raises SyntaxError: When it is no Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or "it is nested too deeply") from error


def free_names(text: str) -> set[str]:
    """Return the names that a piece of source takes from around it.

    :param text: Statements or an expression.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = symtable.symtable(text, "env.py", "exec")
    bound: set[str] = set()
    used: set[str] = set()
    for symbol in top.get_symbols():
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
            bound.add(symbol.get_name())
        elif symbol.is_referenced():
            used.add(symbol.get_name())
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used.update(
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_global() and symbol.is_referenced()
        )
    return used - bound - _BUILTIN


def loaded(node: ast.AST) -> set[str]:
    """Return the names that a node reads, wherever they come from."""
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Store)
    }


def stored(node: ast.AST) -> set[str]:
    """Return the names that a statement binds, without what is inside functions."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {
            (alias.asname or alias.name).partition(".")[0] for alias in node.names
        } - {"*"}
    if isinstance(node, Function | ast.ClassDef):
        return {node.name}
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }


def texts(node: ast.AST) -> str:
    """Return all strings inside a node, with a space between."""
    return " ".join(
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )


def span(node: ast.stmt | ast.expr | ast.keyword) -> tuple[int, int]:
    """Return the first and the last line of a node, its decorators included."""
    first = node.lineno
    for decorator in getattr(node, "decorator_list", ()):
        first = min(first, decorator.lineno)
    return first, node.end_lineno or node.lineno


class PythonSource:
    """A file with Python, parsed.

    :param path: The file.
    :raises ConfigurationError: When it cannot be read or is no Python.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = _read(path)
        try:
            self.tree = parse(self.text)
        except SyntaxError as error:
            line = f" in line {error.lineno}" if error.lineno else ""
            raise ConfigurationError(
                f"{path} is no valid Python{line}: {error.msg}.",
                "Fix the file, or name another folder.",
            ) from error
        self.lines = self.text.split("\n")
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.nodes = list(ast.walk(self.tree))
        """Every node of the file."""
        self.dotted_names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.dotted_names.update(_imported(node))
        for node in self.tree.body:
            self._note_alias(node)

    def _note_alias(self, node: ast.stmt) -> None:
        """Remember ``config = context.config`` and its like."""
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute):
            name, target = self.dotted(node.value), node.targets[0]
            if name and isinstance(target, ast.Name):
                self.dotted_names.setdefault(target.id, name)

    def dotted(self, node: ast.AST) -> str:
        """Return the full name of what a node names; empty where it names nothing.

        :param node: A name or an attribute, such as ``sa.text``: ``sqlalchemy.text``.
        """
        if isinstance(node, ast.Name):
            return self.dotted_names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""

    def calls(self, node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
        """Yield the calls inside a node with the full names of what they call.

        :param node: Any node.
        """
        for each in self.nodes if node is self.tree else ast.walk(node):
            if isinstance(each, ast.Call):
                yield self.dotted(each.func), each

    def code(
        self, node: ast.stmt | ast.expr | ast.keyword, replace: Replace | None = None
    ) -> str:
        """Return the source of a node, beginning in the first column.

        :param node: The node.
        :param replace: Gives what is written in place of a node inside.
        """
        is_statement = isinstance(node, ast.stmt)
        first, last = span(node)
        start = self._offset(first, 0 if is_statement else node.col_offset)
        end = self._offset(last, node.end_col_offset or 0)
        text = self.text[start:end]
        for begin, stop, new in reversed(list(self._replaced(node, replace))):
            text = text[: begin - start] + new + text[stop - start :]
        if not is_statement:
            return text
        text = textwrap.dedent(text)
        try:
            parse(text)
        except SyntaxError:
            # Two statements in a line, or a text that begins further left.
            return ast.unparse(_Replacer(replace).visit(copy.deepcopy(node)))
        return text

    def _replaced(
        self, node: ast.AST, replace: Replace | None
    ) -> Iterator[tuple[int, int, str]]:
        """Yield where something else is written, in the order of the source."""
        text = replace(node) if replace else None
        if text is not None and isinstance(node, ast.expr):
            last = node.end_lineno or node.lineno
            stop = self._offset(last, node.end_col_offset or 0)
            yield self._offset(node.lineno, node.col_offset), stop, text
        elif replace is not None and not isinstance(node, ast.JoinedStr):
            found = [
                each
                for child in ast.iter_child_nodes(node)
                for each in self._replaced(child, replace)
            ]
            yield from sorted(found)

    def _offset(self, line: int, column: int) -> int:
        """Return where a place is in the text; Python counts columns in bytes."""
        text = self.lines[line - 1].encode()[:column].decode("utf-8", "ignore")
        return self._starts[line - 1] + len(text)


class _Replacer(ast.NodeTransformer):
    """Replaces nodes in a tree, where positions in the source do not help."""

    def __init__(self, replace: Replace | None) -> None:
        self.replace = replace

    def visit(self, node: ast.AST) -> Any:
        text = self.replace(node) if self.replace else None
        if text is None or not isinstance(node, ast.expr):
            return self.generic_visit(node)
        return ast.parse(text, mode="eval").body


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or name, name
        return
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        yield alias.asname or alias.name, f"{module}.{alias.name}"


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror or first_line(error)}.",
            "Name another folder.",
        ) from error
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        return io.TextIOWrapper(io.BytesIO(data), encoding, newline=None).read()
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise ConfigurationError(
            f"{path} cannot be read as text: {first_line(error)}.",
            "Write it in UTF-8.",
        ) from error
