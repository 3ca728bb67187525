"""Rules about constraints added to tables that hold rows."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..facts.model import (
    AddColumn,
    AddConstraint,
    Maintenance,
    ValidateConstraint,
)
from ..view import View, table_key
from .base import Hit, names_of, rule


def listed(names: tuple[str, ...]) -> str:
    """Return names as the inside of a Python list.

    :param names: The names.
    """
    return ", ".join(f'"{name}"' for name in names) or '"..."'


def named(fact: AddConstraint, prefix: str) -> str:
    """Return the name of a constraint, or the usual one if it has none.

    :param fact: The constraint.
    :param prefix: How the usual names begin: ``fk``, ``ck``, ...
    """
    table = fact.table.rpartition(".")[2]
    return fact.name or "_".join((prefix, table, *fact.columns))


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
    rewrite={
        "postgresql": """
op.create_foreign_key(
    "$name", "$table", "$referent", [$columns], [$remote],
    postgresql_not_valid=True,
)

# next revision
op.execute("ALTER TABLE $qualified VALIDATE CONSTRAINT $name")
""",
        "*": """
# without the check of the old rows it is done in place
op.execute("SET SESSION foreign_key_checks = 0")
op.create_foreign_key("$name", "$table", "$referent", [$columns], [$remote])
op.execute("SET SESSION foreign_key_checks = 1")
""",
    },
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
            names=names_of(
                fact,
                name=named(fact, "fk"),
                columns=listed(fact.columns),
                remote=listed(fact.referent_columns or ("id",)),
                referent=fact.referent,
            ),
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
    rewrite={
        "postgresql": """
op.create_check_constraint(
    "$name", "$table", "$condition", postgresql_not_valid=True$schema
)

# next revision
op.execute("ALTER TABLE $qualified VALIDATE CONSTRAINT $name")
""",
        "*": """
# check it in the app until there is a quiet hour; then:
# lint: ignore[FA302] runs in the quiet hour, the copy takes two minutes
op.create_check_constraint("$name", "$table", "$condition"$schema)
""",
    },
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
            f"Checking every row of {fact.table} for {named(fact, 'ck')} blocks "
            f"{block} until it is done.",
            fact,
            names=names_of(
                fact,
                name=named(fact, "ck"),
                condition=fact.condition.replace('"', '\\"'),
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
    rewrite="""
with op.get_context().autocommit_block():
    op.execute("ALTER TABLE $qualified VALIDATE CONSTRAINT $name")
""",
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
                    names=names_of(fact),
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
    rewrite="""
op.execute("ALTER DOMAIN ... ADD CONSTRAINT ... CHECK (...) NOT VALID")

# next revision
op.execute("ALTER DOMAIN ... VALIDATE CONSTRAINT ...")
""",
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
            )
