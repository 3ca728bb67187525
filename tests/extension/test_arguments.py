"""What the Python API refuses, and that nothing has changed then."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from projects import count_rows, dispose, look, make_app, write_chain

from flask_alembic import Alembic
from flask_alembic.errors import Refused, UsageError
from flask_alembic.hooks import Mode, Run, hookimpl
from flask_alembic.runtime.runner import EXECUTORS

UNKNOWN: list[Any] = [
    *("dry_run", "dryrun", "SQL", "plan-only", "Online", "offline", "", " sql"),
    *(None, True, 1, ("online",), b"online"),
]

METHODS = ("upgrade", "downgrade", "stamp")

TARGETS: dict[str, Any] = {"upgrade": "heads", "downgrade": "base", "stamp": "base"}


class Listener:
    """A plugin that keeps the runs it is asked about."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    @hookimpl
    def before_upgrade(self, run: Run) -> None:
        self.runs.append(run)

    @hookimpl
    def before_downgrade(self, run: Run) -> None:
        self.runs.append(run)

    @hookimpl
    def before_stamp(self, run: Run) -> None:
        self.runs.append(run)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def app(database_url: str, tmp_path: Path, listener: Listener) -> Iterator[Flask]:
    """An app whose database is at the first of two revisions, with three rows."""
    folder = tmp_path / "migrations"
    write_chain(folder, 2)
    app, alembic = make_app(database_url, folder, plugins=[listener])
    with app.app_context():
        alembic.upgrade("r001")
        listener.runs.clear()
        yield app
    dispose(app)


def call(app: Flask, method: str, *args: Any, **options: Any) -> Any:
    alembic: Alembic = app.extensions["alembic"]
    return getattr(alembic, method)(*args, **options)


def unchanged(app: Flask) -> bool:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    return look(url) == ({"t1"}, ["r001"]) and count_rows(url, "t1") == 3


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_mode_changes_nothing(
    app: Flask, listener: Listener, method: str
) -> None:
    for mode in UNKNOWN:
        with pytest.raises(UsageError) as caught:
            call(app, method, TARGETS[method], mode=mode)
        message = str(caught.value)
        for word in ("'online'", "'dry-run'", "'sql'", "'plan'"):
            assert word in message
        assert caught.value.exit_code == 2
    assert listener.runs == []
    assert unchanged(app)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dry_run", "dry-run"),
        ("dryrun", "dry-run"),
        ("SQL", "sql"),
        ("plan-only", "plan"),
        ("Online", "online"),
    ],
)
def test_the_mode_that_was_meant_is_suggested(
    app: Flask, typed: str, meant: str
) -> None:
    with pytest.raises(UsageError, match=f"Did you mean '{meant}'"):
        call(app, "upgrade", mode=typed)


@pytest.mark.parametrize("mode", ["dry_run", "SQL"])
def test_an_unknown_mode_does_not_get_past_the_protection(
    database_url: str, tmp_path: Path, mode: str
) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    app, alembic = make_app(database_url, folder, ALEMBIC={"protected": True})
    with app.app_context():
        alembic.upgrade()
        for target in ("base", -1):
            with pytest.raises(UsageError):
                alembic.downgrade(target, mode=mode)  # type: ignore[arg-type]
        with pytest.raises(Refused):
            alembic.downgrade("base")
        assert unchanged(app)
    dispose(app)


@pytest.mark.parametrize("mode", [*Mode, *(str(mode.value) for mode in Mode)])
@pytest.mark.parametrize("method", METHODS)
def test_a_mode_is_an_enum_for_plugins_and_compares_as_its_word(
    listener: Listener, sqlite_url: str, tmp_path: Path, method: str, mode: Any
) -> None:
    folder = tmp_path / "migrations"
    write_chain(folder, 2)
    app, alembic = make_app(sqlite_url, folder, plugins=[listener])
    target = "r001:base" if method == "downgrade" and mode == "sql" else TARGETS[method]
    with app.app_context():
        alembic.upgrade("r001")
        listener.runs.clear()
        result = call(app, method, target, mode=mode)
    dispose(app)
    (run,) = listener.runs
    assert run.mode is Mode(mode)
    assert run.mode == str(mode) == f"{run.mode}"
    assert run.mode in {"online", "dry-run", "sql", "plan"}
    assert json.dumps(run.mode) == f'"{mode}"'
    assert {"online": 1, "dry-run": 2, "sql": 3, "plan": 4}[run.mode]
    assert (result.sql is not None) == (mode == "sql")
    assert (look(sqlite_url) != ({"t1"}, ["r001"])) == (mode == "online")


def test_each_mode_has_an_executor() -> None:
    assert set(EXECUTORS) == set(Mode)
    assert len(set(EXECUTORS.values())) == len(Mode)


OPTIONS_OF_OTHERS = {
    "upgrade": ("purge", "force", "plan_function", "arguments", "dryrun"),
    "downgrade": ("purge", "arguments"),
    "stamp": ("resume", "last_statement_applied"),
    "plan": ("mode", "purge"),
}


