"""The plugin in an app: what the core calls, and what a user types."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_alembic_lint import plugin
from flask_alembic_lint.commands import add_to
from flask_alembic_lint.examples import revision_text as module
from flask_sqlalchemy import SQLAlchemy

from flask_alembic import Alembic
from flask_alembic.errors import CheckFailed, Vetoed
from flask_alembic.hooks import LintTarget, PluginError, Problem
from flask_alembic.testing import MakeApp

FIRST = """
def upgrade():
    op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    op.drop_table("users")
"""

SECOND = """
def upgrade():
    op.add_column("users", sa.Column("age", sa.Integer, nullable=False))

def downgrade():
    op.drop_column("users", "age")
"""


class Project:
    """An app with two revisions, the second of which is dangerous."""

    def __init__(self, folder: Path, make_app: MakeApp) -> None:
        self.folder = folder / "migrations"
        self.folder.mkdir()
        self.write("a1", None, FIRST)
        self.write("b2", "a1", SECOND)
        self.app = make_app(root=folder, name="shop", plugins=[plugin], TESTING=False)
        self.db: SQLAlchemy = self.app.extensions["sqlalchemy"]
        self.alembic: Alembic = self.app.extensions["alembic"]

    def write(self, revision: str, parent: str | None, body: str) -> Path:
        text = module(body).replace('revision = "b2"', f"revision = {revision!r}", 1)
        text = text.replace('down_revision = "a1"', f"down_revision = {parent!r}")
        path = self.folder / f"{revision}_x.py"
        path.write_text(text, "utf-8")
        return path

    def lint(self, pending: bool = False, **settings: object) -> list[Problem]:
        self.app.config["ALEMBIC_LINT"] = settings
        return list(self.alembic.lint(pending=pending))


@pytest.fixture
def project(tmp_path, make_app, monkeypatch):
    monkeypatch.delenv("ALEMBIC_LINT_GUARD", raising=False)
    project = Project(tmp_path, make_app)
    with project.app.app_context():
        yield project


def test_hooks_have_the_right_names_and_arguments(check_plugin):
    assert "lint_problems" in check_plugin(plugin)


def test_problem_says_what_where_and_how(project):
    (problem,) = project.lint()
    assert problem.code == "FA101"
    assert problem.severity == "error"
    assert problem.revision == "b2"
    assert problem.path == project.folder / "b2_x.py"
    assert problem.line == 9
    assert problem.database is None
    assert "server_default" in problem.advice


def test_link_where_the_rules_are_published(project):
    (problem,) = project.lint(docs_url="https://example.org/rules.html")
    assert problem.url == "https://example.org/rules.html#fa101"


def test_baseline(project):
    assert project.lint(since="b2") == []
    assert len(project.lint(since="a1")) == 1
    with pytest.raises(PluginError, match="no_such"):
        project.lint(since="no_such")


def test_only_pending(project):
    # Both will run together, so the table has no rows when it is altered.
    assert project.lint(only="pending") == []
    project.alembic.upgrade("a1")
    assert [each.code for each in project.lint(only="pending")] == ["FA101"]
    project.alembic.stamp("b2")
    assert project.lint(only="pending") == []
    assert [each.code for each in project.lint()] == ["FA101"]


def test_pending_of_the_command_is_the_same(project):
    assert project.lint(pending=True) == []
    project.alembic.upgrade("a1")
    assert [each.code for each in project.lint(pending=True)] == ["FA101"]
    assert [each.code for each in project.lint()] == ["FA101"]


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


def test_only_changed(project):
    git(project.folder, "init", "-q", "-b", "main")
    git(project.folder, "add", ".")
    git(project.folder, "commit", "-qm", "first")
    assert project.lint(only="changed", changed_since="main") == []
    project.write("c3", "b2", SECOND.replace("age", "height"))
    changed = project.lint(only="changed", changed_since="main")
    assert [each.revision for each in changed] == ["c3"]
    git(project.folder, "checkout", "-qb", "topic")
    git(project.folder, "add", ".")
    git(project.folder, "commit", "-qm", "third")
    changed = project.lint(only="changed", changed_since="main")
    assert [each.revision for each in changed] == ["c3"]
    with pytest.raises(PluginError, match="no_such_branch"):
        project.lint(only="changed", changed_since="no_such_branch")
    with pytest.raises(PluginError, match="an option"):
        project.lint(only="changed", changed_since="--output=x")


def test_only_changed_outside_of_git(project):
    with pytest.raises(PluginError, match="git"):
        project.lint(only="changed")


def test_upgrade_is_not_refused_unless_asked_for(project):
    project.alembic.upgrade("a1")
    project.app.config["ALEMBIC_LINT"] = {"severity": {"FA101": "error"}}
    project.alembic.upgrade()
    assert [script.revision for script in project.alembic.current()] == ["b2"]


def test_guard_refuses_and_changes_nothing(project):
    project.alembic.upgrade("a1")
    project.app.config["ALEMBIC_LINT"] = {"guard": True}
    with pytest.raises(Vetoed, match="FA101") as caught:
        project.alembic.upgrade()
    assert "b2_x.py:9" in str(caught.value)
    assert "ALEMBIC_LINT_GUARD=off" in str(caught.value)
    assert [script.revision for script in project.alembic.current()] == ["a1"]


def test_guard_knows_tables_of_the_same_run(project):
    project.app.config["ALEMBIC_LINT"] = {"guard": True}
    project.alembic.upgrade()
    assert [script.revision for script in project.alembic.current()] == ["b2"]


@pytest.mark.parametrize(
    "settings",
    [
        {"guard": "staging"},
        {"guard": True, "since": "b2"},
        {"guard": True, "disable": ["FA101"]},
        {"guard": True, "severity": {"FA101": "warning"}},
        {"guard": True, "small_tables": ["users"]},
    ],
)
def test_guard_lets_pass(project, settings):
    project.alembic.upgrade("a1")
    project.app.config["ALEMBIC_LINT"] = settings
    project.alembic.upgrade()
    assert [script.revision for script in project.alembic.current()] == ["b2"]


def test_guard_of_warnings(project):
    project.alembic.upgrade("a1")
    settings = {
        "guard": True,
        "guard_level": "warning",
        "severity": {"FA101": "warning"},
    }
    project.app.config["ALEMBIC_LINT"] = settings
    with pytest.raises(Vetoed):
        project.alembic.upgrade()


def test_guard_can_be_switched_off_for_a_run(project, monkeypatch):
    project.alembic.upgrade("a1")
    project.app.config["ALEMBIC_LINT"] = {"guard": True}
    monkeypatch.setenv("ALEMBIC_LINT_GUARD", "off")
    project.alembic.upgrade()


@pytest.fixture
def model(project):
    project.alembic.upgrade("a1")
    project.alembic.stamp("heads")

    class User(project.db.Model):
        __tablename__ = "users"
        id = sa.Column(sa.Integer, primary_key=True)
        height = sa.Column(sa.Integer, nullable=False)

    return User


def test_new_revision_is_written_with_findings(project, model):
    (script,) = project.alembic.revision("height")
    assert Path(script.path).exists()


def test_new_revision_is_not_written_when_strict(project, model):
    severity = {"FA203": "error"}
    project.app.config["ALEMBIC_LINT"] = {"strict": True, "severity": severity}
    before = sorted(project.folder.iterdir())
    with pytest.raises(CheckFailed, match="FA203"):
        project.alembic.revision("height")
    assert sorted(project.folder.iterdir()) == before


def test_empty_new_revision_is_no_finding(project):
    project.app.config["ALEMBIC_LINT"] = {
        "strict": True,
        "severity": {"FA902": "error"},
    }
    assert project.alembic.revision("by hand", empty=True)


def test_operations_count_where_the_generated_text_does_not_run(project):
    from alembic.operations import ops

    added = ops.AddColumnOp("users", sa.Column("a", sa.Integer, nullable=False))
    made = ops.CreateTableOp("t", [sa.Column("id", sa.Integer, primary_key=True)])
    directive = ops.MigrationScript(
        "c3",
        ops.UpgradeOps([made, ops.ModifyTableOps("users", [added])]),
        ops.DowngradeOps([ops.DropTableOp("t")]),
    )
    text = module("op.add_column('users', sa.Column('a', geo.Point(), nullable=False))")
    target = LintTarget("c3", None, text, None, directive, {"default": "postgresql"})
    found = list(plugin.lint_problems(project.app, target))
    assert [(each.code, each.severity) for each in found] == [
        ("FA101", "warning"),
        ("FA904", "warning"),
    ]
    assert "NameError" in found[1].message


def test_formats_are_offered(project):
    offered = {each.name for each in plugin.output_formats(project.app)}
    assert offered == {"github", "sarif"}


def run(project: Project, *arguments: str) -> tuple[int, str]:
    result = project.app.test_cli_runner().invoke(args=["db", *arguments])
    return result.exit_code, result.output


def test_rules_are_listed_and_explained(project):
    code, output = run(project, "lint-rules")
    assert code == 0
    assert "FA401  index built without CONCURRENTLY" in output
    code, output = run(project, "lint-rules", "fa401")
    assert "postgresql_concurrently=True" in output
    code, output = run(project, "lint-rules", "FA000")
    assert code == 2


def test_options_of_the_lint_command():
    import click
    from click.testing import CliRunner
    from flask_alembic_lint.begun import requested

    @click.group()
    def db() -> None:
        pass

    @db.command()
    def lint() -> None:
        click.echo(sorted((requested.get() or {}).items()))

    add_to(db)
    add_to(db)
    runner = CliRunner()
    assert runner.invoke(db, ["lint"]).output == "[]\n"
    assert "FA301  foreign" in runner.invoke(db, ["lint", "--explain", "FA301"]).output
    assert runner.invoke(db, ["lint", "--changed"]).output == "[('only', 'changed')]\n"
    output = runner.invoke(db, ["lint", "--changed", "main"]).output
    assert output == "[('changed_since', 'main'), ('only', 'changed')]\n"
    assert runner.invoke(db, ["lint"]).output == "[]\n"


def test_lint_shows_findings_and_ends_with_1(project):
    code, output = run(project, "lint")
    assert code == 1
    assert "migrations/b2_x.py: 1 error\n" in output
    assert "  line 9: error: FA101: Adding users.age as NOT NULL" in output
    assert "server_default" in output
    assert "\n1 error in 1 of 2 revisions.\n" in output


def test_lint_explains_a_rule_and_lints_nothing(project):
    code, output = run(project, "lint", "--explain", "fa301")
    assert code == 0
    assert output.startswith("FA301  foreign key added\n")
    assert "FA101" not in output
    code, output = run(project, "lint", "--explain", "FA000")
    assert code == 2
    assert "There is no rule 'FA000'" in output


def test_lint_of_changed_files(project):
    git(project.folder, "init", "-q", "-b", "main")
    git(project.folder, "add", ".")
    git(project.folder, "commit", "-qm", "first")
    code, output = run(project, "lint", "--changed", "main")
    assert (code, "FA101" in output) == (0, False)
    code, output = run(project, "lint", "--changed")
    assert code == 3
    assert "origin/main" in output
    assert run(project, "lint")[0] == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [("github", "::error file="), ("sarif", '"version": "2.1.0"'), ("json", "FA101")],
)
def test_lint_in_other_formats(project, name, expected):
    code, output = run(project, "lint", "--format", name)
    assert code == 1
    assert expected in output


@pytest.fixture
def compared(project, model):
    """A database in which both revisions are applied and nothing differs."""
    project.db.session.execute(sa.text("DROP TABLE users"))
    project.db.session.commit()
    project.db.create_all()
    return project


def test_check_is_silent_about_applied_revisions(compared):
    code, output = run(compared, "check")
    assert (code, "FA101" in output) == (0, False)
    assert run(compared, "lint")[0] == 1


def test_check_shows_pending_revisions(compared):
    compared.alembic.stamp("a1", purge=True)
    output = run(compared, "check")[1]
    assert "warning: " in output
    assert "FA101" in output


def test_check_of_all_shows_findings_and_fails_only_when_strict(compared):
    compared.app.config["ALEMBIC_LINT"] = {"only": "all"}
    code, output = run(compared, "check")
    assert "warning: " in output
    assert "FA101" in output
    assert code == 0, output
    compared.app.config["ALEMBIC_LINT"] = {"only": "all", "strict": True}
    assert run(compared, "check")[0] == 1


def test_wrong_setting_is_a_sentence(project):
    project.app.config["ALEMBIC_LINT"] = {"gaurd": True}
    code, output = run(project, "upgrade")
    assert code == 3
    assert "did you mean 'guard'" in output
    assert "Traceback" not in output


def test_unknown_database_in_versions_is_a_sentence(project):
    project.app.config["ALEMBIC_LINT"] = {"versions": {"oracle": "19"}}
    code, output = run(project, "lint")
    assert code == 3
    assert "ALEMBIC_LINT['versions'] has 'oracle'" in output
    assert "default" in output
    assert "Traceback" not in output
