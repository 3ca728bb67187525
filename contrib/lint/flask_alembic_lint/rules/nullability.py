"""Rules about NOT NULL and defaults of columns that are there."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

import re
from collections.abc import Iterator

from ..advice import proven_not_null
from ..facts.base import UNCHANGED
from ..facts.model import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    DropConstraint,
    ValidateConstraint,
)
from ..rewrites import waived
from ..view import View, table_key
from .base import Hit, rule


def _same_column(one: AlterColumn, table: str, name: str) -> bool:
    return table_key(one.table) == table_key(table) and one.name == name


@rule(
    "FA203",
    "NOT NULL set on a column that is there",
    on={
        "postgresql": "error",
        "mysql": "warning",
        "mariadb": "warning",
        "sqlite": "warning",
    },
    reason="""
    It fails if a row holds NULL, and code of the last release that writes NULL fails
    from then on. PostgreSQL reads the whole table under an ACCESS EXCLUSIVE lock; from
    version 12 on it need not if a validated CHECK constraint proves it. MySQL and
    MariaDB rebuild the table, which allows reads and writes. SQLite copies it.
    """,
    rewrite="",
    unsafe="""
with op.batch_alter_table("users") as batch_op:
    batch_op.alter_column("name", nullable=False, existing_type=sa.String(50))
""",
)
def set_not_null(view: View) -> Iterator[Hit]:
    for fact in view.existing(AlterColumn):
        if fact.nullable is not False or fact.old_nullable is False:
            continue
        if fact.restates_all or view.is_emptied(fact) or is_proven(fact, view):
            continue
        if fact.where.online:
            continue
        how = {
            "postgresql": "reads the whole table while it blocks reads and writes",
            "mysql": "rebuilds the table",
            "mariadb": "rebuilds the table",
        }.get(view.server.family, "copies the table")
        yield Hit(
            f"Setting {fact.table}.{fact.name} NOT NULL {how}, and fails if a row "
            "holds NULL.",
            fact,
            advice=proven_not_null(fact, view.server)
            if view.server.is_postgresql
            else waived(
                fact,
                view.server,
                "FA203",
                "Decide what the rows with NULL get, and fill them in a revision before; "
                "then:",
                "no NULL is left",
            ),
        )


def is_proven(fact: AlterColumn, view: View) -> bool:
    """Return whether a CHECK constraint spares PostgreSQL the reading.

    :param fact: The ``SET NOT NULL``.
    :param view: The revision.
    """
    if not view.server.is_postgresql or not view.server.at_least(12):
        return False

    def here(table: str) -> bool:
        return table_key(table) == table_key(fact.table)

    wanted = re.compile(rf"\W*{re.escape(fact.name)}\W+is\s+not\s+null\W*", re.I)
    proofs = (
        *(
            check.name
            for check in view.before(fact, AddConstraint)
            if here(check.table)
            and wanted.fullmatch(check.condition)
            and not check.not_valid
        ),
        *(
            each.name
            for each in view.before(fact, ValidateConstraint)
            if here(each.table)
        ),
        # The last of the three steps drops the constraint that was the proof.
        *(
            each.name
            for each in view.after(fact, DropConstraint)
            if here(each.table) and each.kind in ("check", "")
        ),
    )
    return bool(proofs)


@rule(
    "FA204",
    "server default removed",
    on={"*": "warning"},
    reason="""
    Code of the last release, which runs while and after the revision does, leaves the
    column out of its INSERT and relied on the default; where the column is NOT NULL its
    inserts fail from then on.
    """,
    rewrite="",
    unsafe="""
with op.batch_alter_table("users") as batch_op:
    batch_op.alter_column(
        "name", server_default=None,
        existing_type=sa.String(50), existing_nullable=False,
    )
""",
)
def default_removed(view: View) -> Iterator[Hit]:
    for fact in view.existing(AlterColumn):
        if fact.default is not None or fact.nullable is True:
            continue
        required = _is_required(fact, view)
        if required is False or _set_again(fact, view):
            continue
        yield Hit(
            f"Without its default, inserts that leave out {fact.table}.{fact.name} "
            + ("fail." if required else "fail if it is NOT NULL."),
            fact,
            severity=None if required else "info",
            advice=waived(
                fact,
                view.server,
                "FA204",
                "First release code that always gives the column a value; then, in a "
                "later release:",
                "every running release sets it",
            ),
        )


def _is_required(fact: AlterColumn, view: View) -> bool | None:
    """Return whether the column is NOT NULL, ``None`` if the revision does not tell."""
    if fact.nullable is False or fact.old_nullable is False:
        return True
    if fact.old_nullable is True:
        return False
    for added in view.before(fact, AddColumn):
        if _same_column(fact, added.table, added.column.name):
            return not added.column.nullable
    return None


def _set_again(fact: AlterColumn, view: View) -> bool:
    """Return whether a later step gives it a default, as around a change of type."""
    return any(
        _same_column(fact, later.table, later.name)
        and later.default is not UNCHANGED
        and later.default is not None
        for later in view.after(fact, AlterColumn)
    )
