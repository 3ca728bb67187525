"""Do to the bookshop's database what people do by hand."""

import sqlite3

connection = sqlite3.connect("bookshop/instance/bookshop.db")
connection.execute("INSERT INTO alembic_version VALUES ('c8d25f7a1e03')")
connection.execute("CREATE TABLE stray (id INTEGER PRIMARY KEY)")
connection.execute("DROP INDEX ix_books_title")
connection.commit()
