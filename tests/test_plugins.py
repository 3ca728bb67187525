"""Installed plugins: found, chosen, ordered, isolated, required and shown."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apps import (
    Implementing,
    extension_of,
    make_app,
    migrations_of,
    run_db,
    tables,
    write_table_revision,
)
from distributions import installed, write_distribution
from flask import Flask

from flask_alembic import defaults
from flask_alembic.errors import PluginError
from flask_alembic.hooks import loading
from flask_alembic.hooks.registry import CORE, Registry
from flask_alembic.hooks.requirements import release

LISTENER = """
    from flask_alembic.hooks import hookimpl

    @hookimpl
    def after_command(app, report):
        app.extensions.setdefault("heard", []).append(__name__)
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A folder with installed plugins: a good one, two broken ones, one to disable."""
    folder = tmp_path / "site-packages"
    write_distribution(
        folder,
        "flask-alembic-good",
        "1.2",
        entry_points={"good": "plugin_good"},
        modules={"plugin_good": LISTENER},
    )
    write_distribution(
        folder,
        "flask-alembic-broken",
        "0.3",
        entry_points={"broken": "plugin_broken", "gone": "plugin_gone:plugin"},
        modules={"plugin_broken": "import a_module_that_is_not_there"},
    )
    write_distribution(
        folder,
        "flask-alembic-idle",
        "2.0",
        entry_points={"idle": "plugin_idle:plugin"},
        modules={
            "plugin_idle": """
                from flask_alembic import hookimpl

                class Idle:
                    @hookimpl
                    def after_command(self, app):
                        app.extensions.setdefault("heard", []).append("idle")

                plugin = Idle()
            """
        },
    )
    with installed(folder):
        yield folder


@pytest.fixture(autouse=True)
def _plugins_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_ALEMBIC_NO_PLUGINS", raising=False)


def app_in(folder: Path, **config: Any) -> Flask:
    return make_app(folder, **{"ALEMBIC_PLUGINS": None, **config})


def heard(app: Flask) -> list[str]:
    found: list[str] = app.extensions.pop("heard", [])
    return found


def statuses(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {one.name: one.status for one in extension_of(app).plugins}


# What is loaded -----------------------------------------------------------------


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
        (one.name, one.source, one.status, one.origin, one.hooks) for one in records
    ]
    assert shown == [
        ("mine", "app", "active", "", ("after_command",)),
        ("good", "entry point", "active", "flask-alembic-good 1.2", ("after_command",)),
        (CORE, "core", "active", "", ("migration_lock", "rev_id")),
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
            CORE: "active",
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
    assert statuses(app) == {CORE: "active", "Implementing": "disabled"}


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
        assert [one.plugin_name for one in implementations] == ["b", "a", CORE]
        assert [one.name for one in alembic.plugins] == [
            "b",
            "a",
            "good",
            "idle",
            CORE,
            "broken",
            "gone",
        ]


def test_the_default_behaviour_adds_no_commands() -> None:
    """``--help`` leaves plugins and pluggy alone when nobody else is there."""
    registry = Registry(defaults, load_installed=False)
    assert registry.record(CORE).hooks == ("migration_lock", "rev_id")


# What is shown ------------------------------------------------------------------


@pytest.mark.usefixtures("site")
def test_flask_db_plugins(tmp_path: Path) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS_DISABLED=["idle"])
    result = run_db(app, "plugins")
    assert result.exit_code == 0
    lines = (line.split("  ") for line in result.output.splitlines())
    header, *rows = ([cell.strip() for cell in row if cell.strip()] for row in lines)
    assert header == ["Name", "Distribution", "Source", "Status", "Hooks"]
    assert rows == [
        ["good", "flask-alembic-good 1.2", "entry point", "active", "after_command"],
        ["defaults", "-", "core", "active", "migration_lock, rev_id"],
        [
            "idle",
            "flask-alembic-idle 2.0",
            "entry point",
            "disabled: in ALEMBIC_PLUGINS_DISABLED",
            "-",
        ],
        [
            "broken",
            "flask-alembic-broken 0.3",
            "entry point",
            "failed: ModuleNotFoundError: No module named 'a_module_that_is_not_there'",
            "-",
        ],
        [
            "gone",
            "flask-alembic-broken 0.3",
            "entry point",
            "failed: ModuleNotFoundError: No module named 'plugin_gone'",
            "-",
        ],
    ]


@pytest.mark.usefixtures("site")
def test_flask_db_plugins_as_json(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    result = run_db(app, "plugins", "--format", "json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)["data"]["plugins"]
    assert shown[0] == {
        "name": "good",
        "source": "entry point",
        "status": "active",
        "distribution": "flask-alembic-good",
        "version": "1.2",
        "reason": "",
        "hooks": ["after_command"],
    }


@pytest.mark.usefixtures("site")
def test_flask_db_hooks(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    lines = run_db(app, "hooks").output.splitlines()
    assert lines[0].split() == ["Name", "Kind", "Signal", "Implementations"]
    assert len(lines) == 31
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in lines[1:]}
    assert rows["after_command"] == "tell after-command good, idle"
    assert rows["before_statement"] == "guard - -"
    assert rows["rev_id"] == "ask - defaults"


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("name", ["after_command", "after-command"])
def test_flask_db_hooks_of_one_name(tmp_path: Path, name: str) -> None:
    result = run_db(app_in(tmp_path), "hooks", name)
    assert result.exit_code == 0
    assert result.output.startswith(
        "after_command(app, report)\n"
        "Kind: tell\n"
        "Signal: after-command\n"
        "Implementations: good, idle\n"
        "\n"
        "Hear how a command ended, on success and on failure.\n"
    )


def test_flask_db_hooks_of_an_unknown_name(tmp_path: Path) -> None:
    result = run_db(make_app(tmp_path), "hooks", "before_upgarde")
    assert result.exit_code == 2
    assert "There is no hook 'before_upgarde'." in result.stderr
    assert "Did you mean 'before_upgrade'?" in result.stderr


def test_the_command_of_an_installed_plugin_is_listed_and_runs(tmp_path: Path) -> None:
    """In a process of its own, as it is installed."""
    site = tmp_path / "site-packages"
    write_distribution(
        site,
        "flask-alembic-seed",
        entry_points={"seed": "plugin_seed"},
        modules={
            "plugin_seed": """
                import click
                from flask_alembic import hookimpl

                @hookimpl
                def register_commands(app, cli):
                    @cli.command("seed")
                    def seed():
                        "Fill the tables."
                        click.echo("seeded " + app.name)
            """,
            "shop": f"""
                from flask import Flask
                from flask_alembic import Alembic

                app = Flask("shop", root_path={str(tmp_path)!r})
                Alembic(app)
            """,
        },
    )

    def flask(*words: str) -> str:
        result = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "shop", "db", *words],
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return result.stdout + result.stderr

    assert "seed       Fill the tables." in flask("--help")
    assert flask("seed") == "seeded shop\n"
    assert "No such command 'seed'" in flask("--no-plugins", "seed")


# Strict mode --------------------------------------------------------------------


@pytest.fixture
def failing_app(tmp_path: Path) -> Flask:
    def after_upgrade() -> None:
        raise OSError("the chat is down")

    app = make_app(
        tmp_path,
        extension={"plugins": [Implementing(after_upgrade=after_upgrade)]},
        ALEMBIC_HOOKS_STRICT=True,
    )
    write_table_revision(migrations_of(app), "a1")
    return app


def test_strict_mode_ends_with_3_and_says_that_the_database_was_changed(
    failing_app: Flask,
) -> None:
    result = run_db(failing_app, "upgrade")
    assert result.exit_code == 3
    assert "the database was changed" in result.stderr.lower()
    assert "Implementing in after_upgrade (OSError: the chat is down)" in result.stderr
    assert tables(failing_app.config["SQLALCHEMY_DATABASE_URI"]) == {"t_a1"}
    again = run_db(failing_app, "upgrade")
    assert again.exit_code == 3
    assert "the database was not changed" in again.stderr.lower()


def test_without_strict_mode_a_failing_listener_changes_nothing(
    failing_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    failing_app.config["ALEMBIC_HOOKS_STRICT"] = False
    result = run_db(failing_app, "upgrade", "--format", "json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["ok"] is True
    assert report["hook_failures"] == [
        {
            "hook": "after_upgrade",
            "plugin": "Implementing",
            "distribution": "",
            "error": "OSError: the chat is down",
        }
    ]
    assert "Implementing failed in after_upgrade" in caplog.text


def test_strict_mode_as_json_says_it_too(failing_app: Flask) -> None:
    result = run_db(failing_app, "upgrade", "--format", "json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["ok"], report["exit_code"]) == (False, 3)
    assert report["error"]["type"] == "HookFailures"
    assert report["result"]["applied"][0]["revision"] == "a1"
