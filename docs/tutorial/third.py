"""notes have a slug

Revision ID: 3f7d51c2a9e4
Revises: REPLACED
Create Date: 2026-03-02 10:15:00
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "3f7d51c2a9e4"
down_revision = "REPLACED"
branch_labels = None
depends_on = None

note = sa.table(
    "note",
    sa.column("id", sa.Integer),
    sa.column("title", sa.String),
    sa.column("slug", sa.String),
)


def upgrade() -> None:
    op.add_column("note", sa.Column("slug", sa.String(length=100), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(note.c.id, note.c.title)).all():
        slug = re.sub(r"\W+", "-", row.title.lower()).strip("-")
        change = note.update().where(note.c.id == row.id).values(slug=slug)
        connection.execute(change)
    with op.batch_alter_table("note") as batch_op:
        batch_op.alter_column("slug", existing_type=sa.String(100), nullable=False)
        batch_op.create_unique_constraint("uq_note_slug", ["slug"])


def downgrade() -> None:
    with op.batch_alter_table("note") as batch_op:
        batch_op.drop_constraint("uq_note_slug", type_="unique")
        batch_op.drop_column("slug")
