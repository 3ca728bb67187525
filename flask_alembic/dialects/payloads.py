"""The small values that the modules of this package hand to each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LockKey:
    """What one migration lock protects: a version table and what it stands for.

    :param database: The name under which the app knows the database; for messages.
    :param schema: The schema of the version table, None for the default one.
    :param version_table: The name of the version table.

    .. versionadded:: 4.0
    """

    database: str
    schema: str | None = None
    version_table: str = "alembic_version"


@dataclass(frozen=True, slots=True)
class Session:
    """Another session on the database server, as far as we may see it.

    :param id: The server's number for it; on SQLite the process id.
    :param age: Seconds since its transaction began, or, for who holds the migration
        lock, since it connected (MySQL and MariaDB: since its last statement began).
        None if unknown.
    :param application: What it says it is: the application name, or user and host.
    :param statement: What it runs, or ran last; literals are replaced by ``?``.
    :param state: The server's word for what it does, such as ``idle in transaction``.

    .. versionadded:: 4.0
    """

    id: str
    age: float | None = None
    application: str | None = None
    statement: str | None = None
    state: str | None = None

    def __str__(self) -> str:
        known = [f"session {self.id}"]
        if self.application:
            known.append(f"({self.application})")
        if self.age is not None:
            known.append(f"for {self.age:.0f} s")
        if self.state:
            known.append(f"[{self.state}]")
        if self.statement:
            known.append(f"running {self.statement!r}")
        return " ".join(known)
