"""Rules about what gets another name while code still uses the old one."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..facts.model import (
    AddColumn,
    AlterColumn,
    CreateTable,
    DropTable,
    RenameObject,
    RenameTable,
)
from ..view import View, table_key
from .base import Hit, names_of, rule

if TYPE_CHECKING:
    pass


@rule(
    "FA503",
    "column renamed",
    on={"*": "error"},
    reason="""
    Running code asks for the old name until it is replaced, the new code for the new
    one; whichever is first, there is a time in which one of them fails.
    """,
    rewrite="""
# Let the attribute of the model get the new name, and the column keep its own:
#     $new_name = db.Column("$name", ...)
# Or add a column, write both and fill it, and drop the old one, in three releases.
""",
    unsafe="""
op.alter_column(
    "users", "name", new_column_name="full_name", existing_type=sa.String(50),
    existing_nullable=True,
)
""",
)
def column_renamed(view: View) -> Iterator[Hit]:
    for fact in view.existing(AlterColumn):
        if not fact.new_name:
            continue
        own = any(
            table_key(each.table) == table_key(fact.table)
            and each.column.name == fact.name
            for each in view.before(fact, AddColumn)
        )
        if not own:
            yield Hit(
                f"{fact.table}.{fact.name} becomes {fact.new_name}: running code that "
                "asks for the old name fails.",
                fact,
                names=names_of(fact),
            )


@rule(
    "FA504",
    "table renamed",
    on={"*": "error"},
    reason="""
    Running code asks for the old name until it is replaced. A view under the old name
    (PostgreSQL) or a model that keeps the old table name avoids the gap.
    """,
    rewrite="""
# the model gets the new name, the table keeps its own:
#     __tablename__ = "$table"
pass
""",
    unsafe="""
op.rename_table("users", "accounts")
""",
)
def table_renamed(view: View) -> Iterator[Hit]:
    gone = {table_key(fact.table) for fact in view.each(DropTable)}
    for fact in view.existing(RenameTable):
        taken = any(
            table_key(each.to if isinstance(each, RenameTable) else each.table)
            == table_key(fact.table)
            for each in (*view.after(fact, RenameTable), *view.after(fact, CreateTable))
        )
        if taken or table_key(fact.to) in gone:
            continue  # moved aside, and a new one takes its place
        yield Hit(
            f"{fact.table} becomes {fact.to}: running code that asks for the old name "
            "fails.",
            fact,
            names=names_of(fact),
        )


@rule(
    "FA508",
    "schema renamed",
    on={"*": "error"},
    reason="""
    Every table in it has another name at once; running code asks for the old ones.
    """,
    rewrite="""
# make the new schema, and move the code to it table by table
op.execute("CREATE SCHEMA $to")
""",
    unsafe="""
op.execute("ALTER SCHEMA sales RENAME TO shop")
""",
)
def schema_renamed(view: View) -> Iterator[Hit]:
    for fact in view.each(RenameObject):
        if fact.kind == "schema":
            yield Hit(
                f"Running code that uses the schema {fact.name} fails.",
                fact,
                names=names_of(fact),
            )
