"""``flask db adopt``: put an existing database under migration control."""
