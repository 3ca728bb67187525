"""The hooks that set up, each through a real command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from alembic.config import Config
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    tables,
    write_revision,
    write_table_revision,
)
from backends import backend_for
from flask import Flask, current_app
from plugging import Implementing, Wrapper, app_with

from flask_alembic.backends import LockKey
from flask_alembic.errors import HookError, LockNotObtained, PluginError
from flask_alembic.hooks import Command, OutputFormat, Report, VersionLocation, Veto

pytestmark = pytest.mark.filterwarnings("error")


def test_hook_configure(tmp_path: Path) -> None:
    seen = []

    def configure(app: Flask, config: Config) -> None:
        seen.append(app.name)
        config.set_main_option(
            "file_template", "%%(rev)s-from-%(here)s".replace("%(here)s", app.name)
        )

    app = app_with(tmp_path, configure=configure)
    for _ in range(2):
        assert run_db(
            app, "revision", "one", "--empty", "--rev-id", "a1"
        ).exit_code in (
            0,
            2,
        )
    assert [path.name for path in migrations_of(app).glob("*.py")] == [
        "a1-from-shop.py"
    ]
    assert seen == ["shop"]


def test_hook_configure_that_fails_stops_the_command(tmp_path: Path) -> None:
    def configure() -> None:
        raise ValueError("no")

    app = app_with(tmp_path, configure=configure)
    result = run_db(app, "revision", "x", "--empty")
    assert result.exit_code == 3
    assert "plugin 'Implementing' failed in configure: ValueError: no." in result.stderr


def test_hook_register_commands(tmp_path: Path) -> None:
    def register_commands(app: Flask, cli: click.Group) -> None:
        @cli.command("greet")
        def greet() -> None:
            """Say hello."""
            click.echo(f"hello {app.name}")

        upgrade = cli.commands["upgrade"]
        upgrade.params.append(click.Option(["--ticket"], expose_value=False))

    app = app_with(tmp_path, register_commands=register_commands)
    assert re.search(r"^  greet +Say hello\.$", run_db(app, "--help").output, re.M)
    result = run_db(app, "greet")
    assert (result.exit_code, result.output) == (0, "hello shop\n")
    assert "--ticket" in run_db(app, "upgrade", "--help").output
    assert run_db(app, "greet", "--loud").exit_code == 2


def test_hook_register_commands_are_heard_like_ours(tmp_path: Path) -> None:
    heard: list[tuple[str, object]] = []

    @click.group("shelf")
    def shelf() -> None:
        """Work on shelves."""

    @shelf.command("fill")
    @click.argument("count", type=int)
    @click.option("--key", hide_input=True)
    def fill(count: int, key: str) -> None:
        if count < 0:
            raise ValueError("no books")
        click.echo(f"{count} {key}")

    def register_commands(cli: click.Group) -> None:
        cli.add_command(shelf)

    def before_command(command: Command) -> None:
        heard.append((command.name, dict(command.options)))
        if command.options.get("count") == 13:
            raise Veto("13 is unlucky")

    def after_command(report: Report) -> None:
        heard.append((report.command.name, (report.ok, report.exit_code)))

    hooks = (register_commands, before_command, after_command)
    for folder in ("one", "two"):
        heard.clear()
        app = app_with(tmp_path / folder, **{hook.__name__: hook for hook in hooks})
        result = run_db(app, "shelf", "fill", "3", "--key", "x")
        assert (result.exit_code, result.output) == (0, "3 x\n")
        assert heard == [("shelf fill", {"count": 3}), ("shelf fill", (True, 0))]
    refused = run_db(app, "shelf", "fill", "13")
    assert refused.exit_code == 3
    assert "13 is unlucky" in refused.output
    assert run_db(app, "shelf", "fill", "--", "-1").exit_code == 3
    assert heard[-1] == ("shelf fill", (False, 3))


def test_hook_register_commands_may_take_any_parameter(tmp_path: Path) -> None:
    heard: list[dict[str, object]] = []

    def register_commands(cli: click.Group) -> None:
        @cli.command("label")
        @click.argument("name")
        @click.option("--environment")
        def label(name: str, environment: str) -> None:
            click.echo(f"{name} in {environment}")

    def before_command(command: Command) -> None:
        heard.append(dict(command.options))

    hooks = {"register_commands": register_commands, "before_command": before_command}
    app = app_with(tmp_path, **hooks)
    result = run_db(app, "label", "shop", "--environment", "test")
    assert (result.exit_code, result.output) == (0, "shop in test\n")
    assert heard == [{"name": "shop", "environment": "test"}]


def test_hook_register_commands_report_what_they_did(tmp_path: Path) -> None:
    def register_commands(cli: click.Group) -> None:
        @cli.command("deploy")
        def deploy() -> None:
            extension_of(current_app).upgrade()

    app = app_with(tmp_path, register_commands=register_commands)
    report = json.loads(run_db(app, "deploy", "--format", "json").output)
    assert report["command"] == "deploy"
    assert report["ok"] is True
    assert "result" in report


def test_hook_register_commands_that_fails_becomes_one_broken_command(
    tmp_path: Path,
) -> None:
    def register_commands() -> None:
        raise ValueError("no templates")

    app = app_with(tmp_path, register_commands=register_commands)
    help_ = run_db(app, "--help")
    assert help_.exit_code == 0
    assert re.search(
        r"^  Implementing +Broken; run it to see why\.$", help_.output, re.M
    )
    assert run_db(app, "heads").exit_code == 0
    broken = run_db(app, "Implementing")
    assert broken.exit_code == 3
    assert "failed in register_commands: ValueError: no templates" in broken.output


def test_hook_register_commands_that_fails_replaces_no_command(tmp_path: Path) -> None:
    def register_commands() -> None:
        raise ValueError("no templates")

    app = make_app(tmp_path)
    plugin = Implementing(register_commands=register_commands)
    extension_of(app).register(plugin, "heads")
    assert run_db(app, "heads").exit_code == 0
    assert run_db(app, "heads-plugin").exit_code == 3


def test_hook_output_formats(tmp_path: Path) -> None:
    def output_formats(app: Flask) -> list[OutputFormat]:
        return [
            OutputFormat("words", lambda report: f"{app.name}: {report.command.name}")
        ]

    app = app_with(tmp_path, output_formats=output_formats)
    result = run_db(app, "heads", "--format", "words")
    assert (result.exit_code, result.output) == (0, "shop: heads\n")
    missing = run_db(app, "heads", "--format", "pictures")
    assert missing.exit_code == 2
    assert "json, jsonl, words" in missing.stderr


def test_hook_output_formats_of_one_name_are_refused(tmp_path: Path) -> None:
    def output_formats() -> list[OutputFormat]:
        return [OutputFormat("json", str)]

    app = app_with(tmp_path, output_formats=output_formats)
    result = run_db(app, "heads", "--format", "json")
    assert result.exit_code == 3
    assert (
        "'Implementing' and 'json_format' both offer the format 'json'" in result.stderr
    )


def test_hook_version_locations(tmp_path: Path) -> None:
    """A package ships its own table on a branch of its own."""
    package = tmp_path / "billing"
    write_table_revision(package, "b1", None, "invoice", labels="billing")

    def version_locations() -> Iterator[VersionLocation]:
        yield VersionLocation(package, "billing")

    app = app_with(tmp_path, version_locations=version_locations)
    write_table_revision(migrations_of(app), "a1", None, "author")
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(f"sqlite:///{tmp_path}/app.db") == {"author", "invoice"}
    made = run_db(
        app, "revision", "more", "--empty", "--branch", "billing", "--rev-id", "b2"
    )
    assert made.exit_code == 0, made.output
    assert sorted(path.name for path in package.glob("*.py")) == [
        "b1_.py",
        "b2_more.py",
    ]


def test_hook_version_locations_that_gives_something_else(tmp_path: Path) -> None:
    app = app_with(tmp_path, version_locations=lambda: ["billing"])
    with app.app_context(), pytest.raises(HookError, match="VersionLocation") as caught:
        extension_of(app).heads()
    assert caught.value.plugin == "Implementing"


def test_hook_context_options(tmp_path: Path) -> None:
    def context_options(database: str) -> dict[str, Any]:
        return {"version_table": f"versions_of_{database}"}

    app = app_with(tmp_path, context_options=context_options)
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(f"sqlite:///{tmp_path}/app.db") == {"t_a1", "versions_of_default"}
    assert "a1" in run_db(app, "current").output
    with app.app_context():
        assert extension_of(app).context.get_current_revision() == "a1"


def test_hook_context_options_that_disagree_name_both(tmp_path: Path) -> None:
    plugins = [
        Implementing(context_options=lambda: {"version_table": "one"}),
        Implementing(context_options=lambda: {"version_table": "other"}),
    ]
    app = make_app(tmp_path, extension={"plugins": plugins})
    result = run_db(app, "current")
    assert result.exit_code == 3
    assert "'Implementing' and plugin 'Implementing_2' disagree" in result.stderr
    assert "'version_table' of database 'default'" in result.stderr


def test_hook_open_connection(tmp_path: Path) -> None:
    """What a wrapper sets up holds for the whole command, and it sees the engine."""
    seen: list[tuple[str, str]] = []

    def open_connection(database: str, engine: sa.Engine) -> Wrapper:
        connection: Any = yield
        seen.append((database, engine.dialect.name))
        connection.exec_driver_sql("CREATE TEMP TABLE greeting (word VARCHAR(10))")
        connection.exec_driver_sql("INSERT INTO greeting VALUES ('hello')")
        connection.commit()
        return connection

    app = make_app(
        tmp_path,
        extension={"plugins": [Implementing({"open_connection": open_connection})]},
    )
    write_revision(
        migrations_of(app),
        "a1",
        upgrade="op.execute('CREATE TABLE copy AS SELECT word FROM greeting')",
    )
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(f"sqlite:///{tmp_path}/app.db") == {"copy"}
    assert seen == [("default", "sqlite")]
    assert run_db(app, "current").exit_code == 0
    with app.app_context():
        found = (
            extension_of(app).op.get_bind().exec_driver_sql("SELECT word FROM greeting")
        )
        assert found.scalars().all() == ["hello"]
    assert seen == [("default", "sqlite")] * 3


def test_hook_open_connection_that_loses_the_connection(tmp_path: Path) -> None:
    def open_connection() -> Wrapper:
        connection: Any = yield
        connection.close()
        return "nothing"

    app = make_app(
        tmp_path,
        extension={"plugins": [Implementing({"open_connection": open_connection})]},
    )
    result = run_db(app, "current")
    assert result.exit_code == 3
    assert "open_connection gave 'nothing'" in result.stderr


def test_hook_migration_lock(tmp_path: Path) -> None:
    events: list[str] = []

    @contextmanager
    def lock(database: str) -> Wrapper:
        events.append(f"lock {database}")
        yield
        events.append("unlock")

    def migration_lock(database: str, connection: sa.Connection) -> Any:
        assert not connection.in_transaction()
        return lock(database)

    app = app_with(
        tmp_path,
        migration_lock=migration_lock,
        before_upgrade=lambda: events.append("before_upgrade"),
        after_upgrade=lambda: events.append("after_upgrade"),
    )
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert events == ["lock default", "before_upgrade", "unlock", "after_upgrade"]
    events.clear()
    assert run_db(app, "upgrade").exit_code == 0
    assert events == ["before_upgrade", "after_upgrade"], "at head nothing is locked"


def test_hook_run_journal(tmp_path: Path, mariadb_url: str) -> None:
    """A plugin's journal is asked instead of ours, and closed."""
    asked: list[str] = []

    def run_journal(database: str, connection: sa.Connection) -> Any:
        asked.append(database)
        backend = backend_for(connection.dialect)
        return backend.journal(connection, LockKey(database, None, "mine"))

    app = app_with(tmp_path, url=mariadb_url, run_journal=run_journal)
    made = "op.execute('CREATE TABLE u (i INT)')"
    write_revision(migrations_of(app), "a1", None, [made, "1 / 0"])
    assert run_db(app, "upgrade").exit_code == 3
    assert set(asked) == {"default"}
    assert "mine_journal" in tables(mariadb_url)
    assert "alembic_version_journal" not in tables(mariadb_url)
    assert "partially applied" in run_db(app, "upgrade").stderr
    assert "partially applied" in run_db(app, "status").stdout
    assert run_db(app, "stamp", "a1").exit_code == 0
    assert "mine_journal" not in tables(mariadb_url)


