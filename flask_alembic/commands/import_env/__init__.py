"""``flask db import-env``: read an ``env.py`` and an ``alembic.ini``."""
