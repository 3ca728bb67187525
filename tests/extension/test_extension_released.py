"""What projects of Flask-Alembic 3 do with the extension, unchanged."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.util.exc import CommandError
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    plain_models,
    run_db,
    write_chain,
    write_table_revision,
)
from flask import Flask
from plugging import Implementing

from flask_alembic import Alembic, AlembicError, errors

# The configuration ---------------------------------------------------------------


def test_init_app_fills_the_configuration(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    assert app.config["ALEMBIC"] == {
        "script_location": "migrations",
        "version_locations": [],
        "path_separator": "os",
    }
    assert app.config["ALEMBIC_CONTEXT"] == {"compare_server_default": True}


def test_what_is_set_is_kept(tmp_path: Path) -> None:
    given = {"script_location": "alembic", "version_locations": ["more"]}
    app = make_app(
        tmp_path,
        ALEMBIC=given,
        ALEMBIC_CONTEXT={"compare_server_default": False, "compare_type": False},
    )
    assert app.config["ALEMBIC"]["script_location"] == "alembic"
    assert app.config["ALEMBIC"]["version_locations"] == ["more"]
    assert app.config["ALEMBIC_CONTEXT"]["compare_server_default"] is False
    with app.app_context():
        assert extension_of(app).migration_context.opts["compare_type"] is False


def test_a_default_that_was_filled_in_is_none_of_the_app(tmp_path: Path) -> None:
    """The folder is below the app's package even if the instance folder has one."""
    (tmp_path / "instance" / "migrations").mkdir(parents=True)
    shared: dict[str, Any] = {}
    for name in ("first", "second"):
        app = make_app(tmp_path, ALEMBIC=shared)
        assert (migrations_of(app) / "script.py.mako").exists(), name


@pytest.mark.parametrize("when", ["before", "after"])
def test_plugin_systems_append_locations(tmp_path: Path, when: str) -> None:
    more = tmp_path / "portal"
    write_table_revision(more, "p1", labels="portal")
    app = make_app(tmp_path, extension=None)
    if when == "before":
        app.config["ALEMBIC"] = {}
        app.config["ALEMBIC"].setdefault("version_locations", []).append(
            ("portal", str(more))
        )
    alembic = Alembic(app)
    if when == "after":
        app.config["ALEMBIC"]["version_locations"].append(("portal", str(more)))
    with app.app_context():
        assert [script.revision for script in alembic.heads()] == ["p1"]


def test_the_location_may_be_set_afterwards(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"run_mkdir": False})
    app.config["ALEMBIC"]["script_location"] = str(tmp_path / "elsewhere")
    write_table_revision(tmp_path / "elsewhere", "e1")
    with app.app_context():
        assert [script.revision for script in extension_of(app).heads()] == ["e1"]


def test_plugins_go_over_a_default_that_was_filled_in(tmp_path: Path) -> None:
    def context_options(database: str) -> dict[str, Any]:
        return {"compare_server_default": False}

    plugin = Implementing(context_options=context_options)
    app = make_app(tmp_path, extension={"plugins": [plugin]})
    with app.app_context():
        opts = extension_of(app).migration_context.opts
        assert opts["compare_server_default"] is False


@pytest.mark.parametrize("key", ["ALEMBIC", "ALEMBIC_CONTEXT"])
def test_what_is_no_dict_is_refused_by_the_command(tmp_path: Path, key: str) -> None:
    app = make_app(tmp_path, **{key: "migrations"})
    result = run_db(app, "heads")
    assert result.exit_code == 3
    assert "must be a dict" in result.stderr


# Databases -----------------------------------------------------------------------


def test_metadatas_and_engines_are_dicts() -> None:
    metadata, engine = sa.MetaData(), sa.create_engine("sqlite://")
    alembic = Alembic()
    assert (alembic.metadatas, alembic.engines) == ({}, {})
    alembic = Alembic(metadatas=metadata, engines=engine)
    assert alembic.metadatas == {"default": metadata}
    assert alembic.engines == {"default": engine}
    alembic = Alembic(metadatas={"other": [metadata]}, engines={"other": engine})
    assert alembic.metadatas == {"other": [metadata]}
    assert alembic.engines == {"other": engine}


def test_databases_may_be_added_to_the_dicts(tmp_path: Path) -> None:
    app = Flask("shop", root_path=str(tmp_path))
    alembic = Alembic(app)
    alembic.engines["default"] = sa.create_engine(f"sqlite:///{tmp_path}/a.db")
    alembic.metadatas["default"] = plain_models()
    with app.app_context():
        assert alembic.compare_metadata()[0][0] == "add_table"
        assert list(alembic.migration_contexts) == ["default"]


# Errors --------------------------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1", "a2")
    write_table_revision(migrations_of(app), "b1", "a1")
    return app


COMMAND_ERRORS = {
    "upgrade to nothing": lambda a: a.upgrade("nosuch"),
    "downgrade to nothing": lambda a: a.downgrade("nosuch"),
    "stamp nothing": lambda a: a.stamp("nosuch"),
    "log of nothing": lambda a: a.log("nosuch"),
    "too many steps down": lambda a: a.downgrade(-5),
    "too many steps up": lambda a: a.upgrade("+9"),
    "several heads": lambda a: a.upgrade("head"),
    "not at head": lambda a: a.revision("more"),
    "no such parent": lambda a: a.revision("more", empty=True, parent="nosuch"),
    "no such dependency": lambda a: a.revision("more", empty=True, depend="q"),
    "no splice": lambda a: a.revision("more", empty=True, parent="a1"),
    "merge of nothing": lambda a: a.merge(["nosuch", "a2"]),
    "Alembic's own": lambda a: a.script_directory.get_revision("nosuch"),
}


