"""Scratch databases of SQLite that begin as a copy of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..connection import engine_beside
from ..scratch_templates import FileTemplates

if TYPE_CHECKING:
    from sqlalchemy import Engine


class SQLiteTemplates(FileTemplates):
    """Files, each with what a history builds.

    :param project: Whose they are.
    :param folder: The folder.
    :param engine: The app's engine, which is not connected to its own file here.
    """

    companions = ("-wal", "-shm", "-journal")

    def __init__(self, project: str, folder: Path, engine: Engine) -> None:
        super().__init__(project, folder)
        self._live = engine

    def server_version(self) -> str:
        """Return the version of the library."""
        import sqlite3

        return f"SQLite {sqlite3.sqlite_version}"

    def engine(self, path: Path) -> Engine:
        """Return an engine for the file, without arguments that are about another."""
        url = self._live.url.set(database=str(path), query={})
        return engine_beside(self._live, url, uri=False)
