"""A version table that another session has locked keeps nobody waiting for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    write_chain,
)
from flask import Flask
from sqlalchemy.pool import NullPool

from flask_alembic.errors import CheckFailed, DatabaseError
from flask_alembic.health import health_blueprint

pytestmark = pytest.mark.costly

LOCKS = {
    "postgresql": "LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE",
    "mysql": "LOCK TABLES alembic_version WRITE",
}


@pytest.fixture(params=["postgresql", "mariadb"])
def locked(
    request: pytest.FixtureRequest, make_database: Any, tmp_path: Path
) -> Iterator[tuple[Flask, str]]:
    """An app whose version table is locked by another session, and that session's id."""
    url: str = make_database(request.param)
    unhurried = make_app(tmp_path, url, models=no_models)
    write_chain(migrations_of(unhurried), "a1", "a2")
    assert run_db(unhurried, "upgrade", "a1").exit_code == 0
    app = make_app(tmp_path, url, models=no_models, ALEMBIC={"connect_timeout": 1})
    app.register_blueprint(health_blueprint(extension_of(app)))
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as other:
        other.exec_driver_sql(LOCKS[engine.dialect.name])
        ask = "pg_backend_pid()" if engine.dialect.name == "postgresql" else "NULL"
        yield app, str(other.exec_driver_sql(f"SELECT {ask}").scalar())
        other.invalidate()


@pytest.mark.one_database
def test_commands_name_the_session(locked: tuple[Flask, str]) -> None:
    app, session = locked
    for words in (["current"], ["upgrade"], ["status"]):
        result = run_db(app, *words)
        assert "'alembic_version' in database 'default' is locked by" in result.output
        if session != "None":
            assert session in result.output
    assert run_db(app, "upgrade").exit_code == 3
    with app.app_context(), pytest.raises(DatabaseError):
        extension_of(app).upgrade()


@pytest.mark.one_database
def test_probes_say_that_it_is_not_ready(locked: tuple[Flask, str]) -> None:
    app, _ = locked
    with app.app_context():
        assert not extension_of(app).readiness().ready
        with pytest.raises(CheckFailed) as caught:
            extension_of(app).wait(timeout=1)
    assert "is locked by" in caught.value.message
    assert app.test_client().get("/migrations").status_code == 503


def test_the_limit_is_gone_afterwards(tmp_path: Path, make_database: Any) -> None:
    """What reads with a limit leaves the session as it was."""
    settings = {
        "postgresql": "SHOW lock_timeout",
        "mariadb": "SELECT @@SESSION.lock_wait_timeout",
    }
    for kind, query in settings.items():
        folder = tmp_path / kind
        folder.mkdir()
        options = {"pool_size": 1, "max_overflow": 0}
        url = make_database(kind)
        app = make_app(folder, url, models=no_models, SQLALCHEMY_ENGINE_OPTIONS=options)
        write_chain(migrations_of(app), "a1")
        with app.app_context():
            engine = app.extensions["sqlalchemy"].engine
            with engine.connect() as connection:
                before = connection.exec_driver_sql(query).scalar()
            extension_of(app).upgrade()
            extension_of(app).readiness()
            with engine.connect() as connection:
                assert connection.exec_driver_sql(query).scalar() == before
            engine.dispose()
