"""Rules about changing the type of columns."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..advice import new_column, stated, with_cast
from ..facts.model import AddColumn, AlterColumn, TableOption
from ..rewrites import waived
from ..typechanges import cost, loses, needs_using
from ..view import View, table_key
from .base import Hit, rule


@rule(
    "FA201",
    "column type changed",
    on={"postgresql": "error", "mysql": "error", "mariadb": "error"},
    reason="""
    PostgreSQL writes the whole table and its indexes anew under an ACCESS EXCLUSIVE
    lock; no one can read or write meanwhile. It need not for a longer or unlimited
    varchar, varchar to text, a numeric of more digits and the same scale, a finer time,
    cidr to inet, and, from version 12 on and with the time zone UTC, between timestamp
    and timestamptz. MySQL and MariaDB copy the table and block writes, except for a
    longer VARCHAR that stays on its side of 255 bytes and for values appended to an
    ENUM. Code of the last release also still expects the old type.
    """,
    rewrite="",
    unsafe="""
op.alter_column(
    "users", "id", type_=sa.BigInteger(), existing_type=sa.Integer(),
    existing_nullable=False,
)
""",
)
def type_changed(view: View) -> Iterator[Hit]:
    for fact in view.existing(AlterColumn):
        if fact.type is None or fact.where.online:
            continue
        price = cost(fact.old_type, fact.type, view.server)
        if view.server.is_postgresql and fact.using and price == "perhaps":
            price = "rewrite"
        if price == "none":
            continue
        was = f" from {fact.old_type}" if fact.old_type else ""
        doing = "rewrites" if price == "rewrite" else "may rewrite"
        block = "reads and writes" if view.server.is_postgresql else "writes"
        yield Hit(
            f"Changing {fact.table}.{fact.name}{was} to {fact.type} {doing} the table "
            f"and blocks {block} meanwhile.",
            fact,
            severity=None if price == "rewrite" else "warning",
            advice=new_column(fact, view.server),
        )


@rule(
    "FA202",
    "cast that can lose data",
    on={"*": "warning"},
    reason="""
    Values that do not fit the new type are cut off or rounded, or stop the revision
    half-way, and downgrade() cannot bring them back. Count what does not fit before, in
    the database that matters.
    """,
    rewrite="",
    unsafe="""
op.alter_column(
    "users", "name", type_=sa.String(20), existing_type=sa.String(200),
    existing_nullable=True,
)
""",
)
def lossy_cast(view: View) -> Iterator[Hit]:
    for fact in view.existing(AlterColumn):
        if fact.type is None:
            continue
        lost = loses(fact.old_type, fact.type)
        if lost:
            yield Hit(
                f"Changing {fact.table}.{fact.name} from {fact.old_type} to "
                f"{fact.type} can lose {lost}, or fails on it.",
                fact,
                advice=new_column(fact, view.server),
            )


@rule(
    "FA205",
    "character set or collation changed",
    on={"postgresql": "warning", "mysql": "error", "mariadb": "error"},
    reason="""
    Text is sorted and compared differently, so every index over it is built anew, and
    unique values may collide. MySQL and MariaDB copy the table for CONVERT TO CHARACTER
    SET and block writes; PostgreSQL rebuilds the indexes under an ACCESS EXCLUSIVE
    lock.
    """,
    rewrite="",
    unsafe="""
op.alter_column(
    "users", "name",
    type_=sa.String(50, collation="de_DE"), existing_type=sa.String(50),
    existing_nullable=True,
)
""",
)
def collation_changed(view: View) -> Iterator[Hit]:
    for option in view.existing(TableOption):
        if option.option == "charset":
            yield Hit(
                f"{option.text} copies the table {option.table} and blocks writes "
                "meanwhile; its text sorts and compares differently afterwards.",
                option,
                advice=waived(
                    option,
                    view.server,
                    "FA205",
                    "Decide when writes can wait, and look for unique values that are "
                    "equal in the new collation; then:",
                    "runs when nobody writes",
                ),
            )
    for fact in view.existing(AlterColumn):
        new, old = fact.type, fact.old_type
        if new is None or not (new.collation or new.charset):
            continue
        if old is None and fact.restates_all:
            continue  # MODIFY says the whole column; this may be what it was
        if old is None or (old.collation, old.charset) != (new.collation, new.charset):
            yield Hit(
                f"{fact.table}.{fact.name} gets the collation "
                f"{new.collation or new.charset}, so every index over it is rebuilt "
                "while the table is locked.",
                fact,
                severity="warning",
                advice=new_column(fact, view.server),
            )


@rule(
    "FA206",
    "type change that needs USING",
    on={"postgresql": "error"},
    reason="""
    PostgreSQL casts by itself only between types that are alike; from text to integer,
    boolean, date, uuid or jsonb it wants to be told how, and refuses otherwise: column
    cannot be cast automatically.
    """,
    rewrite="",
    unsafe="""
op.alter_column("users", "age", type_=sa.Integer(), existing_type=sa.String(10))
""",
)
def needs_a_cast(view: View) -> Iterator[Hit]:
    for fact in view.each(AlterColumn):
        if fact.type is None or fact.using:
            continue
        if needs_using(fact.old_type, fact.type):
            yield Hit(
                f"PostgreSQL cannot cast {fact.table}.{fact.name} from "
                f"{fact.old_type} to {fact.type} by itself and refuses.",
                fact,
                advice=with_cast(fact, view.server),
            )


@rule(
    "FA207",
    "MODIFY that forgets whether the column may be NULL",
    on={"mysql": "warning", "mariadb": "warning"},
    reason="""
    MySQL and MariaDB change a column by stating it anew, and what is not stated is
    gone: without existing_nullable a NOT NULL column comes out nullable, without any
    error.
    """,
    rewrite="",
    unsafe="""
op.alter_column(
    "users", "name", type_=sa.String(60), existing_type=sa.String(50)
)
""",
)
def modify_forgets(view: View) -> Iterator[Hit]:
    for fact in view.each(AlterColumn):
        restated = fact.type is not None or fact.new_name is not None
        told = fact.nullable is not None or fact.old_nullable is not None
        if restated and not told and not fact.where.raw and not _is_added(fact, view):
            yield Hit(
                f"If {fact.table}.{fact.name} is NOT NULL it comes out nullable: the "
                "column is stated anew, and existing_nullable is not given.",
                fact,
                advice=stated(fact, view.server),
            )


def _is_added(fact: AlterColumn, view: View) -> bool:
    """Return whether the revision itself added the column, as one that may be NULL."""
    return any(
        added.column.name == fact.name
        and table_key(added.table) == table_key(fact.table)
        and added.column.nullable
        for added in view.before(fact, AddColumn)
    )
