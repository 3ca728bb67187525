"""The hooks around a new revision file, each through a real command."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from alembic.operations.ops import DowngradeOps, MigrationScript, UpgradeOps
from apps import (
    extension_of,
    migrations_of,
    run_db,
    second_connection,
    url_of,
    write_revision,
    write_table_revision,
)
from flask import Flask
from plugging import app_with

from flask_alembic.errors import CheckFailed, InvalidRevisionId, Vetoed
from flask_alembic.hooks import (
    LintTarget,
    Problem,
    RenameCandidate,
    RevisionRequest,
    Veto,
)
from flask_alembic.new_revisions import (
    AutocommitBlockOp,
    CodeOp,
    add_revision,
    set_name,
)


def files(app: Flask) -> list[str]:
    return sorted(path.name for path in migrations_of(app).glob("*.py"))


def test_hook_before_revision(tmp_path: Path) -> None:
    seen: list[RevisionRequest] = []

    def before_revision(request: RevisionRequest) -> None:
        seen.append(request)
        if not request.message.startswith("SHOP-"):
            raise Veto("the message has no ticket number")

    app = app_with(tmp_path, before_revision=before_revision)
    refused = run_db(app, "revision", "no ticket")
    assert refused.exit_code == 3
    assert "the message has no ticket number" in refused.stderr
    assert files(app) == []
    assert run_db(app, "revision", "SHOP-1 models", "--rev-id", "a1").exit_code == 0
    assert files(app) == ["a1_shop_1_models.py"]
    request = seen[-1]
    assert (request.kind, request.autogenerate, request.parents) == (
        "revision",
        True,
        (),
    )
    assert request.path == migrations_of(app)


def test_hook_before_revision_is_asked_about_merges(tmp_path: Path) -> None:
    seen: list[RevisionRequest] = []

    def before_revision(request: RevisionRequest) -> None:
        seen.append(request)
        raise Veto("no merges today")

    app = app_with(tmp_path, before_revision=before_revision)
    write_revision(migrations_of(app), "a1")
    write_revision(migrations_of(app), "b1")
    assert run_db(app, "merge").exit_code == 3
    (request,) = seen
    assert request.kind == "merge"
    assert sorted(request.parents) == ["a1", "b1"]
    assert files(app) == ["a1_.py", "b1_.py"]


def test_hook_before_revision_comes_before_the_database_is_read(tmp_path: Path) -> None:
    def before_revision() -> None:
        raise Veto("no")

    app = app_with(tmp_path, before_revision=before_revision)
    assert run_db(app, "revision", "x").exit_code == 3
    assert not Path(tmp_path, "app.db").exists()


def test_hook_rev_id(tmp_path: Path) -> None:
    numbers = iter(range(1, 9))

    def rev_id(request: RevisionRequest) -> str | None:
        return None if "random" in request.message else f"{next(numbers):04}"

    app = app_with(tmp_path, rev_id=rev_id)
    assert run_db(app, "revision", "one", "--empty").exit_code == 0
    assert run_db(app, "revision", "two", "--empty").exit_code == 0
    write_revision(migrations_of(app), "other", "0001")
    assert run_db(app, "merge", "-m", "join").exit_code == 0
    assert files(app) == [
        "0001_one.py",
        "0002_two.py",
        "0003_join.py",
        "other_.py",
    ]
    with app.app_context():
        (script,) = extension_of(app).revision("random", empty=True)
    assert len(script.revision) == 12, "the default answers after None"


def test_hook_is_rename(tmp_path: Path) -> None:
    seen: list[tuple[str, str, str, str | None]] = []

    def is_rename(request: RevisionRequest, candidate: RenameCandidate) -> bool:
        seen.append((request.message, candidate.kind, candidate.name, candidate.new))
        return candidate.new == "name"

    app = app_with(tmp_path, is_rename=is_rename)
    with app.app_context():
        app.extensions["sqlalchemy"].create_all()
    with second_connection(url_of(app)) as connection:
        connection.exec_driver_sql("alter table author rename name to full_name")
        connection.commit()
    assert run_db(app, "revision", "one", "--no-prove").exit_code == 0
    assert seen == [("one", "column", "author.full_name", "name")]
    (path,) = migrations_of(app).glob("*.py")
    assert "new_column_name='name'" in path.read_text()
    assert "drop_column" not in path.read_text()


@pytest.mark.parametrize("answer", ["a1", "", "x" * 33, "a@b", "a b", "../a", "a\n"])
def test_hook_rev_id_answers_are_checked(tmp_path: Path, answer: str) -> None:
    app = app_with(tmp_path, rev_id=lambda: answer)
    write_revision(migrations_of(app), "a1", labels="default")
    with app.app_context(), pytest.raises(InvalidRevisionId):
        extension_of(app).revision("x", empty=True)
    assert files(app) == ["a1_.py"]


def test_hook_lint_problems(tmp_path: Path) -> None:
    seen: list[LintTarget] = []

    def lint_problems(target: LintTarget) -> list[Problem]:
        seen.append(target)
        names = [
            str(node.args[0].value)
            for node in ast.walk(ast.parse(target.source))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "create_table"
            and isinstance(node.args[0], ast.Constant)
        ]
        severity = "error" if "book" in names else "warning"
        return [Problem("SHOP1", f"creates {sorted(names)}", severity)]  # type: ignore[arg-type]

    app = app_with(tmp_path, lint_problems=lint_problems)
    with app.app_context():
        with pytest.raises(CheckFailed, match="SHOP1 creates") as caught:
            extension_of(app).revision("next")
        assert caught.value.exit_code == 1
        assert files(app) == []
        (script,) = extension_of(app).revision("next", force=True)
    target = seen[-1]
    assert target.revision == script.revision
    assert target.path is None
    assert target.directive is not None
    assert target.source == Path(script.path).read_text("utf-8")


def test_hook_revision_generated(tmp_path: Path) -> None:
    seen: list[tuple[RevisionRequest, list[str]]] = []

    def revision_generated(request: RevisionRequest, scripts: tuple[Any, ...]) -> None:
        assert all(Path(script.path).is_file() for script in scripts)
        seen.append((request, [script.revision for script in scripts]))

    app = app_with(tmp_path, revision_generated=revision_generated)
    assert run_db(app, "revision", "models", "--rev-id", "a1").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "revision", "nothing changed").exit_code == 0
    write_table_revision(migrations_of(app), "b1", None)
    assert run_db(app, "merge").exit_code == 0
    kinds = [(request.kind, ids) for request, ids in seen]
    assert kinds[0] == ("revision", ["a1"])
    assert [kind for kind, _ in kinds] == ["revision", "merge"]


def test_hook_revision_generated_that_fails_changes_nothing(tmp_path: Path) -> None:
    def revision_generated() -> None:
        raise OSError("git is not here")

    app = app_with(tmp_path, revision_generated=revision_generated)
    result = run_db(app, "revision", "models", "--rev-id", "a1")
    assert result.exit_code == 0
    assert files(app) == ["a1_models.py"]


def test_a_veto_of_a_hook_that_is_no_guard_is_an_error_of_the_plugin(
    tmp_path: Path,
) -> None:
    def rev_id() -> None:
        raise Veto("no")

    app = app_with(tmp_path, rev_id=rev_id)
    result = run_db(app, "revision", "x", "--empty")
    assert result.exit_code == 3
    assert "failed in rev_id: Veto: no" in result.stderr
    with app.app_context(), pytest.raises(Exception, match="Veto") as caught:
        extension_of(app).revision("x", empty=True)
    assert not isinstance(caught.value, Vetoed)


def test_hook_rewrite_revision(tmp_path: Path) -> None:
    seen: list[Any] = []

    def rewrite_revision(request: Any, directives: list[Any], contexts: Any) -> None:
        seen.append((request.message, contexts["default"].dialect.name))
        table = directives[0].upgrade_ops.ops.pop()
        back = directives[0].downgrade_ops.ops.pop(0)
        added = add_revision(directives, "the other table")
        added.upgrade_ops.ops[:] = [CodeOp("rows = 1\nassert rows"), table]
        added.downgrade_ops.ops[:] = [back, AutocommitBlockOp([CodeOp("pass")])]
        set_name(added, "phase", "contract")

    app = app_with(tmp_path, rewrite_revision=rewrite_revision)
    result = run_db(app, "revision", "models", "--rev-id", "a1")
    assert result.exit_code == 0, result.output
    assert seen == [("models", "sqlite")]  # not for the comparison of the proof
    assert result.output.count("up, down, up, no difference") == 2
    assert files(app) == ["a1_2_the_other_table.py", "a1_models.py"]
    text = (migrations_of(app) / "a1_2_the_other_table.py").read_text("utf-8")
    assert "down_revision = 'a1'" in text
    assert "depends_on = None\nphase = 'contract'\n" in text
    assert "    rows = 1\n    assert rows\n    op.create_table('book'" in text
    assert "    with op.get_context().autocommit_block():\n        pass\n" in text
    assert result.output.count("is missing from the database") == 2
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "check").exit_code == 0


@pytest.mark.parametrize("name", ["revision", "no name"])
def test_names_that_a_file_cannot_set(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        set_name(MigrationScript("a1", UpgradeOps(), DowngradeOps()), name, 1)
