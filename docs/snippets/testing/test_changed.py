from flask_alembic.testing import MigrationTests


class TestMigrations(MigrationTests):
    test_offline_sql = None  # on SQLite the batch operations have to read a table
