"""Where databases and models come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    plain_models,
    run_db,
    second_connection,
    tables,
    write_chain,
    write_table_revision,
)
from databases import MakeDatabase
from flask import Flask
from plugging import Implementing
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from flask_alembic import Alembic
from flask_alembic.errors import ConfigurationError, UsageError


def table(metadata: sa.MetaData, name: str) -> sa.MetaData:
    sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


def engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=NullPool)


def bare_app(folder: Path, **config: Any) -> Flask:
    """An app without any database extension."""
    app = Flask("shop", root_path=str(folder))
    app.config.update(ALEMBIC_PLUGINS=(), **config)
    return app


def round_trip(app: Flask, *urls: str) -> list[set[str]]:
    """Generate, upgrade and compare; return the tables of each database."""
    alembic = extension_of(app)
    with app.app_context():
        (script,) = alembic.revision("models")
        result = alembic.upgrade()
        assert {one.step.revision for one in result.applied} == {script.revision}
        assert alembic.compare_metadata() == []
        assert not alembic.needs_revision()
    found = [tables(url) for url in urls]
    with app.app_context():
        alembic.downgrade("base")
    assert [tables(url) for url in urls] == [set() for _ in urls]
    return found


# One database -------------------------------------------------------------------


def test_flask_sqlalchemy(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    assert round_trip(app, database_url) == [{"author", "book"}]


def test_flask_sqlalchemy_lite(tmp_path: Path, database_url: str) -> None:
    from flask_sqlalchemy_lite import SQLAlchemy as Lite

    app = bare_app(
        tmp_path,
        SQLALCHEMY_ENGINES={"default": {"url": database_url, "poolclass": NullPool}},
    )
    Lite(app)
    Alembic(app, metadatas=plain_models())
    assert round_trip(app, database_url) == [{"author"}]


def test_plain_engine_and_metadata(tmp_path: Path, database_url: str) -> None:
    app = bare_app(tmp_path)
    Alembic(app, engines=engine(database_url), metadatas=plain_models())
    assert round_trip(app, database_url) == [{"author"}]


def test_metadata_of_a_plain_base_beside_flask_sqlalchemy(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = make_app(
        tmp_path,
        sqlite_url,
        models=no_models,
        extension={"metadatas": {"default": plain_models()}},
    )
    assert round_trip(app, sqlite_url) == [{"author"}]


def test_several_metadatas_share_a_database(tmp_path: Path, sqlite_url: str) -> None:
    parts = [table(sa.MetaData(), "part_one"), table(sa.MetaData(), "part_two")]
    app = make_app(
        tmp_path, sqlite_url, models=no_models, extension={"metadatas": parts}
    )
    assert round_trip(app, sqlite_url) == [{"part_one", "part_two"}]


def test_without_any_database_a_command_says_so(tmp_path: Path) -> None:
    app = bare_app(tmp_path)
    alembic = Alembic(app)
    with app.app_context():
        with pytest.raises(ConfigurationError, match="No database was found"):
            alembic.upgrade()
        assert alembic.heads() == [], "what needs no database works"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"metadatas": "models"}, r"metadatas\['default'\] holds 'models'"),
        (
            {"metadatas": {"other": plain_models()}},
            "no engine for the database 'other'",
        ),
        ({"engines": "sqlite://"}, r"engines\['default'\] is str"),
    ],
)
def test_wrong_arguments_are_named(
    tmp_path: Path, arguments: dict[str, Any], words: str
) -> None:
    app = make_app(tmp_path, extension=arguments)
    with app.app_context(), pytest.raises(ConfigurationError, match=words):
        extension_of(app).current()


# An async engine ----------------------------------------------------------------


def async_app(folder: Path, url: str) -> Flask:
    app = bare_app(folder)
    driver = url.replace("sqlite:", "sqlite+aiosqlite:")
    Alembic(
        app,
        engines=create_async_engine(driver, poolclass=NullPool),
        metadatas=plain_models(),
    )
    return app


def test_an_async_engine(tmp_path: Path, sqlite_url: str) -> None:
    assert round_trip(async_app(tmp_path, sqlite_url), sqlite_url) == [{"author"}]


def test_an_async_engine_inside_a_running_loop(tmp_path: Path, sqlite_url: str) -> None:
    import asyncio

    app = async_app(tmp_path, sqlite_url)
    write_table_revision(migrations_of(app), "a1")

    async def view() -> int:
        with app.app_context():
            return len(extension_of(app).upgrade().applied)

    assert asyncio.run(view()) == 1
    assert tables(sqlite_url) == {"t_a1"}


def test_an_async_engine_gives_no_connection_away(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = async_app(tmp_path, sqlite_url)
    with app.app_context(), pytest.raises(UsageError, match="async engine"):
        extension_of(app).op  # noqa: B018


def test_hooks_work_with_an_async_engine(tmp_path: Path, sqlite_url: str) -> None:
    app = async_app(tmp_path, sqlite_url)
    heard: list[str] = []
    extension_of(app).register(
        Implementing(
            before_upgrade=lambda: heard.append("before"),
            revision_applied=lambda step: heard.append(step.revision),
            after_upgrade=lambda app: heard.append(
                str(extension_of(app).needs_upgrade())
            ),
        )
    )
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert heard == ["before", "a1", "False"]


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_the_engine_translates_schemas_for_versions_too(
    tmp_path: Path, make_database: MakeDatabase, server: str
) -> None:
    url = make_database(server)
    if server == "mariadb":
        schema = str(sa.make_url(make_database(server)).database)
    else:
        schema = "elsewhere"
        with second_connection(url) as connection:
            connection.execute(sa.text("CREATE SCHEMA elsewhere"))
            connection.commit()
    options = {"schema_translate_map": {None: schema}}
    app = make_app(
        tmp_path,
        url,
        models=no_models,
        SQLALCHEMY_ENGINE_OPTIONS={"poolclass": NullPool, "execution_options": options},
    )
    write_chain(migrations_of(app), "a1", "b1")

    def found() -> tuple[set[str], list[str]]:
        with second_connection(url) as connection:
            inspector = sa.inspect(connection)
            assert inspector.get_table_names() == []
            names = set(inspector.get_table_names(schema))
            rows = sa.text(f"SELECT version_num FROM {schema}.alembic_version")
            return names, list(connection.scalars(rows))

    assert run_db(app, "upgrade").exit_code == 0
    assert found() == ({"alembic_version", "t_a1", "t_b1"}, ["b1"])
    assert "b1 (head)" in run_db(app, "current", "--check-heads").stdout
    assert "at head" in run_db(app, "status", "--check").stdout
    assert run_db(app, "doctor").exit_code == 0
    assert run_db(app, "downgrade", "-1", "--yes").exit_code == 0
    assert found() == ({"alembic_version", "t_a1"}, ["a1"])
    assert run_db(app, "stamp", "b1").exit_code == 0
    assert found()[1] == ["b1"]
    with app.app_context():
        assert extension_of(app).readiness().ready
