"""Subclasses that override what Flask-Alembic 3 lets them override."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from apps import (
    make_app,
    migrations_of,
    no_models,
    run_db,
    tables,
    url_of,
    version_rows,
    write_chain,
    write_revision,
    write_table_revision,
)
from flask import Flask, current_app

from flask_alembic import Alembic
from flask_alembic.errors import MigrationFailed, UsageError
from flask_alembic.script.locations import TEMPLATES


class Recording(Alembic):
    """Writes down which of its methods were called, with 3.x's signatures."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.calls: list[str] = []
        self.ids = 0
        super().__init__(*args, **options)

    def _note(self, name: str) -> None:
        self.calls.append(name)

    def rev_id(self) -> str:
        self._note("rev_id")
        self.ids += 1
        return f"r{self.ids:03}"

    def run_migrations(self, fn: Any, **kwargs: Any) -> Any:
        self._note("run_migrations")
        return super().run_migrations(fn, **kwargs)

    def mkdir(self) -> Any:  # type: ignore[override]
        self._note("mkdir")
        return super().mkdir()

    def current(self) -> Any:  # type: ignore[override]
        self._note("current")
        return super().current()

    def heads(self, resolve_dependencies: bool = False) -> Any:  # type: ignore[override]
        self._note("heads")
        return super().heads(resolve_dependencies)

    def branches(self) -> Any:
        self._note("branches")
        return super().branches()

    def log(self, start: Any = "base", end: Any = "heads") -> Any:  # type: ignore[override]
        self._note("log")
        return super().log(start, end)

    def stamp(self, target: Any = "heads") -> None:  # type: ignore[override]
        self._note("stamp")
        super().stamp(target)

    def upgrade(self, target: Any = "heads") -> None:  # type: ignore[override]
        self._note("upgrade")
        super().upgrade(target)

    def downgrade(self, target: Any = -1) -> None:  # type: ignore[override]
        self._note("downgrade")
        super().downgrade(target)

    def revision(  # type: ignore[override]
        self,
        message: str,
        empty: bool = False,
        branch: str = "default",
        parent: Any = "head",
        splice: bool = False,
        depend: Any = None,
        label: Any = None,
        path: Any = None,
    ) -> Any:
        self._note("revision")
        return super().revision(
            message, empty, branch, parent, splice, depend, label, path
        )

    def merge(  # type: ignore[override]
        self, revisions: Any = "heads", message: Any = None, label: Any = None
    ) -> Any:
        self._note("merge")
        return super().merge(revisions, message, label)

    def compare_metadata(self) -> Any:
        self._note("compare_metadata")
        return super().compare_metadata()


def app_of(folder: Path, kind: type[Alembic], url: str | None = None) -> Flask:
    """Return an app with an extension of a subclass."""
    app = make_app(folder, url, models=no_models, extension=None)
    kind(app)
    return app


COMMANDS: tuple[tuple[list[str], set[str]], ...] = (
    (["mkdir"], {"mkdir"}),
    (["revision", "one", "--empty"], {"revision", "rev_id"}),
    (["upgrade"], {"upgrade", "run_migrations"}),
    (["current"], {"current"}),
    (["heads"], {"heads"}),
    (["branches"], {"branches"}),
    (["log"], {"log"}),
    (["downgrade", "-1", "--yes"], {"downgrade", "run_migrations"}),
    (["stamp"], {"stamp", "run_migrations"}),
)


def test_each_command_calls_the_method_of_the_subclass(tmp_path: Path) -> None:
    app = app_of(tmp_path, Recording)
    extension = app.extensions["alembic"]
    for words, expected in COMMANDS:
        extension.calls.clear()
        result = run_db(app, *words)
        assert result.exit_code == 0, (words, result.output)
        assert set(extension.calls) == expected, words
    write_revision(migrations_of(app), "x1", labels="other")
    extension.calls.clear()
    assert run_db(app, "merge", "-m", "join").exit_code == 0
    assert set(extension.calls) == {"merge", "rev_id"}