def test_hook_run_journal_that_gives_something_else(
    tmp_path: Path, mariadb_url: str
) -> None:
    app = app_with(tmp_path, url=mariadb_url, run_journal=lambda: 42)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "run_journal returned 42" in result.stderr


def test_hook_run_journal_is_not_asked_where_ddl_is_rolled_back(
    tmp_path: Path,
) -> None:
    asked: list[str] = []
    app = app_with(tmp_path, run_journal=lambda database: asked.append(database))
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade", "--resume").exit_code == 0
    assert run_db(app, "status").exit_code == 0
    assert not asked


def test_hook_migration_lock_that_gives_up(tmp_path: Path) -> None:
    def migration_lock() -> None:
        raise LockNotObtained("Redis holds it.", "Wait.")

    app = app_with(tmp_path, migration_lock=migration_lock)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 4
    assert "Redis holds it." in result.stderr
    assert tables(f"sqlite:///{tmp_path}/app.db") == set()


def test_a_listed_plugin_that_is_not_installed_stops_every_command(
    tmp_path: Path,
) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS=["nosuch"])
    result = run_db(app, "heads")
    assert result.exit_code == 3
    assert "ALEMBIC_PLUGINS names 'nosuch', which is not installed." in result.stderr
    with app.app_context(), pytest.raises(PluginError):
        extension_of(app).heads()
