"""Several databases: found, generated for, migrated, told apart."""

from __future__ import annotations

from collections.abc import Callable
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
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.pool import NullPool

from flask_alembic import Alembic


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


Several = tuple[Flask, str, str]


def with_flask_sqlalchemy(folder: Path, first: str, second: str) -> Flask:
    def models(db: SQLAlchemy) -> None:
        table(db.metadata, "one")
        db.Model.metadata  # noqa: B018
        table(db.metadatas.setdefault("other", sa.MetaData()), "two")

    return make_app(
        folder,
        first,
        models=models,
        SQLALCHEMY_BINDS={"other": second},
        ALEMBIC={"databases": "*"},
    )


def with_metadatas(folder: Path, first: str, second: str) -> Flask:
    metadatas = {
        "default": table(sa.MetaData(), "one"),
        "other": [table(sa.MetaData(), "two"), table(sa.MetaData(), "three")],
    }
    return make_app(
        folder,
        first,
        models=no_models,
        extension={"metadatas": metadatas},
        SQLALCHEMY_BINDS={"other": second},
    )


def with_engines(folder: Path, first: str, second: str) -> Flask:
    app = bare_app(folder)
    Alembic(
        app,
        engines={"default": engine(first), "other": engine(second)},
        metadatas={
            "default": table(sa.MetaData(), "one"),
            "other": table(sa.MetaData(), "two"),
        },
    )
    return app


def with_lite(folder: Path, first: str, second: str) -> Flask:
    from flask_sqlalchemy_lite import SQLAlchemy as Lite

    app = bare_app(
        folder,
        SQLALCHEMY_ENGINES={
            "default": {"url": first, "poolclass": NullPool},
            "other": {"url": second, "poolclass": NullPool},
        },
    )
    Lite(app)
    Alembic(
        app,
        metadatas={
            "default": table(sa.MetaData(), "one"),
            "other": table(sa.MetaData(), "two"),
        },
    )
    return app


@pytest.mark.parametrize(
    ("make", "second_tables"),
    [
        pytest.param(with_flask_sqlalchemy, {"two"}, id="flask-sqlalchemy"),
        pytest.param(with_metadatas, {"two", "three"}, id="metadatas"),
        pytest.param(with_engines, {"two"}, id="engines"),
        pytest.param(with_lite, {"two"}, id="flask-sqlalchemy-lite"),
    ],
)
def test_several_databases(
    tmp_path: Path,
    make_database: Callable[[str], str],
    make: Callable[[Path, str, str], Flask],
    second_tables: set[str],
) -> None:
    first, second = make_database("sqlite"), make_database("sqlite")
    app = make(tmp_path, first, second)
    assert round_trip(app, first, second) == [{"one"}, second_tables]


def test_databases_of_different_kinds(
    tmp_path: Path, make_database: Callable[[str], str]
) -> None:
    first, second = make_database("postgresql"), make_database("mariadb")
    assert round_trip(with_metadatas(tmp_path, first, second), first, second) == [
        {"one"},
        {"two", "three"},
    ]


@pytest.fixture
def several(tmp_path: Path, make_database: Callable[[str], str]) -> Several:
    first, second = make_database("sqlite"), make_database("sqlite")
    return with_flask_sqlalchemy(tmp_path, first, second), first, second


def test_contexts_and_operations_are_bound_to_their_own_database(
    several: Several,
) -> None:
    app, first, second = several
    with app.app_context():
        alembic = extension_of(app)
        assert list(alembic.migration_contexts) == ["default", "other"]
        assert list(alembic.ops) == ["default", "other"]
        for name, op in alembic.ops.items():
            op.create_table(f"made_in_{name}", sa.Column("id", sa.Integer))
        urls = {
            name: str(context.connection.engine.url)
            for name, context in alembic.migration_contexts.items()
            if context.connection is not None
        }
        assert urls == {"default": first, "other": second}
        assert alembic.op.get_bind() is alembic.ops["default"].get_bind()
    assert tables(first) == {"made_in_default"}
    assert tables(second) == {"made_in_other"}


def test_the_default_bind_comes_first(several: Several) -> None:
    app, first, _ = several
    with app.app_context():
        connection = extension_of(app).context.connection
        assert connection is not None
        assert str(connection.engine.url) == first


def test_one_database_may_be_chosen(several: Several) -> None:
    app, first, second = several
    write_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade", "--database", "other").exit_code == 0
    assert (version_rows(first), version_rows(second)) == (set(), {"a1"})
    assert run_db(app, "current", "--check-heads").exit_code == 1
    wrong = run_db(app, "upgrade", "--database", "third")
    assert wrong.exit_code == 2
    assert "'default', 'other'" in wrong.stderr


def test_a_generated_revision_serves_each_database(several: Several) -> None:
    app, _, _ = several
    with app.app_context():
        (script,) = extension_of(app).revision("models")
    text = Path(script.path).read_text("utf-8")
    names: dict[str, Any] = {}
    exec(text, names)
    assert set(names["UPGRADES"]) == {"default", "other"}


def test_binds_take_no_part_unless_asked_for(tmp_path: Path) -> None:
    first, second = f"sqlite:///{tmp_path}/1.db", f"sqlite:///{tmp_path}/2.db"
    app = make_app(tmp_path, first, SQLALCHEMY_BINDS={"other": second})
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert not Path(tmp_path, "2.db").exists()


def test_needs_upgrade_looks_at_every_database(several: Several) -> None:
    app, _, _ = several
    write_revision(migrations_of(app), "a1")
    with app.app_context():
        alembic = extension_of(app)
        alembic.upgrade(databases=("default",))
        assert alembic.needs_upgrade()
        alembic.upgrade()
        assert not alembic.needs_upgrade()


def test_produced_operations_say_whose_they_are(several: Several) -> None:
    """As Flask-Alembic 3 documents it for several databases."""
    app, _, _ = several
    found = {}
    with app.app_context():
        for ops in extension_of(app).produce_migrations().upgrade_ops_list:
            name = ops.upgrade_token.removesuffix("_upgrades")
            found[name] = [diff[1].name for diff in ops.as_diffs()]
    assert found == {"default": ["one"], "other": ["two"]}