def test_an_option_that_an_override_does_not_take_is_refused(tmp_path: Path) -> None:
    app = app_of(tmp_path, Recording)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade", "--dry-run")
    assert result.exit_code == 2
    assert "Recording.upgrade() does not take 'mode'" in result.stderr
    assert tables(url_of(app)) == set()


def test_a_method_may_be_assigned(tmp_path: Path) -> None:
    app = app_of(tmp_path, Alembic)
    targets: list[Any] = []
    app.extensions["alembic"].upgrade = lambda target="heads": targets.append(target)
    assert run_db(app, "upgrade", "+1").exit_code == 0
    assert targets == ["+1"]


@pytest.mark.parametrize("name", ["upgrade", "stamp"])
def test_the_method_is_called_in_python_too(tmp_path: Path, name: str) -> None:
    app = app_of(tmp_path, Recording)
    write_table_revision(migrations_of(app), "a1")
    extension = app.extensions["alembic"]
    assert extension.calls == ["mkdir"]
    with app.app_context():
        getattr(extension, name)()
    assert extension.calls == ["mkdir", name, "run_migrations"]
    assert version_rows(url_of(app)) == {"a1"}


# run_migrations ------------------------------------------------------------------


class Preparing(Alembic):
    """Sets something on the connection of the run, and gives an argument."""

    def run_migrations(self, fn: Any, **kwargs: Any) -> Any:
        for context in self.migration_contexts.values():
            assert context.connection is not None
            context.connection.execute(sa.text("CREATE TEMP TABLE mine (id int)"))
        return super().run_migrations(fn, shelf="upper", **kwargs)


def test_run_migrations_works_on_the_connection_of_the_run(tmp_path: Path) -> None:
    app = app_of(tmp_path, Preparing)
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            "op.execute('INSERT INTO mine VALUES (1)')",
            "assert arguments == {'shelf': 'upper'}",
            "op.create_table('t', sa.Column('id', sa.Integer))",
        ],
    )
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(url_of(app)) == {"t"}


@pytest.mark.parametrize("setting", [None, 30.0])
def test_a_lock_timeout_of_run_migrations_holds(
    tmp_path: Path, postgresql_url: str, setting: float | None
) -> None:
    """A table that another session reads is not waited for."""

    class Careful(Alembic):
        def run_migrations(self, fn: Any, **kwargs: Any) -> Any:
            for context in self.migration_contexts.values():
                assert context.connection is not None
                context.connection.execute(sa.text("SET lock_timeout = '123ms'"))
            return super().run_migrations(fn, **kwargs)

    app = app_of(tmp_path, Careful, postgresql_url)
    if setting is not None:
        app.config["ALEMBIC"]["ddl_lock_timeout"] = setting
    expected = "123ms" if setting is None else "30s"
    line = f"assert op.get_bind().scalar(sa.text('SHOW lock_timeout')) == {expected!r}"
    write_revision(migrations_of(app), "a1", None, line, line)
    for words in (["upgrade"], ["downgrade", "-1", "--yes"]):
        result = run_db(app, *words)
        assert result.exit_code == 0, result.output


def test_run_migrations_may_refuse(tmp_path: Path) -> None:
    class Refusing(Alembic):
        def run_migrations(self, fn: Any, **kwargs: Any) -> Any:
            raise UsageError("Not on a Friday.")

    app = app_of(tmp_path, Refusing)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert (result.exit_code, "Not on a Friday." in result.stderr) == (2, True)
    assert tables(url_of(app)) == set()
    assert run_db(app, "upgrade", "--plan").exit_code == 0


def test_run_migrations_that_runs_nothing_is_reported(tmp_path: Path) -> None:
    class Forgetting(Alembic):
        def run_migrations(self, fn: Any, **kwargs: Any) -> Any:
            return None

    app = app_of(tmp_path, Forgetting)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert (result.exit_code, "did not call" in result.stderr) == (2, True)
    assert version_rows(url_of(app)) == set()


def test_run_migrations_may_put_a_function_around_the_steps(tmp_path: Path) -> None:
    class Limited(Alembic):
        def run_migrations(self, fn: Any, **kwargs: Any) -> Any:
            return super().run_migrations(
                lambda heads, context: list(fn(heads, context))[:2], **kwargs
            )

    app = app_of(tmp_path, Limited)
    write_chain(migrations_of(app), "a1", "a2", "a3")
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"a2"}
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"a3"}
    assert run_db(app, "downgrade", "base", "--yes").exit_code == 0
    assert version_rows(url_of(app)) == {"a1"}


