from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

import pytest
from flask_alembic_lint.examples import revision_text
from flask_alembic_lint.findings import Finding
from flask_alembic_lint.linting import Linter, Subject
from flask_alembic_lint.revision import RevisionSource
from flask_alembic_lint.rules import RULES
from flask_alembic_lint.settings import load

TODAY = datetime.date(2026, 11, 23)


Lint = Callable[..., list[Finding]]


@pytest.fixture(scope="session")
def linters() -> Iterator[dict[str, Linter]]:
    """The linters by their settings: each has a process, which a test need not start."""
    linters: dict[str, Linter] = {}
    yield linters
    for linter in linters.values():
        linter.close()


@pytest.fixture
def lint(linters: dict[str, Linter]) -> Lint:
    """Lint the body of an ``upgrade()`` on one dialect."""

    def run(
        body: str, dialect: str = "postgresql", fresh: frozenset[str] = frozenset(), **s
    ) -> list[Finding]:
        subject = Subject(load({"ALEMBIC_LINT": s}), app_package="shop", today=TODAY)
        source = RevisionSource("b2", revision_text(body))
        known = f"{subject} {sorted(RULES)}"  # a process knows those it began with
        linter = linters.setdefault(known, Linter(subject))
        return linter.lint(source, {"default": dialect}, fresh=fresh)

    return run


@pytest.fixture
def codes(lint: Lint) -> Callable[..., list[str]]:
    """Return the codes of what is found, sorted."""

    def run(body: str, dialect: str = "postgresql", **settings) -> list[str]:
        return sorted(finding.code for finding in lint(body, dialect, **settings))

    return run
