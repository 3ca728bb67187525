"""The fixtures that pytest finds by itself, from the entry point ``flask_alembic``.

For apps: ``migrated_db``, ``empty_db``, ``migrate_to``, ``migration_case``; they use
``alembic_app`` or ``alembic_app_factory``, which a suite may override. For plugin
authors: ``make_app``, ``register``, ``hooks``, ``recorded_signals``, ``check_plugin``.

This module is loaded in every suite of the environment. It imports pytest alone, and
does nothing until a fixture is asked for.

.. versionadded:: 4.0
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from ..hooks import RunResult
    from .apps import MakeApp
    from .case import MigrationCase
    from .database import DatabaseProvider, MigrationDatabase
    from .plugins import HookCalls, Register
    from .signals import RecordedSignals
    from .templates import Templates

# For apps


@pytest.fixture
def alembic_app(request: pytest.FixtureRequest) -> Any:
    """The app whose migrations are tested: the fixture ``app``; override it at will.

    It may have any scope. Its engines are led to other databases while a test uses
    ``migrated_db`` or ``empty_db``; those of its configuration are not touched.
    """
    try:
        return request.getfixturevalue("app")
    except pytest.FixtureLookupError:
        pytest.fail(
            "Flask-Alembic needs the app: write a fixture named app or alembic_app "
            "that returns it, or alembic_app_factory.",
            pytrace=False,
        )


@pytest.fixture(scope="session")
def alembic_app_factory() -> Any:
    """A function that makes an app for a URL; ``None``: ``alembic_app`` is used.

    Override it where the engines of an app cannot be led elsewhere. The function gets
    what ``alembic_database_url`` gives, with other databases in it.
    """
    return None


@pytest.fixture(scope="session")
def alembic_database_url() -> Any:
    """The URL of the app that ``alembic_app_factory`` makes; SQLite by default.

    Override it with another URL, or with a dict of URLs by database name. Nothing is
    done to the databases that they name; test databases are made beside them.
    """
    return "sqlite:///app.db"


@pytest.fixture(scope="session")
def alembic_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    """The databases that were migrated once and are copied for tests."""
    from .templates import Templates

    templates = Templates(tmp_path_factory.mktemp("flask_alembic"))
    yield templates
    templates.close()


@pytest.fixture
def alembic_bench(
    request: pytest.FixtureRequest, alembic_templates: Templates
) -> DatabaseProvider:
    """What gives databases to the app; the fixtures for tests are made from it."""
    from .database import DatabaseProvider, FactoryDatabaseProvider

    factory = request.getfixturevalue("alembic_app_factory")
    if factory is not None:
        urls = request.getfixturevalue("alembic_database_url")
        return FactoryDatabaseProvider(alembic_templates, factory, urls)
    return DatabaseProvider(alembic_templates, request.getfixturevalue("alembic_app"))


@pytest.fixture
def empty_db(alembic_bench: DatabaseProvider) -> Iterator[MigrationDatabase]:
    """Databases of this test's own, with nothing in them; the app uses them."""
    from .failures import describe

    with describe(), alembic_bench.empty() as database:
        yield database


@pytest.fixture
def migrated_db(
    request: pytest.FixtureRequest, alembic_bench: DatabaseProvider
) -> Iterator[MigrationDatabase]:
    """Databases of this test's own, migrated to all heads; the app uses them.

    They are copies: the upgrade runs once in a session. Where an automatic fixture has
    led the app to databases already, those of the test itself count.
    """
    if {"empty_db", "migrated_db"} <= _arguments(request):
        pytest.fail(
            "A test cannot use both empty_db and migrated_db: the app is led to one "
            "of them.",
            pytrace=False,
        )
    from .failures import describe

    with describe(), alembic_bench.migrated() as database:
        yield database


@pytest.fixture
def migrate_to(request: pytest.FixtureRequest) -> Callable[..., list[RunResult]]:
    """A function that moves the test's databases to a revision, up or down.

    Those of ``migrated_db`` or ``empty_db``, if the test uses one; else empty ones.
    """
    used = [
        name
        for names in (_arguments(request), request.fixturenames)
        for name in ("migrated_db", "empty_db")
        if name in names
    ]
    database: MigrationDatabase = request.getfixturevalue((*used, "empty_db")[0])
    return database.migrate_to


def _arguments(request: pytest.FixtureRequest) -> set[str]:
    """Return the fixtures that a test names itself; other fixtures may use more."""
    function = getattr(request.node, "function", None)  # a doctest has none
    return set(inspect.signature(function).parameters) if function else set()


@pytest.fixture
def migration_case(
    alembic_bench: DatabaseProvider,
) -> Iterator[Callable[..., MigrationCase]]:
    """A function: a revision in, a database right before it out.

    With an option ``start`` the database begins somewhere else.
    """
    from .case import MigrationCase, parents
    from .failures import shortly

    with ExitStack() as stack:

        def case(revision: str, start: Any) -> MigrationCase:
            script = alembic_bench.script(revision)
            target = parents(script) if start is None else start
            context = (
                alembic_bench.migrated(target) if target else alembic_bench.empty()
            )
            database = stack.enter_context(context)
            return MigrationCase(database.app, script)

        def begin(revision: str, *, start: Any = None) -> MigrationCase:
            __tracebackhide__ = True
            stack.close()
            return shortly(lambda: case(revision, start))

        yield begin


# For plugins


@pytest.fixture
def alembic_made_apps(tmp_path: Path) -> Iterator[MakeApp]:
    """What ``make_app`` has made; ``register`` and ``hooks`` look here.

    So a suite may override ``make_app`` by a function that calls it with other defaults.
    """
    from .apps import MakeApp

    make = MakeApp(tmp_path)
    yield make
    make.close()


@pytest.fixture
def make_app(alembic_made_apps: MakeApp) -> MakeApp:
    """A function that makes a small app on an empty SQLite file.

    See :class:`flask_alembic.testing.MakeApp`.
    """
    return alembic_made_apps


@pytest.fixture
def register(
    request: pytest.FixtureRequest, alembic_made_apps: MakeApp
) -> Iterator[Register]:
    """A function that adds a plugin to apps, until the test ends.

    To those of ``make_app``, also to those it makes later, and to ``alembic_app`` where
    the test uses it; or to the one that is given.
    """
    from .plugins import Register

    apps: list[Flask] = []
    if "alembic_app" in request.fixturenames:
        apps.append(request.getfixturevalue("alembic_app"))
    with ExitStack() as stack:
        yield Register(alembic_made_apps, apps, stack)


@pytest.fixture
def hooks(alembic_made_apps: MakeApp) -> HookCalls:
    """Every hook as a method that calls it as a command would.

    In the app that ``make_app`` has made last, or in a new one.
    """
    from .plugins import HookCalls

    return HookCalls(alembic_made_apps)


@pytest.fixture
def recorded_signals() -> Iterator[RecordedSignals]:
    """A list that grows by each signal that is sent, in order, with its arguments."""
    from .signals import recording

    with recording() as recorded:
        yield recorded


@pytest.fixture
def check_plugin() -> Callable[..., tuple[str, ...]]:
    """A function that raises ``PluginError`` when a plugin would not work.

    See :func:`flask_alembic.testing.check_plugin`.
    """
    from .plugins import check_plugin

    return check_plugin
