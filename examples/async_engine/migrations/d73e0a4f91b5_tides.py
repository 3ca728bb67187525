"""tides

Revision ID: d73e0a4f91b5
Revises: None
Create Date: 2026-01-12 09:30:00
"""

import sqlalchemy as sa
from alembic import op

revision = "d73e0a4f91b5"
down_revision = None
branch_labels = ("default",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("port", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("tides")
