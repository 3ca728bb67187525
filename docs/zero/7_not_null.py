"""full names are required

Revision ID: 270e461c836a
Revises: 16fd350b7259
"""

from alembic import op

revision = "270e461c836a"
down_revision = "16fd350b7259"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The validated constraint proves it: the table is not read.
    op.alter_column("customers", "full_name", nullable=False)
    op.drop_constraint("full_name_there", "customers")


def downgrade() -> None:
    op.alter_column("customers", "full_name", nullable=True)
