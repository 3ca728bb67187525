"""half typed"""

revision = "61aa0f3c7d92"
down_revision = "5c1e9f37a8d0"


def upgrade() -> None:
    op.create_table("accounts"


def downgrade() -> None:
    pass
