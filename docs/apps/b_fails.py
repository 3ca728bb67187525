"""one account for each customer"""

import sqlalchemy as sa
from alembic import op

revision = "2b8c64d9e051"
down_revision = "5c1e9f37a8d0"


def upgrade() -> None:
    op.create_table("accounts", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("customers", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("accounts")
