"""A history table of what Flask-Alembic did to the databases of an app.

Installing the package is all it takes to have it; it writes nothing until
``app.config["ALEMBIC_AUDIT"]`` turns it on. See :mod:`flask_alembic_audit.plugin` for
what is written when, and :mod:`flask_alembic_audit.table` for the columns.
"""

from __future__ import annotations

__version__ = "1.0.0"
