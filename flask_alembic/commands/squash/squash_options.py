"""A squash as it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SquashOptions:
    """A squash as it was asked for."""

    range: str
    """``FROM:TO``, both ends squashed; either may be left out."""

    message: str | None = None
    """What the new revision is about."""

    keep: Path | None = None
    """The folder to move the old files to; they are removed without one."""

    allow_data_loss: bool = False
    """Whether to go on although the old revisions did something to data."""

    scratch_url: str | None = None
    """Where to make the scratch databases."""

    x_arguments: tuple[str, ...] = ()
    """``key=value`` texts for ``get_x_argument()``."""

    force: bool = False
    """Whether to write it in spite of lint errors."""

    leave_out: tuple[str, ...] = ()
    """Patterns of objects, or kinds, that the new revision need not create."""
