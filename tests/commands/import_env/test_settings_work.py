"""What ``import-env`` proposes: an app that uses it migrates as the ``env.py`` did."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType
from typing import Any

import env_files
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
    write_table_revision,
)
from env_files import plain
from flask import Flask

pytestmark = pytest.mark.filterwarnings("error")

SHOP = """\
import sqlalchemy as sa
from sqlalchemy import orm


class Base(orm.DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id = sa.Column(sa.Integer, primary_key=True)


class Archive(orm.DeclarativeBase):
    pass


class Page(Archive):
    __tablename__ = "page"
    id = sa.Column(sa.Integer, primary_key=True)


loaded = []
reindexed = []


def load_models():
    loaded.append(True)


def reindex():
    reindexed.append(True)
"""

Build = Callable[..., Flask]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package of the project, whose models the ``env.py`` imports."""
    (tmp_path / "shop_pkg.py").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    invalidate_caches()
    yield import_module("shop_pkg")
    for name in ("shop_pkg", "moved_settings"):
        sys.modules.pop(name, None)


def moved(folder: Path, text: str, ini: str = "", **config: Any) -> Flask:
    """Return an app that uses what is proposed for an ``env.py``."""
    text = text.replace("shop.models", "shop_pkg").replace("from shop.", "from shop_")
    migrations = folder / "migrations"
    write_table_revision(migrations / "versions", "a1", table="author")
    (migrations / "env.py").write_text(text, "utf-8")
    if ini:
        (migrations / "alembic.ini").write_text(ini, "utf-8")
    before = make_app(folder, models=no_models, **config)
    done = run_db(before, "import-env", "--check", "--write", "moved_settings.py")
    assert done.exit_code == 0, done.output
    module: Any = import_module("moved_settings")
    for key in ("ALEMBIC", "ALEMBIC_CONTEXT"):
        config[key] = {**config.get(key, {}), **getattr(module, key, {})}
    extension: dict[str, Any] = {}
    if hasattr(module, "metadatas"):
        extension["metadatas"] = module.metadatas
    if any(hasattr(module, name) for name in HOOKS):
        extension["plugins"] = [module]
    return make_app(folder, models=no_models, extension=extension, **config)


HOOKS = ("open_connection", "before_upgrade", "after_upgrade", "context_options")


def test_models_options_and_functions(shop: ModuleType, tmp_path: Path) -> None:
    text = plain(
        top="IGNORED = config.get_main_option('ignored', '').split(',')\n\n\n"
        "def wanted(name, type_, parents):\n"
        "    return type_ != 'table' or name not in IGNORED\n",
        online="include_name=wanted, compare_type=False, version_table='shop_version',",
    )
    ini = "[alembic]\nignored = odd,strange\nfile_template = %%(rev)s_x\n"
    app = moved(tmp_path, text, ini)
    assert run_db(app, "upgrade").exit_code == 0
    engine = sa.create_engine(url_of(app))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE odd (id INTEGER)"))
        names = sa.inspect(connection).get_table_names()
        assert {"author", "shop_version"} <= set(names)
    engine.dispose()
    check = run_db(app, "check")
    assert check.exit_code == 0, check.output
    assert "odd" not in check.output
    written = run_db(app, "revision", "more", "--empty", "--rev-id", "b2")
    assert written.exit_code == 0, written.output
    assert (tmp_path / "migrations" / "versions" / "b2_x.py").exists()


def test_hooks(shop: Any, tmp_path: Path) -> None:
    text = plain(
        top="import os\nfrom shop.models import load_models, reindex\n"
        "load_models()\n"
        "if os.environ.get('STAGE') == 'forbidden':\n"
        "    raise RuntimeError('not here')\n",
        before='if connection.dialect.name == "sqlite":\n'
        '    connection.execute(text("PRAGMA foreign_keys=ON"))\n'
        'connection.execute(text("CREATE TABLE IF NOT EXISTS opened (id INTEGER)"))\n',
        end="reindex()\n",
    )
    app = moved(tmp_path, text)
    assert shop.loaded == [True]
    refused = run_db(app, "upgrade", env={"STAGE": "forbidden"})
    assert refused.exit_code == 3
    assert "not here" in refused.output
    assert version_rows(url_of(app)) == set()
    assert shop.reindexed == []
    assert run_db(app, "upgrade", "--sql").exit_code == 0
    assert shop.reindexed == []
    done = run_db(app, "upgrade")
    assert done.exit_code == 0, done.output
    assert {"author", "opened"} <= tables(url_of(app))
    assert shop.reindexed == [True]


def test_values_that_need_the_app(shop: ModuleType, tmp_path: Path) -> None:
    text = plain(
        top="from flask import current_app\n"
        "IGNORED = current_app.config['IGNORED']\n\n\n"
        "def wanted(name, type_, parents):\n"
        "    return name not in IGNORED\n",
        online="version_table=current_app.config['TABLE'], include_name=wanted,",
    )
    app = moved(tmp_path, text, TABLE="table_of_app", IGNORED=["odd"])
    assert run_db(app, "upgrade").exit_code == 0
    assert "table_of_app" in tables(url_of(app))
    check = run_db(app, "check")
    assert check.exit_code == 0, check.output


def test_several_databases(shop: ModuleType, tmp_path: Path) -> None:
    text = env_files.ALEMBIC_MULTIDB.replace(
        "USE_TWOPHASE = True", "USE_TWOPHASE = False"
    )
    ini = (
        "[alembic]\ndatabases = default, archive\n\n"
        "[default]\nsqlalchemy.url = sqlite://\n\n"
        "[archive]\nsqlalchemy.url = sqlite://\n"
    )
    archive = f"sqlite:///{tmp_path / 'archive.db'}"
    app = moved(tmp_path, text, ini, SQLALCHEMY_BINDS={"archive": archive})
    (tmp_path / "migrations" / "versions" / "a1_.py").write_text(
        '"""first"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        'revision = "a1"\ndown_revision = None\n\n\n'
        "def upgrade(engine_name):\n"
        '    globals()[f"upgrade_{engine_name}"]()\n\n\n'
        "def downgrade(engine_name):\n    pass\n\n\n"
        "def upgrade_default():\n"
        '    op.create_table("author", sa.Column("id", sa.Integer, primary_key=True))\n\n\n'
        "def upgrade_archive():\n"
        '    op.create_table("page", sa.Column("id", sa.Integer, primary_key=True))\n'
    )
    done = run_db(app, "upgrade")
    assert done.exit_code == 0, done.output
    assert (tables(url_of(app)), tables(archive)) == ({"author"}, {"page"})
    check = run_db(app, "check")
    assert check.exit_code == 0, check.output


def test_a_folder_elsewhere(shop: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "database" / "alembic"
    write_table_revision(folder / "versions", "a1", table="author")
    write_table_revision(tmp_path / "database" / "more", "b2", "a1", table="more")
    (folder / "env.py").write_text(plain().replace("shop.models", "shop_pkg"))
    (tmp_path / "database" / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/alembic\n"
        "version_locations = %(here)s/alembic/versions,%(here)s/more\n"
    )
    words = ("import-env", "database", "--check", "--write", "moved_settings.py")
    done = run_db(make_app(tmp_path), *words)
    assert done.exit_code == 0, done.output
    module: Any = import_module("moved_settings")
    app = make_app(
        tmp_path,
        models=no_models,
        extension={"metadatas": module.metadatas},
        ALEMBIC=module.ALEMBIC,
    )
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(url_of(app)) == {"author", "more"}
    assert version_rows(url_of(app)) == {"b2"}


def test_flask_migrate_needs_nothing(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    versions = migrations_of(app) / "versions"
    write_table_revision(versions, "a1", table="author")
    (migrations_of(app) / "env.py").write_text(env_files.FLASK_MIGRATE)
    assert run_db(app, "import-env", "--check").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(url_of(app)) == {"author"}
