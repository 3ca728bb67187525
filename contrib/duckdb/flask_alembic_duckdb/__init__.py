"""DuckDB for Flask-Alembic: a lock, rollbacks, scratch databases and test databases.

Installing is all it takes; there are no settings. Everything is in the README.
"""
