from __future__ import annotations

import pytest
from flask import Flask
from flask_alembic_lint.guard import guards
from flask_alembic_lint.servers import server_for
from flask_alembic_lint.settings import Settings, environment_of, load

from flask_alembic.hooks import PluginError


def test_nothing_set_changes_nothing():
    settings = load({})
    assert settings == Settings()
    assert settings.guard is False
    assert settings.strict is False
    assert settings.only == "all"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("since", 5),
        ("only", "some"),
        ("guard_level", "high"),
        ("severity", {"FA101": "high"}),
        ("severity", "error"),
        ("strict", "yes"),
        ("versions", "15"),
        ("disable", [1]),
        ("id_length", 0),
        ("guard", 3),
    ],
)
def test_wrong_values_are_named(key, value):
    with pytest.raises(PluginError, match="ALEMBIC_LINT"):
        load({"ALEMBIC_LINT": {key: value}})


def test_unknown_key_names_the_nearest():
    with pytest.raises(PluginError, match="did you mean 'disable'"):
        load({"ALEMBIC_LINT": {"disabled": []}})


def test_not_a_dict():
    with pytest.raises(PluginError, match="must be a dict"):
        load({"ALEMBIC_LINT": ["FA101"]})


def test_disabled_and_other_severity(lint):
    body = 'op.drop_table("a")\nop.drop_column("b", "c")'
    found = lint(body, disable=["FA601", "FA501"], severity={"FA502": "info"})
    assert [(each.code, each.severity) for each in found] == [("FA502", "info")]


@pytest.mark.parametrize(
    ("text", "family", "version"),
    [
        ("15", "postgresql", (15,)),
        ("15.4 (Debian 15.4-1)", "postgresql", (15, 4)),
        (None, "postgresql", (14,)),
        ("10.11.6-MariaDB", "mariadb", (10, 11, 6)),
    ],
)
def test_versions(text, family, version):
    dialect = "mysql" if family == "mariadb" else "postgresql"
    server = server_for(dialect, text)
    assert (server.family, server.version) == (family, version)


def test_a_version_without_its_last_part_is_the_latest_of_its_series():
    server = server_for("mysql", "8.0")
    assert server.at_least(8, 0, 29)
    assert not server.at_least(8, 1)
    assert not server_for("mysql", "8.0.12").at_least(8, 0, 29)


def test_version_that_is_none():
    with pytest.raises(PluginError, match="no version"):
        server_for("postgresql", "latest")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "production"),
        ({"DEBUG": True}, "development"),
        ({"TESTING": True}, "testing"),
        ({"ENV": "staging", "DEBUG": True}, "staging"),
        ({"ALEMBIC_LINT": {"environment": "canary"}, "ENV": "staging"}, "canary"),
    ],
)
def test_environment(config, expected, monkeypatch):
    monkeypatch.delenv("FLASK_ENV", raising=False)
    app = Flask("shop")
    app.config.update(config)
    assert environment_of(app, load(app.config)) == expected


@pytest.mark.parametrize(
    ("guard", "switch", "expected"),
    [
        (False, "", False),
        (True, "", True),
        (True, "off", False),
        ("production", "", True),
        ("staging", "", False),
        (["staging", "production"], "", True),
        ("production", "0", False),
    ],
)
def test_whether_upgrades_are_guarded(guard, switch, expected, monkeypatch):
    monkeypatch.delenv("FLASK_ENV", raising=False)
    monkeypatch.setenv("ALEMBIC_LINT_GUARD", switch)
    app = Flask("shop")
    assert guards(app, load({"ALEMBIC_LINT": {"guard": guard}})) is expected
