"""Rules about the file of a revision."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..facts.model import (
    CreateTable,
    ManyStatements,
    Opaque,
    Transaction,
    UnboundParameters,
    Unparsed,
    WriteData,
)
from ..view import View
from .base import Hit, rule


def is_trivial(function: ast.FunctionDef | None) -> bool:
    """Return whether a function does nothing: it is missing, or only passes.

    :param function: The function, ``None`` if there is none.
    """
    if function is None:
        return True
    return all(
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (
            isinstance(node, ast.Return)
            and (node.value is None or isinstance(node.value, ast.Constant))
        )
        for node in function.body
    )


def _is_merge(view: View) -> bool:
    parents = view.namespace.get("down_revision")
    return isinstance(parents, (tuple, list)) and len(parents) > 1


@rule(
    "FA901",
    "downgrade missing",
    on={"*": "warning"},
    reason="""
    A downgrade past this revision reports success and changes nothing, so the version
    table and the schema no longer agree. Undo what upgrade() does, or say that it
    cannot be reverted by raising.
    """,
    rewrite="""
# Write what takes the change back, or raise NotImplementedError with the reason why
# nothing can.
""",
    unsafe="""
def upgrade():
    op.add_column("users", sa.Column("bio", sa.Text()))

def downgrade():
    pass
""",
)
def downgrade_missing(view: View) -> Iterator[Hit]:
    function = view.source.function("downgrade")
    kept = (WriteData, Opaque, Unparsed, ManyStatements, UnboundParameters, Transaction)
    changes = [
        fact
        for fact in view.facts["upgrade"]
        if not isinstance(fact, kept)
        and not (isinstance(fact, CreateTable) and fact.temporary)
        and (isinstance(fact, CreateTable) or not view.is_new(fact))
    ]
    if not changes or view.facts["downgrade"] or not is_trivial(function):
        return
    if callable(view.namespace.get("downgrade")) and function is None:
        return  # it comes from somewhere else
    if view.namespace.get("irreversible"):
        return
    yield Hit(
        "downgrade() does nothing though upgrade() changes the schema; a downgrade "
        "would leave version and schema at odds.",
        line=function.lineno if function else None,
    )


@rule(
    "FA902",
    "revision without content",
    on={"*": "info"},
    reason="""
    Neither function does anything. A forgotten file, or one whose content was lost in a
    merge of branches.
    """,
    rewrite="""
# Remove the file, and let the revisions after it follow its parent.
""",
    unsafe='''
"""nothing"""
revision = "b2"
down_revision = "a1"

def upgrade():
    pass

def downgrade():
    pass
''',
)
def without_content(view: View) -> Iterator[Hit]:
    given = view.namespace
    if view.target is not None and view.target.path is None:
        return  # it is being made, to be filled in by hand
    if _is_merge(view) or not given.get("down_revision"):
        return
    if given.get("branch_labels") or given.get("depends_on"):
        return
    functions = [view.source.function(name) for name in ("upgrade", "downgrade")]
    if all(is_trivial(each) for each in functions) and callable(given.get("upgrade")):
        line = functions[0].lineno if functions[0] else None
        if functions[0] is not None:
            yield Hit("Neither upgrade() nor downgrade() does anything.", line=line)


@rule(
    "FA903",
    "models of the app imported",
    on={"*": "warning"},
    reason="""
    The models are those of today, the database is that of the revision. Once a later
    revision adds a column, this one selects a column that is not there yet, and no new
    database can be built any more. Say what the revision needs of the table in the
    revision.
    """,
    rewrite="""
# Say in the revision what it needs of the table: sa.table(name, sa.column(name), ...).
""",
    unsafe="""
from shop.models import User

def upgrade():
    pass
""",
)
def models_imported(view: View) -> Iterator[Hit]:
    told: set[int] = set()
    for line, name in _imported_models(view):
        if line not in told:
            told.add(line)
            yield Hit(
                f"{name} is imported from the app, whose models will not fit the "
                "database of this revision for ever.",
                line=line,
            )


def _imported_models(view: View) -> Iterator[tuple[int, str]]:
    own = view.app_package
    for node in ast.walk(view.source.tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            for alias in node.names:
                value = view.namespace.get(alias.asname or alias.name)
                value = None if hasattr(value, "stands_for") else value
                parts = [*module.split("."), alias.name]
                if _is_mapped(value) or _looks_like_models(parts, value, own):
                    yield node.lineno, ".".join(parts).strip(".")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _looks_like_models(alias.name.split("."), None, own):
                    yield node.lineno, alias.name


def _is_mapped(value: object) -> bool:
    from sqlalchemy import inspect
    from sqlalchemy.orm import Mapper

    return isinstance(value, type) and isinstance(inspect(value, False), Mapper)


def _looks_like_models(parts: list[str], value: object, own: str) -> bool:
    """Return whether names lead into a module of models.

    Types and helpers that live beside the models are no models: a class that is not
    mapped tells so itself.
    """
    outside = parts[0] in ("sqlalchemy", "alembic", "flask", "geoalchemy2", "")
    if outside or (isinstance(value, type) and not _is_mapped(value)):
        return False
    named = any(part in ("models", "model", "orm_models") for part in parts[:-1])
    if named and value is None:
        return True
    if named:
        return type(value).__name__ == "module" or _is_mapped(value)
    last = parts[-1]
    return len(parts) > 1 and last == "models" and (not own or parts[0] == own)
