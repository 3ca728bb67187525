"""titles differ"""

from alembic import op

revision = "c41f8e02d9b7"
down_revision = "b70e19d4c6a2"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("note") as batch_op:
        batch_op.create_unique_constraint("uq_note_title", ["title"])


def downgrade():
    with op.batch_alter_table("note") as batch_op:
        batch_op.drop_constraint("uq_note_title", type_="unique")
