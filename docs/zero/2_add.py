"""customers have a full name

Revision ID: d2b9f1c73e15
Revises: c1a0e6b82f04
"""

import sqlalchemy as sa
from alembic import op

revision = "d2b9f1c73e15"
down_revision = "c1a0e6b82f04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("full_name", sa.String()))


def downgrade() -> None:
    op.drop_column("customers", "full_name")
