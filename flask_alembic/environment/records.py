"""What the index knows of one script: its record, or that it has to be executed."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Record(NamedTuple):
    """One revision, as its file describes it.

    .. versionadded:: 4.0
    """

    revision: str
    down_revisions: tuple[str, ...]
    branch_labels: tuple[str, ...]
    depends_on: tuple[str, ...]
    longdoc: str
    """The whole docstring."""

    path: str
    """The real path of the file."""

    @property
    def doc(self) -> str:
        """The first paragraph of the docstring."""
        return self.longdoc.split("\n\n", 1)[0]

    @property
    def down_revision(self) -> str | tuple[str, ...] | None:
        """The parents as Alembic tells them: none, one, or several."""
        if len(self.down_revisions) > 1:
            return self.down_revisions
        return self.down_revisions[0] if self.down_revisions else None


class Unread(NamedTuple):
    """A script whose identifiers only executing it can tell.

    .. versionadded:: 4.0
    """

    path: str
    """The real path of the file."""


Script: TypeAlias = Record | Unread
"""What is known of one script."""


class Scan(NamedTuple):
    """What one look at the version locations found.

    .. versionadded:: 4.0
    """

    scripts: tuple[Script, ...]
    """The scripts in the order in which Alembic loads them."""

    repeated: tuple[str, ...] = ()
    """Files that were met again, through a link or an overlapping location."""
