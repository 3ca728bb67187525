"""merge stock and reviews

Revision ID: b6f4182ed03c
Revises: 1d7f0b8e6c92, 7a90d3e84b15
Create Date: 2025-07-02 17:18:36

"""

revision = "b6f4182ed03c"
down_revision = ("1d7f0b8e6c92", "7a90d3e84b15")
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
