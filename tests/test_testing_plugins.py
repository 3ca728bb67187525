"""The fixtures for plugin authors, and what loading the plugin costs a suite."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_alembic import Veto, hookimpl
from flask_alembic.errors import AlembicError, MigrationFailed
from flask_alembic.hooks import PluginError, Run
from flask_alembic.testing import (
    HookCalls,
    RecordedSignals,
    check_plugin,
    recording,
    registered,
)
from flask_alembic.testing.making import MakeApp
from flask_alembic.testing.registering import Register

pytest_plugins = "pytester"


class Frozen:
    """Refuses to upgrade."""

    @hookimpl
    def before_upgrade(self, run: Run) -> None:
        raise Veto(f"frozen, {len(run.plan)} to do")


def upgrade(app: Flask) -> Any:
    with app.app_context():
        return app.extensions["alembic"].upgrade()


def names_of(app: Flask) -> list[str]:
    with app.app_context():
        return [plugin.name for plugin in app.extensions["alembic"].plugins]


# make_app


def test_an_app_with_revisions(make_app: MakeApp) -> None:
    app, other = make_app(revisions=2), make_app(SECRET_KEY="x")
    assert [each.step.revision for each in upgrade(app).applied] == ["r1", "r2"]
    assert upgrade(other).applied == ()
    assert other.config["SECRET_KEY"] == "x"
    assert app.root_path != other.root_path


def test_an_app_with_models_and_plugins(make_app: MakeApp) -> None:
    import sqlalchemy as sa

    def models(db: Any) -> None:
        sa.Table("author", db.metadata, sa.Column("id", sa.Integer, primary_key=True))

    app = make_app(models=models, plugins=[Frozen()])
    with app.app_context():
        alembic = app.extensions["alembic"]
        assert len(alembic.revision("first")) == 1
        with pytest.raises(AlembicError, match="frozen, 1 to do"):
            alembic.upgrade()


def test_an_app_without_flask_sqlalchemy(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "flask_sqlalchemy", None)
    app = make_app(revisions=1)
    assert "sqlalchemy" not in app.extensions
    assert len(upgrade(app).applied) == 1


# register


def test_a_plugin_is_added_to_apps_before_and_after(
    make_app: MakeApp, register: Register
) -> None:
    before = make_app(revisions=1)
    upgrade(before)
    frozen = Frozen()
    assert register(frozen, "frozen") is frozen
    after = make_app(revisions=1)
    for app in (before, after):
        assert names_of(app)[0] == "frozen"
        with pytest.raises(AlembicError, match="frozen, "):
            upgrade(app)


def test_a_plugin_can_be_added_to_one_app(
    make_app: MakeApp, register: Register
) -> None:
    one, other = make_app(), make_app()
    register(Frozen(), app=one)
    assert names_of(one) == ["Frozen", "defaults"]
    assert names_of(other) == names_of(make_app()) == ["defaults"]


def test_a_plugin_that_is_wrong_is_not_added(
    make_app: MakeApp, register: Register
) -> None:
    app = make_app()
    with pytest.raises(PluginError, match="is a class"):
        register(Frozen)
    assert names_of(app) == names_of(make_app()) == ["defaults"]


def test_a_plugin_is_taken_out_again(make_app: MakeApp) -> None:
    app = make_app(revisions=1)
    assert names_of(app) == ["defaults"]
    with registered(app, Frozen()) as frozen, pytest.raises(AlembicError):
        assert isinstance(frozen, Frozen)
        upgrade(app)
    assert names_of(app) == ["defaults"]
    assert len(upgrade(app).applied) == 1


def test_all_apps_of_an_extension_forget_the_plugin(make_app: MakeApp) -> None:
    app = make_app(revisions=1)
    extension = app.extensions["alembic"]
    other = Flask("other", root_path=app.root_path)
    other.config.update(ALEMBIC_PLUGINS=())
    other.extensions["sqlalchemy"] = app.extensions["sqlalchemy"]
    extension.init_app(other, command_name="db")
    assert names_of(other) == ["defaults"]
    with registered(app, Frozen()):
        assert names_of(other) == ["Frozen", "defaults"]
    assert names_of(other) == ["defaults"]


SHARED = """
import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_alembic import Alembic, Veto, hookimpl

class Frozen:
    @hookimpl
    def before_upgrade(self):
        raise Veto("frozen")

@pytest.fixture(scope="session")
def alembic_app():
    app = Flask("shared", root_path={root!r})
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", ALEMBIC_PLUGINS=())
    SQLAlchemy(app)
    Alembic(app)
    yield app
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()

def test_first(migrated_db):
    assert migrated_db.migrate_to("head") == []

def test_second(empty_db, register):
    register(Frozen())
    with pytest.raises(Exception, match="frozen"):
        empty_db.migrate_to("head")

