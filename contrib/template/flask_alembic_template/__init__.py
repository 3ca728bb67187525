"""A plugin for Flask-Alembic; ``ALEMBIC_TEMPLATE`` turns it on."""
