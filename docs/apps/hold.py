"""Be a long transaction that uses the table, until told to stop; at most a minute."""

import os
import time
from pathlib import Path

from sqlalchemy import create_engine, text

engine = create_engine(
    os.environ["DATABASE_URL"], connect_args={"application_name": "report"}
)
with engine.begin() as connection:
    connection.execute(text("SELECT count(*) FROM customers"))
    Path("held").touch()
    for _ in range(600):
        if Path("enough").exists():
            break
        time.sleep(0.1)
