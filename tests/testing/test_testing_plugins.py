"""The fixtures for the authors of plugins, used as such an author uses them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import tables, url_of
from flask import Flask
from suites import CONFTEST, Suite

from flask_alembic import Veto, hookimpl
from flask_alembic.errors import HookError, Vetoed
from flask_alembic.hooks import Mode, PluginError, RunResult
from flask_alembic.testing import (
    HookCalls,
    MakeApp,
    RecordedSignals,
    Register,
    recording,
    registered,
    run_db,
    write_revision,
)

Check = Callable[..., "tuple[str, ...]"]


class Refuses:
    """Refuses everything, and remembers how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    @hookimpl
    def before_upgrade(self) -> None:
        self.asked += 1
        raise Veto("not today")


# make_app


def test_an_app_with_revisions(make_app: MakeApp) -> None:
    app = make_app(revisions=3)
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    assert tables(url_of(app)) == {"table_1", "table_2", "table_3"}
    assert run_db(app, "downgrade", "r1").exit_code == 0
    assert tables(url_of(app)) == {"table_1"}


def test_each_app_has_a_folder_and_a_database(make_app: MakeApp) -> None:
    first, second = make_app(revisions=1), make_app(revisions=2)
    assert first.root_path != second.root_path
    assert run_db(first, "upgrade").exit_code == 0
    assert tables(url_of(second)) == set()
    assert make_app.apps == [first, second]


def test_a_second_process_of_the_same_app(make_app: MakeApp) -> None:
    first = make_app(revisions=1)
    assert run_db(first, "upgrade").exit_code == 0
    path = Path(first.root_path, "migrations", "r1_.py")
    path.write_text(path.read_text("utf-8") + "# changed\n", "utf-8")
    second = make_app(root=Path(first.root_path), revisions=2)
    assert "r1" in run_db(second, "current").output
    assert path.read_text("utf-8").endswith("# changed\n")
    assert run_db(second, "upgrade").exit_code == 0
    assert tables(url_of(first)) == {"table_1", "table_2"}


def test_another_database(make_app: MakeApp, database_url: str) -> None:
    app = make_app(url=database_url, revisions=1)
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(database_url) == {"table_1"}


def define(db: Any) -> None:
    sa.Table("author", db.metadata, sa.Column("id", sa.Integer, primary_key=True))


def metadata() -> sa.MetaData:
    made = sa.MetaData()
    sa.Table("author", made, sa.Column("id", sa.Integer, primary_key=True))
    return made


@pytest.mark.parametrize("models", [define, metadata()], ids=["function", "metadata"])
def test_models(make_app: MakeApp, models: Any) -> None:
    app = make_app(models=models)
    result = run_db(app, "check")
    assert result.exit_code == 1
    assert "author" in result.output
    assert run_db(app, "revision", "authors").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "check").exit_code == 0


def test_engines_of_its_own(make_app: MakeApp, tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'own.db'}")
    app = make_app(
        revisions=1, extension={"engines": engine, "metadatas": sa.MetaData()}
    )
    assert run_db(app, "upgrade").exit_code == 0
    engine.dispose()
    assert "sqlalchemy" not in app.extensions
    assert tables(f"sqlite:///{tmp_path / 'own.db'}") == {"table_1"}


def test_installed_plugins_are_left_out(make_app: MakeApp) -> None:
    assert make_app().config["ALEMBIC_PLUGINS"] == ()
    assert make_app(ALEMBIC_PLUGINS=None).config["ALEMBIC_PLUGINS"] is None


def test_a_revision_of_ones_own(make_app: MakeApp) -> None:
    app = make_app(revisions=1)
    up = ["op.add_column('table_1', sa.Column('age', sa.Integer))", "print('done')"]
    path = write_revision(app, "own", "r1", up, message="with an age")
    assert path.parent == Path(app.root_path, "migrations")
    assert run_db(app, "upgrade").exit_code == 0
    assert "with an age" in run_db(app, "current").output
    write_revision(app, "left", "own", labels="other")
    write_revision(app, "merged", ("left",), depends="own")
    assert run_db(app, "upgrade").exit_code == 0
    assert "merged" in run_db(app, "current").output


