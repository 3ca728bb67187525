"""A revision's identifiers, read from its source without executing it.

Alembic executes a script to learn four names and a docstring. Where these are
literals the source alone tells them, and whether the revision is marked as
irreversible. It does so only when nothing else in the file
can bind or change those names while it is executed: a name bound twice, in an
``if``, by a star import or through ``globals()`` means that the source proves
nothing, and the script has to be executed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .irreversible_mark import IRREVERSIBLE, read_mark
from .source_tree import source_tree

IDENTIFIERS = ("revision", "down_revision", "branch_labels", "depends_on")
"""The names that Alembic reads."""

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


def insert_behind(source: str, names: Iterable[str], lines: Iterable[str]) -> str:
    """Return a source with lines behind the last assignment to some names.

    :param source: The text of a revision file.
    :param names: The names; without any the lines come last.
    :param lines: What is inserted, with line ends.
    """
    wanted = frozenset(names)
    ends = [
        value.end_lineno or 0
        for name, value in assignments(source_tree(source))
        if name in wanted
    ]
    found = source.splitlines(keepends=True)
    at = max(ends, default=len(found))
    return "".join((*found[:at], *lines, *found[at:]))


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


NAMES = frozenset({"revision", "down_revision", "branch_labels", "depends_on"})
"""What Alembic reads from a script, apart from its docstring."""

_READ = NAMES | {IRREVERSIBLE}

_GUARDED = _READ | {
    # a module's docstring, and what answers for attributes it does not have
    "__doc__",
    "__getattr__",
    "__class__",
    # with it Alembic decodes the docstring
    "_alembic_source_encoding",
}
_REACHING = frozenset(
    # ways to bind a module's name without writing that name where it is bound
    [
        "globals",
        "locals",
        "vars",
        "exec",
        "eval",
        "setattr",
        "delattr",
        "builtins",
        "modules",
        "stack",
        "_getframe",
        "currentframe",
        "f_globals",
        "f_locals",
        "f_back",
        "__dict__",
        "__globals__",
        "__builtins__",
        "__import__",
        "__setattr__",
        "__delattr__",
    ]
)
_SUSPECT = re.compile(
    rb"\b(?:%s)\b|import[\s\\]*\*|coding[:=]"
    % "|".join(sorted(_GUARDED | _REACHING)).encode()
)
# The comment of Alembic's own template; these words in a row are not Python, so that
# they cannot bind anything wherever they stand.
_COMMENT = b"# revision identifiers, used by Alembic."


class Header(NamedTuple):
    """What a revision file says about itself.

    .. versionadded:: 4.0
    """

    revision: str
    down_revisions: tuple[str, ...]
    branch_labels: tuple[str, ...]
    depends_on: tuple[str, ...]
    longdoc: str
    irreversible: bool | str = False
    """Whether it says that it cannot be reverted, or the reason that it gives."""


def read_header(source: bytes, filename: str) -> Header | None:
    """Read a revision's identifiers from its source.

    :param source: The content of the file.
    :param filename: Its name, for warnings of Python's parser.
    :return: The header; ``None`` when only executing the file can tell, also when
        that will fail.

    .. versionadded:: 4.0
    """
    try:
        return _read(source_tree(source, filename), source, filename)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _read(tree: ast.Module, source: bytes, filename: str) -> Header | None:
    values = _assigned(tree)
    if values is None or "revision" not in values or "down_revision" not in values:
        return None
    if not _is_plain(source, values) and not _binds_once(tree, values):
        return None
    literals: dict[str, tuple[str, ...]] = {}
    mark = values.get(IRREVERSIBLE, ast.Constant(None))
    if not isinstance(mark, ast.Constant):
        return None
    try:
        irreversible = read_mark(mark.value)
    except TypeError:
        return None
    for name, node in values.items():
        if name == IRREVERSIBLE:
            continue
        literal = () if _is_no_dependency(name, node) else _literal(node)
        if literal is None:
            return None
        literals[name] = literal
    if not literals["revision"] or not isinstance(values["revision"], ast.Constant):
        return None
    return Header(
        literals["revision"][0],
        literals["down_revision"],
        literals.get("branch_labels", ()),
        literals.get("depends_on", ()),
        _docstring(tree, filename),
        irreversible,
    )


def _assigned(tree: ast.Module) -> dict[str, ast.expr] | None:
    """Return what the module's own statements assign to the names that are read.

    ``None`` when a name is assigned more than once.
    """
    values: dict[str, ast.expr] = {}
    for name, value in assignments(tree):
        if name in _READ:
            if name in values:
                return None
            values[name] = value
    return values


def _is_no_dependency(name: str, node: ast.expr) -> bool:
    """Whether it is a ``depends_on`` that Alembic takes for none."""
    if name != "depends_on" or not isinstance(node, ast.Constant):
        return False
    return node.value is False or node.value == ""


def _literal(node: ast.expr) -> tuple[str, ...] | None:
    """Return a literal's identifiers; ``None`` when it is none, or an odd one."""
    if isinstance(node, ast.Constant):
        if node.value is None:
            return ()
        return (node.value,) if isinstance(node.value, str) and node.value else None
    if not isinstance(node, (ast.Tuple, ast.List)):
        return None
    found: list[str] = []
    for element in node.elts:
        if not isinstance(element, ast.Constant) or not isinstance(element.value, str):
            return None
        if not element.value:
            return None
        found.append(element.value)
    return tuple(found)


def _docstring(tree: ast.Module, filename: str) -> str:
    """Return the docstring as the executed module would have it, stripped."""
    text = ast.get_docstring(tree, clean=False)
    if not text or sys.flags.optimize > 1:
        return ""
    if sys.version_info >= (3, 13):
        # The compiler removes the indentation since 3.13, by rules of its own:
        # https://docs.python.org/3/whatsnew/3.13.html#other-language-changes
        module = ast.Module(body=tree.body[:1], type_ignores=[])
        namespace: dict[str, object] = {}
        exec(compile(module, filename, "exec", dont_inherit=True), namespace)
        text = str(namespace["__doc__"] or "")
    return text.strip()


def _is_plain(source: bytes, values: dict[str, ast.expr]) -> bool:
    """Tell from the words alone that nothing but the assignments binds a name.

    True only when each name stands in the text exactly where it is assigned, which
    is at least once. Other spellings of a name need characters outside ASCII, or
    another encoding.
    """
    if not source.isascii():
        return False
    words = _SUSPECT.findall(source.replace(_COMMENT, b"#"))
    return len(words) == len(values)


def _binds_once(tree: ast.Module, values: dict[str, ast.expr]) -> bool:
    """Tell from the whole tree that nothing but the assignments binds a name."""
    # A list could be changed by whoever mentions it.
    lists = {name for name, node in values.items() if isinstance(node, ast.List)}
    for node in ast.walk(tree):
        if not _REACHING.isdisjoint(_words(node)):
            return False
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and node.id in lists
        ):
            return False
    names = [name for name in bound(tree) if name in _GUARDED or name == "*"]
    return len(names) == len(values) and set(names) == set(values)


def _words(node: ast.AST) -> Iterable[str]:
    """Return the words of a node by which it could reach the module's names."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, ast.Constant):
        return (node.value,) if isinstance(node.value, str) else ()
    if isinstance(node, ast.alias):
        return node.name.split(".")
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")
    return ()
