"""count words"""

import sqlalchemy as sa
from alembic import op

from flask_alembic import progress

revision = "3c0f9a7be154"
down_revision = "5c1e9f37a8d0"


def upgrade() -> None:
    connection = op.get_bind()
    ids = connection.scalars(sa.text("SELECT id FROM books ORDER BY id")).all()
    for done, book in enumerate(ids, 1):
        connection.execute(
            sa.text("UPDATE books SET title = trim(title) WHERE id = :id"), {"id": book}
        )
        progress(done, len(ids))


def downgrade() -> None:
    pass
