"""Models that are missing, comparisons that fail, and nothing to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import no_models, version_rows, write_revision, write_table_revision
from flask_sqlalchemy import SQLAlchemy
from sandbox import Sandbox, accepted, refused

LINES = ["revision message", "migrate -m message", "check"]


def other_models(db: SQLAlchemy) -> None:
    """Define a model whose table is in no database yet."""

    class Invoice(db.Model):  # type: ignore[name-defined,misc]
        id = sa.Column(sa.Integer, primary_key=True)


@pytest.fixture
def written(sandbox: Sandbox) -> Sandbox:
    """The models are in a revision, which is applied."""
    accepted(sandbox, "revision", "first")
    accepted(sandbox, "upgrade")
    return sandbox


@pytest.mark.parametrize("line", LINES)
def test_no_models_at_all_is_said(sandbox: Sandbox, line: str) -> None:
    says = ["0 tables", "Import"]
    refused(sandbox, *line.split(), code=3, says=says, models=no_models)


@pytest.mark.parametrize("line", LINES)
def test_models_that_are_not_imported_drop_nothing(written: Sandbox, line: str) -> None:
    says = ["0 tables", "Import"]
    refused(written, *line.split(), code=3, says=says, models=no_models)


@pytest.mark.parametrize("line", ["revision message", "migrate -m message"])
def test_models_that_share_no_table_drop_nothing(written: Sandbox, line: str) -> None:
    says = ["drop every table", "author, book", "imported", "--force"]
    refused(written, *line.split(), code=3, says=says, models=other_models)


def test_every_table_is_dropped_on_request(written: Sandbox) -> None:
    accepted(written, "revision", "--force", "all other", models=other_models)
    accepted(written, "upgrade", models=other_models)


def test_tables_of_others_are_no_reason_to_stop(sandbox: Sandbox) -> None:
    """What include_object keeps out is not dropped."""
    write_table_revision(sandbox.migrations, "aaaa1", table="theirs")
    accepted(sandbox, "upgrade")
    config: dict[str, Any] = {
        "ALEMBIC_CONTEXT": {
            "include_name": lambda name, kind, parents: name != "theirs"
        }
    }
    accepted(sandbox, "revision", "ours", **config)


def test_a_first_revision_beside_a_foreign_table_is_refused_too(
    sandbox: Sandbox,
) -> None:
    write_table_revision(sandbox.migrations, "aaaa1", table="theirs")
    accepted(sandbox, "upgrade")
    refused(sandbox, "revision", "ours", code=3, says=["drop every table", "theirs"])


@pytest.mark.parametrize("line", ["revision again", "migrate -m again"])
def test_nothing_changed_writes_no_file(written: Sandbox, line: str) -> None:
    before = written.state()
    outcome = accepted(written, *line.split())
    assert "No changes" in outcome.out
    assert written.state() == before
    accepted(written, "check")


@pytest.mark.parametrize("line", LINES)
def test_a_database_that_is_behind_is_not_compared(written: Sandbox, line: str) -> None:
    write_table_revision(
        written.migrations, "next1", next(iter(version_rows(written.url)))
    )
    code = 1 if line == "check" else 2
    says = ["'default' is not at head", "flask db upgrade"]
    refused(written, *line.split(), code=code, says=says)


def test_a_history_without_the_default_label_is_followed(sandbox: Sandbox) -> None:
    """A history of Alembic's or Flask-Migrate's has no labels."""
    write_table_revision(sandbox.migrations, "aaaa1")
    write_table_revision(sandbox.migrations, "bbbb2", "aaaa1")
    accepted(sandbox, "upgrade")
    accepted(sandbox, "revision", "--empty", "next")
    outcome = accepted(sandbox, "heads")
    assert outcome.out.count("\n") == 1
    assert "bbbb2 -> " in outcome.out
    accepted(sandbox, "upgrade")


def test_two_heads_without_the_default_label_are_named(sandbox: Sandbox) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    write_table_revision(sandbox.migrations, "bbbb2")
    says = ["aaaa1", "bbbb2", "merge"]
    refused(sandbox, "revision", "--empty", "next", code=2, says=says)


FAILING: dict[str, tuple[dict[str, Any], list[str]]] = {
    "include-object": (
        {"include_object": lambda *a: 1 / 0},
        ["include_object", "division by zero"],
    ),
    "include-object-arguments": (
        {"include_object": lambda: True},
        ["include_object", "argument"],
    ),
    "include-name": (
        {"include_name": lambda *a: None.nosuch},  # type: ignore[attr-defined]
        ["include_name", "nosuch"],
    ),
    "compare-type": ({"compare_type": lambda *a: 1 / 0}, ["compare_type", "division"]),
    "render-item": ({"render_item": lambda *a: 1 / 0}, ["render_item", "division"]),
    "directives": (
        {"process_revision_directives": lambda *a: 1 / 0},
        ["process_revision_directives", "division"],
    ),
    "directives-arguments": (
        {"process_revision_directives": lambda: None},
        ["process_revision_directives", "argument"],
    ),
}


@pytest.mark.parametrize("kind", FAILING)
def test_a_function_of_the_app_that_fails_is_named(sandbox: Sandbox, kind: str) -> None:
    context, says = FAILING[kind]
    write_revision(
        sandbox.migrations,
        "aaaa1",
        upgrade="op.create_table('author', sa.Column('id', sa.Text))",
    )
    accepted(sandbox, "upgrade")
    config = {"ALEMBIC_CONTEXT": context}
    refused(sandbox, "revision", "message", code=3, says=says, **config)


def test_directives_that_are_taken_out_write_no_file(sandbox: Sandbox) -> None:
    def nothing(context: Any, revision: Any, directives: list[Any]) -> None:
        directives.clear()

    config = {"ALEMBIC_CONTEXT": {"process_revision_directives": nothing}}
    before = sandbox.state()
    accepted(sandbox, "mkdir")
    accepted(sandbox, "revision", "message", **config)
    assert not list(sandbox.migrations.glob("*.py"))
    assert sandbox.state()["<database>"] == before["<database>"]


def unrenderable(db: SQLAlchemy) -> None:
    """Define a model with a type whose ``repr()`` is no Python."""

    class Odd(sa.types.UserDefinedType[Any]):
        cache_ok = True

        def get_col_spec(self, **kw: Any) -> str:
            return "TEXT"

        def __repr__(self) -> str:
            return "<odd type>"

    class Thing(db.Model):  # type: ignore[name-defined,misc]
        id = sa.Column(sa.Integer, primary_key=True)
        odd = sa.Column(Odd())


def test_a_type_that_is_no_python_leaves_no_file(sandbox: Sandbox) -> None:
    says = ["Odd cannot be written", "<odd type>"]
    refused(sandbox, "revision", "message", code=3, says=says, models=unrenderable)


def broken_key(db: SQLAlchemy) -> None:
    """Define a model with a foreign key to a table that no model has."""

    class Book(db.Model):  # type: ignore[name-defined,misc]
        id = sa.Column(sa.Integer, primary_key=True)
        author_id: sa.Column[int] = sa.Column(sa.ForeignKey("nosuch.id"))


@pytest.mark.parametrize("line", LINES)
def test_a_foreign_key_to_nowhere_is_named(sandbox: Sandbox, line: str) -> None:
    says = ["author_id", "nosuch"]
    refused(sandbox, *line.split(), code=3, says=says, models=broken_key)


def key_across_databases(db: SQLAlchemy) -> None:
    """Define a model with a foreign key to a table of another database."""

    class Author(db.Model):  # type: ignore[name-defined,misc]
        __bind_key__ = "other"
        id = sa.Column(sa.Integer, primary_key=True)

    class Book(db.Model):  # type: ignore[name-defined,misc]
        id = sa.Column(sa.Integer, primary_key=True)
        author_id: sa.Column[int] = sa.Column(sa.ForeignKey("author.id"))


@pytest.mark.parametrize("line", LINES)
def test_a_foreign_key_to_another_database_is_named(
    sandbox: Sandbox, line: str, tmp_path: Path
) -> None:
    refused(
        sandbox,
        *line.split(),
        code=3,
        says=["book.author_id", "author", "other"],
        models=key_across_databases,
        SQLALCHEMY_BINDS={"other": f"sqlite:///{tmp_path}/other.db"},
        ALEMBIC={"databases": "*"},
    )


def test_a_table_in_two_metadatas_is_named(sandbox: Sandbox) -> None:
    first, second = sa.MetaData(), sa.MetaData()
    for metadata in (first, second):
        sa.Table("author", metadata, sa.Column("id", sa.Integer, primary_key=True))
    says = ["author", "metadata"]
    settings: dict[str, Any] = {"extension": {"metadatas": [first, second]}}
    refused(sandbox, "revision", "message", code=3, says=says, **settings)


@pytest.mark.parametrize("line", LINES)
def test_what_ends_the_process_in_the_middle_is_no_success(
    sandbox: Sandbox, line: str
) -> None:
    def include_object(*arguments: Any) -> bool:
        raise SystemExit(0)

    says = ["sys.exit(0)", "--traceback"]
    context = {"include_object": include_object}
    refused(sandbox, *line.split(), code=3, says=says, ALEMBIC_CONTEXT=context)
