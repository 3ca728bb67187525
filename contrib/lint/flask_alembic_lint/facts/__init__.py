"""What a revision does: one vocabulary for operations and SQL."""
