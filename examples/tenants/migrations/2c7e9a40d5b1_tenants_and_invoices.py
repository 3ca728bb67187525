"""tenants and invoices

Revision ID: 2c7e9a40d5b1
Revises: 
Create Date: 2025-09-01 10:15:00
"""

import sqlalchemy as sa
from alembic import op

revision = "2c7e9a40d5b1"
down_revision = None
branch_labels = ("default",)
depends_on = None


def upgrade(engine_name: str) -> None:
    if engine_name == "default":
        upgrade_shared()
    else:
        upgrade_tenant()


def downgrade(engine_name: str) -> None:
    if engine_name == "default":
        downgrade_shared()
    else:
        downgrade_tenant()


def upgrade_shared() -> None:
    op.create_table("tenants", sa.Column("name", sa.String(40), primary_key=True))


def downgrade_shared() -> None:
    op.drop_table("tenants")


def upgrade_tenant() -> None:
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("customer", sa.String(80), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False, server_default="0"),
    )


def downgrade_tenant() -> None:
    op.drop_table("invoices")
