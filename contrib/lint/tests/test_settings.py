from __future__ import annotations

import pytest
from flask import Flask
from flask_alembic_lint.guard import guards
from flask_alembic_lint.servers import server_for
from flask_alembic_lint.settings import Settings, environment_of, load, require_versions

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
        ("rewrite", "yes"),
        ("versions", "15"),
        ("disable", [1]),
        ("id_length", 0),
        ("guard", 3),
        ("guard", []),
        ("since", ""),
        ("disable", [""]),
        ("changed_since", ""),
        ("severity", {"FA9999": "error"}),
    ],
)
def test_wrong_values_are_named(key, value):
    with pytest.raises(PluginError, match="ALEMBIC_LINT"):
        load({"ALEMBIC_LINT": {key: value}})


def test_unknown_key_names_the_nearest():
    with pytest.raises(PluginError, match="did you mean 'disable'"):
        load({"ALEMBIC_LINT": {"disabled": []}})


@pytest.mark.parametrize("value", [["FA101"], [], "", 0])
def test_not_a_dict(value):
    with pytest.raises(PluginError, match="must be a dict"):
        load({"ALEMBIC_LINT": value})


@pytest.mark.parametrize(
    ("code", "near"), [("FA9999", "FA9"), ("fa501", "FA501"), ("FA51", "FA50")]
)
@pytest.mark.parametrize("key", ["disable", "severity"])
def test_unknown_rule(key, code, near):
    value = {code: "info"} if key == "severity" else ["FA501", code]
    with pytest.raises(PluginError) as caught:
        load({"ALEMBIC_LINT": {key: value}})
    assert f"ALEMBIC_LINT[{key!r}] has {code!r}, which is no rule." in str(caught.value)
    assert f"Did you mean '{near}" in str(caught.value)


def test_rules_of_squawk_are_known():
    assert load({"ALEMBIC_LINT": {"disable": ["squawk-ban-drop-column"]}})


@pytest.mark.parametrize("version", ["fifteen", "", 15, 10.10, None])
def test_versions_that_are_none(version):
    with pytest.raises(PluginError, match="for 'postgresql', which is no version"):
        load({"ALEMBIC_LINT": {"versions": {"postgresql": version}}})


DIALECTS = {"default": "sqlite", "reports": "mysql", "old": "mssql"}


@pytest.mark.parametrize(
    "versions",
    [
        {"reports": "10.11-MariaDB"},
        {"mysql": "10.11-MariaDB", "postgresql": "15"},
        {"mssql": "16"},
    ],
)
def test_versions_of_databases_and_dialects(versions):
    require_versions(load({"ALEMBIC_LINT": {"versions": versions}}), DIALECTS)


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        ({"oracle": "19"}, "Use one of: default, reports, old, postgresql"),
        ({"": "19"}, "no database of this app"),
        ({"postgresql": "10.11-MariaDB"}, "whose dialect is postgresql"),
        ({"default": "10.11-MariaDB"}, "whose dialect is sqlite"),
    ],
)
def test_versions_of_what_is_not_there(versions, text):
    settings = load({"ALEMBIC_LINT": {"versions": versions}})
    with pytest.raises(PluginError, match="'versions'") as caught:
        require_versions(settings, DIALECTS)
    assert text in str(caught.value)


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
