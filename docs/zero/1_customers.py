"""customers

Revision ID: c1a0e6b82f04
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "c1a0e6b82f04"
down_revision = None
branch_labels = ("default",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("customers")
