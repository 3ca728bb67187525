"""What tests need of the versions of libraries."""

from __future__ import annotations

import alembic
import pytest

IS_OLD = tuple(map(int, alembic.__version__.split(".")[:2])) < (1, 19)

needs_newer = pytest.mark.skipif(
    IS_OLD, reason="Alembic and SQLAlchemy of that age reflect or write less"
)
"""For what the lowest supported versions do not do."""
