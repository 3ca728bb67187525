"""Notices in Slack about what Flask-Alembic did to the databases of an app.

Installing the package is all it takes to have it; it stays silent until
``app.config["ALEMBIC_SLACK"]`` says where to send to. See
:mod:`flask_alembic_slack.plugin` for what is told when, and
:class:`flask_alembic_slack.settings.Settings` for every setting.
"""

from __future__ import annotations

__version__ = "1.0.0"
