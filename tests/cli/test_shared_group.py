"""The Click group that a project imports and extends, as with Flask-Alembic 1 to 3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    url_of,
    version_rows,
    write_chain,
)
from flask import Flask

import flask_alembic.cli
from flask_alembic import alembic_click, hookimpl
from flask_alembic.plugins.command_list import command_names


@pytest.fixture(autouse=True)
def own_commands() -> Iterator[None]:
    """Take what a test adds out of the group, which belongs to the process."""
    before = dict(alembic_click.commands.unresolved())
    yield
    for name, _ in list(alembic_click.commands.unresolved()):
        del alembic_click.commands[name]
    for name, command in before.items():
        alembic_click.commands.add(name, command)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1", "a2")
    return app


def test_the_group_is_one_object_under_each_name() -> None:
    from flask_alembic.cli import cli
    from flask_alembic.cli.click import cli as older

    assert cli is older is alembic_click
    assert isinstance(cli, click.Group)
    with pytest.raises(ImportError):
        from flask_alembic.cli.click import nothing  # noqa: F401


def test_the_manager_has_its_older_name_too() -> None:
    from flask_alembic import alembic_script
    from flask_alembic.cli.script import manager

    assert manager is alembic_script


def test_the_group_lists_its_commands() -> None:
    assert set(alembic_click.commands) == command_names()
    assert len(alembic_click.commands) == len(command_names())
    assert all(
        isinstance(command, click.Command)
        for command in alembic_click.commands.values()
    )


def test_commands_can_be_copied_into_another_group(app: Flask) -> None:
    group = click.Group("database")
    for name, command in alembic_click.commands.items():
        group.add_command(command, name)
    app.cli.add_command(group)
    result = app.test_cli_runner().invoke(args=["database", "upgrade"])
    assert result.exit_code == 0
    assert version_rows(url_of(app)) == {"a2"}


def test_an_added_command_is_in_each_app(tmp_path: Path) -> None:
    early = make_app(tmp_path / "early")
    assert run_db(early, "heads").exit_code == 0

    @alembic_click.command("fixtures")
    def fixtures() -> None:
        click.echo("loaded")

    for app in (early, make_app(tmp_path / "late")):
        assert run_db(app, "fixtures").output == "loaded\n"
        assert "fixtures" in run_db(app, "--help").output


def test_an_added_command_replaces_ours_and_its_former_self(app: Flask) -> None:
    for text in ("first", "second"):

        @alembic_click.command("heads")
        def heads(text: str = text) -> None:
            click.echo(text)

        assert run_db(app, "heads").output == f"{text}\n"


def test_a_command_of_the_app_is_kept(app: Flask) -> None:
    group: Any = app.cli.commands["db"]

    @group.command("fixtures")
    def mine() -> None:
        click.echo("mine")

    @alembic_click.command("fixtures")
    def shared() -> None:
        click.echo("shared")

    assert run_db(app, "fixtures").output == "mine\n"


def test_commands_of_plugins_stay_with_their_app(tmp_path: Path) -> None:
    class Extra:
        @hookimpl
        def register_commands(self, cli: click.Group) -> None:
            @cli.command("extra")
            def extra() -> None:
                click.echo("extra")

    with_plugin = make_app(
        tmp_path / "a", extension={"plugins": [Extra()], "command_name": False}
    )
    with_plugin.cli.add_command(alembic_click, "db")
    assert run_db(with_plugin, "extra").output == "extra\n"
    other = make_app(tmp_path / "b")
    assert run_db(other, "extra").exit_code == 2


def test_the_group_of_an_app_lists_its_commands(app: Flask) -> None:
    group: Any = app.cli.commands["db"]
    assert set(group.commands) == command_names()


# context.invoke() ----------------------------------------------------------------

INVOKED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("upgrade", {}, "Applied 2 revisions"),
    ("current", {}, "a2"),
    ("current", {"verbose": True}, "Rev: a2"),
    ("heads", {"resolve_dependencies": True}, "a2"),
    ("branches", {}, "No revision"),
    ("log", {"start": "a1", "end": "a2"}, "a1 -> a2"),
    ("show", {"revisions": "a1"}, "Rev: a1"),
    ("show", {"revisions": ["a1", "a2"]}, "Rev: a2"),
    ("downgrade", {"target": -1}, "Reverted 1 revision"),
    ("upgrade", {"target": "+1"}, "now at a2"),
    ("downgrade", {}, "now at a1"),
    ("stamp", {"target": "a2"}, "now at a2"),
    ("mkdir", {}, "exists"),
    (
        "revision",
        {"message": "more", "empty": True, "parent": "a2", "label": "shop"},
        "Generated",
    ),
    (
        "revision",
        {"message": "other", "empty": True, "parent": ("a2",), "splice": True},
        "Generated",
    ),
    ("merge", {"revisions": "heads", "message": "join", "label": None}, "Generated"),
)


def test_each_command_can_be_invoked_from_another(app: Flask) -> None:
    """As in a project's own ``setup`` command."""
    for name, arguments, expected in INVOKED:

        @app.cli.command("setup")
        @click.pass_context
        def setup(
            ctx: click.Context, name: str = name, arguments: Any = arguments
        ) -> None:
            ctx.obj = extension_of(app)
            ctx.invoke(getattr(flask_alembic.cli, name), **arguments)

        result = app.test_cli_runner().invoke(args=["setup"])
        assert result.exit_code == 0, (name, result.exception)
        assert expected in result.output, name
