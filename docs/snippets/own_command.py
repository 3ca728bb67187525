import click
from flask import Flask

from flask_alembic.hooks import hookimpl


@hookimpl
def register_commands(app: Flask, cli: click.Group) -> None:
    @cli.command("count")
    def count() -> None:
        """Count the revisions."""
        with app.app_context():
            click.echo(f"Revisions: {len(app.extensions['alembic'].log())}")
