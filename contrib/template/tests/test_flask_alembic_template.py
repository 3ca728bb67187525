"""The plugin at work in a real app, on a real database."""

from __future__ import annotations

import configparser
import logging
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask_alembic.testing import check_plugin
from flask_alembic.testing import run_db as db

from flask_alembic_template import plugin
from flask_alembic_template.settings import SETTING

if TYPE_CHECKING:
    from conftest import MakeApp

NAME = "template"
LOGGER = plugin.logger.name


def test_it_does_nothing_until_it_is_set(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    result = db(make_app(), "upgrade")
    assert result.exit_code == 0, result.output
    assert LOGGER not in [record.name for record in caplog.records]


def test_it_refuses_too_long_a_run(make_app: MakeApp) -> None:
    app = make_app(**{SETTING: 2})
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert f"it would apply 3 revisions, and {SETTING} allows 2" in result.output
    with app.app_context():
        assert app.extensions["alembic"].current() == []


def test_it_tells_what_was_applied(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    assert db(make_app(**{SETTING: 3}), "upgrade").exit_code == 0
    assert "3 revisions applied" in caplog.messages


@pytest.mark.parametrize("value", ["many", 0, True, 1.5])
def test_a_wrong_setting_is_told_in_one_sentence(
    make_app: MakeApp, value: object
) -> None:
    result = db(make_app(**{SETTING: value}), "upgrade")
    assert result.exit_code == 3
    assert f"{SETTING} must be a whole number" in result.output


def test_the_command(make_app: MakeApp) -> None:
    assert db(make_app(), NAME).output == "Waiting: 3\nAllowed: any number\n"


def test_the_command_after_an_upgrade(make_app: MakeApp) -> None:
    app = make_app(**{SETTING: 9})
    assert db(app, "upgrade").exit_code == 0
    assert db(app, NAME).output == "Waiting: 0\nAllowed: 9\n"


def test_its_hooks_have_the_right_names_and_arguments() -> None:
    assert "before_upgrade" in check_plugin(plugin)


def test_the_entry_point_names_the_plugin() -> None:
    config = configparser.ConfigParser()
    config.read(Path(__file__).parents[1] / "setup.cfg")
    group = "flask_alembic.plugins"
    name, _, value = config["options.entry_points"][group].strip().partition(" = ")
    assert name == NAME
    assert EntryPoint(name, value, group).load() is plugin
