"""count every copy"""

import time
from pathlib import Path

from flask import current_app

revision = "0d4e7b21f6c8"
down_revision = "5c1e9f37a8d0"


def upgrade() -> None:
    Path(current_app.instance_path, "begun").touch()
    time.sleep(8)


def downgrade() -> None:
    pass
