"""Where databases and models come from, and where revisions are."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    Implementing,
    extension_of,
    make_app,
    migrations_of,
    no_models,
    plain_models,
    run_db,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
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


# Several databases --------------------------------------------------------------

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


# Where revisions are ------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package ``shipped`` with a folder of revisions."""
    root = tmp_path / "site" / "shipped"
    root.mkdir(parents=True)
    (root / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(root.parent))
    importlib.invalidate_caches()
    sys.modules.pop("shipped", None)
    return root


def test_a_location_inside_a_package(tmp_path: Path, package: Path) -> None:
    write_table_revision(package / "revisions", "a1")
    app = make_app(tmp_path, ALEMBIC={"script_location": "shipped:revisions"})
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(f"sqlite:///{tmp_path}/app.db") == {"a1"}
    made = run_db(app, "revision", "more", "--empty", "--rev-id", "a2")
    assert made.exit_code == 0
    assert (package / "revisions" / "a2_more.py").is_file()


def test_further_locations_inside_a_package(tmp_path: Path, package: Path) -> None:
    write_table_revision(package / "revisions", "s1", labels="shipped")
    app = make_app(
        tmp_path, ALEMBIC={"version_locations": [("shipped", "shipped:revisions")]}
    )
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(f"sqlite:///{tmp_path}/app.db") == {"a1", "s1"}


def test_a_package_that_is_not_there_is_named(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC={"script_location": "nosuch:revisions"})
    result = run_db(app, "heads")
    assert result.exit_code == 3
    assert "a package 'nosuch' that is not there" in result.stderr


def test_pairs_name_branches_with_folders_of_their_own(tmp_path: Path) -> None:
    app = make_app(
        tmp_path,
        ALEMBIC={
            "version_locations": [("users", "users/migrations"), ("posts", "posts/m")]
        },
        ALEMBIC_CONTEXT={},
    )
    for branch in ("users", "posts"):
        words = ["revision", f"first of {branch}", "--empty", "--branch", branch]
        assert run_db(app, *words, "--rev-id", f"{branch}1").exit_code == 0
        assert run_db(app, *words, "--rev-id", f"{branch}2").exit_code == 0
    folders = {
        branch: sorted(
            path.name.split("_")[0]
            for path in Path(app.instance_path, folder).glob("*.py")
        )
        for branch, folder in (("users", "users/migrations"), ("posts", "posts/m"))
    }
    assert folders == {"users": ["users1", "users2"], "posts": ["posts1", "posts2"]}
    assert run_db(app, "upgrade", "users@head").exit_code == 0
    assert version_rows(f"sqlite:///{tmp_path}/app.db") == {"users2"}
    assert run_db(app, "upgrade", "heads").exit_code == 0
    assert version_rows(f"sqlite:///{tmp_path}/app.db") == {"users2", "posts2"}


def test_a_dict_is_a_section_of_the_configuration(tmp_path: Path) -> None:
    """Post-write hooks, as in ``alembic.ini``."""
    script = tmp_path / "tidy.py"
    script.write_text("import sys; open(sys.argv[1], 'a').write('# tidied\\n')")
    app = make_app(
        tmp_path,
        ALEMBIC={
            "post_write_hooks": {
                "hooks": "tidy",
                "tidy.type": "exec",
                "tidy.executable": sys.executable,
                "tidy.options": f"{script} REVISION_SCRIPT_FILENAME",
            }
        },
    )
    with app.app_context():
        (made,) = extension_of(app).revision("x", empty=True)
    assert Path(made.path).read_text("utf-8").endswith("# tidied\n")


@pytest.mark.parametrize("layout", ["flask-alembic", "alembic"])
def test_an_existing_folder_is_used_as_it_stands(tmp_path: Path, layout: str) -> None:
    folder = tmp_path / "migrations"
    versions = folder if layout == "flask-alembic" else folder / "versions"
    write_table_revision(versions, "a1")
    if layout == "alembic":
        (folder / "env.py").write_text("raise SystemExit('env.py was executed')")
        (folder / "alembic.ini").write_text("[alembic]\n")
        (folder / "helper.py").write_text("raise SystemExit('helper was executed')")
    app = make_app(tmp_path)
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(f"sqlite:///{tmp_path}/app.db") == {"t_a1"}
    assert run_db(app, "revision", "x", "--empty", "--rev-id", "a2").exit_code == 0
    assert (versions / "a2_x.py").is_file()
