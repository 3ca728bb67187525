from collections.abc import Callable
from typing import Any

from flask_alembic.testing import MigrationDatabase


def test_orders_keep_their_state(
    empty_db: MigrationDatabase, migrate_to: Callable[..., Any]
) -> None:
    migrate_to("9b3e61d0c5a4")
    empty_db.insert("customers", {"id": 1, "name": "Ada", "email": "ada@example.org"})
    empty_db.insert("orders", {"id": 1, "customer_id": 1, "shipped": True})
    migrate_to("heads")
    assert empty_db.rows("orders")[0]["status"] == "shipped"
