"""Examples made into whole revisions, for the documentation and for tests."""

from __future__ import annotations

import textwrap
from typing import Final

HEAD: Final = '''"""a revision"""
from alembic import op
import sqlalchemy as sa

revision = "b2"
down_revision = "a1"

'''
"""How every example begins."""

OLD: Final = {"FA103": {"postgresql": "10", "mysql": "5.7", "mariadb": "10.2"}}
"""Rules about servers that are older than those taken where none is set."""


def revision_text(body: str) -> str:
    """Return a whole revision file.

    :param body: The body of an ``upgrade()``, or both functions and what is around.
    """
    body = textwrap.dedent(body).strip("\n")
    if "def upgrade" in body:
        return HEAD + body + "\n"
    return (
        HEAD
        + "def upgrade():\n"
        + textwrap.indent(body, "    ")
        + "\n\n\ndef downgrade():\n    raise NotImplementedError\n"
    )
