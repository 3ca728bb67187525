"""What a revision does, in words, from its source: the file is not executed."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

_LONGEST = 72
"""How long a description becomes, in characters."""

_LITERAL = re.compile(r"'(?:[^']|'')*'?")
# A password may stand in SQL, and what is between quotes says little.

_SILENT = frozenset({"get_bind", "get_context", "f", "inline_literal", "invoke"})
# Operations that change nothing by themselves.

_SKIPPED = frozenset({"schema", "existing_type", "existing_nullable"})

_WORDS = {
    "create_table": "create table {0}",
    "drop_table": "drop table {0}",
    "rename_table": "rename table {0} to {1}",
    "create_index": "create index {0} on {1}",
    "drop_index": "drop index {0}",
    "create_foreign_key": "create foreign key {0} from {1} to {2}",
    "create_unique_constraint": "create unique constraint {0} on {1}",
    "create_check_constraint": "create check constraint {0} on {1}",
    "create_primary_key": "create primary key {0} on {1}",
    "create_exclude_constraint": "create exclude constraint {0} on {1}",
    "drop_constraint": "drop constraint {0} on {1}",
    "drop_column": "drop column {0}.{1}",
    "bulk_insert": "insert rows into {0}",
    "create_table_comment": "comment on table {0}",
    "drop_table_comment": "drop comment of table {0}",
}
# By place: what the arguments of an operation are, a batch's table counted.

_NAMES: dict[str, tuple[str, ...]] = {
    "add_column": ("table_name", "column"),
    "alter_column": ("table_name", "column_name"),
    "drop_column": ("table_name", "column_name"),
    "rename_table": ("old_table_name", "new_table_name"),
    "create_index": ("index_name", "table_name"),
    "drop_index": ("index_name", "table_name"),
    "create_foreign_key": ("constraint_name", "source_table", "referent_table"),
    "drop_constraint": ("constraint_name", "table_name"),
    "bulk_insert": ("table",),
    "execute": ("sqltext",),
}
# The keywords by which arguments may be given instead.

_WRAPPERS = frozenset({"f", "text", "table", "Table"})
# What says the same as its first argument: op.f("name"), sa.text("sql"), ...

_TABLE_FIRST = frozenset({"add_column", "alter_column", "drop_column"})


def operations_in_words(source: bytes) -> tuple[str, ...]:
    """Return what ``upgrade()`` does, one operation a line.

    What stands in ``upgrade_NAME()``, as templates for several databases write it,
    is said with that name.

    :param source: The content of a revision file.
    :return: Descriptions like ``add column book.isbn``, in the order of the source;
        none when the source is no Python.

    .. versionadded:: 4.0
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name, _, database = node.name.partition("_")
            if name == "upgrade":
                reader = _Reader(_names_of_op(tree))
                found += (
                    f"{database}: {words}" if database else words
                    for words in reader.read(node.body, "")
                )
    return tuple(found)


