"""new customers need a full name

Revision ID: 05ec24fa6148
Revises: f4db13e95037
"""

from alembic import op

revision = "05ec24fa6148"
down_revision = "f4db13e95037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_check_constraint(
        "full_name_there",
        "customers",
        "full_name IS NOT NULL",
        postgresql_not_valid=True,  # new rows only: nothing is read
    )


def downgrade() -> None:
    op.drop_constraint("full_name_there", "customers")
