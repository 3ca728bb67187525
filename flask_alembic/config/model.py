"""What ``app.config`` says about migrations, as one typed object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .key_names import CONTEXT_KEYS

Location = tuple[str | None, str]
"""A branch label, or ``None``, and the folder as it was written."""

PerDatabase = Any
"""One value for all databases, or a dict of them by database name."""


PER_DATABASE = (
    "lock",
    "lock_timeout",
    "lock_id",
    "session_statements",
    "connect_timeout",
    "ddl_lock_timeout",
    "statement_timeout",
    "lock_retries",
    "journal",
    "real_transactions",
    "scratch_url",
    "skip_unchanged_tables",
    "prove_revisions",
    "accept_unknown_revisions",
)
"""The settings that may be a dict by database name."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``app.config`` says about migrations.

    .. versionadded:: 4.0
    """

    script_location: str | None = None
    """The folder of revisions; ``None`` for ``migrations`` under the app's root."""

    relative_to: str | None = None
    """What a relative location starts from: ``instance``, ``root`` or a guess."""

    version_locations: tuple[Location, ...] = ()
    """More folders of revisions, each with the branch that lives there."""

    databases: tuple[str, ...] | None = None
    """The bind keys to migrate, ``("*",)`` for all; ``None`` for the default one."""

    lock: PerDatabase = True
    """Whether a run holds a lock."""

    lock_timeout: PerDatabase = 60.0
    """How long to wait for the lock, in seconds."""

    lock_id: PerDatabase = None
    """The number of the lock, where something else takes the same; ``None`` for ours."""

    session_statements: PerDatabase = ()
    """SQL that is executed on each connection, such as ``SET ROLE``."""

    revision_arguments: Mapping[str, Any] | None = None
    """What ``upgrade()`` and ``downgrade()`` of each revision are called with."""

    connect_timeout: PerDatabase = 10.0
    """How long to wait for a connection, in seconds; ``None`` for ever."""

    ddl_lock_timeout: PerDatabase = 5.0
    """How long a statement may wait for a lock, in seconds; ``None`` for ever."""

    statement_timeout: PerDatabase = None
    """How long a statement may run, in seconds; ``None`` for ever."""

    lock_retries: PerDatabase = 3
    """How often a step is tried again after it waited too long for a lock."""

    journal: PerDatabase = True
    """Whether statements are recorded where DDL commits as it goes."""

    revision_index: bool = True
    """Whether what revision files say is kept in ``__pycache__``."""

    protected: bool = False
    """Whether ``downgrade`` and ``stamp`` need ``--force``."""

    real_transactions: PerDatabase = True
    """Whether SQLite runs in one real transaction instead of the driver's own."""

    twophase: bool = False
    """Whether all databases commit together, where they can prepare."""

    scratch_url: PerDatabase = None
    """Where scratch databases are made; ``None`` for beside the app's database."""

    drift_ignore: tuple[str, ...] = ()
    """What ``drift`` and ``adopt`` leave out: patterns of names."""

    skip_unchanged_tables: PerDatabase = True
    """Whether Alembic compares only tables that the server describes otherwise."""

    prove_revisions: PerDatabase = True
    """Whether a new revision is run on a scratch database before its file is left."""

    accept_unknown_revisions: PerDatabase = False
    """Whether an upgrade does nothing where newer code has been, instead of failing."""

    import_models: bool = False
    """Whether modules of the app that define models are imported to compare them."""

    options: Mapping[str, str] = field(default_factory=dict)
    """Keys of the ``[alembic]`` section, as text."""

    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Further sections of ``alembic.ini``, as text."""

    context: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of ``EnvironmentContext.configure``."""

    def of(self, key: str, database: str) -> Any:
        """Return a setting for one database.

        :param key: The name of a field.
        :param database: The name of the database.
        """
        value = getattr(self, key)
        if not isinstance(value, Mapping):
            return value
        return value.get(database, type(self).__dataclass_fields__[key].default)

    def names_of_databases(self) -> dict[str, str]:
        """Return the databases that settings name, and where each is named."""
        found: dict[str, str] = {}
        for key in PER_DATABASE:
            value = getattr(self, key)
            if isinstance(value, Mapping):
                found.update(dict.fromkeys(value, f"ALEMBIC[{key!r}]"))
        for key, value in self.context.items():
            if key not in CONTEXT_KEYS and isinstance(value, Mapping):
                found[key] = "ALEMBIC_CONTEXT"
        return found

    def context_for(self, database: str) -> dict[str, Any]:
        """Return the context arguments for one database.

        ``ALEMBIC_CONTEXT`` may hold a dict under a database's name; what is in
        there goes over what stands beside it.

        :param database: The name of the database.
        """
        shared = {
            key: value
            for key, value in self.context.items()
            if key in CONTEXT_KEYS or not isinstance(value, Mapping)
        }
        own = self.context.get(database)
        if isinstance(own, Mapping) and database not in CONTEXT_KEYS:
            shared.update(own)
        return shared
