"""One app in a folder of its own, and what ``flask db`` makes of wrong input.

``refused`` is the rule of every test here: the exit code is right, one message names
the thing and says what to do, no traceback and no password shows, and neither the
folder nor the database has changed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from apps import make_app, migrations_of, no_models, second_connection
from flask import Flask
from terminal import SECRET, Outcome, clean, flask, told, write_app


@dataclass
class Sandbox:
    """An app in a folder of its own.

    :param folder: The app's root path.
    :param url: The database; a SQLite file in the folder by default.
    :param settings: For ``make_app``: ``models``, ``extension`` and ``app.config``.
    """

    folder: Path
    url: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.url = self.url or f"sqlite:///{self.folder / 'app.db'}"

    @property
    def migrations(self) -> Path:
        return self.folder / "migrations"

    def app(self, **settings: Any) -> Flask:
        return make_app(self.folder, self.url, **{**self.settings, **settings})

    def db(self, *words: str, app: Flask | None = None, **settings: Any) -> Outcome:
        """Run ``flask db WORDS`` in this process, on a new app."""
        app = app or self.app(**settings)
        result = app.test_cli_runner().invoke(args=["db", *words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        # Seen when a test fails, and with "pytest -rP".
        print(f"$ flask db {words}\n{result.output}[{result.exit_code}]")
        return Outcome(result.exit_code, result.stdout, result.stderr)

    def state(self) -> dict[str, object]:
        """Return every file with its content, and what the database holds."""
        found: dict[str, object] = dict(files(self.folder))
        found["<database>"] = database(self.url)
        return found


def files(folder: Path) -> dict[str, object]:
    """Return what is in a folder: kind and content of everything by path.

    Databases and what Python and the index of revisions keep for speed are left out.
    """
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if "__pycache__" in path.parts or ".db" in path.name:
            continue
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)
        else:
            found[name] = path.read_bytes() if path.is_file() else "folder"
    return found


def database(url: str) -> dict[str, object]:
    """Return the tables of a database, and the rows of each; without the journal."""
    parsed = sa.make_url(url)
    if parsed.drivername == "sqlite" and not Path(str(parsed.database)).is_file():
        return {}
    try:
        with second_connection(url) as connection:
            return {
                table: sorted(
                    map(repr, connection.execute(sa.text(f"SELECT * FROM {table}")))
                )
                for table in sa.inspect(connection).get_table_names()
                if not table.endswith("_journal")
            }
    except sa.exc.DatabaseError as error:
        return {"<unreadable>": type(error).__name__}


def refused(
    sandbox: Sandbox, *words: str, code: int, says: Sequence[str] | str, **settings: Any
) -> Outcome:
    """Run a command that must be refused, and hold it to every rule.

    :param words: What follows ``flask db``.
    :param code: The exit code.
    :param says: What the message must hold.
    :param settings: As for :meth:`Sandbox.db`.
    """
    app = settings.pop("app", None) or sandbox.app(**settings)
    before = sandbox.state()
    outcome = sandbox.db(*words, app=app)
    told(outcome, code, says)
    assert sandbox.state() == before
    return outcome


def accepted(sandbox: Sandbox, *words: str, **settings: Any) -> Outcome:
    """Run a command that must work."""
    outcome = sandbox.db(*words, **settings)
    assert outcome.code == 0, outcome.text
    clean(outcome)
    return outcome


__all__ = [
    "SECRET",
    "Outcome",
    "Sandbox",
    "accepted",
    "clean",
    "database",
    "files",
    "flask",
    "migrations_of",
    "no_models",
    "refused",
    "told",
    "write_app",
]
