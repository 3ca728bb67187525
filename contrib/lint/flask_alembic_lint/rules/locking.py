"""Rules about locks, transactions and statements that stand in their way."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..facts.base import Fact
from ..facts.model import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    LockTable,
    Opaque,
    RenameTable,
    TableOption,
    WriteData,
)
from ..typechanges import cost
from ..view import View, table_key
from .base import Hit, rule
from .nullability import is_proven


def locked_tables(fact: Fact) -> tuple[str, ...]:
    """Return the tables that a fact locks against writes on PostgreSQL.

    :param fact: What is done.
    """
    if isinstance(fact, AddConstraint) and fact.kind == "foreign key":
        return (fact.table, fact.referent)
    if isinstance(fact, (CreateIndex, DropIndex)) and fact.concurrently:
        return ()
    if isinstance(fact, WriteData):
        return (fact.table,) if fact.verb == "truncate" else ()
    if isinstance(fact, Opaque):
        return (fact.table,) if fact.locks and fact.table else ()
    kinds = (AddColumn, DropColumn, AlterColumn, AddConstraint, DropConstraint)
    more = (CreateIndex, DropIndex, DropTable, RenameTable, TableOption, LockTable)
    return (fact.table,) if isinstance(fact, (*kinds, *more)) and fact.table else ()


def changes_structure(fact: Fact) -> bool:
    """Return whether a fact is DDL that locks its table.

    :param fact: What is done.
    """
    return bool(locked_tables(fact)) and not isinstance(fact, WriteData)


@rule(
    "FA601",
    "several locking statements in one transaction",
    on={"postgresql": "warning"},
    reason="""
    All locks of a transaction are held until it commits. While the second table is
    waited for, the first one stays shut; code that uses them in the other order can
    deadlock with the revision. And an ALTER TABLE that is quick by itself shuts out
    reads and writes for as long as a later statement works through the table. One
    statement a transaction locks least.
    """,
    rewrite="""
# Move the later statement to a revision of its own, and set
# ALEMBIC_CONTEXT = {"transaction_per_migration": True}.
""",
    unsafe="""
op.add_column("users", sa.Column("bio", sa.Text()))
op.add_column("posts", sa.Column("summary", sa.Text()))
""",
)
def several_locks(view: View) -> Iterator[Hit]:
    held: dict[int, list[Fact]] = {}
    told: set[int] = set()
    for fact in view.facts["upgrade"]:
        number = view.transaction(fact)
        if number is None or number in told or view.is_fresh(fact):
            continue
        if isinstance(fact, DropTable) or not _locked(fact, view):
            continue  # nobody is to use a dropped table any more
        earlier = held.setdefault(number, [])
        hit = _together(fact, earlier, view)
        if hit is not None:
            told.add(number)
            yield hit
        earlier.append(fact)


def _locked(fact: Fact, view: View) -> list[str]:
    """Return the tables that a fact locks and that others can see."""
    return [
        table for table in locked_tables(fact) if table_key(table) not in view.created
    ]


def _together(fact: Fact, earlier: list[Fact], view: View) -> Hit | None:
    """Return what is wrong with a lock on top of those that are held already."""
    others = [each for each in earlier if each.where.statement != fact.where.statement]
    known = {
        table_key(table): table for each in others for table in _locked(each, view)
    }
    new = [table for table in _locked(fact, view) if table_key(table) not in known]
    if known and new:
        listed = " and ".join([*known.values(), *new])
        return Hit(
            f"The locks on {listed} are held together until the revision commits.",
            fact,
        )
    shut = [
        each
        for each in others
        if shuts_out(each) and table_key(each.table) == table_key(fact.table)
    ]
    if shut and takes_long(fact, view):
        return Hit(
            f"An earlier statement locks {fact.table} against reads and writes, and "
            "the lock is held while this one works through the table.",
            fact,
        )
    return None


def shuts_out(fact: Fact) -> bool:
    """Return whether a fact takes the lock on PostgreSQL that stops readers too.

    :param fact: What is done.
    """
    if isinstance(fact, AddConstraint):
        return fact.kind != "foreign key"
    kinds = (AddColumn, DropColumn, AlterColumn, DropConstraint, TableOption)
    return isinstance(fact, kinds)


def takes_long(fact: Fact, view: View) -> bool:
    """Return whether a fact makes PostgreSQL go through the whole table.

    :param fact: What is done.
    :param view: The revision.
    """
    if isinstance(fact, CreateIndex):
        return not fact.concurrently
    if isinstance(fact, AddConstraint):
        return not (fact.not_valid or fact.using_index)
    if isinstance(fact, AlterColumn):
        rewrites = fact.type is not None and (
            cost(fact.old_type, fact.type, view.server) == "rewrite"
        )
        return rewrites or (fact.nullable is False and not is_proven(fact, view))
    return False


@rule(
    "FA602",
    "several DDL statements where none can be taken back",
    on={"mysql": "info", "mariadb": "info"},
    reason="""
    MySQL and MariaDB commit before and after every DDL statement. If a later one fails,
    the earlier ones stay, the version table does not know, and running the revision
    again stops at what is there already. With one statement a revision there is no
    half-way.
    """,
    rewrite="""
# Move each DDL statement to a revision of its own.
""",
    unsafe="""
op.add_column("users", sa.Column("bio", sa.Text()))
op.drop_column("users", "nickname")
""",
)
def several_statements(view: View) -> Iterator[Hit]:
    seen: dict[int, Fact] = {}
    for fact in view.facts["upgrade"]:
        if changes_structure(fact) and not view.is_fresh(fact):
            seen.setdefault(fact.where.statement, fact)
    if len(seen) > 1:
        second = list(seen.values())[1]
        yield Hit(
            f"If one of these {len(seen)} DDL statements fails, the ones before it "
            "stay, and the revision cannot simply run again.",
            second,
        )


@rule(
    "FA604",
    "table locked by hand",
    on={"*": "warning"},
    reason="""
    The lock is held until the commit, or on MySQL until UNLOCK TABLES, whatever else the
    revision does; everybody else waits.
    """,
    rewrite="""
# Leave the lock out: a statement takes the lock it needs, when it needs it. Change many
# rows in batches, each in a transaction of its own.
""",
    unsafe="""
op.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
""",
)
def locked_by_hand(view: View) -> Iterator[Hit]:
    for fact in view.existing(LockTable):
        yield Hit(
            f"{fact.table} is locked by hand and stays so until the end of the "
            "transaction.",
            fact,
        )
