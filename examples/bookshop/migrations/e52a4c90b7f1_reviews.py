"""reviews

Revision ID: e52a4c90b7f1
Revises: c8d25f7a1e03
Create Date: 2025-06-20 14:55:09

"""

import sqlalchemy as sa
from alembic import op

revision = "e52a4c90b7f1"
down_revision = "c8d25f7a1e03"
branch_labels = ("reviews",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book_id"], ["books.id"], name=op.f("fk_reviews_book_id_books")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_book_id"), "reviews", ["book_id"])


def downgrade() -> None:
    op.drop_table("reviews")