@pytest.mark.parametrize("method", OPTIONS_OF_OTHERS)
def test_an_option_of_another_command_changes_nothing(
    app: Flask, listener: Listener, method: str
) -> None:
    for option in OPTIONS_OF_OTHERS[method]:
        options = {option: True, **({"force": True} if method == "downgrade" else {})}
        with pytest.raises(TypeError) as caught:
            call(app, method, **options)
        # Python 3.13 adds the nearest name.
        assert str(caught.value).startswith(
            f"Alembic.{method}() got an unexpected keyword argument '{option}'"
        )
    assert listener.runs == []
    assert unchanged(app)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("revision", ["x"]),
        ("adopt", []),
        ("squash", [":r002"]),
        ("revision_sql", ["r001"]),
        ("drift", []),
        ("prove", []),
    ],
)
def test_an_unknown_option_is_named_with_its_method(
    app: Flask, method: str, arguments: list[str]
) -> None:
    with pytest.raises(TypeError, match=rf"^Alembic\.{method}\(\) got an unexpected"):
        call(app, method, *arguments, keeep=1)
    assert unchanged(app)


@pytest.mark.parametrize("method", ["revision_sql", "plan"])
@pytest.mark.parametrize("direction", ["down", "up", "stamp", "Upgrade", None, 1])
def test_an_unknown_direction_is_refused(
    app: Flask, listener: Listener, method: str, direction: Any
) -> None:
    with pytest.raises(UsageError, match="'upgrade' or 'downgrade'"):
        call(app, method, "r002", direction=direction)
    assert listener.runs == []


def test_a_plan_goes_both_ways(app: Flask) -> None:
    up = call(app, "plan")
    down = call(app, "plan", "base", direction="downgrade")
    assert [step.revision for step in up.run.plan] == ["r002"]
    assert [step.revision for step in down.run.plan] == ["r001"]
    assert {step.direction for step in down.run.plan} == {"downgrade"}
    assert unchanged(app)


WITH_DATABASES: dict[str, Callable[[Alembic, Any], object]] = {
    "upgrade": lambda alembic, names: alembic.upgrade("r001", databases=names),
    "downgrade": lambda alembic, names: alembic.downgrade(mode="plan", databases=names),
    "stamp": lambda alembic, names: alembic.stamp("r001", databases=names),
    "plan": lambda alembic, names: alembic.plan(databases=names),
    "current": lambda alembic, names: alembic.current(names),
    "status": lambda alembic, names: alembic.status(names),
    "graph": lambda alembic, names: alembic.graph(names),
    "wait": lambda alembic, names: alembic.wait("database", databases=names),
    "revision_sql": lambda alembic, names: alembic.revision_sql("r001", names),
    "check": lambda alembic, names: alembic.check(names),
    "drift": lambda alembic, names: alembic.drift(names),
    "prove": lambda alembic, names: alembic.prove(databases=names),
    "doctor": lambda alembic, names: alembic.doctor(names),
    "adopt": lambda alembic, names: alembic.adopt(names),
}


@pytest.fixture
def one(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    folder = tmp_path / "migrations"
    write_chain(folder, 2)
    app, alembic = make_app(sqlite_url, folder)
    with app.app_context():
        alembic.upgrade("r001")
        db = app.extensions["sqlalchemy"]
        type("T1", (db.Model,), {"id": db.Column(db.Integer, primary_key=True)})
        yield app
    dispose(app)


@pytest.mark.parametrize("method", WITH_DATABASES)
def test_the_name_of_a_database_is_one_item(one: Flask, method: str) -> None:
    alembic: Alembic = one.extensions["alembic"]
    WITH_DATABASES[method](alembic, "default")
    for names in ("other", ["other"]):
        with pytest.raises(UsageError, match="no database 'other'"):
            WITH_DATABASES[method](alembic, names)


@pytest.mark.parametrize("names", [None, 1, [1], b"default", ["default", None]])
@pytest.mark.parametrize("method", WITH_DATABASES)
def test_what_is_no_list_of_names_is_refused(
    one: Flask, method: str, names: Any
) -> None:
    with pytest.raises(UsageError, match="databases takes a string or a list"):
        WITH_DATABASES[method](one.extensions["alembic"], names)
    assert unchanged(one)


def test_every_method_that_takes_databases_is_tested() -> None:
    taking = {
        name
        for name, method in inspect.getmembers(Alembic, inspect.isfunction)
        if not name.startswith("_")
        and "databases" in inspect.signature(method).parameters
    }
    assert taking == set(WITH_DATABASES)


def test_an_x_argument_is_one_item(one: Flask, listener: Listener) -> None:
    alembic: Alembic = one.extensions["alembic"]
    for x_arguments in ("tenant=a", ["tenant=a"], ("tenant=a",)):
        run = alembic.upgrade("r001", x_arguments=x_arguments).run
        assert run.options["x_arguments"] == ("tenant=a",)
    with pytest.raises(UsageError, match="x_arguments takes a string or a list"):
        alembic.upgrade(x_arguments={1: 2})  # type: ignore[arg-type]


def test_a_pattern_to_ignore_is_one_item(one: Flask) -> None:
    alembic: Alembic = one.extensions["alembic"]
    drift = alembic.drift(ignore="celery_*")
    assert drift == alembic.drift(ignore=["celery_*"])
    assert "celery_*" in drift.patterns


def test_no_public_method_takes_any_options() -> None:
    """But ``run_migrations``, which passes them on to each revision."""
    variable = {
        name
        for name, method in inspect.getmembers(Alembic, inspect.isfunction)
        for parameter in inspect.signature(method).parameters.values()
        if parameter.kind is parameter.VAR_KEYWORD and not name.startswith("_")
    }
    assert variable == {"run_migrations"}
