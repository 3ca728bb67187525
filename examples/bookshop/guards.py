"""A plugin of the app's own: it refuses a downgrade that would delete orders."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from flask_alembic.hooks import Run, Veto, hookimpl

from .models import Order, db

ORDERS_CAME_WITH = "9b3e61d0c5a4"


class KeepOrders:
    """Refuse to take back the revision that made ``orders`` while there are some.

    ``BOOKSHOP_KEEP_ORDERS = False`` in the app's configuration lets it pass.
    """

    @hookimpl
    def before_downgrade(self, app: Flask, run: Run) -> None:
        if not app.config["BOOKSHOP_KEEP_ORDERS"] or run.mode == "sql":
            return
        if any(step.revision == ORDERS_CAME_WITH for step in run.plan):
            with db.engine.connect() as connection:
                query = select(func.count()).select_from(Order.__table__)
                orders = connection.scalar(query)
            if orders:
                raise Veto(f"it would delete our customers' orders ({orders})")
