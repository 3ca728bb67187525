"""Backups for Flask-Alembic: taken and read back before a migration that loses data.

Installing the package does nothing until ``app.config["ALEMBIC_BACKUP"]`` turns it on. See
:mod:`flask_alembic_backup.plugin` for when a backup is taken.
"""

from __future__ import annotations

__version__ = "1.0.0"
