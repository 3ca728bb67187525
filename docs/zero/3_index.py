"""find customers by full name

Revision ID: e3ca02d84f26
Revises: d2b9f1c73e15
"""

from alembic import op

revision = "e3ca02d84f26"
down_revision = "d2b9f1c73e15"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that was interrupted leaves an index that is not valid.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_customers_full_name")
        op.create_index(
            "ix_customers_full_name",
            "customers",
            ["full_name"],
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_customers_full_name", postgresql_concurrently=True)
