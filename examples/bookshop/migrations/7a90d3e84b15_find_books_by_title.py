"""find books by title

Revision ID: 7a90d3e84b15
Revises: e52a4c90b7f1
Create Date: 2025-07-01 08:30:17

"""

from alembic import op

revision = "7a90d3e84b15"
down_revision = "e52a4c90b7f1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_books_title"), "books", ["title"])


def downgrade() -> None:
    op.drop_index(op.f("ix_books_title"), table_name="books")
