"""``irreversible`` in a revision file: no downgrade that would revert the revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Refused
from ..hooks.markers import hookimpl
from ..hooks.redaction import headline, shown

if TYPE_CHECKING:
    from ..hooks.payloads import Run, Step


@hookimpl(trylast=True)
def before_downgrade(run: Run) -> None:
    """Refuse a plan that reverts what its file calls irreversible, in every mode."""
    marked = [
        step for step in run.plan if step.direction == "downgrade" and step.irreversible
    ]
    if not marked:
        return
    first = marked[0]
    several = len({step.revision for step in marked})
    more = f", and {several - 1} more of this plan" if several > 1 else ""
    raise Refused(
        f"{first.revision}{_doc(first)} is irreversible{_reason(first)}{more}; nothing "
        "was run.",
        f"Restore a backup, or write a revision that changes the schema further. "
        f"{first.path} says so: if it can be reverted after all, remove irreversible "
        "there.",
    )


def _doc(step: Step) -> str:
    doc = headline(step.doc)
    return f" ({doc})" if doc else ""


def _reason(step: Step) -> str:
    if not isinstance(step.irreversible, str):
        return ""
    return f" ({shown(' '.join(step.irreversible.split()))[1:-1]})"
