"""Alembic's own objects for one app, and the history it works on."""
