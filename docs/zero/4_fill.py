"""fill full names

Revision ID: f4db13e95037
Revises: e3ca02d84f26
"""

import sqlalchemy as sa
from alembic import op

from flask_alembic import progress

revision = "f4db13e95037"
down_revision = "e3ca02d84f26"
branch_labels = None
depends_on = None


BATCH = sa.text(
    "UPDATE customers SET full_name = name WHERE id IN ("
    "SELECT id FROM customers WHERE full_name IS NULL ORDER BY id LIMIT 1000)"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():  # each batch commits by itself
        connection = op.get_bind()
        total = connection.scalar(
            sa.text("SELECT count(*) FROM customers WHERE full_name IS NULL")
        )
        done = 0
        while changed := connection.execute(BATCH).rowcount:
            done += changed
            progress(done, total)


def downgrade() -> None:
    pass  # the column goes with the revision that added it
