"""Rules about constraints added to tables that hold rows."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..advice import (
    checked_later,
    constraint_name,
    domain_check,
    outside,
    unchecked_key,
)
from ..facts.model import (
    AddColumn,
    AddConstraint,
    Maintenance,
    ValidateConstraint,
)
from ..rewrites import waived
from ..view import View, table_key
from .base import Hit, rule


@rule(
    "FA301",
    "foreign key added",
    on={"postgresql": "error", "mysql": "error", "mariadb": "error"},
    reason="""
    Every row is checked while writes to both tables are blocked: PostgreSQL holds a
    SHARE ROW EXCLUSIVE lock on both until the commit, MySQL and MariaDB copy the table.
    With NOT VALID PostgreSQL checks new rows only, and VALIDATE CONSTRAINT in a later
    transaction checks the old ones without blocking anyone.
    """,
    rewrite="",
    unsafe="""
op.create_foreign_key("fk_books_author", "books", "authors", ["author_id"], ["id"])
""",
)
def foreign_key(view: View) -> Iterator[Hit]:
    for fact in view.existing(AddConstraint):
        if fact.kind != "foreign key" or fact.where.online:
            continue
        if view.server.is_postgresql and fact.not_valid:
            continue
        if view.server.is_mysql and _unchecked(fact, view):
            continue
        empty = view.server.is_postgresql and _is_new_and_null(fact, view)
        yield Hit(
            f"Checking the foreign key of {fact.table} to {fact.referent} blocks "
            "writes to both tables until it is done.",
            fact,
            severity="warning" if empty else None,
            advice=checked_later(fact, view.server)
            if view.server.is_postgresql
            else unchecked_key(fact, view.server),
        )


def _unchecked(fact: AddConstraint, view: View) -> bool:
    """Return whether MySQL was told not to check foreign keys before."""
    from ..facts.model import Opaque

    said = [each.where.text.lower() for each in view.before(fact, Opaque)]
    settings = [text for text in said if "foreign_key_checks" in text]
    return bool(settings) and settings[-1].rstrip("; ").endswith(("0", "off"))


def _is_new_and_null(fact: AddConstraint, view: View) -> bool:
    """Return whether the column was added before without a value in any row."""
    added = {
        each.column.name
        for each in view.before(fact, AddColumn)
        if table_key(each.table) == table_key(fact.table) and not each.column.default
    }
    return bool(fact.columns) and added.issuperset(fact.columns)


@rule(
    "FA302",
    "check constraint added",
    on={"postgresql": "error", "mysql": "error", "mariadb": "error"},
    reason="""
    PostgreSQL reads the whole table under an ACCESS EXCLUSIVE lock, MySQL (from 8.0.16
    on) and MariaDB copy it and block writes. With NOT VALID PostgreSQL only notes the
    constraint, and VALIDATE CONSTRAINT in a later transaction checks the old rows
    without blocking anyone.
    """,
    rewrite="",
    unsafe="""
op.create_check_constraint("ck_users_age", "users", "age > 0")
""",
)
def check_constraint(view: View) -> Iterator[Hit]:
    ignored = view.server.family == "mysql" and not view.server.at_least(8, 0, 16)
    for fact in view.existing(AddConstraint):
        if fact.kind != "check" or fact.where.online or ignored:
            continue
        if view.server.is_postgresql and (fact.not_valid or fact.inline):
            continue
        block = "reads and writes" if view.server.is_postgresql else "writes"
        yield Hit(
            f"Checking every row of {fact.table} for {constraint_name(fact)} blocks "
            f"{block} until it is done.",
            fact,
            advice=checked_later(fact, view.server)
            if view.server.is_postgresql
            else waived(
                fact,
                view.server,
                "FA302",
                "Check it in the app until a time at which writes can wait; then:",
                "runs when nobody writes",
            ),
        )


@rule(
    "FA303",
    "constraint validated in the transaction that added it",
    on={"postgresql": "error"},
    reason="""
    VALIDATE CONSTRAINT blocks nobody by itself, but the lock that ADD CONSTRAINT took is
    held until the commit, so the whole check runs under it, as if NOT VALID had not
    been there.
    """,
    rewrite="",
    unsafe="""
op.create_check_constraint(
    "ck_users_age", "users", "age > 0", postgresql_not_valid=True
)
op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_age")
""",
)
def validated_at_once(view: View) -> Iterator[Hit]:
    for fact in view.existing(ValidateConstraint):
        number = view.transaction(fact)
        if number is None:
            continue
        for added in view.before(fact, AddConstraint):
            if added.name == fact.name and view.transaction(added) == number:
                yield Hit(
                    f"{fact.name} is validated under the lock that adding it to "
                    f"{fact.table} took, which blocks others until the commit.",
                    fact,
                    advice=outside(fact, view.server),
                )
                break


@rule(
    "FA309",
    "constraint added to a domain",
    on={"postgresql": "error"},
    reason="""
    Every column of the domain, in every table, is checked while the tables are locked.
    NOT VALID and a later VALIDATE CONSTRAINT avoid that.
    """,
    rewrite="",
    unsafe="""
op.execute("ALTER DOMAIN zip ADD CONSTRAINT zip_length CHECK (length(VALUE) = 5)")
""",
)
def domain_constraint(view: View) -> Iterator[Hit]:
    for fact in view.each(Maintenance):
        if fact.verb.startswith("ALTER DOMAIN"):
            yield Hit(
                f"{fact.verb} checks every column of the domain in every table while "
                "the tables are locked.",
                fact,
                advice=domain_check(fact, view.server),
            )