class Retrying(Alembic):
    """Tries again after an error of the database, as Flask-Alembic 3 raised it."""

    failures = 0

    def run_migrations(self, fn: Any, **kwargs: Any) -> Any:
        while True:
            for context in self.migration_contexts.values():
                assert context.connection is not None
                value = sa.text("SELECT set_config('lock_timeout', '150ms', false)")
                context.connection.execute(value)
            try:
                return super().run_migrations(fn, **kwargs)
            except sa.exc.OperationalError:
                self.failures += 1
                if self.failures > 3:
                    raise
                self._get_cache().clear()


def test_run_migrations_may_try_again(tmp_path: Path, postgresql_url: str) -> None:
    """The version table is locked until the first attempt has failed."""
    app = app_of(tmp_path, Retrying, postgresql_url)
    extension = app.extensions["alembic"]
    write_chain(migrations_of(app), "a1", "a2")
    assert run_db(app, "upgrade", "a1").exit_code == 0
    engine = sa.create_engine(postgresql_url)
    with engine.connect() as other:
        other.execute(sa.text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        extension._get_cache = Released(extension, other)
        result = run_db(app, "upgrade")
    engine.dispose()
    assert result.exit_code == 0, result.output
    assert (extension.failures, version_rows(postgresql_url)) == (1, {"a2"})


class Released:
    """Ends the transaction of another session before the cache is cleared."""

    def __init__(self, extension: Alembic, other: sa.Connection) -> None:
        self.extension = extension
        self.other = other

    def __call__(self) -> Any:
        self.other.rollback()
        return Alembic._get_cache(self.extension)


def test_an_error_that_run_migrations_lets_pass_is_reported(tmp_path: Path) -> None:
    app = app_of(tmp_path, Recording)
    write_revision(migrations_of(app), "a1", None, "op.execute('SELECT 1 FROM gone')")
    with app.app_context(), pytest.raises(MigrationFailed) as error:
        app.extensions["alembic"].upgrade()
    assert isinstance(error.value.__cause__, sa.exc.OperationalError)


def test_the_contexts_keep_the_connection_of_the_run(
    tmp_path: Path, postgresql_url: str
) -> None:
    app = app_of(tmp_path, Retrying, postgresql_url)
    write_chain(migrations_of(app), "a1")
    alembic = app.extensions["alembic"]
    with app.app_context():
        alembic.upgrade()
        connection = alembic.migration_context.connection
        assert connection.scalar(sa.text("SHOW lock_timeout")) == "150ms"
        assert alembic.op.get_bind() is connection


def test_run_migrations_called_by_hand_runs_the_function(tmp_path: Path) -> None:
    app = app_of(tmp_path, Recording)
    write_chain(migrations_of(app), "a1", "a2")
    alembic = app.extensions["alembic"]
    with app.app_context():
        alembic.run_migrations(
            lambda heads, context: alembic.script_directory._upgrade_revs("a1", heads)
        )
    assert version_rows(url_of(app)) == {"a1"}


# compare_metadata ----------------------------------------------------------------


def test_check_obeys_compare_metadata(tmp_path: Path) -> None:
    class Tolerant(Alembic):
        def compare_metadata(self) -> Any:
            return [
                diff for diff in super().compare_metadata() if diff[0] != "add_table"
            ]

    app = make_app(tmp_path, extension=None)
    alembic = Tolerant(app)
    assert run_db(app, "check").exit_code == 0
    with app.app_context():
        assert not alembic.needs_revision()
    strict = make_app(tmp_path)
    assert run_db(strict, "check").exit_code == 1


@pytest.mark.parametrize("count", [1, 2])
def test_compare_metadata_and_check_obey_produce_migrations(
    tmp_path: Path, count: int
) -> None:
    class Tolerant(Alembic):
        def produce_migrations(self) -> Any:
            script = super().produce_migrations()
            for operations in script.upgrade_ops_list:
                operations.ops = []
            return script

    options: Any = {}
    if count == 2:
        options = {
            "SQLALCHEMY_BINDS": {"other": f"sqlite:///{tmp_path}/other.db"},
            "ALEMBIC": {"databases": "*"},
        }
    app = make_app(tmp_path, extension=None, **options)
    alembic = Tolerant(app)
    assert run_db(app, "check").exit_code == 0
    with app.app_context():
        assert alembic.compare_metadata() == []
        assert not alembic.needs_revision()


# Alembic's objects ---------------------------------------------------------------


class OwnConfig(Alembic):
    """Builds its configuration as subclasses of version 3 do, in its cache."""

    @property
    def config(self) -> Config:
        cache = self._get_cache()
        if cache.config is None:
            settings = current_app.config["ALEMBIC"]
            folder = str(Path(current_app.root_path, "elsewhere"))
            config = cache.config = Config()
            config.set_main_option("path_separator", settings["path_separator"])
            config.set_main_option("version_path_separator", "os")
            config.set_main_option("script_location", folder)
            config.set_main_option(
                "version_locations", os.pathsep.join([folder, f"{folder}/branch"])
            )
            config.set_main_option("file_template", "own_%%(rev)s")
            assert len(self.metadatas) < 2
        config = cache.config
        assert isinstance(config, Config)
        return config


def test_config_is_obeyed(tmp_path: Path) -> None:
    app = app_of(tmp_path, OwnConfig)
    folder = tmp_path / "elsewhere"
    assert (folder / "script.py.mako").exists()
    assert run_db(app, "mkdir").exit_code == 0
    assert run_db(app, "revision", "first", "--empty", "--rev-id", "a1").exit_code == 0
    assert (folder / "own_a1.py").exists()
    write_revision(folder / "branch", "b1", labels="branch")
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"a1", "b1"}
    heads = run_db(app, "heads").output
    assert "a1" in heads
    assert "b1" in heads
    for words in (["status"], ["current"], ["log"], ["lint"], ["graph"]):
        assert run_db(app, *words).exit_code == 0, words


