"""Services around the schema of a database and the operations that change it."""
