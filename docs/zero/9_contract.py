"""only full names

Revision ID: 492a683ea58c
Revises: 381f572d947b
"""

import sqlalchemy as sa
from alembic import op

revision = "492a683ea58c"
down_revision = "381f572d947b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("customers", "name")


def downgrade() -> None:
    op.add_column("customers", sa.Column("name", sa.String()))
