"""What tests need of the versions of libraries."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

REFLECTS_OPERATOR_CLASSES = tuple(
    int(part) for part in re.findall(r"\d+", sa.__version__)[:3]
) >= (2, 0, 44)

needs_newer = pytest.mark.skipif(
    not REFLECTS_OPERATOR_CLASSES,
    reason="SQLAlchemy before 2.0.44 reflects no operator classes",
)
"""For models with an index on PostgreSQL that names operator classes."""
