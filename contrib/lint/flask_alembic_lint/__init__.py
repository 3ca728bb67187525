"""Finds dangerous operations in Alembic revisions before they run."""
