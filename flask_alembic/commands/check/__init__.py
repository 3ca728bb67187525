"""``flask db check``: compare models and databases."""
