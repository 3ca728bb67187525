from flask_alembic.testing import TestMigrations  # noqa: F401