@pytest.mark.parametrize("name", COMMAND_ERRORS)
def test_what_alembic_refuses_is_a_command_error(app: Flask, name: str) -> None:
    with app.app_context(), pytest.raises(CommandError):
        COMMAND_ERRORS[name](extension_of(app))


def test_a_missing_folder_is_a_command_error(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"run_mkdir": False})
    with app.app_context(), pytest.raises(CommandError, match="does not exist"):
        extension_of(app).heads()


def test_a_history_with_a_gap_is_a_command_error(app: Flask) -> None:
    write_table_revision(migrations_of(app), "c1", "gone")
    with app.app_context(), pytest.raises(CommandError, match="gone"):
        extension_of(app).heads()


def test_what_a_database_refuses_is_no_command_error() -> None:
    for kind in (errors.DatabaseError, errors.MigrationFailed, errors.LockNotObtained):
        assert not isinstance(kind("no"), CommandError)


def test_an_error_that_is_both_stays_what_it_is() -> None:
    error = errors.RevisionNotFound("No.", "Look.")
    assert isinstance(error, CommandError)
    assert type(error).__name__ == "RevisionNotFound"
    assert type(error) is type(errors.RevisionNotFound("Other."))
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert isinstance(again, errors.RevisionNotFound)
        assert (again.message, again.advice) == ("No.", "Look.")


def test_errors_import_no_alembic() -> None:
    code = (
        "import sys\n"
        "from flask_alembic.errors import UsageError\n"
        "assert type(UsageError('no')) is UsageError\n"
        "assert 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_database_is_a_runtime_error_that_names_the_arguments(
    tmp_path: Path,
) -> None:
    app = Flask("shop", root_path=str(tmp_path))
    alembic = Alembic(app)
    with app.app_context(), pytest.raises(RuntimeError, match="metadatas=") as caught:
        alembic.upgrade()
    assert "engines=" in str(caught.value)
    assert isinstance(caught.value, AlembicError)


def test_no_engine_for_a_metadata_is_a_runtime_error(tmp_path: Path) -> None:
    app = Flask("shop", root_path=str(tmp_path))
    engine = sa.create_engine("sqlite://")
    alembic = Alembic(app, engines={"x": engine}, metadatas={"y": sa.MetaData()})
    with app.app_context(), pytest.raises(RuntimeError, match="engines="):
        alembic.upgrade()


def test_no_models_are_a_runtime_error_that_names_metadatas(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    with app.app_context(), pytest.raises(RuntimeError, match="metadatas="):
        extension_of(app).compare_metadata()


def test_no_app_context_is_a_runtime_error(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="app context"):
        extension_of(app).current()


# Revision files ------------------------------------------------------------------


@pytest.mark.parametrize("value", ["''", "()", "[]", "None", "False", "('',)"])
@pytest.mark.parametrize("is_executed", [False, True])
def test_an_empty_depends_on_is_none(
    tmp_path: Path, value: str, is_executed: bool
) -> None:
    """An add-on in site-packages has such a file, and nobody can fix it there."""
    app = make_app(tmp_path, models=no_models)
    path = write_table_revision(migrations_of(app), "a1")
    path = write_table_revision(migrations_of(app), "a2", "a1")
    source = path.read_text("utf-8").replace(
        "depends_on = None", "depends_on = " + value
    )
    if is_executed:
        source = source.replace("revision = 'a2'", "revision = 'a' + '2'")
    path.write_text(source, "utf-8")
    lines = (["heads"], ["upgrade"], ["current"], ["log"], ["status"], ["graph"])
    for words in (*lines, ["doctor"], ["downgrade", "base", "--yes"]):
        result = run_db(app, *words)
        assert result.exit_code == 0, (words, result.output)


def test_an_env_py_among_the_revisions_is_neither_executed_nor_counted(
    tmp_path: Path,
) -> None:
    """Another tool's: it stands in the folder without a folder ``versions``."""
    app = make_app(tmp_path, models=no_models)
    write_chain(migrations_of(app), "a1", "a2")
    env = migrations_of(app) / "env.py"
    env.write_text(
        "from alembic import context\nraise SystemExit('executed')\n", "utf-8"
    )
    for words in (["heads"], ["upgrade"], ["log"], ["status"], ["doctor"], ["lint"]):
        result = run_db(app, *words)
        assert result.exit_code == 0, (words, result.output)
        assert "env" not in result.output
    with app.app_context():
        assert [script.revision for script in extension_of(app).log()] == ["a1", "a2"]


def test_a_revision_may_be_called_env_py(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    write_table_revision(migrations_of(app), "a1", name="env.py")
    with app.app_context():
        assert [script.revision for script in extension_of(app).heads()] == ["a1"]


def test_a_folder_with_nothing_but_an_env_py_has_no_revisions(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    (migrations_of(app) / "env.py").write_text("raise SystemExit\n", "utf-8")
    result = run_db(app, "upgrade")
    assert result.exit_code == 0
    assert "There are no revision files yet." in result.stderr
