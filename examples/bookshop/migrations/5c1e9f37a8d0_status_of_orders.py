"""status of orders

Orders are not just shipped or not: they are open, packed, shipped or returned.

Revision ID: 5c1e9f37a8d0
Revises: b6f4182ed03c
Create Date: 2025-09-11 12:47:58

"""

import sqlalchemy as sa
from alembic import op

revision = "5c1e9f37a8d0"
down_revision = "b6f4182ed03c"
branch_labels = None
depends_on = None

orders = sa.table(
    "orders",
    sa.column("placed_at", sa.DateTime),
    sa.column("shipped", sa.Boolean),
    sa.column("status", sa.String(20)),
)


def upgrade() -> None:
    op.add_column("orders", sa.Column("status", sa.String(20), nullable=True))
    status = sa.case((orders.c.shipped, "shipped"), else_="open")
    op.execute(orders.update().values(status=status))
    # The first orders were taken before the column had a default.
    op.execute(
        orders.update()
        .where(orders.c.placed_at.is_(None))
        .values(placed_at=sa.func.current_timestamp())
    )
    with op.batch_alter_table("orders") as batch_op:
        batch_op.alter_column("status", existing_type=sa.String(20), nullable=False)
        batch_op.alter_column(
            "placed_at",
            existing_type=sa.DateTime(),
            existing_server_default=sa.func.current_timestamp(),
            nullable=False,
        )
        batch_op.drop_column("shipped")


def downgrade() -> None:
    op.add_column("orders", sa.Column("shipped", sa.Boolean(), nullable=True))
    op.execute(orders.update().values(shipped=orders.c.status == "shipped"))
    with op.batch_alter_table("orders") as batch_op:
        batch_op.alter_column("shipped", existing_type=sa.Boolean(), nullable=False)
        batch_op.alter_column(
            "placed_at",
            existing_type=sa.DateTime(),
            existing_server_default=sa.func.current_timestamp(),
            nullable=True,
        )
        batch_op.drop_column("status")
