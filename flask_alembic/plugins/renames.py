"""The question whether something was renamed, asked at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cli.questions import ask
from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from ..hooks.payloads import RenameCandidate


@hookimpl(trylast=True)
def is_rename(candidate: RenameCandidate) -> bool | None:
    """Ask the person at the terminal; nobody answers elsewhere."""
    return ask(candidate.question)
