"""What knows the kind of a database, for tests of a backend that need no app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from flask_alembic.builtin import plugins
from flask_alembic.runtime.databases import Given
from flask_alembic.runtime.environment import Environment

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

    from flask_alembic.backends import Backend


def backend_for(dialect: Dialect) -> Backend:
    """Return the backend that an app without plugins has for a dialect."""
    app = Flask("backends")
    environment = Environment(app, Given(), builtin=plugins, load_installed=False)
    return environment.backends.backend_for(dialect)
