"""The core uses its own hooks: what is built in is a plugin like any other."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import extension_of, make_app, migrations_of, run_db, write_chain
from plugging import app_around, app_with

from flask_alembic import builtin
from flask_alembic.hooks.manager import hook_names
from flask_alembic.hooks.signals import spec_functions
from flask_alembic.hooks.validation import implementations, validate
from flask_alembic.plugins.comparison import compare_server_default

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flask_alembic"

WITHOUT_DEFAULT = {
    "after_command": "nothing is done when a command has ended",
    "apply_revision": "the executor calls the revision's function",
    "before_command": "every command is allowed",
    "before_fix": "every fix of doctor is allowed",
    "before_revision": "every revision is allowed",
    "before_statement": "statements are watched only for a plugin",
    "before_upgrade": "every upgrade is allowed",
    "include_object": "everything is compared but for tables left out by name",
    "lint_problems": "rules are brought by packages",
    "rewrite_revision": "a revision is written as it was found",
}
"""The hooks at whose place Flask-Alembic itself does nothing, or not by a plugin."""


def implemented() -> set[str]:
    return {hook for _, plugin in builtin.plugins() for hook in hook_names(plugin)}


def test_every_hook_with_a_default_has_a_built_in_implementation() -> None:
    hooks = set(spec_functions())
    assert hooks - implemented() == set(WITHOUT_DEFAULT)
    assert len(implemented()) >= 0.75 * len(hooks)


def test_what_is_built_in_would_be_accepted_from_outside() -> None:
    """It is registered without that check, for the sake of every start."""
    for name, plugin in builtin.plugins():
        assert validate(plugin, name, spec_functions()) == hook_names(plugin)


@pytest.mark.parametrize("name", sorted(builtin.names()))
def test_no_implementation_is_a_stub(name: str) -> None:
    plugin = dict(builtin.plugins())[name]
    for hook, function, _ in implementations(plugin):
        tree = ast.parse(Path(function.__code__.co_filename).read_text("utf-8"))
        (node,) = [
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name == function.__name__
        ]
        work = [
            line
            for line in node.body
            if not isinstance(line, ast.Pass)
            and not (
                isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
            )
            and not (
                isinstance(line, ast.Return)
                and (line.value is None or isinstance(line.value, ast.Constant))
            )
        ]
        assert work, (name, hook)


def imports_of(path: Path) -> Iterator[str]:
    """Yield the modules of ours that a module imports, as absolute names."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


DOORS = {
    "__init__.py",
    "extension.py",
    "builtin.py",
    "results.py",
    "revision_files.py",
    "health.py",
    "cli/__init__.py",
    "cli/base.py",
}
"""The composition root, the list of built-in plugins and the public doors."""


def test_nothing_below_imports_plugins() -> None:
    wrong = [
        (name, imported)
        for path in PACKAGE.rglob("*.py")
        for name in [path.relative_to(PACKAGE).as_posix()]
        if name not in DOORS and not name.startswith("plugins/")
        for imported in imports_of(path)
        if f"{imported}.".startswith("flask_alembic.plugins.")
    ]
    assert wrong == []


# What they do -------------------------------------------------------------------


def test_the_log_tells_of_a_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1")
    with caplog.at_level(logging.INFO, "flask_alembic"), app.app_context():
        extension_of(app).upgrade()
        extension_of(app).downgrade()
        extension_of(app).stamp("a1")
    said = [re.sub(r"\d+\.\d\d s", "N s", message) for message in caplog.messages]
    assert said == [
        "Running upgrade of a1, a1",
        "Applied a1 in database 'default' in N s",
        "Finished the upgrade of database 'default'; now at a1",
        "Running downgrade of a1, a1",
        "Reverted a1 in database 'default' in N s",
        "Finished the downgrade of database 'default'; now at base",
        "Running stamp of a1, a1",
        "Finished the stamp of database 'default'; now at a1",
    ]


def test_a_wrapper_gets_the_answer_of_alembic(tmp_path: Path) -> None:
    """A plugin may turn the answer around instead of working it out again."""
    answers: list[Any] = []

    def compare_type() -> Any:
        answer = yield
        answers.append(answer)
        return False

    app = app_around(tmp_path, compare_type=compare_type)
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer), sa.Column("n", sa.Integer))
    app.extensions["alembic"].metadatas = metadata
    with app.app_context():
        with extension_of(app).connect() as connection:
            connection.execute(sa.text("CREATE TABLE t (id INTEGER, n VARCHAR(3))"))
            connection.commit()
        assert not extension_of(app).compare_metadata()
    assert sorted(answers) == [False, True]


@pytest.mark.parametrize(
    "default", [sa.Computed("id + 1"), sa.Identity()], ids=["computed", "identity"]
)
def test_computed_and_identity_columns_are_left_to_alembic(default: Any) -> None:
    """It has comparisons of its own for them, which an answer would preempt."""
    column: sa.Column[Any] = sa.Column("n", sa.Integer, default)
    plain: sa.Column[Any] = sa.Column("n", sa.Integer)
    context: Any = None
    for columns in ((column, plain), (plain, column)):
        assert compare_server_default(context, *columns, "1", "1") is None


def test_a_plugin_may_connect_in_its_own_way(tmp_path: Path) -> None:
    opened: list[str] = []

    def open_connection(database: str, engine: sa.Engine) -> sa.Connection:
        opened.append(database)
        return engine.connect()

    app = app_with(tmp_path, open_connection=open_connection)
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert opened == ["default"]


def test_the_settings_come_before_what_plugins_change(tmp_path: Path) -> None:
    def configure(config: Any) -> None:
        config.set_main_option("mine", config.get_main_option("mine") + " and more")

    app = app_with(tmp_path, configure=configure)
    app.config["ALEMBIC"] = {"mine": "this"}
    with app.app_context():
        assert extension_of(app).config.get_main_option("mine") == "this and more"
