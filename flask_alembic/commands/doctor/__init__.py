"""``flask db doctor``: find and fix what is wrong with history and databases."""
