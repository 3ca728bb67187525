"""Rules about revisions that change rows."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..facts.base import Fact
from ..facts.model import DropTable, WriteData
from ..rewrites import waived
from ..view import View, table_key
from .base import Hit, rule
from .locking import changes_structure

BATCHES = """
# In a revision of its own, in op.get_context().autocommit_block(): change some thousand
# rows a statement, and repeat it until it finds none that is not changed yet.
"""


@rule(
    "FA701",
    "data change mixed with DDL",
    on={"postgresql": "warning", "mysql": "warning", "mariadb": "warning"},
    reason="""
    On PostgreSQL the locks that ALTER TABLE took are held while the rows are changed, so
    everybody waits for as long as that takes. On MySQL and MariaDB every DDL statement
    commits, so the rows that were changed before a failure stay changed. A revision of
    its own for the data has neither trouble.
    """,
    rewrite=BATCHES,
    unsafe="""
op.add_column("users", sa.Column("state", sa.String(10)))
op.execute("UPDATE users SET state = 'active' WHERE state IS NULL")
""",
)
def mixed_with_ddl(view: View) -> Iterator[Hit]:
    for fact in view.existing(WriteData):
        if fact.verb not in ("update", "delete") and not fact.from_query:
            continue
        before = [each for each in view.before(fact, Fact) if _shares(each, fact, view)]
        after = [each for each in view.after(fact, Fact) if _shares(each, fact, view)]
        if not (before or after):
            continue
        ddl = before[-1] if before else after[0]
        if not view.server.transactional_ddl:
            why = "and DDL commits what was changed before a failure"
        elif before:
            why = "while its lock is held"
        else:
            why = "and stay locked until that is done"
        yield Hit(
            f"Rows of {fact.table} are changed in the revision that alters "
            f"{ddl.table or 'a table'}, {why}.",
            fact,
        )


def _shares(ddl: Fact, fact: WriteData, view: View) -> bool:
    """Return whether DDL on a table in use is in one transaction with a data change."""
    if not changes_structure(ddl) or view.is_fresh(ddl):
        return False
    if not view.server.transactional_ddl:
        return True
    number = view.transaction(fact)
    return number is not None and view.transaction(ddl) == number


@rule(
    "FA702",
    "every row of a table updated at once",
    on={"postgresql": "warning", "mysql": "warning", "mariadb": "warning"},
    reason="""
    One statement locks every row until the commit, writes all of them anew, and
    replicates as one transaction. On a big table that stops other writers for minutes
    and fills the disk.
    """,
    rewrite=BATCHES,
    unsafe="""
op.execute("UPDATE users SET state = 'active'")
""",
)
def whole_table_update(view: View) -> Iterator[Hit]:
    for fact in view.existing(WriteData):
        if fact.verb == "update" and not fact.has_where:
            yield Hit(
                f"Every row of {fact.table} is updated in one statement and stays "
                "locked until the commit.",
                fact,
            )


@rule(
    "FA703",
    "every row of a table deleted",
    on={"*": "error"},
    reason="""
    The rows are gone for good; downgrade() cannot bring them back. TRUNCATE needs an
    ACCESS EXCLUSIVE lock besides.
    """,
    rewrite="",
    unsafe="""
op.execute("DELETE FROM sessions")
""",
)
def whole_table_delete(view: View) -> Iterator[Hit]:
    for fact in view.existing(WriteData):
        if fact.verb == "truncate" or (fact.verb == "delete" and not fact.has_where):
            dropped = any(
                table_key(later.table) == table_key(fact.table)
                for later in view.after(fact, DropTable)
            )
            if not dropped:
                of = f"the partition {fact.partition} of " if fact.partition else ""
                yield Hit(
                    f"Every row of {of}{fact.table} is deleted, for good.",
                    fact,
                    advice=waived(
                        fact,
                        view.server,
                        "FA703",
                        "Copy what is still needed to another table, or make a backup; "
                        "then, when nobody missed anything:",
                        "nothing reads the rows, and they are backed up",
                    ),
                )
