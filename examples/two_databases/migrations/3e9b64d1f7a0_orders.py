"""orders and old orders

Revision ID: 3e9b64d1f7a0
Revises:
Create Date: 2026-01-12 09:30:00
"""

import sqlalchemy as sa
from alembic import op

revision = "3e9b64d1f7a0"
down_revision = None
branch_labels = ("default",)
depends_on = None


def upgrade(engine_name: str) -> None:
    if engine_name == "default":
        op.create_table(
            "order",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
    else:
        op.create_table(
            "old_order",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("reason", sa.String(50), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )


def downgrade(engine_name: str) -> None:
    op.drop_table("order" if engine_name == "default" else "old_order")
