"""The rows that revisions meet when they are proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...backends.statements import split_statements
from ...errors import UsageError
from ...hooks.redaction import first_line

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...backends.base import Backend

PutRows = Callable[["Connection"], Any]
"""Puts rows in through the connection that it gets."""


@dataclass
class ProofRows:
    """What is put in, and before which revision."""

    seed: str = ""
    """SQL that is executed once in each database, before the first revision."""

    seed_name: str = ""
    """Where it is from, for messages."""

    before: Mapping[str, PutRows] = field(default_factory=dict)
    """By the id of a revision: what to call before it."""

    seeded: set[str] = field(default_factory=set)
    """The databases that have the seed."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is put in."""
        return not self.seed.strip() and not self.before

    def put(
        self, backend: Backend, database: str, revision: str, connection: Connection
    ) -> None:
        """Put in what belongs before a revision, and commit.

        :param backend: What knows this kind of database.
        :param database: The name of the database.
        :param revision: The id.
        :param connection: A connection to the scratch database.
        :raises UsageError: When a statement of the seed fails.
        """
        if self.seed.strip() and database not in self.seeded:
            self.seeded.add(database)
            self._seed(backend, connection)
        put = self.before.get(revision)
        if put is not None:
            put(connection)
        connection.commit()

    def _seed(self, backend: Backend, connection: Connection) -> None:
        from sqlalchemy.exc import DBAPIError

        for statement in split_statements(
            self.seed, escapes=backend.escapes_with_backslash
        ):
            try:
                connection.exec_driver_sql(
                    statement, execution_options={"no_parameters": True}
                )
            except DBAPIError as error:
                raise UsageError(
                    f"A statement of {self.seed_name} fails on the scratch database: "
                    f"{first_line(error.orig)}.",
                    "Fix it; the file is executed on the schema before the first "
                    "revision that is proved.",
                ) from error


_rows: ContextVar[ProofRows | None] = ContextVar("proof_rows", default=None)


@contextmanager
def putting(rows: ProofRows) -> Iterator[None]:
    """Let the built-in plugin ``proof_rows`` put these rows in, inside.

    :param rows: The rows.
    """
    token = _rows.set(rows)
    try:
        yield
    finally:
        _rows.reset(token)


def current_rows() -> ProofRows | None:
    """Return what is put in by the command that is running."""
    return _rows.get()


def read_seed(path: Path | None) -> str:
    """Return the SQL of a file.

    :param path: The file.
    :raises UsageError: When it cannot be read.
    """
    if path is None:
        return ""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"The seed file {path} cannot be read: {reason}.",
            "Name a file with SQL statements.",
        ) from error
