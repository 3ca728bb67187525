"""Rules about enumerated types."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..advice import outside, type_dropped
from ..facts.base import Fact
from ..facts.model import (
    AddColumn,
    AlterColumn,
    ChangeEnum,
    CreateTable,
    CreateType,
    DropTable,
    DropType,
    WriteData,
)
from ..view import View, table_key
from .base import Hit, rule


@rule(
    "FA801",
    "enum value added in a transaction that cannot",
    on={"postgresql": "error"},
    reason="""
    PostgreSQL before 12 refuses ALTER TYPE ... ADD VALUE inside a transaction block.
    From 12 on it is allowed, but the new value must not be used before the commit:
    unsafe use of new value.
    """,
    rewrite="",
    unsafe="""
op.execute("ALTER TYPE state ADD VALUE 'archived'")
op.execute("UPDATE users SET state = 'archived' WHERE gone")
""",
)
def enum_value_added(view: View) -> Iterator[Hit]:
    own = {fact.name for fact in view.each(CreateType)}
    for fact in view.each(ChangeEnum):
        number = view.transaction(fact)
        if fact.action != "add" or number is None:
            continue
        if not view.server.at_least(12):
            yield Hit(
                f"{view.server} refuses to add a value to {fact.type_name} inside a "
                "transaction.",
                fact,
                advice=outside(fact, view.server),
            )
        elif fact.type_name not in own and _is_used(fact, number, view):
            yield Hit(
                f"PostgreSQL refuses to use the new value '{fact.value}' of "
                f"{fact.type_name} before the transaction that adds it commits.",
                fact,
                advice=outside(fact, view.server),
            )


def _is_used(fact: ChangeEnum, number: int, view: View) -> bool:
    quoted = f"'{fact.value}'"
    for later in view.after(fact, Fact):
        if view.transaction(later) != number:
            continue
        if isinstance(later, WriteData) and fact.value in later.literals:
            return True
        default = getattr(later, "default", None)
        if isinstance(later, AddColumn):
            default = later.column.default
        if isinstance(default, str) and quoted in default:
            return True
    return False


@rule(
    "FA802",
    "enum value renamed or catalogue edited",
    on={"postgresql": "error"},
    reason="""
    Running code that writes or compares the old value fails at once. Rows of pg_enum
    are no interface: deleting one leaves rows and indexes that cannot be read any more.
    """,
    rewrite="""
# Add the new value, have the app write it, move the rows in batches, and leave the old
# value where it is.
""",
    unsafe="""
op.execute("ALTER TYPE state RENAME VALUE 'gone' TO 'archived'")
""",
)
def enum_value_renamed(view: View) -> Iterator[Hit]:
    for fact in view.each(ChangeEnum):
        if fact.action == "rename":
            yield Hit(
                f"Running code that uses the value '{fact.value}' of {fact.type_name} "
                "fails.",
                fact,
            )
        elif fact.action == "catalog":
            yield Hit(
                "Editing pg_enum by hand can make rows and indexes unreadable.",
                fact,
            )


@rule(
    "FA803",
    "values of an ENUM removed or moved",
    on={"mysql": "error", "mariadb": "error"},
    reason="""
    MySQL and MariaDB keep the number of the value in each row. New values at the end
    change nothing else; a value that is removed or stands elsewhere makes them copy the
    table, block writes, and rows with a removed value fail or become empty.
    """,
    rewrite="""
# Keep the values that are there in their order, and add new ones at the end.
""",
    unsafe="""
op.alter_column(
    "users", "state",
    type_=sa.Enum("new", "active"), existing_type=sa.Enum("active", "gone"),
    existing_nullable=True,
)
""",
)
def enum_values_moved(view: View) -> Iterator[Hit]:
    for fact in view.existing(AlterColumn):
        old, new = fact.old_type, fact.type
        if old is None or new is None or not (old.values and new.values):
            continue
        if new.values[: len(old.values)] == old.values:
            continue
        removed = [value for value in old.values if value not in new.values]
        what = f"lose {', '.join(removed)}" if removed else "change their order"
        yield Hit(
            f"The values of {fact.table}.{fact.name} {what}, which copies the table "
            "and blocks writes meanwhile.",
            fact,
        )


@rule(
    "FA804",
    "enum type left behind by the downgrade",
    on={"postgresql": "warning"},
    reason="""
    CREATE TABLE creates the type of a sa.Enum column along, DROP TABLE does not drop
    it. After a downgrade the upgrade fails: type already exists.
    """,
    rewrite="",
    unsafe="""
def upgrade():
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("state", sa.Enum("open", "done", name="task_state")),
    )

def downgrade():
    op.drop_table("tasks")
""",
)
def enum_left_behind(view: View) -> Iterator[Hit]:
    dropped = {table_key(fact.table) for fact in view.each(DropTable, "downgrade")}
    types = {fact.name.lower() for fact in view.each(DropType, "downgrade")}
    types |= {name.rpartition(".")[2] for name in types}
    made = {fact.name.lower().rpartition(".")[2] for fact in view.each(CreateType)}
    for fact in view.each(CreateTable):
        for column in fact.columns:
            name = column.enum_type.lower()
            if not name or name in types or name in made:
                continue
            if table_key(fact.table) in dropped:
                types.add(name)
                yield Hit(
                    f"downgrade() drops {fact.table} and leaves its type "
                    f"{column.enum_type}, so that upgrading again fails.",
                    fact,
                    advice=type_dropped(fact, column.enum_type, view.server),
                )
