"""The Python API as it is documented: names, arguments, defaults, examples."""

from __future__ import annotations

import gc
import inspect
import weakref
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.operations import Operations
from alembic.operations.ops import MigrationScript
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import flask_alembic
from flask_alembic import Alembic
from flask_alembic.errors import (
    AlembicError,
    InvalidRevisionId,
    ScriptLocationError,
    UsageError,
)
from flask_alembic.hooks import RunResult

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


def url_of(app: Flask) -> str:
    url: str = app.config["SQLALCHEMY_DATABASE_URI"]
    return url


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


# init_app -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constructed", "given", "made"),
    [
        (True, None, True),
        (True, False, False),
        (False, None, False),
        (False, True, True),
    ],
)
def test_run_mkdir(
    tmp_path: Path, constructed: bool, given: bool | None, made: bool
) -> None:
    app = make_app(tmp_path, extension=None)
    Alembic(run_mkdir=constructed).init_app(app, run_mkdir=given)
    assert migrations_of(app).is_dir() is made
    assert (migrations_of(app) / "script.py.mako").is_file() is made


@pytest.mark.parametrize(
    ("constructed", "given", "name"),
    [
        ("db", None, "db"),
        ("db", "alembic", "alembic"),
        ("alembic", None, "alembic"),
        ("db", False, None),
        (False, None, None),
        (False, "db", "db"),
    ],
)
def test_command_name(
    tmp_path: Path, constructed: Any, given: Any, name: str | None
) -> None:
    app = make_app(tmp_path, extension=None)
    Alembic(command_name=constructed).init_app(app, command_name=given)
    assert list(app.cli.commands) == ([name] if name else [])
    if name:
        result = app.test_cli_runner().invoke(args=[name, "heads"])
        assert (result.exit_code, result.output) == (0, "")


def test_arguments_may_be_given_by_position(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension=None)
    Alembic(app, False, "migrations")
    assert list(app.cli.commands) == ["migrations"]
    assert not migrations_of(app).exists()


def test_a_relative_location_is_relative_to_the_instance_folder(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC={"script_location": "revisions"})
    assert Path(app.instance_path, "revisions", "script.py.mako").is_file()


def test_an_absolute_location_is_taken_as_it_is(tmp_path: Path) -> None:
    wanted = tmp_path / "far" / "away"
    app = make_app(tmp_path, ALEMBIC={"script_location": str(wanted)})
    assert (wanted / "script.py.mako").is_file()
    with app.app_context():
        assert extension_of(app).script_directory.dir == str(wanted)


def test_without_mkdir_a_command_says_what_to_do(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"run_mkdir": False})
    with app.app_context():
        alembic = extension_of(app)
        with pytest.raises(ScriptLocationError, match="does not exist") as caught:
            alembic.heads()
        assert "flask db init" in caught.value.advice
        assert [path.name for path in alembic.mkdir()] == [
            "migrations",
            "script.py.mako",
        ]
        assert alembic.mkdir() == []
        assert alembic.heads() == []


def test_a_folder_that_cannot_be_made_does_not_stop_the_app(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "migrations").write_text("a file is in the way")
    caplog.set_level("INFO", "flask_alembic")
    app = make_app(tmp_path)
    assert "cannot be created" in caplog.text
    with app.app_context(), pytest.raises(ScriptLocationError):
        extension_of(app).upgrade()


@pytest.mark.parametrize(
    "use",
    [
        lambda alembic: alembic.upgrade(),
        lambda alembic: alembic.config,
        lambda alembic: alembic.op,
        lambda alembic: alembic.plugins,
    ],
)
def test_outside_an_app_context_everything_says_so(
    app: Flask, use: Callable[[Alembic], object]
) -> None:
    with pytest.raises(UsageError, match="outside an app context") as caught:
        use(extension_of(app))
    assert "app.app_context()" in caught.value.advice


# rev_id -------------------------------------------------------------------------


def test_rev_id_is_alembics_by_default(app: Flask) -> None:
    with app.app_context():
        (script,) = extension_of(app).revision("x", empty=True)
    assert len(script.revision) == 12
    assert int(script.revision, 16)


