"""Installed plugins: chosen, switched off, required."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    write_table_revision,
)
from distributions import (
    app_in,
    heard,
    site,
    statuses,
)
from plugging import Implementing

from flask_alembic.errors import PluginError
from flask_alembic.hooks.manager import release

__all__ = ["site"]


@pytest.fixture(autouse=True)
def _plugins_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_ALEMBIC_NO_PLUGINS", raising=False)


# Configuration ------------------------------------------------------------------


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        (["idle", "good"], ["idle", "plugin_good"]),
        (["good"], ["plugin_good"]),
        (["flask-alembic-idle", "good"], ["idle", "plugin_good"]),
        (["Flask_Alembic.Idle"], ["idle"]),
        ([], []),
        (["good", "good"], ["plugin_good"]),
    ],
)
def test_alembic_plugins_chooses_and_orders(
    tmp_path: Path, wanted: list[str], order: list[str]
) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS=wanted)
    assert run_db(app, "heads").exit_code == 0
    assert heard(app) == order
    with app.app_context():
        left = {one.name: one.reason for one in extension_of(app).plugins}
    assert left["broken"] == "not in ALEMBIC_PLUGINS"


@pytest.mark.usefixtures("site")
def test_alembic_plugins_that_are_not_installed_stop_every_command(
    tmp_path: Path,
) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS=["good", "nosuch", "neither"])
    result = run_db(app, "heads")
    assert result.exit_code == 3
    assert "'nosuch', 'neither', which are not installed" in result.stderr
    assert run_db(app, "--help").exit_code == 0
    assert run_db(app, "--no-plugins", "heads").exit_code == 0


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("name", ["good", "flask-alembic-good", "flask_alembic_good"])
def test_disabled_plugins_are_not_imported(tmp_path: Path, name: str) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS_DISABLED=[name])
    assert run_db(app, "heads").exit_code == 0
    assert heard(app) == ["idle"]
    assert "plugin_good" not in sys.modules


def test_a_plugin_of_the_app_can_be_disabled(tmp_path: Path) -> None:
    seen: list[str] = []
    plugin = Implementing(after_command=lambda: seen.append("heard"))
    app = make_app(
        tmp_path,
        extension={"plugins": [plugin]},
        ALEMBIC_PLUGINS_DISABLED=["Implementing"],
    )
    assert run_db(app, "heads").exit_code == 0
    assert seen == []
    assert statuses(app) == {"Implementing": "disabled"}


@pytest.mark.parametrize(
    "key", ["ALEMBIC_PLUGINS", "ALEMBIC_PLUGINS_DISABLED", "ALEMBIC_PLUGINS_REQUIRED"]
)
@pytest.mark.parametrize("value", ["good", 7])
def test_a_setting_that_is_no_list_is_refused(
    tmp_path: Path, key: str, value: object
) -> None:
    app = app_in(tmp_path, **{key: value})
    result = run_db(app, "heads")
    assert result.exit_code == 3
    assert f"{key} must be a list of names, not {value!r}." in result.stderr


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("turn", ["option", "environment"])
def test_no_plugins_leaves_installed_ones_out(
    tmp_path: Path, turn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    app = app_in(tmp_path)
    extension_of(app).register(
        Implementing(after_command=lambda: seen.append("the app's own"))
    )
    if turn == "environment":
        monkeypatch.setenv("FLASK_ALEMBIC_NO_PLUGINS", "1")
        result = run_db(app, "plugins")
    else:
        result = run_db(app, "--no-plugins", "plugins")
    assert result.exit_code == 0
    assert heard(app) == []
    assert seen == ["the app's own"]
    assert "plugin_good" not in sys.modules
    assert "disabled: left out by --no-plugins" in result.output


@pytest.mark.usefixtures("site")
def test_no_plugins_holds_for_one_command(tmp_path: Path) -> None:
    assert run_db(app_in(tmp_path), "--no-plugins", "heads").exit_code == 0
    app = app_in(tmp_path)
    assert run_db(app, "heads").exit_code == 0
    assert heard(app) == ["plugin_good", "idle"]


# Required plugins ---------------------------------------------------------------


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    "wanted",
    ["good", "good>=1.2", "good >= 1", "flask-alembic-good>=0.9", "idle>=2.0.0"],
)
def test_a_required_plugin_that_is_there(tmp_path: Path, wanted: str) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS_REQUIRED=[wanted])
    assert run_db(app, "heads").exit_code == 0


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("nosuch", "'nosuch' is not installed; nothing was run."),
        ("broken", "'broken' did not load (ModuleNotFoundError"),
        ("good>=1.10", "'good' is version 1.2, but 1.10 or newer is required"),
        ("idle", "'idle' is disabled (in ALEMBIC_PLUGINS_DISABLED)"),
        ("good==1.2", "holds 'good==1.2', which is not understood"),
        ("good>1", "holds 'good>1', which is not understood"),
    ],
)
def test_without_a_required_plugin_nothing_is_run(
    tmp_path: Path, wanted: str, words: str
) -> None:
    app = app_in(
        tmp_path,
        ALEMBIC_PLUGINS_REQUIRED=[wanted],
        ALEMBIC_PLUGINS_DISABLED=["idle"],
    )
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert words in result.stderr
    assert not Path(tmp_path, "app.db").exists()
    with app.app_context(), pytest.raises(PluginError):
        extension_of(app).upgrade()


@pytest.mark.usefixtures("site")
def test_a_required_plugin_left_out_by_the_rescue_switch_is_still_required(
    tmp_path: Path,
) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS_REQUIRED=["good"])
    result = run_db(app, "--no-plugins", "heads")
    assert result.exit_code == 3
    assert "is disabled (left out by --no-plugins" in result.stderr


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.9", "1.10"), ("1.2", "1.2.1"), ("2", "10"), ("0.9.9", "1.0rc1"), ("", "0.1")],
)
def test_versions_are_compared_by_number(older: str, newer: str) -> None:
    assert release(older) < release(newer)
    assert not release(newer) < release(older)


@pytest.mark.parametrize(("one", "other"), [("1.2", "1.2.0"), ("1.2", "1.2rc1")])
def test_versions_that_count_as_equal(one: str, other: str) -> None:
    assert release(one) == release(other)


def test_a_built_in_plugin_can_be_disabled(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["rev_id"])
    with app.app_context():
        records = {one.name: one for one in extension_of(app).plugins}
    assert records["rev_id"].source == "core"
    assert records["rev_id"].status == "disabled"
    assert records["lock"].status == "active"
    result = run_db(app, "revision", "nobody names it")
    assert result.exit_code == 2
    assert "No revision id was given." in result.stderr
