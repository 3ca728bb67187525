"""invoices can be paid

Revision ID: 8b15f3d07ac4
Revises: 2c7e9a40d5b1
Create Date: 2025-10-13 16:02:00
"""

import sqlalchemy as sa
from alembic import op

revision = "8b15f3d07ac4"
down_revision = "2c7e9a40d5b1"
branch_labels = None
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
    pass


def downgrade_shared() -> None:
    pass


def upgrade_tenant() -> None:
    with op.batch_alter_table("invoices") as batch_op:
        batch_op.add_column(sa.Column("paid_on", sa.Date()))


def downgrade_tenant() -> None:
    with op.batch_alter_table("invoices") as batch_op:
        batch_op.drop_column("paid_on")
