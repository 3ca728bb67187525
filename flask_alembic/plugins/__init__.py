"""The built-in plugins: what Flask-Alembic itself does behind its public hooks.

One module each, listed in :mod:`flask_alembic.builtin`. All their implementations are
marked ``trylast`` and called last, but for those marked ``tryfirst``, which give what
other plugins change. A module with a ``why_needed()`` may say that it cannot be
disabled. No module imports Alembic or SQLAlchemy at its top.
"""
