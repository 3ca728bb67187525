"""notes have a colour"""

import sqlalchemy as sa
from alembic import op

revision = "b70e19d4c6a2"
down_revision = "8a5f3c7d1e90"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("note", sa.Column("colour", sa.String(20)))
    op.create_index("ix_note_colour", "note", ["colour"])


def downgrade():
    op.drop_index("ix_note_colour", "note")
