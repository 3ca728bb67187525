"""A real app with an empty SQLite database in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_alembic_template import plugin

MakeApp = Callable[..., Flask]


@pytest.fixture
def make_app(make_app: MakeApp) -> MakeApp:
    """A function: configuration in, an app with the plugin and 3 revisions out.

    It calls the fixture of this name that comes with Flask-Alembic.
    """

    def make(**config: Any) -> Flask:
        # The plugin is handed over, so that the tests need no installation; those that
        # are installed, itself too, stay out.
        return make_app(plugins=[plugin], revisions=3, **config)

    return make
