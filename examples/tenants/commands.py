"""``flask tenants``: add one, and upgrade all of them one by one."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from flask_alembic import Alembic
from flask_alembic.errors import AlembicError

from . import places

group = AppGroup("tenants", help="The tenants of this app.")


def alembic_of(app: Flask) -> Alembic:
    alembic: Alembic = app.extensions["alembic"]
    return alembic


@group.command("add")
@click.argument("name")
def add(name: str) -> None:
    """Add a tenant, with its tables."""
    from . import create_app

    try:
        places.add(current_app.extensions["shared_engine"], name)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    # The databases of an app are fixed when it is made: a new app knows the new tenant.
    app = create_app(only=[name])
    with app.app_context():
        alembic_of(app).upgrade(databases=[name])
    click.echo(f"{name} is here.")


@group.command("list")
def list_() -> None:
    """Write the names of all tenants, one a line."""
    for name in places.tenants(current_app.extensions["shared_engine"]):
        click.echo(name)


@group.command("upgrade")
@click.argument("names", nargs=-1)
def upgrade(names: tuple[str, ...]) -> None:
    """Upgrade the shared tables and every tenant, or only those of these names.

    Each has a run of its own, and a tenant that fails does not stop the others.
    """
    from . import create_app

    shared = current_app.extensions["shared_engine"]
    failed = []
    for name in names or ["default", *places.tenants(shared)]:
        app = create_app(only=[] if name == "default" else [name])
        with app.app_context():
            try:
                result = alembic_of(app).upgrade(databases=[name])
            except AlembicError as error:
                failed.append(name)
                click.echo(f"{name}: {error.message}", err=True)
                if name == "default":
                    break
            else:
                click.echo(f"{name}: {len(result.applied)} applied")
    if failed:
        raise click.ClickException(f"These failed: {', '.join(failed)}.")
