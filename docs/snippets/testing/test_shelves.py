from flask import Flask

from flask_alembic.testing import MigrationDatabase


def test_the_shelves_are_empty(app: Flask, migrated_db: MigrationDatabase) -> None:
    answer = app.test_client().get("/books")
    assert answer.get_json() == []


def test_a_book_is_shown(app: Flask, migrated_db: MigrationDatabase) -> None:
    migrated_db.insert("authors", {"id": 1, "name": "Jane Austen"})
    book = {"id": 1, "author_id": 1, "title": "Emma", "isbn": "9780141439587"}
    migrated_db.insert("books", {**book, "price_cents": 799})
    (shown,) = app.test_client().get("/books").get_json()
    assert shown["title"] == "Emma"
