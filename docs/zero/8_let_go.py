"""names may be missing

Revision ID: 381f572d947b
Revises: 270e461c836a
"""

from alembic import op

revision = "381f572d947b"
down_revision = "270e461c836a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("customers", "name", nullable=True)


def downgrade() -> None:
    op.execute("UPDATE customers SET name = full_name WHERE name IS NULL")
    op.alter_column("customers", "name", nullable=False)