def _names_of_op(tree: ast.Module) -> dict[str, str | None]:
    """Return the names by which a file calls ``alembic.op``."""
    names: dict[str, str | None] = {"op": None}
    inside = [node.body for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in itertools.chain(tree.body, *inside):
        if isinstance(node, ast.ImportFrom) and node.module == "alembic":
            names.update(
                (alias.asname or alias.name, None)
                for alias in node.names
                if alias.name == "op"
            )
    return names


class _Reader:
    """Reads the statements of one function.

    :param names: The names of objects that have operations; each with the table of
        its batch, if it is one.
    """

    def __init__(self, names: dict[str, str | None]) -> None:
        self.names = names

    def read(self, body: list[ast.stmt], note: str) -> Iterator[str]:
        """Yield the operations of some statements.

        :param body: The statements.
        :param note: What is said after each: that it is in a loop, say.
        """
        for statement in body:
            inner = note
            if isinstance(statement, ast.For | ast.AsyncFor | ast.While):
                inner = " (in a loop)"
            elif isinstance(statement, ast.If):
                inner = note or " (on a condition)"
            if isinstance(statement, ast.With | ast.AsyncWith):
                self._batches(statement)
            for field, value in ast.iter_fields(statement):
                if field in ("body", "orelse", "finalbody") and isinstance(value, list):
                    yield from self.read(value, inner)
                elif field == "handlers":
                    for handler in value:
                        yield from self.read(handler.body, inner)
                else:
                    yield from self._calls(value, note)

    def _batches(self, statement: ast.With | ast.AsyncWith) -> None:
        """Take in what ``with op.batch_alter_table(...) as name`` binds."""
        for item in statement.items:
            call, name = item.context_expr, item.optional_vars
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "batch_alter_table"
                and isinstance(name, ast.Name)
            ):
                given = _given(call, ("table_name",))
                self.names[name.id] = _text(given[0]) if given else "?"

    def _calls(self, value: object, note: str) -> Iterator[str]:
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, ast.AST):
                continue
            # In the order of the source, which ast.walk does not keep in an
            # expression; statements hold few calls.
            for node in ast.walk(part):
                if isinstance(node, ast.Call) and (words := self._describe(node)):
                    yield _short(words) + note

    def _describe(self, call: ast.Call) -> str | None:
        function = call.func
        if not isinstance(function, ast.Attribute):
            return None
        name = function.attr
        owner = _dotted(function.value)
        owner = "op" if owner == "alembic.op" else owner
        if owner not in self.names or name in _SILENT or name == "batch_alter_table":
            return None
        table = self.names[owner]
        given: list[ast.expr | str] = list(_given(call, _NAMES.get(name, ())))
        if table is not None:
            # The operations of a batch are those of op without the table.
            given.insert(0 if name in _TABLE_FIRST else 1, table)
        return _words(name, given, call)


def _words(name: str, given: list[ast.expr | str], call: ast.Call) -> str:
    texts = [_text(one) for one in given]
    if name == "add_column" and len(given) > 1:
        return f"add column {texts[0]}.{_column(given[1])}"
    if name == "alter_column" and len(texts) > 1:
        changes = [
            f"{keyword.arg.removesuffix('_').replace('new_column_name', 'name')}"
            for keyword in call.keywords
            if keyword.arg
            and not keyword.arg.startswith(("existing_", "table_name", "column_name"))
            and keyword.arg not in _SKIPPED
        ]
        what = f": {', '.join(changes)}" if changes else ""
        return f"alter column {texts[0]}.{texts[1]}{what}"
    if name == "execute" and texts:
        return f"run SQL: {_LITERAL.sub('…', ' '.join(texts[0].split()))}"
    pattern = _WORDS.get(name)
    if pattern is None or pattern.count("{") > len(texts):
        plain = name.replace("_", " ")
        return f"{plain} {texts[0]}" if texts else plain
    return pattern.format(*texts)


def _given(call: ast.Call, names: tuple[str, ...]) -> list[ast.expr]:
    """Return the positional arguments, and those given by these keywords after them."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    rest = [keywords[name] for name in names[len(call.args) :] if name in keywords]
    return [*call.args, *rest]


def _column(node: ast.expr | str) -> str:
    """Return the name of the column that ``sa.Column(...)`` makes."""
    if isinstance(node, ast.Call):
        given = _given(node, ("name",))
        return _text(given[0]) if given else "?"
    return _text(node)


def _text(node: ast.expr | str) -> str:
    """Return what an argument says: a text as it is, else its source."""
    if isinstance(node, str):
        return node
    if isinstance(node, ast.Constant):
        return "(unnamed)" if node.value is None else str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(part) if isinstance(part, ast.Constant) else "{…}"
            for part in node.values
        )
    if isinstance(node, ast.Call) and node.args:
        name = _dotted(node.func).rpartition(".")[2]
        if name in _WRAPPERS:
            return _text(node.args[0])
    return ast.unparse(node)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
