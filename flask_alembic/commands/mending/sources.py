"""What revision files do, read from their source without executing it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .sql import tables_made, what_is_lost

if TYPE_CHECKING:
    from alembic.script import Script

ANY = "*"
"""Stands for a schema that only executing the file can tell."""

SQUASHES = "squashes"
"""The name of the module attribute that lists what a revision stands for."""

_EXECUTE = frozenset({"execute", "exec_driver_sql", "executemany", "scalar", "scalars"})
_SESSION = frozenset(
    {
        "add",
        "add_all",
        "bulk_insert_mappings",
        "bulk_save_objects",
        "bulk_update_mappings",
        "delete",
        "merge",
    }
)
_WRITES = frozenset({"insert", "update", "delete"})


@dataclass(frozen=True, slots=True)
class DataStep:
    """Something that a revision does beside changing the schema.

    .. versionadded:: 4.0
    """

    path: Path
    """The file."""

    line: int
    """The line in it, counted from 1."""

    what: str
    """What it does, in a few words."""

    source: str
    """The beginning of the source."""

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: {self.what}: {self.source}"


def _parsed(path: str) -> tuple[str, ast.Module] | None:
    try:
        text = Path(path).read_text("utf-8", errors="replace")
        return text, ast.parse(text)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _name(node: ast.AST) -> str:
    """Return the last part of what is called: ``create_table``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.AST | None) -> str | None:
    """Return a text that stands there as such, also inside ``text(...)``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Call) and _name(node.func) in ("text", "DDL") and node.args:
        return _text(node.args[0])
    return None


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if len(call.args) > position else None


# Tables that the history creates


def created_tables(scripts: Iterable[Script]) -> set[tuple[str | None, str]]:
    """Return schema and name of every table that a revision creates.

    Where a name is computed, every text in that file counts as one.

    :param scripts: The revisions.
    """
    found: set[tuple[str | None, str]] = set()
    for script in scripts:
        parsed = _parsed(str(script.path))
        if parsed is not None and "table" in parsed[0].lower():
            found.update(_created(parsed[1]))
    return found


def _created(tree: ast.Module) -> Iterator[tuple[str | None, str]]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        position = {"create_table": 0, "Table": 0, "rename_table": 1}.get(
            _name(call.func)
        )
        if position is None:
            continue
        label = "new_table_name" if position else "table_name"
        name = _text(_argument(call, position, label))
        if name is None:
            yield from ((ANY, text) for text in _texts(tree))
        else:
            yield _schema(call), name
    for text in _texts(tree):
        yield from tables_made(text)


def _schema(call: ast.Call) -> str | None:
    node = next((k.value for k in call.keywords if k.arg == "schema"), None)
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return None
    return _text(node) or ANY


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


# Data


def data_steps(scripts: Iterable[Script]) -> list[DataStep]:
    """Return what upgrades do to data, and what no comparison of schemas can show.

    :param scripts: The revisions.
    """
    found: list[DataStep] = []
    for script in scripts:
        parsed = _parsed(str(script.path))
        if parsed is None:
            continue
        text, tree = parsed
        for node, what in _steps(tree):
            source = " ".join((ast.get_source_segment(text, node) or "").split())
            shown = source if len(source) <= 100 else f"{source[:99]}…"
            found.append(DataStep(Path(script.path), node.lineno, what, shown))
    return sorted(found, key=lambda step: (str(step.path), step.line))


def _steps(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in _outside_downgrades(tree):
        if isinstance(node, ast.Call):
            what = _done_by(node)
            if what:
                yield node, what


def _outside_downgrades(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        if is_function and getattr(child, "name", "").startswith("downgrade"):
            continue
        yield child
        yield from _outside_downgrades(child)


def _done_by(call: ast.Call) -> str | None:
    """Return what a call does to data; ``None`` when it does nothing to it."""
    name = _name(call.func)
    if name == "bulk_insert":
        return "inserts rows"
    if name == "rename_table":
        return "renames a table, which the new revision would drop and create"
    if name == "alter_column":
        return _altered(call)
    if name in _EXECUTE:
        return _executed(call, is_op=_owner(call) == "op")
    if name in _SESSION and "session" in _owner(call).lower():
        return "writes through a session"
    return None


def _owner(call: ast.Call) -> str:
    return _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _altered(call: ast.Call) -> str | None:
    given = {keyword.arg for keyword in call.keywords}
    if "new_column_name" in given:
        return "renames a column, which the new revision would drop and add"
    if "postgresql_using" in given:
        return "converts the values of a column"
    return None


def _executed(call: ast.Call, *, is_op: bool) -> str | None:
    argument: Any = call.args[0] if call.args else None
    if argument is None:
        argument = next(iter(call.keywords), None)
        argument = getattr(argument, "value", None)
    sql = _text(argument)
    if sql is not None:
        return what_is_lost(sql, reading=not is_op)
    called = {_name(n.func) for n in ast.walk(call) if isinstance(n, ast.Call)}
    if called & _WRITES:
        return "writes rows"
    if "select" in called and not is_op:
        return None
    return "executes what only running it can tell"


# What a revision stands for


def squashed_ids(script: Script) -> tuple[str, ...]:
    """Return the ids of the revisions that one stands for, as its file says.

    :param script: The revision.
    """
    parsed = _parsed(str(script.path))
    if parsed is None or SQUASHES not in parsed[0]:
        return ()
    for node in parsed[1].body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id == SQUASHES:
            return tuple(_texts(node))
    return ()
