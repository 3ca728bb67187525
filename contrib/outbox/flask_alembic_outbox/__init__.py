"""An outbox for Flask-Alembic: messages that commit with a migration, delivered after it.

Installing the package writes nothing until ``app.config["ALEMBIC_OUTBOX"]`` turns it on. See
:mod:`flask_alembic_outbox.plugin` for what is written when, and
:class:`flask_alembic_outbox.message.Message` for what a receiver is given.
"""

from __future__ import annotations

from .message import Message

__all__ = ["Message"]

__version__ = "1.0.0"
