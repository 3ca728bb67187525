"""What can be asked for: one module a family, functions that return data."""