def test_rev_id_may_be_assigned(app: Flask) -> None:
    alembic = extension_of(app)
    before = datetime.utcnow().timestamp()
    alembic.rev_id = lambda: datetime.utcnow().timestamp()  # type: ignore[method-assign,assignment,return-value]
    with app.app_context():
        (first,) = alembic.revision("one", empty=True)
        (second,) = alembic.revision("two", empty=True)
        alembic.upgrade()
        assert [script.revision for script in alembic.current()] == [second.revision]
    assert before <= float(first.revision) <= float(second.revision)


def test_rev_id_may_be_a_static_method_that_was_assigned(app: Flask) -> None:
    def numbered() -> int:
        return 7

    extension_of(app).rev_id = numbered  # type: ignore[method-assign,assignment]
    with app.app_context():
        (script,) = extension_of(app).revision("x", empty=True)
    assert script.revision == "7"


def test_rev_id_may_be_overridden(tmp_path: Path) -> None:
    class Numbered(Alembic):
        def rev_id(self) -> str:
            return f"{len(self.script.get_revisions('heads')) + 1:04}"

    app = make_app(tmp_path, extension=None)
    alembic = Numbered(app)
    with app.app_context():
        (first,) = alembic.revision("x", empty=True)
        merged = alembic.revision("y", empty=True)
    assert [first.revision, merged[0].revision] == ["0001", "0002"]


def test_rev_id_is_asked_for_merges_too(app: Flask) -> None:
    write_revision(migrations_of(app), "a1")
    write_revision(migrations_of(app), "b1")
    extension_of(app).rev_id = lambda: "joined"  # type: ignore[method-assign]
    with app.app_context():
        script = extension_of(app).merge()
    assert script is not None
    assert script.revision == "joined"


def test_rev_id_is_checked(app: Flask) -> None:
    extension_of(app).rev_id = lambda: "../../etc"  # type: ignore[method-assign]
    with app.app_context(), pytest.raises(InvalidRevisionId):
        extension_of(app).revision("x", empty=True)


# Alembic's objects --------------------------------------------------------------


def test_config_holds_what_the_app_gives(tmp_path: Path) -> None:
    app = make_app(
        tmp_path,
        ALEMBIC={
            "file_template": "%(rev)s",
            "timezone": "UTC",
            "post_write_hooks": {"hooks": "tidy", "tidy.type": "console_scripts"},
        },
    )
    with app.app_context():
        config = extension_of(app).config
        assert config.get_main_option("timezone") == "UTC"
        assert config.get_main_option("file_template") == "%(rev)s"
        section = config.get_section("post_write_hooks")
        assert section is not None
        assert (section["hooks"], section["tidy.type"]) == ("tidy", "console_scripts")
        assert extension_of(app).config is config


def test_connections_are_closed_when_the_app_context_ends(app: Flask) -> None:
    alembic = extension_of(app)
    with app.app_context():
        opened = [alembic.migration_context.connection, alembic.op.get_bind()]
        assert alembic.environment_context.get_bind() is opened[0]
        assert not any(connection.closed for connection in opened if connection)
    assert all(connection.closed for connection in opened if connection)


def test_one_context_does_not_close_what_another_opened(app: Flask) -> None:
    alembic = extension_of(app)
    with app.app_context():
        outer = alembic.context.connection
        with app.app_context():
            inner = alembic.context.connection
            assert inner is not outer
        assert inner is not None
        assert outer is not None
        assert inner.closed
        assert not outer.closed


def test_operations_outside_a_revision_are_committed(
    tmp_path: Path, database_url: str
) -> None:
    app = make_app(tmp_path, database_url)
    with app.app_context():
        op = extension_of(app).op
        op.create_table("loose", sa.Column("id", sa.Integer, primary_key=True))
        assert tables(database_url) == {"loose"}
        op.execute("INSERT INTO loose VALUES (1)")
    with app.app_context():
        found = extension_of(app).op.get_bind().execute(sa.text("SELECT id FROM loose"))
        assert found.scalars().all() == [1]


