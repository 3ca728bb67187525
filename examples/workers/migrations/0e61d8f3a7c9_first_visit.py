"""first visit

Revision ID: 0e61d8f3a7c9
Revises: 5b9c7e21d0a8
Create Date: 2026-01-12 09:30:00
"""

from alembic import op

revision = "0e61d8f3a7c9"
down_revision = "5b9c7e21d0a8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A row that would be there twice if two workers ran this.
    op.execute("INSERT INTO visits (page) VALUES ('/')")


def downgrade() -> None:
    op.execute("DELETE FROM visits")
