"""Revision files read and changed without executing them.

For example, to label a branch::

    from flask_alembic.revision_files import read, write

    write(path, read(path).changed({"branch_labels": "billing"}))

Everything outside the identifiers and the docstring's own lines about them stays as
it is: encoding, byte order mark, line ends, comments.

:class:`RevisionStep` is what :func:`flask_alembic.step` returns to a revision that runs.
"""

from __future__ import annotations

from .runtime.step import RevisionStep
from .script.atomic_write import replace
from .script.revision_file import (
    Literal,
    RevisionFile,
    Span,
    Value,
    read,
    several,
    write,
)

__all__ = [
    "Literal",
    "RevisionFile",
    "RevisionStep",
    "Span",
    "Value",
    "read",
    "replace",
    "several",
    "write",
]