# register


def test_a_plugin_is_called(make_app: MakeApp, register: Register) -> None:
    app = make_app(revisions=1)
    plugin = register(Refuses())
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "not today" in result.output
    assert plugin.asked == 1
    assert tables(url_of(app)) == set()


def test_a_plugin_is_added_to_an_app_that_has_run(
    make_app: MakeApp, register: Register
) -> None:
    app = make_app(revisions=1)
    assert run_db(app, "upgrade").exit_code == 0
    register(Refuses())
    assert run_db(app, "upgrade", "--plan").exit_code == 3


def test_a_plugin_is_added_to_apps_that_are_made_later(
    make_app: MakeApp, register: Register
) -> None:
    register(Refuses(), "mine")
    app = make_app(revisions=1)
    assert run_db(app, "upgrade").exit_code == 3
    with app.app_context():
        names = [record.name for record in app.extensions["alembic"].plugins]
    assert names[0] == "mine"


def test_a_plugin_for_one_app(make_app: MakeApp, register: Register) -> None:
    first, second = make_app(revisions=1), make_app(revisions=1)
    register(Refuses(), app=first)
    assert run_db(first, "upgrade").exit_code == 3
    assert run_db(second, "upgrade").exit_code == 0
    assert run_db(make_app(revisions=1), "upgrade").exit_code == 0


def test_a_wrong_plugin_is_refused(make_app: MakeApp, register: Register) -> None:
    class Wrong:
        @hookimpl
        def before_upgrade(self, runn: object) -> None: ...

    app = make_app(revisions=1)
    with pytest.raises(PluginError, match="runn"):
        register(Wrong())
    assert run_db(app, "upgrade").exit_code == 0


def test_a_plugin_is_taken_out_again(make_app: MakeApp) -> None:
    app = make_app(revisions=1)
    plugin = Refuses()
    with registered(app, plugin) as given:
        assert given is plugin
        assert run_db(app, "upgrade").exit_code == 3
    assert run_db(app, "upgrade").exit_code == 0
    assert plugin.asked == 1


def test_a_plugin_is_taken_out_after_an_error(make_app: MakeApp) -> None:
    app = make_app(revisions=1)
    with pytest.raises(ZeroDivisionError), registered(app, Refuses()):
        raise ZeroDivisionError
    assert run_db(app, "upgrade").exit_code == 0


SHARED = """
import pytest
from flask_alembic import Veto, hookimpl
from flask_alembic.testing import run_db
from shop import create_app

class Refuses:
    @hookimpl
    def before_upgrade(self):
        raise Veto("not today")

class Counts:
    applied = 0

    @hookimpl
    def revision_applied(self):
        self.applied += 1

@pytest.fixture(scope="module")
def app():
    return create_app()

def test_refused(app, empty_db, register):
    register(Refuses())
    assert run_db(app, "upgrade").exit_code == 3

def test_not_refused(app, empty_db):
    assert run_db(app, "upgrade").exit_code == 0

def test_another(app, empty_db, register):
    plugin = register(Counts())
    assert run_db(app, "upgrade").exit_code == 0
    assert plugin.applied == 2
    assert len(app.extensions["alembic"]._plugins) == 1

def test_none_is_left(app):
    assert app.extensions["alembic"]._plugins == []
"""


def test_plugins_of_a_shared_app_end_with_their_test(
    sqlite_url: str, suite: Suite
) -> None:
    suite.write_app(sqlite_url)
    suite.write(test_it=SHARED)
    suite.run().assert_outcomes(passed=4)


# hooks


