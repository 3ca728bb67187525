"""The script directory: templates to choose from, packages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from apps import make_app, migrations_of, run_db, tables, url_of, write_chain
from flask import Flask

TEMPLATE = '''"""${message}, from our own template"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path, SQLALCHEMY_BINDS={"stats": "sqlite://"})


def template_of(app: Flask) -> str:
    return (migrations_of(app) / "script.py.mako").read_text("utf-8")


def used(app: Flask) -> list[str]:
    document = json.loads(run_db(app, "list-templates", "--format", "json").stdout)
    return [one["name"] for one in document["data"]["templates"] if one["is_used"]]


def test_the_templates_are_listed(app: Flask) -> None:
    lines = run_db(app, "list-templates").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["Name", "single", "multidb"]
    assert "this app" in lines[1]
    assert used(app) == ["single"]


@pytest.mark.parametrize(
    "words",
    [
        ("init", "-t", "aioflask-multidb"),
        ("init", "--template", "flask-multidb"),
        ("init", "-t", "multidb"),
        ("init", "--multidb"),
        ("mkdir", "--template", "multidb"),
    ],
)
def test_a_template_is_chosen(app: Flask, words: tuple[str, ...]) -> None:
    result = run_db(app, *words)
    assert result.exit_code == 0, result.output
    assert "script.py.mako" in result.stdout
    assert used(app) == ["multidb"]
    again = run_db(app, *words)
    assert "exists" in again.stdout
    assert run_db(app, "init", "-t", "generic").exit_code == 0
    assert used(app) == ["single"]


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_template_of_ones_own(app: Flask, tmp_path: Path, as_folder: bool) -> None:
    own = tmp_path / "own" / ("script.py.mako" if as_folder else "ours.mako")
    own.parent.mkdir()
    own.write_text(TEMPLATE, "utf-8")
    given = own.parent if as_folder else own
    assert run_db(app, "list-templates").stderr == ""
    assert run_db(app, "init", "-t", str(given)).exit_code == 0
    assert used(app) == []
    result = run_db(app, "revision", "first", "--empty")
    assert result.exit_code == 0, result.stderr
    (path,) = migrations_of(app).glob("*first.py")
    assert "from our own template" in path.read_text("utf-8")
    said = run_db(app, "list-templates").stderr
    assert f"a template of its own: {migrations_of(app) / 'script.py.mako'}" in said


def test_a_changed_template_is_kept(app: Flask) -> None:
    path = migrations_of(app) / "script.py.mako"
    path.write_text(TEMPLATE, "utf-8")
    result = run_db(app, "init", "-t", "multidb")
    assert result.exit_code == 3
    assert "was changed" in result.stderr
    assert template_of(app) == TEMPLATE
    assert run_db(app, "init").exit_code == 0
    assert template_of(app) == TEMPLATE


def test_the_template_for_several_works_for_one(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    assert run_db(app, "init", "-t", "multidb").exit_code == 0
    result = run_db(app, "revision", "first")
    assert result.exit_code == 0, result.stderr
    (path,) = migrations_of(app).glob("*first.py")
    assert "create_table('author'" in path.read_text("utf-8")
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(url_of(app)) == {"author", "book"}
    assert run_db(app, "check").exit_code == 0


def test_operations_are_never_lost_in_a_template(tmp_path: Path) -> None:
    """An app that got a second database, with the template for one."""
    make_app(tmp_path)
    app = make_app(
        tmp_path,
        SQLALCHEMY_BINDS={"stats": f"sqlite:///{tmp_path}/stats.db"},
        ALEMBIC={"databases": "*"},
    )
    result = run_db(app, "revision", "first")
    assert result.exit_code == 3
    assert "would be lost; nothing was written" in result.stderr
    assert "flask db init -t multidb" in result.stderr
    assert "ALEMBIC['databases']" in result.stderr
    assert list(migrations_of(app).glob("*.py")) == []
    assert run_db(app, "init", "-t", "multidb").exit_code == 0
    assert run_db(app, "revision", "first").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(url_of(app)) == {"author", "book"}


def test_there_is_no_such_template(app: Flask) -> None:
    before = template_of(app)
    result = run_db(app, "init", "-t", "nonsense")
    assert result.exit_code == 2
    assert "'nonsense'" in result.stderr
    assert "single or multidb" in result.stderr
    assert template_of(app) == before
    assert run_db(app, "init", "--multidb", "-t", "single").exit_code == 2


@pytest.mark.parametrize("command", ["mkdir", "init"])
def test_folders_become_packages(app: Flask, command: str) -> None:
    write_chain(migrations_of(app), "a1")
    result = run_db(app, command, "--package")
    assert result.exit_code == 0
    assert (migrations_of(app) / "__init__.py").read_text() == ""
    assert "__init__.py" in result.stdout
    assert "exists" in run_db(app, command, "--package").stdout
    assert run_db(app, "heads").stdout.split()[-1] == "a1"
    assert run_db(app, "upgrade").exit_code == 0


def test_the_directory_is_made_with_the_template(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"run_mkdir": False})
    assert not migrations_of(app).exists()
    assert run_db(app, "init", "--multidb", "--package").exit_code == 0
    assert used(app) == ["multidb"]
    assert (migrations_of(app) / "__init__.py").exists()