class OwnScripts(ScriptDirectory):
    """Hides the revisions of one letter."""

    def get_heads(self) -> list[str]:
        return [head for head in super().get_heads() if not head.startswith("z")]


class OwnScriptDirectory(Alembic):
    """Opens another folder, with a class of its own."""

    @property
    def script_directory(self) -> ScriptDirectory:
        folder = str(Path(current_app.root_path, "elsewhere"))
        config = Config()
        config.set_main_option("script_location", folder)
        return OwnScripts.from_config(config)


def test_script_directory_is_obeyed(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "script.py.mako").write_bytes((TEMPLATES / "script.py.mako").read_bytes())
    app = app_of(tmp_path, OwnScriptDirectory)
    assert run_db(app, "revision", "first", "--empty", "--rev-id", "a1").exit_code == 0
    assert len(list(folder.glob("versions/*a1*.py"))) == 1
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"a1"}
    assert "a1" in run_db(app, "heads").output
    assert "a1" in run_db(app, "graph").output
    with app.app_context():
        assert app.extensions["alembic"].script_directory.get_heads() == ["a1"]


def test_script_directory_may_change_ours(tmp_path: Path) -> None:
    class Named(Alembic):
        @property
        def script_directory(self) -> ScriptDirectory:
            scripts = super().script_directory
            scripts.file_template = "mine_%(rev)s"
            return scripts

    app = app_of(tmp_path, Named)
    assert run_db(app, "revision", "first", "--empty", "--rev-id", "a1").exit_code == 0
    assert (migrations_of(app) / "mine_a1.py").exists()


class OwnEnvironment(EnvironmentContext):
    """Gives the revisions a tag, and the contexts an option."""

    def get_tag_argument(self) -> str:
        return "own tag"

    def configure(self, **options: Any) -> None:  # type: ignore[override]
        super().configure(**{**options, "user_module_prefix": "own."})