def test_run_migrations_takes_the_place_of_env_py(app: Flask) -> None:
    alembic = extension_of(app)
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            "name = arguments['table']",
            "op.create_table(name, sa.Column('id', sa.Integer))",
        ],
    )
    write_table_revision(migrations_of(app), "a2", "a1")
    seen = []

    def only_the_first(heads: Any, context: MigrationContext) -> Any:
        from alembic.runtime.migration import RevisionStep

        seen.append((heads, type(context)))
        script = alembic.script
        return [RevisionStep(script.revision_map, script.get_revision("a1"), True)]

    with app.app_context():
        result = alembic.run_migrations(only_the_first, table="chosen")
    assert seen[-1] == ((), MigrationContext)
    assert [step.step.revision for step in result.applied] == ["a1"]
    assert tables(url_of(app)) == {"chosen"}
    assert version_rows(url_of(app)) == {"a1"}


# Reading ------------------------------------------------------------------------


@pytest.fixture
def branched(app: Flask) -> Flask:
    """A base, two branches of it, a revision that depends on another."""
    folder = migrations_of(app)
    write_table_revision(folder, "base1", None, labels="default")
    write_table_revision(folder, "left", "base1")
    write_table_revision(folder, "right", "base1", depends="left")
    return app


def ids(scripts: Any) -> list[str]:
    assert all(isinstance(script, Script) for script in scripts)
    return [script.revision for script in scripts]


def test_current(branched: Flask) -> None:
    with branched.app_context():
        alembic = extension_of(branched)
        assert alembic.current() == []
        alembic.upgrade("left")
        assert ids(alembic.current()) == ["left"]
        alembic.upgrade()
        assert "right" in ids(alembic.current())


def test_heads(branched: Flask) -> None:
    with branched.app_context():
        alembic = extension_of(branched)
        assert ids(alembic.heads()) == ["left", "right"]
        assert ids(alembic.heads(resolve_dependencies=True)) == ["right"]
        assert ids(alembic.heads(True)) == ["right"]


def test_branches(branched: Flask) -> None:
    with branched.app_context():
        assert ids(extension_of(branched).branches()) == ["base1"]


def test_log_is_in_the_order_in_which_revisions_run(branched: Flask) -> None:
    with branched.app_context():
        alembic = extension_of(branched)
        assert ids(alembic.log()) == ["base1", "left", "right"]
        assert ids(alembic.log("right")) == ["right"]
        assert ids(alembic.log(start="base1")) == ["base1", "left", "right"]
        assert ids(alembic.log(end="left")) == ["base1", "left"]
        assert ids(alembic.log("base", "base1")) == ["base1"]


# Running ------------------------------------------------------------------------


def test_upgrade_downgrade_and_stamp_return_what_was_done(app: Flask) -> None:
    for down, revision in ((None, "a1"), ("a1", "a2"), ("a2", "a3")):
        write_table_revision(migrations_of(app), revision, down)
    with app.app_context():
        alembic = extension_of(app)
        results = [
            alembic.upgrade("a1"),
            alembic.upgrade(),
            alembic.downgrade(),
            alembic.downgrade(-2),
            alembic.stamp("a2"),
            alembic.stamp(),
        ]
    assert all(isinstance(result, RunResult) for result in results)
    done = [[one.step.revision for one in result.applied] for result in results]
    assert done == [["a1"], ["a2", "a3"], ["a3"], ["a2", "a1"], ["a2"], ["a3"]]
    assert version_rows(url_of(app)) == {"a3"}
    assert tables(url_of(app)) == set()


@pytest.mark.parametrize(
    ("target", "reached"),
    [("heads", "a3"), ("head", "a3"), ("+2", "a2"), (1, "a1"), ("a2", "a2")],
)
def test_targets_of_upgrade(app: Flask, target: Any, reached: str) -> None:
    for down, revision in ((None, "a1"), ("a1", "a2"), ("a2", "a3")):
        write_table_revision(migrations_of(app), revision, down)
    with app.app_context():
        extension_of(app).upgrade(target)
    assert version_rows(url_of(app)) == {reached}


@pytest.mark.parametrize(
    ("target", "left"), [(-1, {"a2"}), ("-2", {"a1"}), ("a1", {"a1"}), ("base", set())]
)
def test_targets_of_downgrade(app: Flask, target: Any, left: set[str]) -> None:
    for down, revision in ((None, "a1"), ("a1", "a2"), ("a2", "a3")):
        write_table_revision(migrations_of(app), revision, down)
    with app.app_context():
        extension_of(app).upgrade()
        extension_of(app).downgrade(target)
    assert version_rows(url_of(app)) == left


