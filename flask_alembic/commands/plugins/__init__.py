"""``flask db plugins`` and ``hooks``: who is enabled, who implements what."""
