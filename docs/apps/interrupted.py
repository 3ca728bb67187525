"""count every copy"""

import os
import signal

from alembic import op

revision = "0d4e7b21f6c8"
down_revision = "5c1e9f37a8d0"


def upgrade() -> None:
    op.execute("CREATE TABLE counts (copies INTEGER)")
    os.kill(os.getpid(), signal.SIGINT)  # somebody presses Ctrl-C here


def downgrade() -> None:
    op.execute("DROP TABLE counts")
