"""An app with tenants: each has tables of its own, and one history serves all of them.

On PostgreSQL a tenant is a schema, on other servers a database, on SQLite a file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, abort, g, request
from sqlalchemy.orm import Session

from flask_alembic import Alembic

from . import commands, places
from .models import Invoice, Own, Shared


def create_app(url: str | None = None, only: Sequence[str] | None = None) -> Flask:
    """Make the app.

    :param url: The database of the shared tables.
    :param only: The tenants to know; all by default.
    """
    app = Flask(__name__)
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    url = url or os.environ.get("TENANTS_DATABASE_URL")
    shared = sa.create_engine(url or f"sqlite:///{app.instance_path}/shared.db")
    names = places.tenants(shared) if only is None else only
    engines = {name: places.engine_of(shared, name) for name in names}
    app.extensions["shared_engine"] = shared

    Alembic(
        app,
        engines={"default": shared, **engines},
        metadatas={"default": Shared.metadata, **dict.fromkeys(names, Own.metadata)},
    )
    app.cli.add_command(commands.group)

    @app.before_request
    def choose_tenant() -> None:
        name = request.host.partition(".")[0]
        if name not in places.tenants(shared):
            abort(404)
        g.engine = places.engine_of(shared, name)

    @app.get("/")
    def invoices() -> list[str]:
        with Session(g.engine) as session:
            return list(session.scalars(sa.select(Invoice.customer)))

    return app
