"""Rules about the waivers themselves; :mod:`flask_alembic_lint.waivers` finds them."""

from __future__ import annotations

from collections.abc import Iterator

from ..view import View
from .base import Hit, rule


def _nothing(view: View) -> Iterator[Hit]:
    """Find nothing: the problem is found when the waivers are read."""
    return iter(())


NO_REASON = rule(
    "FA001",
    "waiver without a reason",
    on={"*": "warning"},
    reason="""
    A waiver says that somebody looked and why it is safe here. Without that it counts
    for nothing, and the finding stays.
    """,
    rewrite="""
# Write behind the bracket why it is safe here.
""",
    unsafe="""
op.drop_table("invoices")  # lint: ignore[FA501]
""",
)(_nothing)

EXPIRED = rule(
    "FA002",
    "waiver expired",
    on={"*": "warning"},
    reason="""
    The waiver was given until a day that is over, so the finding is shown again. Fix
    the revision, or look again and give it another day.
    """,
    rewrite="""
# Fix the revision, or look again and write another day.
""",
    unsafe="""
op.drop_table("invoices")  # lint: ignore[FA501] empty until 2020-01-31
""",
)(_nothing)

UNKNOWN = rule(
    "FA003",
    "waiver for a rule that does not exist",
    on={"*": "warning"},
    reason="""
    No rule has this code, so nothing is waived.
    """,
    rewrite="""
# Write the code that the finding shows.
""",
    unsafe="""
op.drop_table("invoices")  # lint: ignore[FA599] empty since the move to billing
""",
)(_nothing)

UNUSED = rule(
    "FA004",
    "waiver that waives nothing",
    on={"*": "info"},
    reason="""
    The rule finds nothing here, so the waiver only misleads whoever reads it.
    """,
    rewrite="""
# Remove the waiver.
""",
    unsafe="""
# lint: ignore[FA501] empty since the move to billing
op.add_column("users", sa.Column("bio", sa.Text()))
""",
)(_nothing)
