"""``flask db drift``: compare models, revisions and databases."""
