from collections.abc import Callable

from flask_alembic.testing import MigrationCase


def test_prices_become_cents(migration_case: Callable[[str], MigrationCase]) -> None:
    case = migration_case("c8d25f7a1e03")  # the database is right before it
    case.insert("authors", {"id": 1, "name": "Jane Austen"})
    book = {"id": 1, "author_id": 1, "isbn": "9780141439587", "title": "Emma"}
    case.insert("books", {**book, "price": 7.99})
    case.upgrade()
    assert case.rows("books")[0]["price_cents"] == 799
    case.downgrade()
    assert round(float(case.rows("books")[0]["price"]), 2) == 7.99
