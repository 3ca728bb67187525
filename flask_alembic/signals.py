"""The signals that an app connects to; see :mod:`flask_alembic.hooks.signals`."""

from __future__ import annotations

from .hooks.signals import (
    SIGNALS,
    after_command,
    after_downgrade,
    after_fix,
    after_stamp,
    after_upgrade,
    before_command,
    before_downgrade,
    before_fix,
    before_revision,
    before_stamp,
    before_upgrade,
    files_changed,
    revision_applied,
    revision_failed,
    revision_generated,
    run_failed,
)

__all__ = [
    "SIGNALS",
    "after_command",
    "after_downgrade",
    "after_fix",
    "after_stamp",
    "after_upgrade",
    "before_command",
    "before_downgrade",
    "before_fix",
    "before_revision",
    "before_stamp",
    "before_upgrade",
    "files_changed",
    "revision_applied",
    "revision_failed",
    "revision_generated",
    "run_failed",
]
