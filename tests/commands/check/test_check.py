"""``flask db check`` and ``flask db lint``, and drops of tables that are not ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    library,
    make_app,
    migrations_of,
    no_models,
    run_db,
    second_connection,
    tables,
    write_revision,
    write_table_revision,
)
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from plugging import Implementing

from flask_alembic.errors import ConfigurationError
from flask_alembic.hooks import LintTarget, Problem
from flask_alembic.schema.model_discovery import not_imported
from flask_alembic.script.source_analysis import created_tables

pytestmark = [pytest.mark.costly, pytest.mark.one_database]

LIBRARY = [
    "op.create_table('author', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('name', sa.String(80), nullable=False))",
    "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('title', sa.String(200), nullable=False),"
    " sa.Column('author_id', sa.Integer,"
    " sa.ForeignKey('author.id', name='book_author')))",
]


def execute(url: str, *statements: str) -> None:
    with second_connection(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def built(folder: Path, url: str, **config: Any) -> Flask:
    """Return an app whose database is as its models want it."""
    app = make_app(folder, url, **config)
    write_revision(migrations_of(app), "a1", None, LIBRARY)
    assert run_db(app, "upgrade").exit_code == 0
    return app


def codes(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        return [(p.code, p.severity) for p in extension_of(app).check().problems]


# What differs --------------------------------------------------------------------


def test_nothing_differs(tmp_path: Path, database_url: str) -> None:
    result = run_db(built(tmp_path, database_url), "check")
    assert (result.exit_code, result.stdout) == (0, "No changes detected.\n")


def test_why_alembic_alone_has_compared(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no scratch database can be made; nothing else is different."""
    from flask_alembic.schema import model_catalog

    monkeypatch.setattr(model_catalog, "_memory", {})
    kind = "sqlite" if not database_url.startswith("sqlite") else "postgresql"
    options = {"scratch_url": f"{kind}://me:secret@localhost/none"}
    app = built(tmp_path, database_url, ALEMBIC=options)
    result = run_db(app, "check")
    assert (result.exit_code, result.stdout) == (0, "No changes detected.\n")
    assert "Database 'default' was compared by Alembic alone: The scratch" in (
        result.stderr
    )
    assert "secret" not in result.output
    data = json.loads(run_db(app, "check", "--format", "json").stdout)["data"]
    assert list(data["alembic_only"]) == ["default"]
    # With one, nothing is said.
    app = make_app(tmp_path, database_url)
    assert run_db(app, "check").stderr == ""
    data = json.loads(run_db(app, "check", "--format", "json").stdout)["data"]
    assert data["alembic_only"] == {}


def test_what_differs_is_said_in_words_and_as_operations(
    tmp_path: Path, database_url: str
) -> None:
    app = built(tmp_path, database_url)
    execute(
        database_url,
        "ALTER TABLE author ADD COLUMN old VARCHAR(9)",
        "CREATE INDEX by_title ON book (title)",
    )
    result = run_db(app, "check")
    assert result.exit_code == 1
    said = result.stdout
    assert "Database 'default' differs from the models:" in said
    column = "column author.old (VARCHAR(9)) is missing from the models"
    assert column in said
    assert "index book.by_title (title) is missing from the models" in said
    assert "drop_column('" in said
    assert "'by_title'" in said
    assert "Changes detected." in result.stderr


def test_every_kind_of_difference_has_words(
    tmp_path: Path, postgresql_url: str
) -> None:
    def more(db: SQLAlchemy) -> None:
        sa.Table(
            "author",
            db.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(40), nullable=True, server_default="x"),
            sa.Column("email", sa.String(9), comment="where"),
            sa.UniqueConstraint("email", name="one_email"),
            comment="who",
        )
        sa.Table(
            "book",
            db.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("title", sa.String(200), nullable=False),
            sa.Column("author_id", sa.Integer),
        )
        sa.Table("genre", db.metadata, sa.Column("id", sa.Integer, primary_key=True))

    app = make_app(tmp_path, postgresql_url, models=more)
    write_revision(migrations_of(app), "a1", None, LIBRARY)
    assert run_db(app, "upgrade").exit_code == 0
    with app.app_context():
        found = extension_of(app).check().differences["default"]
    assert {each.text for each in found} == {
        "table genre is missing from the database",
        "column author.email (VARCHAR(9)) is missing from the database",
        "type of column author.name is VARCHAR(40) in the models, VARCHAR(80) in the "
        "database",
        "nullability of column author.name is NULL in the models, NOT NULL in the "
        "database",
        "server default of column author.name is 'x' in the models, none in the "
        "database",
        "unique constraint author.one_email (email) is missing from the database",
        "comment of table author ('who') is missing from the database",
        "foreign key book.book_author (author_id -> author.id) is missing from "
        "the models",
    }