def test_environment_context_is_obeyed(tmp_path: Path) -> None:
    class Own(Alembic):
        @property
        def environment_context(self) -> EnvironmentContext:
            return OwnEnvironment(self.config, self.script_directory)

    app = app_of(tmp_path, Own)
    line = "assert op.get_context().environment_context.get_tag_argument() == 'own tag'"
    write_revision(migrations_of(app), "a1", None, line)
    result = run_db(app, "upgrade", "--sql")
    assert result.exit_code == 0, result.output
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    with app.app_context():
        alembic = app.extensions["alembic"]
        assert alembic.migration_context.opts["user_module_prefix"] == "own."
        assert alembic.env.get_tag_argument() == "own tag"


SCHEMA = "SET search_path TO own"


class OwnSchema(Alembic):
    """Sets a schema on each connection."""

    @property
    def migration_contexts(self) -> Any:
        contexts = super().migration_contexts
        for context in contexts.values():
            assert context.connection is not None
            context.connection.execute(sa.text(SCHEMA))
        return contexts


class OwnContext(Alembic):
    """The same by the context of the first database."""

    @property
    def migration_context(self) -> MigrationContext:
        connection = super().migration_context.connection
        assert connection is not None
        options = {"transaction_per_migration": True}
        context = MigrationContext.configure(connection, opts=options)
        connection.execute(sa.text(SCHEMA))
        return context


@pytest.mark.parametrize("kind", [OwnSchema, OwnContext])
def test_migration_contexts_are_obeyed(
    tmp_path: Path, postgresql_url: str, kind: type[Alembic]
) -> None:
    """Every command reads and writes the version table of the schema."""
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA own"))
    app = make_app(tmp_path, postgresql_url, extension=None)
    kind(app)
    lines = ["op.create_table('t', sa.Column('id', sa.Integer))"]
    write_revision(migrations_of(app), "a1", None, lines, ["op.drop_table('t')"])
    write_revision(migrations_of(app), "a2", "a1", "raise ValueError('stop')")
    if kind is OwnSchema:
        assert run_db(app, "upgrade", "a1").exit_code == 0
    result = run_db(app, "upgrade")
    assert (result.exit_code, "ValueError: stop" in result.stderr) == (3, True)
    assert sa.inspect(engine).get_table_names() == []
    names = sa.inspect(engine).get_table_names(schema="own")
    assert sorted(names) == ["alembic_version", "t"]
    assert "a1" in run_db(app, "current").output
    with app.app_context():
        alembic = app.extensions["alembic"]
        assert alembic.migration_context.get_current_revision() == "a1"
    assert run_db(app, "downgrade", "base", "--yes").exit_code == 0
    names = sa.inspect(engine).get_table_names(schema="own")
    engine.dispose()
    assert names == ["alembic_version"]


def test_op_and_ops_may_be_overridden(tmp_path: Path) -> None:
    """Only the app reads them, as in version 3."""

    class Own(Alembic):
        @property
        def op(self) -> Any:
            return "mine"

        @property
        def ops(self) -> Any:
            return {"default": self.op}

    app = app_of(tmp_path, Own)
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0


# What is refused -----------------------------------------------------------------


def elsewhere(context: MigrationContext) -> MigrationContext:
    """Return a context on another connection."""
    assert context.connection is not None
    return MigrationContext.configure(context.connection.engine.connect())


def renamed(context: MigrationContext) -> MigrationContext:
    """Return a context with another version table."""
    opts = {"version_table": "own"}
    return MigrationContext.configure(context.connection, opts=opts)


REFUSED: Any = {
    "none": (lambda context: None, "gives no context for the database", "engines="),
    "connection": (elsewhere, "on another connection", "open_connection"),
    "version table": (renamed, "version table 'own'", "context_options"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_contexts_that_cannot_be_used_are_refused(tmp_path: Path, case: str) -> None:
    change, message, hook = REFUSED[case]

    class Shop(Alembic):
        @property
        def migration_contexts(self) -> Any:
            contexts = super().migration_contexts
            return {name: change(context) for name, context in contexts.items()}

    app = app_of(tmp_path, Shop)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "Shop.migration_contexts" in result.stderr
    assert message in " ".join(result.stderr.split())
    assert hook in result.stderr
    assert tables(url_of(app)) == set()
