"""Further values for ``--format``."""
