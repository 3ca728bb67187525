"""stock levels

Revision ID: 1d7f0b8e6c92
Revises: c8d25f7a1e03
Create Date: 2025-06-19 10:22:51

"""

import sqlalchemy as sa
from alembic import op

revision = "1d7f0b8e6c92"
down_revision = "c8d25f7a1e03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    stock_levels = op.create_table(
        "stock_levels",
        sa.Column("book_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "copies >= 0", name=op.f("ck_stock_levels_copies_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["book_id"], ["books.id"], name=op.f("fk_stock_levels_book_id_books")
        ),
        sa.PrimaryKeyConstraint("book_id", name=op.f("pk_stock_levels")),
    )
    # Nobody has counted yet: every book begins with none.
    books = sa.table("books", sa.column("id", sa.Integer))
    everything = sa.select(books.c.id, sa.literal(0))
    op.execute(stock_levels.insert().from_select(["book_id", "copies"], everything))


def downgrade() -> None:
    op.drop_table("stock_levels")
