"""Rules about keys: primary, unique, exclusion, and constraints without a name."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..facts.model import (
    AddConstraint,
    DropConstraint,
)
from ..view import View, table_key
from .base import Hit, names_of, rule
from .constraints import listed, named


@rule(
    "FA304",
    "unique constraint added",
    on={"postgresql": "error"},
    reason="""
    PostgreSQL builds the index under an ACCESS EXCLUSIVE lock; nobody can read or write
    meanwhile. An index that was built concurrently before can be made the constraint's
    in no time.
    """,
    rewrite="""
with op.get_context().autocommit_block():
    op.create_index(
        "$name", "$table", [$columns], unique=True,
        postgresql_concurrently=True$schema,
    )

# next revision
op.execute("ALTER TABLE $qualified ADD CONSTRAINT $name UNIQUE USING INDEX $name")
""",
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
                names=names_of(
                    fact, name=named(fact, "uq"), columns=listed(fact.columns)
                ),
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
    rewrite={
        "postgresql": """
with op.get_context().autocommit_block():
    op.create_index(
        "$name", "$table", [$columns], unique=True,
        postgresql_concurrently=True$schema,
    )

# next revision: the columns are NOT NULL, see FA203
op.execute("ALTER TABLE $qualified ADD CONSTRAINT $name PRIMARY KEY USING INDEX $name")
""",
        "*": """
op.execute(
    "ALTER TABLE $qualified ADD PRIMARY KEY ($plain), ALGORITHM=INPLACE, LOCK=NONE"
)
""",
    },
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
            names=names_of(
                fact,
                name=named(fact, "pk"),
                columns=listed(fact.columns),
                plain=", ".join(fact.columns),
            ),
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
    rewrite="""
# lint: ignore[FA306] runs in the maintenance window of 12 May
op.create_exclude_constraint("$name", "$table", ...)
""",
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
                names=names_of(fact, name=fact.name),
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
    rewrite={
        "postgresql": """
# a unique index takes over as replica identity before the key goes
op.execute("ALTER TABLE $qualified REPLICA IDENTITY USING INDEX ...")

# next revision
# lint: ignore[FA307] the replica identity is another index since the last revision
op.execute("ALTER TABLE $qualified DROP CONSTRAINT $name")
""",
        "*": """
# drop and add in one statement: rebuilt in place, writes go on
op.execute(
    "ALTER TABLE $qualified DROP PRIMARY KEY, ADD PRIMARY KEY (...), "
    "ALGORITHM=INPLACE, LOCK=NONE"
)
""",
    },
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
                names=names_of(fact, name=fact.name),
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
op.drop_constraint("${table}_${kind}", "$table", type_="$type_"$schema)
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
                short = {"foreign key": "fkey", "unique": "key", "check": "check"}
                type_ = fact.kind.replace("foreign key", "foreignkey")
                yield Hit(
                    f"A constraint of {fact.table} is dropped without its name, which "
                    "fails on every database.",
                    fact,
                    names=names_of(
                        fact, kind=short.get(fact.kind, "key"), type_=type_ or "unique"
                    ),
                )
