"""What the index knows of one script: its record, or that it has to be executed."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


def scalar(names: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """Return names as Alembic keeps them: none, one, or several.

    :param names: Ids of revisions.
    """
    if len(names) > 1:
        return names
    return names[0] if names else None


class RevisionRecord(NamedTuple):
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

    irreversible: bool | str = False
    """Whether it says that it cannot be reverted, or the reason that it gives."""

    @property
    def doc(self) -> str:
        """The first paragraph of the docstring."""
        return self.longdoc.split("\n\n", 1)[0]

    @property
    def down_revision(self) -> str | tuple[str, ...] | None:
        """The parents as Alembic tells them: none, one, or several."""
        return scalar(self.down_revisions)

    @property
    def dependencies(self) -> str | tuple[str, ...] | None:
        """What else it depends on as Alembic tells it: none, one, or several."""
        return scalar(self.depends_on)


class UnreadFile(NamedTuple):
    """A script whose identifiers only executing it can tell.

    .. versionadded:: 4.0
    """

    path: str
    """The real path of the file."""


Script: TypeAlias = RevisionRecord | UnreadFile
"""What is known of one script."""


class FolderScan(NamedTuple):
    """What one look at the version locations found.

    .. versionadded:: 4.0
    """

    scripts: tuple[Script, ...]
    """The scripts in the order in which Alembic loads them."""

    repeated: tuple[str, ...] = ()
    """Files that were met again, through a link or an overlapping location."""
