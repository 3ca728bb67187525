from __future__ import annotations

from flask_alembic_lint.examples import revision_text as module
from flask_alembic_lint.linting import Subject, lint
from flask_alembic_lint.problems import problems
from flask_alembic_lint.revision import RevisionSource
from flask_alembic_lint.settings import load


def found(body: str, dialects: dict[str, str], **settings):
    subject = Subject(
        load({"ALEMBIC_LINT": settings}),
    )
    source = RevisionSource("b2", module(body))
    findings = lint(source, dialects, subject)
    return problems(
        findings, source, subject.settings, databases=len(dialects), shown_only=False
    )


def test_a_finding_of_one_database_names_it():
    body = 'op.create_index("ix", "users", ["a"])'
    (problem,) = found(body, {"default": "sqlite", "reports": "postgresql"})
    assert (problem.code, problem.database) == ("FA401", "reports")


def test_a_finding_of_all_databases_is_one():
    body = 'op.drop_column("users", "a")'
    (problem,) = found(body, {"default": "sqlite", "reports": "postgresql"})
    assert (problem.code, problem.database) == ("FA502", None)


def test_versions_by_database():
    body = 'op.add_column("u", sa.Column("a", sa.Integer, server_default="0"))'
    dialects = {"old": "postgresql", "new": "postgresql"}
    (problem,) = found(body, dialects, versions={"old": "10", "postgresql": "16"})
    assert (problem.code, problem.database) == ("FA103", "old")


def test_functions_that_take_the_name_run_for_each():
    body = """
    def upgrade(engine_name):
        if engine_name == "reports":
            op.drop_column("users", "a")

    def downgrade(engine_name):
        raise NotImplementedError
    """
    (problem,) = found(body, {"default": "postgresql", "reports": "postgresql"})
    assert (problem.code, problem.database) == ("FA502", "reports")


def test_without_any_database_the_general_rules_look():
    (problem,) = found('op.drop_column("users", "a")', {})
    assert problem.code == "FA502"