def test_a_guard(make_app: MakeApp, register: Register, hooks: HookCalls) -> None:
    run = hooks.make_run("1a", "2b")
    assert [step.revision for step in run.plan] == ["1a", "2b"]
    assert run.mode is Mode.ONLINE
    assert hooks.make_run(mode="dry-run").mode is Mode.DRY_RUN
    hooks.before_upgrade(run=run)
    register(Refuses())
    with pytest.raises(Vetoed, match="not today"):
        hooks.before_upgrade(run=run)


def test_every_kind(register: Register, hooks: HookCalls) -> None:
    heard = []

    class Every:
        @hookimpl
        def rev_id(self) -> str:
            return "0007"

        @hookimpl
        def include_name(self, name: str) -> bool:
            return name != "secret"

        @hookimpl(wrapper=True)
        def run_migrations(self, app: Flask) -> Any:
            heard.append(f"around {app.name}")
            return (yield) + ["wrapped"]

        @hookimpl
        def after_upgrade(self) -> None:
            heard.append("told")
            raise RuntimeError("on the way")

    register(Every(), "every")
    assert hooks.rev_id(request=None) == "0007"
    names = {"name": "secret", "type_": "table", "parent_names": {}}
    assert [tuple(one) for one in hooks.include_name(**names)] == [("every", False)]
    run = hooks.make_run("1a", command="upgrade")
    assert hooks.run_migrations(lambda: ["work"], run=run) == ["work", "wrapped"]
    assert hooks.failures == ()
    hooks.after_upgrade(run=run, result=RunResult(run))
    assert [failure.plugin for failure in hooks.failures] == ["every"]
    assert heard == ["around app", "told"]


def test_an_error_of_an_ask_is_raised(register: Register, hooks: HookCalls) -> None:
    class Fails:
        @hookimpl
        def rev_id(self) -> str:
            raise ValueError("no id")

    register(Fails(), "fails")
    with pytest.raises((HookError, ValueError), match="no id"):
        hooks.rev_id(request=None)


def test_a_hook_that_is_none(hooks: HookCalls) -> None:
    with pytest.raises(AttributeError, match="'before_lunch' is not a hook; there is"):
        hooks.before_lunch  # noqa: B018


def test_hooks_of_the_app_made_last(make_app: MakeApp, hooks: HookCalls) -> None:
    first = make_app(plugins=[Refuses()])
    assert hooks.app is first
    second = make_app()
    assert hooks.app is second
    hooks.before_upgrade(run=hooks.make_run())
    with pytest.raises(Vetoed):
        HookCalls(first).before_upgrade(run=hooks.make_run())


# recorded_signals


def test_signals_in_order(make_app: MakeApp, recorded_signals: RecordedSignals) -> None:
    app = make_app(revisions=2)
    assert run_db(app, "upgrade").exit_code == 0
    assert recorded_signals.names == [
        "before_command",
        "before_upgrade",
        "revision_applied",
        "revision_applied",
        "after_upgrade",
        "after_command",
    ]
    steps = [sent.step.revision for sent in recorded_signals.of("revision_applied")]
    assert steps == ["r1", "r2"]
    last = recorded_signals[-1]
    assert last.app is app
    assert last.report.exit_code == 0
    with pytest.raises(AttributeError, match="has no argument 'run'; it has report"):
        last.run  # noqa: B018
    with pytest.raises(KeyError, match="'lunch' is not a signal"):
        recorded_signals.of("lunch")


def test_signals_of_one_app(make_app: MakeApp) -> None:
    first, second = make_app(revisions=1), make_app(revisions=1)
    with recording(first) as recorded:
        run_db(second, "upgrade")
        assert recorded == []
        run_db(first, "upgrade")
    assert {sent.app for sent in recorded} == {first}
    count = len(recorded)
    run_db(first, "downgrade", "base")
    assert len(recorded) == count


