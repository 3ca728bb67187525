"""Revisions written for real databases, then run there and back.

``Rounds(folder, url).go(first, second)`` takes what defines the tables of each version
of an app. For each version a revision is written and applied, and ``check`` must have
nothing to say; then the way back is taken step by step, and up again, with the same.
On SQLite each revision is proved when it is written, too; on a server that would do once
more, and slowly, what is done here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from apps import extension_of, make_app, run_db, second_connection
from flask import Flask

Tables = Callable[[sa.MetaData], object]


def no_tables(metadata: sa.MetaData) -> None:
    """Define nothing but the table that an app has anyway."""


class Rounds:
    """One database and the revisions of an app on it.

    :param folder: Where the app and its revisions are.
    :param url: The database.
    :param config: For ``app.config``.
    """

    def __init__(self, folder: Path, url: str, **config: Any) -> None:
        self.folder = folder
        self.url = url
        self.config = config
        self.output = ""

    def app(self, define: Tables) -> Flask:
        """Return the app as it is with these tables."""

        def models(db: Any) -> None:
            # Without any table a comparison is refused.
            sa.Table(
                "anchor", db.metadata, sa.Column("id", sa.Integer, primary_key=True)
            )
            define(db.metadata)

        proved = sa.make_url(self.url).get_backend_name() == "sqlite"
        settings = {"prove_revisions": proved, **self.config.get("ALEMBIC", {})}
        config = {**self.config, "ALEMBIC": settings}
        return make_app(self.folder, self.url, models=models, **config)

    def write(self, define: Tables, message: str = "next") -> str:
        """Write a revision, and return its text."""
        app = self.app(define)
        result = run_db(app, "revision", message)
        assert result.exit_code == 0, result.output
        self.output = result.output
        with app.app_context():
            script = extension_of(app).script_directory.get_revision("head")
        assert script is not None, result.output
        return Path(script.path).read_text("utf-8")

    def run(self, define: Tables, *words: str) -> str:
        """Run a command that has to succeed, and return what it printed."""
        result = run_db(self.app(define), *words)
        assert result.exit_code == 0, f"{' '.join(words)}: {result.output}"
        return result.output

    def agrees(self, define: Tables) -> None:
        """Require that tables and database are the same."""
        app = self.app(define)
        with app.app_context():
            differences = extension_of(app).compare_metadata()
        assert differences == [], differences

    def go(self, *versions: Tables) -> list[str]:
        """Go through all versions and back, twice; return the texts of the files."""
        texts = []
        for number, define in enumerate(versions):
            texts.append(self.write(define, f"version {number}"))
            self.run(define, "upgrade")
            self.run(define, "check")
        for define in reversed(versions[:-1]):
            self.run(versions[-1], "downgrade", "--yes")
            self.agrees(define)
        self.run(versions[-1], "downgrade", "base", "--yes")
        assert self.left() == set()
        self.run(versions[-1], "upgrade")
        self.run(versions[-1], "check")
        return texts

    def left(self) -> set[str]:
        """Return the tables that are in the database."""
        with second_connection(self.url) as connection:
            names = sa.inspect(connection).get_table_names()
        return {name for name in names if not name.startswith("alembic_version")}

    def sql(self, *statements: str) -> None:
        """Run statements beside the app."""
        with second_connection(self.url) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.commit()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query that runs beside the app."""
        with second_connection(self.url) as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]
