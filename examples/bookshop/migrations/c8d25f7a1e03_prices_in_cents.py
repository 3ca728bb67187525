"""prices in cents

Prices were decimals, which SQLite keeps as floating-point numbers: 7.99 * 3 is
23.970000000000002 there. Whole cents are exact everywhere.

Revision ID: c8d25f7a1e03
Revises: 9b3e61d0c5a4
Create Date: 2025-05-08 11:03:27

"""

import sqlalchemy as sa
from alembic import op

revision = "c8d25f7a1e03"
down_revision = "9b3e61d0c5a4"
branch_labels = None
depends_on = None

# A picture of the table as it is here: the app's model will have moved on.
books = sa.table(
    "books",
    sa.column("id", sa.Integer),
    sa.column("price", sa.Numeric(8, 2)),
    sa.column("price_cents", sa.Integer),
)


def upgrade() -> None:
    op.add_column("books", sa.Column("price_cents", sa.Integer(), nullable=True))
    in_cents = sa.cast(sa.func.round(books.c.price * 100), sa.Integer)
    op.execute(books.update().values(price_cents=in_cents))
    with op.batch_alter_table("books") as batch_op:
        batch_op.alter_column("price_cents", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_column("price")


def downgrade() -> None:
    op.add_column("books", sa.Column("price", sa.Numeric(8, 2), nullable=True))
    op.execute(books.update().values(price=books.c.price_cents / sa.literal(100.0)))
    with op.batch_alter_table("books") as batch_op:
        batch_op.alter_column("price", existing_type=sa.Numeric(8, 2), nullable=False)
        batch_op.drop_column("price_cents")
