"""What may be registered, under what name, and until when."""

from __future__ import annotations

import logging
import types
from pathlib import Path
from typing import Any

import pytest
from apps import extension_of, make_app, run_db
from flask import current_app, request

from flask_alembic import Alembic, builtin, hookimpl
from flask_alembic.errors import PluginError

BUILTIN = [name for name, _ in builtin.BUILTIN]
"""What comes after the plugins of an app."""


class Quiet:
    """A plugin that does nothing."""

    @hookimpl
    def after_command(self) -> None:
        """Do nothing."""


def test_the_same_object_twice_is_refused() -> None:
    plugin = Quiet()
    alembic = Alembic(plugins=[plugin])
    with pytest.raises(PluginError, match="registered twice"):
        alembic.register(plugin)


def test_two_of_a_class_get_names_of_their_own(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"plugins": [Quiet(), Quiet(), Quiet()]})
    with app.app_context():
        names = [record.name for record in extension_of(app).plugins]
    assert names == ["Quiet", "Quiet_2", "Quiet_3", *BUILTIN]


def test_a_plugin_may_have_the_name_of_a_built_in_plugin(tmp_path: Path) -> None:
    alembic = Alembic()
    alembic.register(Quiet(), name="lock")
    app = make_app(tmp_path, extension=None)
    alembic.init_app(app)
    with app.app_context():
        assert [one.name for one in alembic.plugins] == ["lock_2", *BUILTIN]


def test_a_plugin_after_the_first_command_comes_too_late(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    with app.app_context():
        extension_of(app).heads()
    with pytest.raises(PluginError, match="comes too late"):
        extension_of(app).register(Quiet())


def test_a_plugin_may_come_after_the_environment_was_looked_at(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    alembic = extension_of(app)
    assert alembic.environment_for(app).settings.lock_timeout == 60
    alembic.register(Quiet())
    with app.app_context():
        assert [one.name for one in alembic.plugins] == ["Quiet", *BUILTIN]


def test_a_module_is_a_plugin(tmp_path: Path) -> None:
    module = types.ModuleType("shop.listening")
    heard = []

    @hookimpl
    def after_command(report: Any) -> None:
        heard.append(report.command.name)

    module.after_command = after_command  # type: ignore[attr-defined]
    app = make_app(tmp_path, extension={"plugins": [module]})
    with app.app_context():
        extension_of(app).heads()
        assert extension_of(app).plugins[0].name == "shop.listening"
    assert heard == ["heads"]


def test_a_module_may_import_the_proxies_of_flask(tmp_path: Path) -> None:
    """They are looked at outside of any context, which must not break them."""
    module = types.ModuleType("proxies")
    module.current_app = current_app  # type: ignore[attr-defined]
    module.request = request  # type: ignore[attr-defined]
    module.after_command = hookimpl(lambda: None)  # type: ignore[attr-defined]
    Alembic(plugins=[module])


def test_properties_of_a_plugin_are_not_looked_at() -> None:
    class Plugin(Quiet):
        @property
        def connection(self) -> object:
            raise RuntimeError("not connected")

    Alembic(plugins=[Plugin()])


def test_a_listener_without_the_marker_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Plugin(Quiet):
        def before_upgrade(self, run: Any) -> None: ...
        def configure(self, color: str) -> None: ...

    with caplog.at_level(logging.WARNING, "flask_alembic.hooks"):
        Alembic(plugins=[Plugin()])
    assert [record.getMessage() for record in caplog.records] == [
        "Plugin 'Plugin': before_upgrade is not called, because it is not marked with "
        "@hookimpl."
    ]


def test_a_refused_plugin_is_not_half_registered(tmp_path: Path) -> None:
    class Plugin:
        @hookimpl
        def after_command(self) -> None: ...

        @hookimpl
        def wrong(self) -> None: ...

    alembic = Alembic()
    with pytest.raises(PluginError):
        alembic.register(Plugin())
    app = make_app(tmp_path, extension=None)
    alembic.init_app(app)
    with app.app_context():
        assert [one.name for one in alembic.plugins] == BUILTIN
    assert run_db(app, "heads").exit_code == 0