def test_signals_are_not_heard_after_the_test(
    sqlite_url: str, suite: Suite, make_app: MakeApp
) -> None:
    body = """
    kept = []

    def test_one(make_app, recorded_signals):
        kept.append(recorded_signals)
        make_app().test_cli_runner().invoke(args=["db", "heads"])
        assert recorded_signals.names == ["before_command", "after_command"]

    def test_two(make_app):
        make_app().test_cli_runner().invoke(args=["db", "heads"])
        assert len(kept[0]) == 2
    """
    suite.write(test_it=body)
    suite.run().assert_outcomes(passed=2)


# check_plugin


def test_a_right_plugin(check_plugin: Check) -> None:
    assert check_plugin(Refuses()) == ("before_upgrade",)


class Misspelled:
    @hookimpl
    def before_upgade(self) -> None: ...


class Argument:
    @hookimpl
    def after_upgrade(self, results: object) -> None: ...


class Default:
    @hookimpl
    def after_upgrade(self, result: object = None) -> None: ...


class Coroutine:
    @hookimpl
    async def after_upgrade(self) -> None: ...


class Wrapper:
    @hookimpl(wrapper=True)
    def before_upgrade(self) -> Any:
        yield


class Unmarked:
    @hookimpl
    def after_upgrade(self) -> None: ...

    def before_upgrade(self) -> None: ...


class Empty:
    def before_upgrade(self) -> None: ...


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (Misspelled(), "before_upgrade"),
        (Argument(), "results"),
        (Default(), "default"),
        (Coroutine(), "coroutine|async"),
        (Wrapper(), "wrapper|wrap"),
        (Unmarked(), "before_upgrade"),
        (Empty(), "implements no hook"),
        (Refuses, "instance"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_wrong_one(check_plugin: Check, plugin: object, words: str) -> None:
    with pytest.raises(PluginError, match=words) as caught:
        check_plugin(plugin)
    assert caught.value.advice


def test_a_check_leaves_logging_as_it_is(check_plugin: Check) -> None:
    logger = logging.getLogger("flask_alembic.hooks")
    before = logger.level, logger.disabled, list(logger.handlers)
    logger.disabled = True
    try:
        with pytest.raises(PluginError):
            check_plugin(Unmarked())
        assert logger.disabled
    finally:
        logger.disabled = before[1]
    assert (logger.level, logger.handlers) == (before[0], before[2])


# What a suite may change


def test_make_app_can_be_overridden(suite: Suite) -> None:
    body = """
    import pytest
    from flask_alembic import Veto, hookimpl
    from flask_alembic.testing import run_db

    class Refuses:
        @hookimpl
        def before_upgrade(self):
            raise Veto("not today")

    @pytest.fixture
    def make_app(make_app):
        def make(**config):
            return make_app(revisions=2, OWN="setting", **config)
        return make

    def test(make_app, register, hooks):
        app = make_app()
        assert app.config["OWN"] == "setting"
        register(Refuses())
        assert hooks.app is app
        assert run_db(app, "upgrade").exit_code == 3
    """
    suite.write(test_it=body)
    suite.run().assert_outcomes(passed=1)


def test_the_fixtures_are_listed_with_what_they_do(suite: Suite) -> None:
    suite.write(conftest=CONFTEST.replace("from shop import create_app", ""))
    result = suite.run("--fixtures")
    for name in ("migrated_db", "migrate_to", "make_app", "register", "hooks"):
        result.stdout.fnmatch_lines([f"{name} -- *"])


def test_a_suite_without_an_app_is_told(suite: Suite) -> None:
    suite.write(test_it="def test(migrated_db): pass")
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*write a fixture named app or alembic_app*"])


def test_nothing_is_imported_by_suites_that_do_not_use_it(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "test_it.py").write_text(
        "import sys\ndef test():\n"
        "    for name in ('flask', 'sqlalchemy', 'alembic', 'pluggy.nothing'):\n"
        "        assert name not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
