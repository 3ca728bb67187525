"""accounts, one for each name

Revision ID: 2b8c64d9e051
Revises: 5c1e9f37a8d0
"""

import sqlalchemy as sa
from alembic import op

revision = "2b8c64d9e051"
down_revision = "5c1e9f37a8d0"


def upgrade() -> None:
    op.create_table("accounts", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("accounts", sa.Column("open_since", sa.Date(), nullable=False))
    op.create_unique_constraint("uq_customers_name", "customers", ["name"])
    op.create_index("ix_accounts_open_since", "accounts", ["open_since"])


def downgrade() -> None:
    op.drop_constraint("uq_customers_name", "customers", type_="unique")
    op.drop_table("accounts")
