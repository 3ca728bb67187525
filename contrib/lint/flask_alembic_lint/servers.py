"""Which database server a revision is meant for, and what its version can do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from flask_alembic.hooks import PluginError

FAMILIES: Final = ("postgresql", "mysql", "mariadb", "sqlite")
"""The servers that the rules know; every other one gets the general rules only."""

ASSUMED: Final = {
    "postgresql": (14,),
    "mysql": (8, 0),
    "mariadb": (10, 6),
    "sqlite": (3, 35),
}
"""The versions taken where none is set: the oldest that are still looked after."""

LATEST: Final = 9999
"""What stands for the parts of a version that were not given."""


@dataclass(frozen=True, slots=True)
class Server:
    """A database server as the rules see it.

    .. versionadded:: 1.0
    """

    family: str
    """``postgresql``, ``mysql``, ``mariadb``, ``sqlite``, or another dialect."""

    version: tuple[int, ...] = ()
    """The numbers of its version; ``(8, 0)`` means the latest 8.0."""

    def at_least(self, *version: int) -> bool:
        """Return whether the server is of this version or a later one.

        :param version: The numbers. Parts that the server's own version leaves
            open count as the latest: a server "8.0" has what 8.0.29 brought.
        """
        missing = max(0, len(version) - len(self.version))
        return self.version + (LATEST,) * missing >= version

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL."""
        return self.family == "postgresql"

    @property
    def is_mysql(self) -> bool:
        """Whether it is MySQL or MariaDB."""
        return self.family in ("mysql", "mariadb")

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite."""
        return self.family == "sqlite"

    @property
    def transactional_ddl(self) -> bool:
        """Whether a failed revision takes its DDL back."""
        return not self.is_mysql and self.family != "oracle"

    def __str__(self) -> str:
        name = {
            "postgresql": "PostgreSQL",
            "mysql": "MySQL",
            "mariadb": "MariaDB",
            "sqlite": "SQLite",
        }.get(self.family, self.family)
        return f"{name} {'.'.join(map(str, self.version))}".strip()


def server_for(dialect: str, version: str | None) -> Server:
    """Return the server behind a dialect.

    :param dialect: The name of the SQLAlchemy dialect.
    :param version: What was set for it, such as ``15``, ``8.0.36`` or
        ``10.11-MariaDB``; ``None`` takes the oldest that is looked after.
    :raises PluginError: When the version has no number in it.
    """
    family = dialect
    if version is None:
        return Server(family, ASSUMED.get(family, ()))
    if "mariadb" in version.lower():
        family = "mariadb"
    found = re.search(r"\d+(\.\d+)*", version)
    if found is None:
        raise PluginError(
            f"ALEMBIC_LINT['versions'] has {version!r}, which is no version.",
            "Write it like '15', '8.0.36' or '10.11-MariaDB'.",
        )
    return Server(family, tuple(int(part) for part in found[0].split(".")))
