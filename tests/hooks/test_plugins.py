"""Installed plugins: found, isolated, named."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    run_db,
)
from distributions import (
    LISTENER,
    app_in,
    heard,
    installed,
    site,
    statuses,
    write_distribution,
)
from plugging import Implementing

from flask_alembic import builtin
from flask_alembic.hooks import discovery as loading
from flask_alembic.hooks.manager import Registry

__all__ = ["site"]


@pytest.fixture(autouse=True)
def _plugins_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_ALEMBIC_NO_PLUGINS", raising=False)


@pytest.mark.usefixtures("site")
def test_good_plugins_work_beside_broken_ones(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    assert run_db(app, "heads").exit_code == 0
    assert heard(app) == ["plugin_good", "idle"]


@pytest.mark.usefixtures("site")
def test_every_record_says_where_a_plugin_comes_from_and_how_it_is(
    tmp_path: Path,
) -> None:
    own = Implementing(after_command=lambda: None)
    app = app_in(tmp_path, ALEMBIC_PLUGINS_DISABLED=["idle"])
    extension_of(app).register(own, "mine")
    with app.app_context():
        records = extension_of(app).plugins
    shown = [
        (one.name, one.source, one.status, one.origin, one.hooks)
        for one in records
        if one.source != "core"
    ]
    assert shown == [
        ("mine", "app", "active", "", ("after_command",)),
        ("good", "entry point", "active", "flask-alembic-good 1.2", ("after_command",)),
        ("idle", "entry point", "disabled", "flask-alembic-idle 2.0", ()),
        ("broken", "entry point", "failed", "flask-alembic-broken 0.3", ()),
        ("gone", "entry point", "failed", "flask-alembic-broken 0.3", ()),
    ]
    reasons = {one.name: one.reason for one in records}
    assert reasons["idle"] == "in ALEMBIC_PLUGINS_DISABLED"
    assert reasons["broken"] == (
        "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"
    )
    assert reasons["gone"] == "ModuleNotFoundError: No module named 'plugin_gone'"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import sys; sys.exit(5)", "SystemExit: 5"),
        ("raise ValueError('url is https://a:hunter2@b/')", "https://a:***@b/"),
        ("def broken(:", "SyntaxError"),
        ("x = 1", "implements no hook"),
        (
            "from flask_alembic import hookimpl\n@hookimpl\ndef before_upgarde(): ...",
            "did you mean 'before_upgrade'?",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_is_kept_with_its_reason(
    tmp_path: Path, source: str, reason: str
) -> None:
    site = tmp_path / "site-packages"
    write_distribution(
        site,
        "bad",
        entry_points={"bad": "plugin_bad"},
        modules={"plugin_bad": source},
    )
    with installed(site):
        app = app_in(tmp_path)
        assert run_db(app, "heads").exit_code == 0
        assert run_db(app, "--help").exit_code == 0
        with app.app_context():
            (record,) = (one for one in extension_of(app).plugins if one.name == "bad")
    assert record.status == "failed"
    assert reason in record.reason


def test_a_half_uninstalled_distribution_breaks_nothing(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    write_distribution(
        site,
        "torn",
        entry_points={"torn": "plugin_torn"},
        modules={"plugin_torn": LISTENER},
        metadata=False,
    )
    with installed(site):
        app = app_in(tmp_path)
        assert run_db(app, "plugins").exit_code == 0
        assert statuses(app)["torn"] == "active"


def test_two_distributions_may_use_one_name(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    for number in (1, 2):
        write_distribution(
            site,
            f"audit-{number}",
            entry_points={"audit": f"plugin_audit_{number}"},
            modules={f"plugin_audit_{number}": LISTENER},
        )
    with installed(site):
        app = app_in(tmp_path)
        extension_of(app).register(Implementing(after_command=lambda: None), "audit")
        assert run_db(app, "heads").exit_code == 0
        assert heard(app) == ["plugin_audit_1", "plugin_audit_2"]
        assert statuses(app) == {
            "audit": "active",
            "audit (audit-1)": "active",
            "audit (audit-2)": "active",
        }


@pytest.mark.usefixtures("site")
def test_what_the_app_registers_is_not_loaded_again(tmp_path: Path) -> None:
    import plugin_good  # type: ignore[import-not-found]

    app = app_in(tmp_path)
    extension_of(app).register(plugin_good, "good")
    assert run_db(app, "heads").exit_code == 0
    assert heard(app) == ["plugin_good", "idle"]
    with app.app_context():
        records = extension_of(app).plugins
    assert [(one.name, one.status) for one in records if "good" in one.name] == [
        ("good", "active"),
        ("good (flask-alembic-good)", "disabled"),
    ]


def test_the_scan_is_done_once_per_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = []
    original = importlib.metadata.entry_points

    def counted(**arguments: Any) -> Any:
        scans.append(arguments)
        return original(**arguments)

    monkeypatch.setattr(importlib.metadata, "entry_points", counted)
    loading.candidates.cache_clear()
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert run_db(app_in(folder), "heads").exit_code == 0
    ours = [one for one in scans if one.get("group") == loading.ENTRY_POINT_GROUP]
    assert len(ours) == 1


def test_nothing_is_scanned_when_an_app_is_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**arguments: Any) -> Any:
        raise AssertionError("a web worker does not look for plugins")

    loading.candidates.cache_clear()
    monkeypatch.setattr(importlib.metadata, "entry_points", refused)
    app = app_in(tmp_path)
    with app.app_context():
        extension_of(app).register(Implementing(after_command=lambda: None))


# Order --------------------------------------------------------------------------


@pytest.mark.usefixtures("site")
def test_the_apps_plugins_come_before_installed_ones_and_the_default_last(
    tmp_path: Path,
) -> None:
    app = app_in(tmp_path)
    alembic = extension_of(app)
    for name in ("b", "a"):
        alembic.register(Implementing(rev_id=lambda: None), name)
    with app.app_context():
        hooks = alembic.environment_for(app).hooks
        implementations = hooks.registry.implementations("rev_id")
        assert [one.plugin_name for one in implementations] == ["b", "a", "rev_id"]
        assert [one.name for one in alembic.plugins] == [
            "b",
            "a",
            "good",
            "idle",
            *(name for name, _ in builtin.BUILTIN),
            "broken",
            "gone",
        ]


def test_one_built_in_plugin_adds_the_commands() -> None:
    """``--help`` leaves other plugins and pluggy alone when nobody else is there."""
    registry = Registry(builtin.plugins(), load_installed=False)
    adding = [one.name for one in registry.records if "register_commands" in one.hooks]
    assert adding == ["commands"]
