"""What revisions are called with, as ``ALEMBIC["revision_arguments"]`` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask


@hookimpl
def revision_arguments(app: Flask) -> Mapping[str, object]:
    """Give what the setting holds."""
    from ..runtime.environment import environment_of

    return environment_of(app).settings.revision_arguments or {}