# Generating ---------------------------------------------------------------------


def test_revision_compares_by_default(app: Flask) -> None:
    with app.app_context():
        (script,) = extension_of(app).revision("models")
        assert script.doc == "models"
        assert script.branch_labels == {"default"}
        assert Path(script.path).parent == migrations_of(app)
        extension_of(app).upgrade()
        assert extension_of(app).revision("nothing changed") == []
    assert tables(url_of(app)) == {"author", "book"}


def test_revision_empty(app: Flask) -> None:
    with app.app_context():
        (script,) = extension_of(app).revision("by hand", True)
        text = Path(script.path).read_text("utf-8")
    assert "op." not in text.partition("def upgrade")[2]


def test_independent_branches_by_name(app: Flask) -> None:
    """A branch that does not exist begins at base and is continued by its name."""
    with app.app_context():
        alembic = extension_of(app)
        (first,) = alembic.revision("users 1", empty=True, branch="users")
        (other,) = alembic.revision("posts 1", empty=True, branch="posts")
        (second,) = alembic.revision("users 2", empty=True, branch="users")
        assert (first.down_revision, other.down_revision) == (None, None)
        assert first.branch_labels == {"users"}
        assert second.down_revision == first.revision
        assert sorted(ids(alembic.heads())) == sorted([second.revision, other.revision])
        alembic.upgrade("users@head")
        assert ids(alembic.current()) == [second.revision]


def test_parent_splice_label_and_depend(app: Flask) -> None:
    write_revision(migrations_of(app), "a1", labels="default")
    write_revision(migrations_of(app), "a2", "a1")
    with app.app_context():
        alembic = extension_of(app)
        with pytest.raises(UsageError, match="has a child already"):
            alembic.revision("x", empty=True, parent="a1")
        (side,) = alembic.revision(
            "x", empty=True, parent="a1", splice=True, label="side", depend="a2"
        )
        assert side.down_revision == "a1"
        assert "side" in side.branch_labels
        assert side.dependencies == "a2"
        (end,) = alembic.revision("y", empty=True, parent=["side@head", "a2"])
        assert set(end.down_revision or ()) == {side.revision, "a2"}


def test_path_chooses_among_the_version_locations(tmp_path: Path) -> None:
    more = tmp_path / "more"
    app = make_app(tmp_path, ALEMBIC={"version_locations": [str(more)]})
    with app.app_context():
        (script,) = extension_of(app).revision("x", empty=True, path=str(more))
        assert Path(script.path).parent == more


def test_merge_joins_the_heads(app: Flask) -> None:
    write_revision(migrations_of(app), "a1")
    write_revision(migrations_of(app), "b1")
    write_revision(migrations_of(app), "c1")
    with app.app_context():
        alembic = extension_of(app)
        two = alembic.merge(["a1", "b1"], "join two", "joined")
        assert two is not None
        assert (set(two.down_revision or ()), two.doc) == ({"a1", "b1"}, "join two")
        assert "joined" in two.branch_labels
        rest = alembic.merge()
        assert rest is not None
        assert set(rest.down_revision or ()) == {two.revision, "c1"}
        assert ids(alembic.heads()) == [rest.revision]
        assert "c1" in rest.doc
        with pytest.raises(UsageError, match="nothing to merge"):
            alembic.merge()


def test_produce_migrations_and_compare_metadata(app: Flask) -> None:
    with app.app_context():
        alembic = extension_of(app)
        produced = alembic.produce_migrations()
        assert isinstance(produced, MigrationScript)
        assert produced.upgrade_ops is not None
        assert len(produced.upgrade_ops.ops) == 2
        differences = alembic.compare_metadata()
        assert sorted(one[1].name for one in differences) == ["author", "book"]
        assert {one[0] for one in differences} == {"add_table"}


def test_needs_upgrade_and_needs_revision(app: Flask) -> None:
    with app.app_context():
        alembic = extension_of(app)
        assert alembic.needs_upgrade() is False
        assert alembic.needs_revision() is True
        alembic.revision("models")
        assert alembic.needs_upgrade() is True
        alembic.upgrade()
        assert alembic.needs_upgrade() is False
        assert alembic.needs_revision() is False


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
