"""Revision files: those asked for, those looked at, and where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.script import Script


@dataclass(frozen=True, slots=True)
class RevisionRequest:
    """A new revision file that somebody asked for.

    .. versionadded:: 4.0
    """

    kind: Literal["revision", "merge"]
    """Whether it is an ordinary revision or merges heads."""

    message: str
    """What was typed about it; may hold anything."""

    autogenerate: bool
    """Whether models and databases are compared."""

    parents: tuple[str, ...]
    """The ids of the parents; empty for a new base."""

    splice: bool = False
    """Whether a parent may be something else than a head."""

    branch_labels: tuple[str, ...] = ()
    """The labels that the new revision will carry."""

    branch: str | None = None
    """The independent branch it belongs to, if one was named."""

    depends_on: tuple[str, ...] = ()
    """The revisions it depends on beside its parents."""

    path: Path | None = None
    """The folder it will be written to."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """What else was asked for."""


@dataclass(frozen=True, slots=True)
class VersionLocation:
    """A folder of revisions, and the branch that lives there.

    .. versionadded:: 4.0
    """

    path: str | Path
    """The folder: absolute, ``package:path``, or relative like script_location."""

    branch: str | None = None
    """The branch label of new revisions there; ``None`` for none."""


@dataclass(frozen=True, slots=True)
class LintTarget:
    """A revision to look at for problems.

    .. versionadded:: 4.0
    """

    revision: str
    """The id of the revision."""

    path: Path | None
    """Its file; ``None`` while it is not written."""

    source: str
    """The Python text of the file."""

    script: Script | None = None
    """The loaded revision, where there is one."""

    directive: MigrationScript | None = None
    """The operations to be rendered, where it is being generated."""

    dialects: Mapping[str, str] = field(default_factory=dict)
    """Per database: the name of its SQLAlchemy dialect."""
