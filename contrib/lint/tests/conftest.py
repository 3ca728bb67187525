from __future__ import annotations

import datetime
import textwrap
from collections.abc import Callable

import pytest
from flask_alembic_lint.findings import Finding
from flask_alembic_lint.linting import Subject
from flask_alembic_lint.linting import lint as lint_source
from flask_alembic_lint.revision import RevisionSource
from flask_alembic_lint.settings import load

HEAD = '''"""a revision"""
from alembic import op
import sqlalchemy as sa

revision = "b2"
down_revision = "a1"

'''

TODAY = datetime.date(2026, 11, 23)


def module(body: str) -> str:
    """Make a whole revision file of the body of an ``upgrade()``, or of functions."""
    body = textwrap.dedent(body).strip("\n")
    if "def upgrade" in body:
        return HEAD + body + "\n"
    return (
        HEAD
        + "def upgrade():\n"
        + textwrap.indent(body, "    ")
        + "\n\n\ndef downgrade():\n    raise NotImplementedError\n"
    )


Lint = Callable[..., list[Finding]]


@pytest.fixture
def lint() -> Lint:
    """Lint the body of an ``upgrade()`` on one dialect."""

    def run(
        body: str, dialect: str = "postgresql", fresh: frozenset[str] = frozenset(), **s
    ) -> list[Finding]:
        subject = Subject(load({"ALEMBIC_LINT": s}), app_package="shop", today=TODAY)
        source = RevisionSource("b2", module(body))
        return lint_source(source, {"default": dialect}, subject, fresh=fresh)

    return run


@pytest.fixture
def codes(lint: Lint) -> Callable[..., list[str]]:
    """Return the codes of what is found, sorted."""

    def run(body: str, dialect: str = "postgresql", **settings) -> list[str]:
        return sorted(finding.code for finding in lint(body, dialect, **settings))

    return run
