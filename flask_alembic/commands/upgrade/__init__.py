"""``flask db upgrade``, ``downgrade``, ``stamp`` and ``plan``."""
