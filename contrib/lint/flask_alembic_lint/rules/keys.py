"""Rules about keys: primary, unique, exclusion, and constraints without a name."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..advice import key_in_place, using_index
from ..facts.model import (
    AddConstraint,
    DropConstraint,
)
from ..rewrites import waived
from ..view import View, table_key
from .base import Hit, rule


@rule(
    "FA304",
    "unique constraint added",
    on={"postgresql": "error"},
    reason="""
    PostgreSQL builds the index under an ACCESS EXCLUSIVE lock; nobody can read or write
    meanwhile. An index that was built concurrently before can be made the constraint's
    in no time.
    """,
    rewrite="",
    unsafe="""
op.create_unique_constraint("uq_users_email", "users", ["email"])
""",
)
def unique_constraint(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddConstraint):
        if fact.kind == "unique" and not fact.using_index:
            yield Hit(
                f"Building the unique index over {fact.table} ({', '.join(fact.columns)}) "
                "blocks reads and writes until it is done.",
                fact,
                advice=using_index(fact, view.server),
            )


@rule(
    "FA305",
    "primary key added",
    on={"postgresql": "error", "mysql": "warning", "mariadb": "warning"},
    reason="""
    PostgreSQL sets the columns NOT NULL and builds the index, both under an ACCESS
    EXCLUSIVE lock. MySQL and MariaDB rebuild the table, which allows reads and writes
    if the columns are NOT NULL already.
    """,
    rewrite="",
    unsafe="""
op.create_primary_key("pk_users", "users", ["id"])
""",
)
def primary_key(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddConstraint):
        if fact.kind != "primary key" or fact.using_index or fact.where.online:
            continue
        yield Hit(
            f"Adding the primary key of {fact.table} "
            + (
                "builds its index while reads and writes are blocked."
                if view.server.is_postgresql
                else "rebuilds the whole table."
            ),
            fact,
            advice=using_index(fact, view.server)
            if view.server.is_postgresql
            else key_in_place(fact, view.server),
        )


@rule(
    "FA306",
    "exclusion constraint added",
    on={"postgresql": "error"},
    reason="""
    Its index is built under an ACCESS EXCLUSIVE lock; it can neither be NOT VALID nor
    take an index that was built before. There is no way without a pause, except for a
    table that is new.
    """,
    rewrite="",
    unsafe="""
op.execute(
    "ALTER TABLE bookings ADD CONSTRAINT no_overlap "
    "EXCLUDE USING gist (room WITH =, during WITH &&)"
)
""",
)
def exclusion_constraint(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddConstraint):
        if fact.kind == "exclude":
            yield Hit(
                f"Building the exclusion constraint of {fact.table} blocks reads and "
                "writes until it is done.",
                fact,
                advice=waived(
                    fact,
                    view.server,
                    "FA306",
                    "Decide when the table can be locked, and run it then:",
                    "runs when nobody uses the table",
                ),
            )


@rule(
    "FA307",
    "primary key dropped",
    on={"postgresql": "warning", "mysql": "error", "mariadb": "error"},
    reason="""
    MySQL and MariaDB keep the rows in the order of the primary key, so they copy the
    table and block writes. PostgreSQL is quick, but logical replication has no key for
    updates any more, and foreign keys that point to it stop the statement.
    """,
    rewrite="",
    unsafe="""
op.drop_constraint("pk_users", "users", type_="primary")
""",
)
def primary_key_dropped(view: View) -> Iterator[Hit]:
    for fact in view.existing(DropConstraint):
        replaced = view.server.is_postgresql and any(
            later.kind == "primary key"
            and table_key(later.table) == table_key(fact.table)
            for later in view.after(fact, AddConstraint)
        )
        if fact.kind == "primary key" and not fact.where.online and not replaced:
            yield Hit(
                f"Dropping the primary key of {fact.table} "
                + (
                    "leaves logical replication without a key."
                    if view.server.is_postgresql
                    else "copies the table and blocks writes meanwhile."
                ),
                fact,
                advice=waived(
                    fact,
                    view.server,
                    "FA307",
                    "Make another unique index the replica identity before; then:"
                    if view.server.is_postgresql
                    else "Drop the key in the statement that adds the new one, with "
                    "ALGORITHM=INPLACE and LOCK=NONE; or, when writes can wait:",
                    "nothing relies on the key",
                ),
            )


@rule(
    "FA308",
    "constraint dropped without its name",
    on={"*": "error"},
    reason="""
    Autogenerate writes op.drop_constraint(None, ...) for a constraint that has no name
    in the models. It cannot work: no database drops a constraint that is not named, so
    the downgrade fails when it is needed. A naming convention on the metadata gives
    every constraint a name.
    """,
    rewrite="""
# Look up the name that the database gave the constraint, and write it here; give the
# metadata a naming convention, so that later ones have a name that is known.
""",
    unsafe="""
def upgrade():
    op.create_foreign_key(
        None, "books", "authors", ["author_id"], ["id"], postgresql_not_valid=True
    )

def downgrade():
    op.drop_constraint(None, "books", type_="foreignkey")
""",
)
def dropped_without_name(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(DropConstraint, direction):
            if fact.name is None and fact.kind != "primary key":
                yield Hit(
                    f"A constraint of {fact.table} is dropped without its name, which "
                    "fails on every database.",
                    fact,
                )