def test_third(migrated_db):
    assert migrated_db.migrate_to("head") == []
"""


def test_an_app_that_is_shared_is_given_back(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SHARED.format(root=str(pytester.path)))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    result.assert_outcomes(passed=3)


# recorded_signals


def test_signals_in_order(make_app: MakeApp, recorded_signals: RecordedSignals) -> None:
    app = make_app(revisions=2)
    upgrade(app)
    assert recorded_signals.names == [
        "before_command",
        "before_upgrade",
        "revision_applied",
        "revision_applied",
        "after_upgrade",
        "after_command",
    ]
    last = recorded_signals.of("after_upgrade")[0]
    assert last.app is app
    assert len(last.result.applied) == 2
    assert recorded_signals.of("revision_applied")[0].step.revision == "r1"
    with pytest.raises(AttributeError, match="has no argument 'steps'; it has run"):
        last.steps  # noqa: B018
    with pytest.raises(KeyError, match="is not a signal"):
        recorded_signals.of("after_everything")


def test_signals_of_one_app_while_asked(make_app: MakeApp) -> None:
    one, other = make_app(), make_app()
    with recording(one) as recorded:
        upgrade(one)
        upgrade(other)
    upgrade(one)
    assert {each.app for each in recorded} == {one}
    assert recorded.names.count("after_upgrade") == 1


def test_signals_of_a_failure(
    make_app: MakeApp, recorded_signals: RecordedSignals
) -> None:
    app = make_app(revisions=1)
    path = next(Path(app.root_path, "migrations").glob("r1_*.py"))
    path.write_text(path.read_text().replace("op.create_table", "raise 1, op.x", 1)[:0])
    path.write_text(
        "revision = 'r1'\ndown_revision = None\n\ndef upgrade():\n    raise ValueError\n"
    )
    with pytest.raises(MigrationFailed):
        upgrade(app)
    assert "revision_failed" in recorded_signals.names


# hooks


class Everything:
    """Answers, adds, wraps and fails."""

    @hookimpl
    def rev_id(self) -> str:
        return "0001"

    @hookimpl
    def version_locations(self) -> list[Any]:
        return []

    @hookimpl(wrapper=True)
    def run_migrations(self) -> Any:
        return f"<{(yield)}>"

    @hookimpl
    def after_upgrade(self, run: Run) -> None:
        raise ValueError(run.target)


def test_each_hook_by_its_kind(register: Register, hooks: HookCalls) -> None:
    register(Frozen())
    register(Everything(), "everything")
    run = hooks.make_run("r1", "r2")
    assert [step.down_revisions for step in run.plan] == [(), ("r1",)]
    with pytest.raises(AlembicError, match="frozen, 2 to do"):
        hooks.before_upgrade(run=run)
    assert hooks.rev_id(request=None) == "0001"
    assert hooks.version_locations() == [("everything", [])]
    assert hooks.run_migrations(lambda: "done", run=run) == "<done>"
    hooks.after_upgrade(run=run, result=None)
    assert [(each.hook, each.plugin) for each in hooks.failures] == [
        ("after_upgrade", "everything")
    ]
    with pytest.raises(AttributeError, match="'before_breakfast' is not a hook"):
        hooks.before_breakfast  # noqa: B018


# check_plugin


class Misspelled:
    @hookimpl
    def before_upgrad(self, run: Run) -> None: ...


class WrongArgument:
    @hookimpl
    def before_upgrade(self, rnu: Run) -> None: ...


class Unmarked:
    @hookimpl
    def rev_id(self) -> str:
        return "1"

    def after_upgrade(self, run: Run) -> None: ...


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        (Misspelled(), "did you mean 'before_upgrade'"),
        (WrongArgument(), "there is no argument 'rnu'"),
        (Unmarked(), "after_upgrade is not called"),
        (object(), "implements no hook"),
    ],
)
def test_a_wrong_plugin(plugin: object, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        check_plugin(plugin)


def test_a_right_plugin(check_plugin: Any) -> None:
    assert check_plugin(Everything()) == (
        "after_upgrade",
        "rev_id",
        "run_migrations",
        "version_locations",
    )


# What it costs


def test_the_plugin_imports_nothing() -> None:
    code = (
        "import json, sys, pytest\n"
        "import flask_alembic.testing.plugin\n"
        "names = ('flask', 'sqlalchemy', 'alembic', 'mako', 'click')\n"
        "print(json.dumps([name for name in names if name in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_a_suite_that_uses_nothing_pays_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n"
        "def test(request):\n"
        "    assert request.config.pluginmanager.hasplugin('flask_alembic')\n"
        "    assert not {'flask', 'sqlalchemy', 'alembic'} & {*sys.modules}\n"
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    result.assert_outcomes(passed=1)


def test_a_suite_without_an_app_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test(migrated_db): pass")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["Flask-Alembic needs the app: write a fixture*"])
