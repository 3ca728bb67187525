"""What revision files do, read from their source without executing it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..backends.statement_class import statement_class
from ..backends.statements import without_comments
from .source_tree import source_tree

if TYPE_CHECKING:
    from alembic.script import Script

_QUOTES = '`"[]'
_NAME = r"([\w$`\"\[\].]+)"
_MADE = re.compile(
    r"\bCREATE\s+(?:\w+\s+){0,2}?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    + _NAME
    # "ALTER TABLE a RENAME TO b" and "RENAME TABLE a TO b"
    + r"|\bTABLE\s+[\w$`\"\[\].]+\s+(?:RENAME\s+)?TO\s+"
    + _NAME,
    re.IGNORECASE,
)
# What a comparison of the schemas shows, so that it cannot get lost unseen.
_COMPARED = re.compile(
    r"(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:(?:UNIQUE|TEMP|TEMPORARY|UNLOGGED|"
    r"MATERIALIZED|RECURSIVE|FULLTEXT|SPATIAL|CONSTRAINT|VIRTUAL|FOREIGN|ALGORITHM=\w+|"
    r"SQL\s+SECURITY\s+\w+)\s+)*"
    r"(TABLE|INDEX|VIEW|TRIGGER|FUNCTION|PROCEDURE|TYPE|SEQUENCE|EXTENSION|DOMAIN)\b"
    r"|COMMENT\s+ON\b",
    re.IGNORECASE,
)
_WITH_ROWS = re.compile(
    r"\bTABLE\b[^;]*?\bAS\s*\(?\s*(?:SELECT|WITH|TABLE|VALUES)\b", re.I
)
_RENAME = re.compile(r"\bRENAME\b|\bCHANGE\s+(?:COLUMN\s+)?\S+\s+\S+", re.IGNORECASE)
_UNSEEN = re.compile(
    r"\b(?:OWNER\s+TO|SET\s*\(|RESET\s*\(|CLUSTER|REPLICA|TABLESPACE|INHERIT|USING)\b",
    re.IGNORECASE,
)
# What it shows where the whole catalog is read.
_OBJECT = re.compile(
    r"(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:DEFINER\s*=\s*\S+\s+)?(\w+)\b"
    r"|(?:GRANT|REVOKE)\b[^;]*\sON\s|COMMENT\s+ON\b|SECURITY\s+LABEL\b"
    r"|(?:REASSIGN|DROP)\s+OWNED\b|IMPORT\s+FOREIGN\s+SCHEMA\b",
    re.IGNORECASE,
)
_CONVERTS = re.compile(r"\bTYPE\b[^;]*\bUSING\b", re.IGNORECASE)
_QUERIES = frozenset(["SELECT", "WITH", "VALUES", "TABLE"])
_MAINTAINS = frozenset(["ANALYZE", "VACUUM"])
_ROWS = re.compile(r"(INSERT|UPDATE|DELETE|MERGE|REPLACE|COPY|LOAD|TRUNCATE)\b", re.I)
_BODY = re.compile(r"\b(?:FUNCTION|PROCEDURE|TRIGGER|EVENT)\b", re.IGNORECASE)


def tables_made(sql: str) -> Iterator[tuple[str | None, str]]:
    """Yield schema and name of the tables that SQL text creates.

    :param sql: Any text.
    """
    for match in _MADE.finditer(sql):
        schema, _, name = (match[1] or match[2]).rpartition(".")
        yield schema.strip(_QUOTES) or None, name.strip(_QUOTES)


def what_is_lost(
    sql: str, *, reading: bool = False, shared: Collection[str] | None = None
) -> str | None:
    """Return what SQL does that a comparison of schemas does not show.

    :param sql: One statement or several.
    :param reading: Whether a ``SELECT`` is there to read rows, not for what it does.
    :param shared: Where the whole catalog of a database is read: what is outside of it,
        like ``ROLE``.
    """
    for statement in _statements(sql):
        lost = _lost(statement, reading, shared)
        if lost:
            return lost
    return None


def _statements(sql: str) -> list[str]:
    """Split at semicolons; the body of a routine is no statement of its own."""
    if _BODY.search(sql) or "$$" in sql:
        return [without_comments(sql)]
    parts = (without_comments(part).strip() for part in sql.split(";"))
    return [part for part in parts if part]


def _lost(statement: str, reading: bool, shared: Collection[str] | None) -> str | None:
    rows = _ROWS.match(statement)
    if rows:
        return f"{rows[1].upper()} of rows"
    match = _OBJECT.match(statement) if shared is not None else None
    is_read = match is not None and (match[1] or "").upper() not in (shared or ())
    if is_read or _COMPARED.match(statement):
        if _BODY.search(statement.partition("(")[0]):
            return None
        if _WITH_ROWS.search(statement) and " VIEW " not in statement.upper():
            return "creates a table with rows"
        if _RENAME.search(statement):
            return "renames, where the new revision would drop and create"
        if _CONVERTS.search(statement):
            return "converts the values of a column"
        if (
            statement.upper().startswith("ALTER")
            and not is_read
            and _UNSEEN.search(statement)
        ):
            return "sets what no comparison shows"
        return None
    found = statement_class(statement)
    if found.verb in _MAINTAINS:
        return None
    if not found.changes and (reading or found.verb not in _QUERIES):
        return None
    return "does what no comparison shows"


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
        return text, source_tree(text)
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


def mentioned_names(scripts: Iterable[Script], names: Collection[str]) -> set[str]:
    """Return those of the names that a text in a revision file holds as a word.

    :param scripts: The revisions.
    :param names: What to look for.
    """
    words = {name: re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in names}
    found: set[str] = set()
    for script in scripts:
        parsed = _parsed(str(script.path))
        if parsed is not None and any(name in parsed[0] for name in words):
            texts = list(_texts(parsed[1]))
            found |= {n for n, word in words.items() if any(map(word.search, texts))}
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


def data_steps(
    scripts: Iterable[Script], shared: Collection[str] | None = None
) -> list[DataStep]:
    """Return what upgrades do to data, and what no comparison of schemas can show.

    :param scripts: The revisions.
    :param shared: As of :func:`what_is_lost`.
    """
    found: list[DataStep] = []
    for script in scripts:
        parsed = _parsed(str(script.path))
        if parsed is None:
            continue
        text, tree = parsed
        for node, what in _steps(tree, shared):
            source = " ".join((ast.get_source_segment(text, node) or "").split())
            shown = source if len(source) <= 100 else f"{source[:99]}…"
            found.append(DataStep(Path(script.path), node.lineno, what, shown))
    return sorted(found, key=lambda step: (str(step.path), step.line))


def _steps(
    tree: ast.Module, shared: Collection[str] | None
) -> Iterator[tuple[ast.Call, str]]:
    for node in _outside_downgrades(tree):
        if isinstance(node, ast.Call):
            what = _done_by(node, shared)
            if what:
                yield node, what


def _outside_downgrades(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        if is_function and getattr(child, "name", "").startswith("downgrade"):
            continue
        yield child
        yield from _outside_downgrades(child)


def _done_by(call: ast.Call, shared: Collection[str] | None) -> str | None:
    """Return what a call does to data; ``None`` when it does nothing to it."""
    name = _name(call.func)
    if name == "bulk_insert":
        return "inserts rows"
    if name == "rename_table":
        return "renames a table, which the new revision would drop and create"
    if name == "alter_column":
        return _altered(call)
    if name in _EXECUTE:
        return _executed(call, shared, is_op=_owner(call) == "op")
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


def _executed(
    call: ast.Call, shared: Collection[str] | None, *, is_op: bool
) -> str | None:
    argument: Any = call.args[0] if call.args else None
    if argument is None:
        argument = next(iter(call.keywords), None)
        argument = getattr(argument, "value", None)
    sql = _text(argument)
    if sql is not None:
        return what_is_lost(sql, reading=not is_op, shared=shared)
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
