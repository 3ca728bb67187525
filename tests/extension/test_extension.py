"""The Python API as it is documented: names, arguments, defaults, examples."""

from __future__ import annotations

import gc
import inspect
import weakref
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    tables,
    url_of,
    write_table_revision,
)
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import flask_alembic
from flask_alembic import Alembic
from flask_alembic.errors import AlembicError

REQUIRED = inspect.Parameter.empty

METHODS: dict[str, dict[str, object]] = {
    "__init__": {"app": None, "run_mkdir": True, "command_name": "db"},
    "init_app": {"app": REQUIRED, "run_mkdir": None, "command_name": None},
    "rev_id": {},
    "run_migrations": {"fn": REQUIRED},
    "mkdir": {},
    "current": {},
    "heads": {"resolve_dependencies": False},
    "branches": {},
    "log": {"start": "base", "end": "heads"},
    "stamp": {"target": "heads"},
    "upgrade": {"target": "heads"},
    "downgrade": {"target": -1},
    "revision": {
        "message": REQUIRED,
        "empty": False,
        "branch": "default",
        "parent": "head",
        "splice": False,
        "depend": None,
        "label": None,
        "path": None,
    },
    "merge": {"revisions": "heads", "message": None, "label": None},
    "produce_migrations": {},
    "compare_metadata": {},
}
PROPERTIES = {
    "config": Config,
    "script_directory": ScriptDirectory,
    "script": ScriptDirectory,
    "environment_context": EnvironmentContext,
    "env": EnvironmentContext,
    "migration_context": MigrationContext,
    "context": MigrationContext,
    "op": Operations,
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


# Names, arguments, defaults -----------------------------------------------------


@pytest.mark.parametrize("name", METHODS)
def test_methods_take_the_documented_arguments_in_that_order(name: str) -> None:
    parameters = inspect.signature(getattr(Alembic, name)).parameters
    taken = {
        parameter.name: parameter.default
        for parameter in parameters.values()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    }
    taken.pop("self")
    documented = METHODS[name]
    assert dict(list(taken.items())[: len(documented)]) == documented
    further = list(taken.values())[len(documented) :]
    assert REQUIRED not in further


@pytest.mark.parametrize("name", PROPERTIES)
def test_properties_give_alembics_own_objects(app: Flask, name: str) -> None:
    with app.app_context():
        assert isinstance(getattr(extension_of(app), name), PROPERTIES[name])
    described = getattr(Alembic, name)
    assert isinstance(described, property)
    assert described.__doc__


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("script", "script_directory"),
        ("env", "environment_context"),
        ("context", "migration_context"),
    ],
)
def test_short_names_mean_the_long_ones(app: Flask, short: str, long: str) -> None:
    with app.app_context():
        alembic = extension_of(app)
        assert getattr(alembic, short) is getattr(alembic, long)


def test_the_package_offers_what_it_documents() -> None:
    for name in ("Alembic", "alembic_click", "alembic_script", "hookimpl", "Veto"):
        assert name in flask_alembic.__all__
        assert getattr(flask_alembic, name) is not None
    assert flask_alembic.AlembicError is AlembicError
    with pytest.raises(AttributeError, match="nothing"):
        flask_alembic.nothing  # noqa: B018


# Examples of the documentation --------------------------------------------------

SET_UP = """
from flask_alembic import Alembic

alembic = Alembic()
alembic.init_app(app)  # call in the app factory if you're using that pattern
"""

COMMANDS = """
# generate a new revision
# same as flask db revision 'made changes'
alembic.revision('made changes')

# run all available upgrades
# same as ./manage.py db upgrade
alembic.upgrade()
"""

INTERNALS = """
found = alembic.script.get_revision('head')  # locate a revision by name
current = alembic.context.get_current_revision()
alembic.op.drop_column('my_table', 'my_column')
differences = alembic.compare_metadata()
"""


def test_the_examples_work_as_they_are_written(
    tmp_path: Path, database_url: str
) -> None:
    def my_table(db: SQLAlchemy) -> None:
        sa.Table(
            "my_table",
            db.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("my_column", sa.String(20)),
        )

    app = make_app(tmp_path, database_url, models=my_table, extension=None)
    names: dict[str, Any] = {"app": app}
    exec(SET_UP, names)
    with app.app_context():
        exec(COMMANDS, names)
        assert tables(database_url) == {"my_table"}
        exec(INTERNALS, names)
    assert names["found"].revision == names["current"]
    (difference,) = names["differences"]
    assert difference[0] == "add_column"
    assert difference[3].name == "my_column"


def test_the_factory_pattern(tmp_path: Path) -> None:
    """One extension, two apps, each with its own folder and database."""
    alembic = Alembic()
    apps = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        app = make_app(folder, extension=None)
        alembic.init_app(app)
        write_table_revision(migrations_of(app), f"{name}1")
        apps.append(app)
    for app, name in zip(apps, ("one", "two"), strict=True):
        with app.app_context():
            alembic.upgrade()
            assert [script.revision for script in alembic.current()] == [f"{name}1"]
        assert tables(url_of(app)) == {f"t_{name}1"}
        assert app.extensions["alembic"] is alembic


def test_models_may_come_after_the_extension(tmp_path: Path) -> None:
    app = Flask("shop", root_path=str(tmp_path))
    app.config["ALEMBIC_PLUGINS"] = ()
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/app.db"
    alembic = Alembic(app)
    db = SQLAlchemy(app)
    sa.Table("late", db.metadata, sa.Column("id", sa.Integer, primary_key=True))
    with app.app_context():
        alembic.revision("late")
        alembic.upgrade()
        db.engine.dispose()
    assert tables(url_of(app)) == {"late"}


# Everything together ------------------------------------------------------------


def test_methods_print_nothing(app: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    with app.app_context():
        alembic = extension_of(app)
        alembic.mkdir()
        alembic.revision("models")
        alembic.upgrade()
        alembic.downgrade()
        alembic.stamp()
        alembic.current()
        alembic.heads()
        alembic.branches()
        alembic.log()
        alembic.show("head")
        alembic.check()
        alembic.plan()
        alembic.produce_migrations()
        alembic.compare_metadata()
    assert capfd.readouterr() == ("", "")


def test_an_app_is_freed_when_nobody_holds_it(tmp_path: Path) -> None:
    """One extension outlives the many apps of a test suite."""
    alembic = Alembic()

    def use() -> weakref.ref[Flask]:
        app = make_app(tmp_path, extension=None, models=no_models)
        alembic.init_app(app, command_name=False)
        with app.app_context():
            alembic.heads()
        return weakref.ref(app)

    app = use()
    gc.collect()
    assert app() is None


def test_two_extensions_on_one_app_keep_to_themselves(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    other = Alembic(app, command_name="other")
    with app.app_context():
        first = other.environment_for(app)
        assert first is not Alembic().environment_for(app)
        assert other.environment_for(app) is first
    assert run_db(app, "heads").exit_code == 0