def test_each_database_is_told_by_itself(tmp_path: Path) -> None:
    def models(db: SQLAlchemy) -> None:
        db.Table("t_main", sa.Column("id", sa.Integer, primary_key=True))
        db.Table(
            "t_other", sa.Column("id", sa.Integer, primary_key=True), bind_key="other"
        )

    app = make_app(
        tmp_path,
        models=models,
        SQLALCHEMY_BINDS={
            "other": {
                "url": f"sqlite:///{tmp_path / 'other.db'}",
                "poolclass": sa.NullPool,
            }
        },
        ALEMBIC={"databases": "*"},
    )
    with app.app_context():
        result = extension_of(app).check()
    assert list(result.diffs) == ["default", "other"]
    (one,) = result.differences["other"]
    assert one.text == "table t_other is missing from the database"
    assert "create_table('t_main'" in result.operations["default"]


# Tables that are not ours --------------------------------------------------------


def with_foreign_table(folder: Path, url: str, **config: Any) -> Flask:
    app = built(folder, url, **config)
    execute(
        url,
        "CREATE TABLE celery_task (id INTEGER, at INTEGER)",
        "CREATE INDEX celery_at ON celery_task (at)",
    )
    return app


def test_a_foreign_table_is_shown_and_is_no_difference(
    tmp_path: Path, database_url: str
) -> None:
    app = with_foreign_table(tmp_path, database_url)
    result = run_db(app, "check")
    assert result.exit_code == 0
    assert "table celery_task is not in the models, and no revision" in result.stdout
    assert "drop_table" not in result.stdout
    with app.app_context():
        checked = extension_of(app).check()
        assert checked.unmanaged_tables == {"default": ("celery_task",)}
        assert extension_of(app).compare_metadata() == []
        assert extension_of(app).needs_revision() is False
        (status,) = extension_of(app).status(models=True)
    assert status.differences == 0


def test_a_foreign_table_is_dropped_only_when_that_is_allowed(
    tmp_path: Path, database_url: str
) -> None:
    app = with_foreign_table(tmp_path, database_url)
    nothing = run_db(app, "revision", "nothing")
    assert nothing.exit_code == 0
    assert "No changes detected" in nothing.stdout
    assert "--allow-drop" in nothing.stderr
    execute(database_url, "ALTER TABLE author ADD COLUMN old VARCHAR(9)")
    assert run_db(app, "revision", "ours", "--rev-id", "b1").exit_code == 0
    ours = migrations_of(app).joinpath("b1_ours.py").read_text()
    assert "drop_column('" in ours
    assert "celery" not in ours
    migrations_of(app).joinpath("b1_ours.py").unlink()
    app = make_app(tmp_path, database_url)
    words = ("revision", "all", "--rev-id", "b2", "--allow-drop")
    dropping = run_db(app, *words)
    assert dropping.exit_code == 0, dropping.output
    text = migrations_of(app).joinpath("b2_all.py").read_text()
    assert "op.drop_table('celery_task')" in text
    assert "op.create_table('celery_task'" in text
    assert run_db(app, "upgrade").exit_code == 0
    assert "celery_task" not in tables(database_url)


