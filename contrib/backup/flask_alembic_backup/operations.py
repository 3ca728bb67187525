"""Which revisions may lose data, read from the source of their files.

Only what is known to keep all rows and values is safe: everything else loses data or is
unknown. Nothing is executed.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flask_alembic.hooks import Step

SAFE: Final = frozenset(
    [
        "add_column",
        "batch_alter_table",
        "bulk_insert",
        "create_check_constraint",
        "create_exclude_constraint",
        "create_foreign_key",
        "create_index",
        "create_primary_key",
        "create_table",
        "create_table_comment",
        "create_unique_constraint",
        "drop_constraint",
        "drop_index",
        "drop_table_comment",
        "f",
        "get_context",
        "inline_literal",
        "rename_table",
    ]
)
"""Operations that keep every row and value."""

LOSES: Final = frozenset(["drop_table", "drop_column"])
"""Operations that remove data."""

SAFE_SQL: Final = re.compile(
    r"\s*(INSERT\s+INTO|CREATE\s+(UNIQUE\s+)?(TABLE|INDEX|SEQUENCE|SCHEMA|EXTENSION|TYPE|VIEW)"
    r"|COMMENT\s+ON|ANALYZE)\b[^;]*;?\s*",
    re.IGNORECASE,
)
"""Statements that change no row there is; functions that they call are not looked at."""

CHANGES: Final = re.compile(r"\b(UPDATE|DELETE|REPLACE|TRUNCATE)\b", re.IGNORECASE)
"""Words with which such a statement may change rows nevertheless, as ON CONFLICT does."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a revision counts as losing data."""

    reason: str
    """The operation, with its line: ``drop_table in line 12``."""

    known: bool
    """Whether it removes or overwrites data for sure."""


def losses(step: Step) -> list[Loss]:
    """Return why a step counts as losing data; nothing if it keeps all of it.

    :param step: A step of the plan.
    """
    if step.direction == "stamp":
        return []
    try:
        if step.path is None:
            raise OSError("no file")
        tree = ast.parse(step.path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return [Loss("its file cannot be read", False)]
    reader = _Reader(tree, step.database)
    reader.call(step.direction)
    return reader.losses


class _Reader:
    """Follows the functions of one file."""

    def __init__(self, tree: ast.Module, database: str) -> None:
        self.losses: list[Loss] = []
        self.database = database
        self.functions = {
            node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)
        }
        self.tables = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self.imported = _sqlalchemy_names(tree)
        self.seen: set[str] = set()

    def call(self, name: str) -> None:
        """Read one function of the file, once."""
        if name in self.seen:
            return
        self.seen.add(name)
        function = self.functions.get(name)
        if function is None or function.decorator_list:
            self.losses.append(Loss(f"{name}() cannot be followed", False))
            return
        batches = {"op", *_batch_names(function)}
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                self._look(node, batches)

    def _look(self, node: ast.Call, batches: set[str]) -> None:
        what = node.func
        owner, _, name = ast.unparse(what).rpartition(".")
        if owner in batches:
            self._operation(node, name)
        elif isinstance(what, ast.Name) and what.id in self.functions:
            self.call(what.id)
        elif (found := self._dispatched(what)) is not None:
            if found:
                self.call(found)
        elif not self._is_harmless(what):
            self._add(node, ast.unparse(what)[:60], False)

    def _operation(self, node: ast.Call, name: str) -> None:
        if name in LOSES:
            self._add(node, name, True)
        elif name == "alter_column":
            self._altered(node)
        elif name == "execute":
            text = _sql(node.args[0] if node.args else None)
            if text is None:
                self._add(node, "execute", False)
            elif not SAFE_SQL.fullmatch(text) or CHANGES.search(text):
                self._add(node, f"execute({' '.join(text.split())[:40]!r})", True)
        elif name not in SAFE:
            self._add(node, name, False)

    def _altered(self, node: ast.Call) -> None:
        given = {word.arg: word.value for word in node.keywords}
        if None in given or "type_" not in given:
            if None in given:
                self._add(node, "alter_column", False)
            return
        if not _is_wider(given.get("existing_type"), given["type_"]):
            self._add(node, "alter_column to another type", True)

    def _dispatched(self, what: ast.expr) -> str | None:
        """Return the function that a table of functions has for the database.

        Empty where a harmless call leads to it, ``None`` for anything else.
        """
        if isinstance(what, ast.Attribute) and what.attr == "get":
            owner = what.value
            return (
                "" if isinstance(owner, ast.Name) and owner.id in self.tables else None
            )
        if isinstance(what, ast.Subscript) and ast.unparse(what.value) == "globals()":
            key = ast.unparse(what.slice)
            if match := re.fullmatch(
                r"f?'(up|down)grade_(%s' % |\{)engine_name\}?'?", key
            ):
                return f"{match[1]}grade_{self.database}"
        if not isinstance(what, ast.Call) or not isinstance(what.func, ast.Attribute):
            return None
        owner = what.func.value
        table = self.tables.get(owner.id) if isinstance(owner, ast.Name) else None
        if table is None or what.func.attr != "get":
            return None
        for name, value in zip(table.keys, table.values, strict=True):
            is_ours = isinstance(name, ast.Constant) and name.value == self.database
            if is_ours and isinstance(value, ast.Name):
                return value.id
        return ast.unparse(what.args[1]) if len(what.args) > 1 else None

    def _is_harmless(self, what: ast.expr) -> bool:
        if isinstance(what, ast.Name) and what.id in {"globals", "len", "str", "range"}:
            return True
        while isinstance(what, ast.Attribute):
            what = what.value
        return isinstance(what, ast.Name) and what.id in self.imported

    def _add(self, node: ast.Call, what: str, known: bool) -> None:
        self.losses.append(Loss(f"{what} in line {node.lineno}", known))


def _sqlalchemy_names(tree: ast.Module) -> set[str]:
    """Return what a file calls SQLAlchemy and its parts."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {
                each.asname or each.name.partition(".")[0]
                for each in node.names
                if each.name.partition(".")[0] == "sqlalchemy"
            }
        elif (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").partition(".")[0] == "sqlalchemy"
        ):
            names |= {each.asname or each.name for each in node.names}
    return names


def _batch_names(function: ast.FunctionDef) -> set[str]:
    """Return the names of ``with op.batch_alter_table(...) as name``."""
    return {
        item.optional_vars.id
        for node in ast.walk(function)
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.optional_vars, ast.Name)
        and ast.unparse(item.context_expr).startswith("op.batch_alter_table(")
    }


def _sql(node: ast.expr | None) -> str | None:
    """Return a literal statement, also inside ``text()``."""
    if (
        isinstance(node, ast.Call)
        and len(node.args) == 1
        and ast.unparse(node.func).rpartition(".")[2] == "text"
    ):
        node = node.args[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _is_wider(old: ast.expr | None, new: ast.expr) -> bool:
    """Return whether both are strings of a known length, and none becomes shorter."""
    before, after = _length(old), _length(new)
    return before is not None and after is not None and after >= before


def _length(node: ast.expr | None) -> float | None:
    if not isinstance(node, ast.Call):
        return None
    name = ast.unparse(node.func).rpartition(".")[2]
    if name == "Text" and not node.args and not node.keywords:
        return float("inf")
    if name not in {"String", "VARCHAR", "Unicode"}:
        return None
    values = [
        *node.args,
        *(word.value for word in node.keywords if word.arg == "length"),
    ]
    value = values[0] if values else None
    if isinstance(value, ast.Constant) and isinstance(value.value, int):
        return value.value
    return None
