"""``flask db new-plugin``: write a plugin to start from."""
