"""Rules about what goes away or gets another name while code still uses it."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..advice import copied
from ..facts.base import Fact
from ..facts.model import (
    AddColumn,
    AlterColumn,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropObject,
    DropTable,
    DropType,
    RenameTable,
    WriteData,
)
from ..rewrites import waived
from ..view import View, table_key
from .base import Hit, rule

if TYPE_CHECKING:
    from flask_alembic.hooks import Severity


@rule(
    "FA501",
    "table dropped",
    on={"*": "error"},
    reason="""
    Its rows are gone for good; downgrade() brings the table back without them. Code of
    the last release that still reads it fails at once. Drop it in a release after the
    one whose code no longer knows it.
    """,
    rewrite="",
    unsafe="""
op.drop_table("invoices")
""",
)
def table_dropped(view: View) -> Iterator[Hit]:
    replaced = {table_key(fact.to) for fact in view.each(RenameTable)}
    for fact in view.existing(DropTable):
        again = any(
            table_key(later.table) == table_key(fact.table)
            for later in view.after(fact, CreateTable)
        )
        if table_key(fact.table) in replaced:
            continue  # a copy of it takes its name: a rebuild by hand
        more = " and made anew, empty" if again else ""
        yield Hit(
            f"{fact.table} is dropped{more}: its rows are gone for good, and running "
            "code that still uses it fails.",
            fact,
            advice=waived(
                fact,
                view.server,
                "FA501",
                "Release 1: take the model out of the code; release 2, after a backup:",
                "no running code knows it, and it is backed up",
            ),
        )


@rule(
    "FA502",
    "column dropped",
    on={"*": "error"},
    reason="""
    Its values are gone for good. Code of the last release still names the column in
    every SELECT and INSERT that its model makes, and fails at once. Take it out of the
    model in one release, and drop it in the next.
    """,
    rewrite="",
    unsafe="""
op.drop_column("users", "nickname")
""",
)
def column_dropped(view: View) -> Iterator[Hit]:
    added = {(table_key(fact.table), fact.column.name) for fact in view.each(AddColumn)}
    for fact in view.existing(DropColumn):
        before = any(
            table_key(each.table) == table_key(fact.table)
            and each.column.name == fact.name
            for each in view.before(fact, AddColumn)
        )
        if before and (table_key(fact.table), fact.name) in added:
            continue  # a helper column of this very revision
        if _replaced_by_rename(fact, view):
            continue  # FA201's business: its type is changed by hand
        yield Hit(
            f"{fact.table}.{fact.name} is dropped: its values are gone for good, and "
            "running code whose model has it fails.",
            fact,
            advice=waived(
                fact,
                view.server,
                "FA502",
                "Release 1: take the column out of the model; release 2:",
                "no running code knows it",
            ),
        )


def _replaced_by_rename(fact: DropColumn, view: View) -> bool:
    """Return whether a new column takes over the name of the dropped one."""
    new = {
        each.column.name
        for each in view.each(AddColumn)
        if table_key(each.table) == table_key(fact.table)
    }
    return any(
        each.new_name == fact.name and each.name in new
        for each in view.after(fact, AlterColumn)
    )


CASCADING = (
    *(DropTable, DropColumn, DropConstraint, DropIndex, DropObject, DropType),
    WriteData,
)
"""What can be followed by CASCADE."""


@rule(
    "FA505",
    "drop with CASCADE",
    on={"*": "error"},
    reason="""
    CASCADE also drops what the revision does not name: views, foreign keys of other
    tables, columns of a type. What it takes along depends on the database it runs on,
    and downgrade() does not bring it back.
    """,
    rewrite="""
# Name what depends on it, and drop that first, without CASCADE.
""",
    unsafe="""
op.execute("DROP TABLE invoices CASCADE")
""",
)
def cascade(view: View) -> Iterator[Hit]:
    for direction, facts in view.facts.items():
        for fact in facts:
            if isinstance(fact, CASCADING) and fact.cascade and not view.is_fresh(fact):
                yield _cascade_hit(fact, "info" if direction == "downgrade" else None)


def _cascade_hit(fact: Fact, severity: Severity | None) -> Hit:
    what = getattr(fact, "name", None) or fact.table
    verb = "truncates" if isinstance(fact, WriteData) else "drops"
    return Hit(
        f"CASCADE {verb} whatever depends on {what}, without naming it.",
        fact,
        severity=severity,
    )


@rule(
    "FA506",
    "drop and add that look like a rename",
    on={"*": "warning"},
    reason="""
    Autogenerate cannot see a rename: it writes a column that goes and a column of the
    same type that comes, and the values are lost. If it is a rename, copy them.
    """,
    rewrite="",
    unsafe="""
def upgrade():
    op.add_column("users", sa.Column("full_name", sa.String(50), nullable=True))
    op.drop_column("users", "name")

def downgrade():
    op.add_column("users", sa.Column("name", sa.String(50), nullable=True))
    op.drop_column("users", "full_name")
""",
)
def looks_like_rename(view: View) -> Iterator[Hit]:
    for fact in view.existing(DropColumn):
        same = [
            each
            for each in view.each(AddColumn)
            if table_key(each.table) == table_key(fact.table)
        ]
        gone = [
            each
            for each in view.existing(DropColumn)
            if table_key(each.table) == table_key(fact.table)
        ]
        if len(same) != 1 or len(gone) != 1 or same[0].column.name == fact.name:
            continue
        if not _alike(fact, same[0], view) or _is_copied(fact, view):
            continue
        if _replaced_by_rename(fact, view):
            continue
        yield Hit(
            f"If {fact.table}.{fact.name} is renamed to {same[0].column.name}, its "
            "values are lost this way.",
            fact,
            advice=copied(fact, same[0], view.server),
        )


def _alike(drop: DropColumn, add: AddColumn, view: View) -> bool:
    """Return whether downgrade() shows that both columns are of one type."""
    restored = [
        each.column.type
        for each in view.each(AddColumn, "downgrade")
        if each.column.name == drop.name
        and table_key(each.table) == table_key(drop.table)
    ]
    if not restored:
        return False
    old, new = restored[0], add.column.type
    return (old.name, old.args, old.values) == (new.name, new.args, new.values)


def _is_copied(drop: DropColumn, view: View) -> bool:
    """Return whether values are moved before the old column goes."""
    return any(
        each.verb == "update" and table_key(each.table) == table_key(drop.table)
        for each in view.before(drop, WriteData)
    )


@rule(
    "FA507",
    "schema or database dropped",
    on={"*": "error"},
    reason="""
    Everything in it is gone for good, whatever made it.
    """,
    rewrite="""
# Decide what in it is still needed; drop the tables that this app made one by one, in
# revisions of their own.
""",
    unsafe="""
op.execute("DROP SCHEMA archive")
""",
)
def schema_dropped(view: View) -> Iterator[Hit]:
    for fact in view.each(DropObject):
        if fact.kind in ("SCHEMA", "DATABASE"):
            yield Hit(
                f"DROP {fact.kind} {fact.name} takes all that is in it.",
                fact,
            )