def test_a_table_of_the_history_is_dropped_without_asking(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = built(tmp_path, sqlite_url)
    write_table_revision(migrations_of(app), "a2", "a1", table="gone")
    assert run_db(app, "upgrade").exit_code == 0
    result = run_db(app, "check")
    assert result.exit_code == 1
    assert "table gone is missing from the models" in result.stdout
    assert run_db(app, "revision", "drop it", "--rev-id", "a3").exit_code == 0
    assert (
        "drop_table('gone')" in migrations_of(app).joinpath("a3_drop_it.py").read_text()
    )


CREATING = {
    "op": ["op.create_table('t', sa.Column('id', sa.Integer))"],
    "keyword": ["op.create_table(table_name='t')"],
    "renamed": ["op.rename_table('old', 't')"],
    "renamed by keyword": ["op.rename_table('old', new_table_name='t')"],
    "sql": ["op.execute('CREATE TABLE IF NOT EXISTS t (id INTEGER)')"],
    "quoted sql": ["op.execute('create temporary table \"t\" (id integer)')"],
    "text": ["op.execute(sa.text('''CREATE TABLE `t` (id INTEGER)'''))"],
    "sql rename": ["op.execute('ALTER TABLE old RENAME TO t')"],
    "loop": ["for name in ('s', 't'):", "    op.create_table(name)"],
    "table object": ["sa.Table('t', sa.MetaData()).create(op.get_bind())"],
}
NOT_CREATING = {
    "dropping": ["op.drop_table('t')"],
    "another": ["op.create_table('tt')"],
    "adding": ["op.add_column('t', sa.Column('x', sa.Integer))"],
    "in a schema": ["op.create_table('t', schema='other')"],
    "comment": ["# op.create_table('t')", "pass"],
}


@pytest.mark.parametrize("kind", CREATING)
def test_what_creates_a_table(tmp_path: Path, kind: str) -> None:
    app = make_app(tmp_path)
    write_revision(migrations_of(app), "a1", None, CREATING[kind])
    with app.app_context():
        found = created_tables(extension_of(app).script.walk_revisions())
    assert (None, "t") in found or ("*", "t") in found


@pytest.mark.parametrize("kind", NOT_CREATING)
def test_what_does_not_create_a_table(tmp_path: Path, kind: str) -> None:
    app = make_app(tmp_path)
    write_revision(migrations_of(app), "a1", None, NOT_CREATING[kind])
    with app.app_context():
        found = created_tables(extension_of(app).script.walk_revisions())
    assert (None, "t") not in found
    assert ("*", "t") not in found


# Files and history ---------------------------------------------------------------


def test_two_heads_are_an_error_with_the_command(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    for id_ in ("b1", "b2"):
        write_table_revision(migrations_of(app), id_, "a1")
    assert run_db(app, "upgrade").exit_code == 0
    result = run_db(app, "check")
    assert result.exit_code == 1
    assert "several heads (b1, b2)" in result.stdout
    assert "flask db merge b1 b2" in result.stdout
    assert ("several-heads", "error") in codes(app)


def test_heads_of_labelled_branches_are_meant(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1", labels="shop")
    write_table_revision(migrations_of(app), "b1", labels="stock")
    assert "several-heads" not in dict(codes(app))
    write_table_revision(migrations_of(app), "a2", "a1")
    write_table_revision(migrations_of(app), "a3", "a1")
    assert ("several-heads", "error") in codes(app)


def test_an_id_that_is_too_long(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    write_table_revision(migrations_of(app), "a" * 40)
    found = [(code, severity) for code, severity in codes(app) if code == "id-too-long"]
    severity = "warning" if database_url.startswith("sqlite") else "error"
    assert found == [("id-too-long", severity)]


def test_an_id_that_fits_a_wider_column(tmp_path: Path, postgresql_url: str) -> None:
    app = make_app(tmp_path, postgresql_url)
    write_table_revision(migrations_of(app), "a" * 40)
    execute(
        postgresql_url,
        "CREATE TABLE alembic_version (version_num VARCHAR(40) PRIMARY KEY)",
    )
    assert "id-too-long" not in dict(codes(app))


def test_files_without_functions(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    head = "revision = {!r}\ndown_revision = {!r}\n"
    folder = migrations_of(app)
    folder.joinpath("a1.py").write_text(
        head.format("a1", None) + "def upgrade():\n    pass\n"
    )
    folder.joinpath("a2.py").write_text(
        head.format("a2", "a1") + "def downgrade():\n    pass\n"
    )
    folder.joinpath("a3.py").write_text(head.format("a3", "a2") + "1 / 0\n")
    found = codes(app)
    assert [each for each in found if each[0] != "not-at-head"] == [
        ("no-downgrade", "warning"),
        ("no-upgrade", "error"),
        ("unusable-file", "error"),
    ]
    with app.app_context():
        problem = extension_of(app).check().problems[2]
    assert "ZeroDivisionError" in problem.message
    assert problem.path == folder / "a3.py"


def test_code_at_the_top_of_a_file_changes_nothing(tmp_path: Path) -> None:
    """It is executed in a sandbox, by check and by doctor."""
    app = make_app(tmp_path)
    folder = migrations_of(app)
    written = tmp_path / "written"
    folder.joinpath("a1.py").write_text(
        "revision = 'a1'\ndown_revision = None\n"
        f"open({str(written)!r}, 'w').close()\n"
        "def upgrade():\n    pass\n\ndef downgrade():\n    pass\n"
    )
    assert ("file-not-checked", "warning") in codes(app)
    with app.app_context():
        problem = extension_of(app).check().problems[0]
        assert extension_of(app).doctor() == ()
    assert (problem.path, problem.line) == (folder / "a1.py", 3)
    assert f"tries to open {written} for writing when it is imported" in problem.message
    assert not written.exists()


def test_every_file_that_does_not_compile_is_named(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    folder = migrations_of(app)
    write_table_revision(folder, "a1")
    folder.joinpath("a2.py").write_text("revision = 'a2'\ndef upgrade(:\n")
    folder.joinpath("a3.py").write_text("revision = 'a3'\n'''\n")
    result = run_db(app, "check")
    assert result.exit_code == 1
    assert "a2.py does not compile" in result.stdout
    assert "a3.py does not compile" in result.stdout
    assert "2 errors" in result.stderr


def test_a_missing_parent_is_a_problem_of_the_history(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a2", "gone")
    assert codes(app) == [("broken-history", "error")]
    result = run_db(app, "check")
    assert result.exit_code == 1
    assert "'gone'" in result.stderr


def test_a_database_that_is_behind_keeps_the_other_problems(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    write_table_revision(migrations_of(app), "a2", "a1")
    write_table_revision(migrations_of(app), "a3", "a1")
    assert codes(app) == [("several-heads", "error"), ("not-at-head", "error")]


# Models --------------------------------------------------------------------------


PACKAGE = {
    "__init__.py": "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
    "seen.py": "from . import db\nimport sqlalchemy as sa\n"
    "class Seen(db.Model):\n    id = sa.Column(sa.Integer, primary_key=True)\n",
    "unseen.py": "from . import db\nimport sqlalchemy as sa\nraise SystemExit\n"
    "class Order(db.Model):\n    id = sa.Column(sa.Integer, primary_key=True)\n"
    "class Mixin:\n    at = sa.Column(sa.Integer)\n"
    "class Base(db.Model):\n    __abstract__ = True\n    id = sa.Column(sa.Integer)\n"
    "log = sa.Table('log', db.metadata, sa.Column('id', sa.Integer))\n",
    "mapped.py": "from sqlalchemy.orm import mapped_column, Mapped\nfrom . import Base\n"
    "class Line(Base):\n    __tablename__ = 'line'\n"
    "    id: Mapped[int] = mapped_column(primary_key=True)\n",
    "helpers.py": "Column = 1\nclass Plain(object):\n    pass\n",
    "broken.py": "Column = (\n",
    "tests/test_models.py": "class T(db.Model):\n    id = sa.Column(sa.Integer)\n",
    ".venv/pyvenv.cfg": "",
    ".venv/lib.py": "class V(db.Model):\n    id = sa.Column(sa.Integer)\n",
    "env/pyvenv.cfg": "",
    "env/lib.py": "class V(db.Model):\n    id = sa.Column(sa.Integer)\n",
    "migrations/a1.py": "t = sa.Table('x', m, sa.Column('id', sa.Integer))\n"
    "revision = 'a1'\ndown_revision = None\n"
    "def upgrade(): pass\ndef downgrade(): pass\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An app in a package, of whose modules one is imported."""
    name = f"shop_{tmp_path.name.replace('-', '_')}"
    for path, text in PACKAGE.items():
        target = tmp_path / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = __import__(f"{name}.seen")
    app = Flask(name)
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", ALEMBIC_PLUGINS=())
    module.db.init_app(app)
    from flask_alembic import Alembic

    Alembic(app)
    yield app
    with app.app_context():
        module.db.engine.dispose()


def test_modules_with_models_that_nobody_has_imported(package: Flask) -> None:
    migrations = Path(package.root_path, "migrations")
    before = set(sys.modules)
    found = not_imported(package, [migrations])
    assert {(one.name, one.models) for one in found} == {
        (f"{package.name}.mapped", ("Line",)),
        (f"{package.name}.unseen", ("Order", "log")),
    }
    assert set(sys.modules) == before


def test_check_names_the_modules(package: Flask) -> None:
    result = run_db(package, "check")
    assert f"{package.name}.unseen defines Order, log" in result.stdout
    assert f"{package.name}.mapped defines Line" in result.stdout


def test_a_revision_with_nothing_to_do_names_the_modules(package: Flask) -> None:
    Path(package.root_path, "migrations", "a1.py").unlink()
    with package.app_context():
        package.extensions["sqlalchemy"].create_all()
        result = run_db(package, "revision", "more")
    assert result.exit_code == 0, result.output
    assert "No changes detected" in result.stdout
    assert f"{package.name}.unseen" in result.stderr
    assert "flask db adopt --generate" in result.stdout
    report = run_db(package, "revision", "more", "--format", "json")
    assert json.loads(report.stdout)["command"] == "revision"


def importable(package: Flask, unseen: str = "") -> None:
    """Let the modules of the package be ones that can be imported."""
    package.config["ALEMBIC"] = {"import_models": True}
    Path(package.root_path, "mapped.py").unlink()
    path = Path(package.root_path, "unseen.py")
    path.write_text(path.read_text().replace("raise SystemExit\n", unseen))


def test_modules_with_models_are_imported_on_request(package: Flask) -> None:
    importable(package)
    with package.app_context():
        package.extensions["sqlalchemy"].create_all()
    Path(package.root_path, "migrations", "a1.py").unlink()
    assert run_db(package, "check").exit_code == 1
    assert "log" in package.extensions["sqlalchemy"].metadata.tables


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ("import no_such_module\n", "No module named 'no_such_module'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
    ],
)
def test_a_module_with_models_that_cannot_be_imported(
    package: Flask, first: str, why: str
) -> None:
    importable(package, first)
    result = run_db(package, "check")
    assert result.exit_code == 3
    assert (
        f"The module {package.name}.unseen, which defines Order, log" in result.stderr
    )
    assert why in result.stderr


def test_no_tables_at_all(package: Flask) -> None:
    package.extensions["sqlalchemy"].metadata.clear()
    for words in (["check"], ["revision", "more"]):
        result = run_db(package, *words)
        assert result.exit_code == 3
        assert "0 tables in your metadata" in result.stderr
        assert f"{package.name}.unseen (Order, log)" in result.stderr


def test_no_tables_and_no_module_to_name(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    with app.app_context(), pytest.raises(ConfigurationError, match="0 tables") as e:
        extension_of(app).check()
    assert e.value.advice.startswith("Import them")


# Linters -------------------------------------------------------------------------


def linting(*severities: str) -> Implementing:
    """Return a plugin that finds as many problems in each revision."""

    def lint_problems(target: LintTarget) -> list[Problem]:
        assert target.script is not None
        assert target.path is not None
        assert target.source == target.path.read_text()
        assert target.dialects == {"default": "sqlite"}
        return [
            Problem(f"X{number}", f"{target.revision} is odd", severity, line=3)  # type: ignore[arg-type]
            for number, severity in enumerate(severities)
        ]

    return Implementing(lint_problems=lint_problems)


def linted(folder: Path, *severities: str) -> Flask:
    app = make_app(folder, extension={"plugins": [linting(*severities)]})
    for id_, down in (("a1", None), ("a2", "a1"), ("a3", "a2")):
        write_table_revision(migrations_of(app), id_, down)
    return app


def test_lint_without_errors(tmp_path: Path) -> None:
    result = run_db(linted(tmp_path, "warning", "info"), "lint")
    assert result.exit_code == 0
    assert "warning: X0: a1 is odd" in result.stdout
    assert "6 problems in 3 revisions; no errors." in result.stdout


def test_lint_with_errors(tmp_path: Path) -> None:
    app = linted(tmp_path, "error")
    result = run_db(app, "lint")
    assert result.exit_code == 1
    assert "error: X0: a3 is odd" in result.stdout
    assert "3 errors" in result.stderr
    assert ("X0", "error") in codes(app)


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["a2"], ["a2"]),
        (["a3", "a1"], ["a1", "a3"]),
        (["a2:"], ["a2", "a3"]),
        (["a1:a2"], ["a1", "a2"]),
        (["head"], ["a3"]),
        (["--pending"], ["a2", "a3"]),
        (["a1:a2", "--pending"], ["a2"]),
    ],
)
def test_lint_of_some(tmp_path: Path, words: list[str], ids: list[str]) -> None:
    app = linted(tmp_path, "info")
    assert run_db(app, "upgrade", "a1").exit_code == 0
    report = json.loads(run_db(app, "lint", "--format", "json", *words).stdout)
    assert [each["revision"] for each in report["revisions"]] == ids
    assert [each["message"][:2] for each in report["problems"]] == ids


def test_lint_of_what_is_not_there(tmp_path: Path) -> None:
    result = run_db(linted(tmp_path), "lint", "nosuch")
    assert result.exit_code == 2


def test_lint_without_a_linter(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "lint")
    assert result.exit_code == 0
    assert "There is no linter" in result.stderr


def test_check_as_json(tmp_path: Path, sqlite_url: str) -> None:
    app = with_foreign_table(tmp_path, sqlite_url, models=library)
    execute(sqlite_url, "ALTER TABLE author ADD COLUMN old VARCHAR(9)")
    result = run_db(app, "check", "--format", "json")
    report = json.loads(result.stdout)
    assert result.exit_code == report["exit_code"] == 1
    (difference,) = report["data"]["differences"]["default"]
    assert difference["kind"] == "column"
    assert difference["name"] == "author.old"
    assert report["data"]["unmanaged_tables"] == {"default": ["celery_task"]}
    assert report["problems"][0]["code"] == "foreign-table"
