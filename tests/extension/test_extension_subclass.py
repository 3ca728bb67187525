"""Subclasses that override what Flask-Alembic 3 lets them override."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
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
from flask import Flask

from flask_alembic import Alembic
from flask_alembic.errors import ConfigurationError, UsageError
from flask_alembic.runtime.overrides import UNUSED


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
    with app.app_context():
        getattr(app.extensions["alembic"], name)()
    assert app.extensions["alembic"].calls == ["mkdir", name, "run_migrations"][-2:]
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


@pytest.mark.parametrize("other", [False, True])
def test_run_migrations_that_runs_nothing_is_reported(
    tmp_path: Path, other: bool
) -> None:
    class Forgetting(Alembic):
        def run_migrations(self, fn: Any, **kwargs: Any) -> Any:
            return super().run_migrations(lambda heads, context: []) if other else None

    app = app_of(tmp_path, Forgetting)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 2
    assert "another function" in result.stderr or "did not call" in result.stderr
    assert version_rows(url_of(app)) == set()


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


# What is refused -----------------------------------------------------------------


@pytest.mark.parametrize("name", UNUSED)
def test_an_override_that_no_command_uses_is_refused(tmp_path: Path, name: str) -> None:
    kind = type("Shop", (Alembic,), {name: property(lambda self: None)})
    app = make_app(tmp_path, extension=None)
    with pytest.raises(ConfigurationError, match=f"Shop.{name} is overridden") as error:
        kind(app)
    assert UNUSED[name] in error.value.advice
