"""``app.config`` turned into one typed, validated object.

``ALEMBIC`` holds our own keys, listed in :class:`Settings`, and every key of
``alembic.ini``; a dict value there is a section of its own. ``ALEMBIC_CONTEXT``
holds arguments of ``EnvironmentContext.configure``.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .errors import ConfigurationError

Location = tuple[str | None, str]
"""A branch label, or ``None``, and the folder as it was written."""

PerDatabase = Any
"""One value for all databases, or a dict of them by database name."""


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

    connect_timeout: PerDatabase = 10.0
    """How long to wait for a connection, in seconds; ``None`` for ever."""

    ddl_lock_timeout: PerDatabase = 30.0
    """How long a statement may wait for a lock, in seconds; ``None`` for ever."""

    statement_timeout: PerDatabase = None
    """How long a statement may run, in seconds; ``None`` for ever."""

    lock_retries: PerDatabase = 3
    """How often a step is tried again after it waited too long for a lock."""

    protected: bool = False
    """Whether ``downgrade`` and ``stamp`` need ``--force``."""

    real_transactions: PerDatabase = True
    """Whether SQLite runs in one real transaction instead of the driver's own."""

    twophase: bool = False
    """Whether all databases commit together, where they can prepare."""

    prove_unchanged: PerDatabase = True
    """Whether tables proved equal are left out of the comparison."""

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


CONTEXT_KEYS: Final = frozenset(
    [
        "compare_server_default",
        "compare_type",
        "dialect_name",
        "dialect_opts",
        "downgrade_token",
        "alembic_module_prefix",
        "autogenerate_plugins",
        "connection",
        "include_name",
        "include_object",
        "include_schemas",
        "literal_binds",
        "on_version_apply",
        "output_buffer",
        "output_encoding",
        "process_revision_directives",
        "render_as_batch",
        "render_item",
        "sqlalchemy_module_prefix",
        "starting_rev",
        "tag",
        "target_metadata",
        "template_args",
        "transaction_per_migration",
        "transactional_ddl",
        "upgrade_token",
        "url",
        "user_module_prefix",
        "version_table",
        "version_table_pk",
        "version_table_schema",
    ]
)
"""The arguments of ``EnvironmentContext.configure``."""

OPTION_KEYS: Final = frozenset(
    [
        "databases",
        "file_template",
        "output_encoding",
        "path_separator",
        "prepend_sys_path",
        "recursive_version_locations",
        "revision_environment",
        "script_location",
        "sourceless",
        "sqlalchemy.url",
        "timezone",
        "truncate_slug_length",
        "version_locations",
        "version_path_separator",
    ]
)
"""The keys of the ``[alembic]`` section that Alembic knows."""


def load(config: Mapping[str, Any]) -> Settings:
    """Read the settings from ``app.config``.

    :param config: ``app.config``.
    :raises ConfigurationError: When a value has the wrong type or a key looks
        like a misspelled one.
    """
    given = _mapping(config, "ALEMBIC")
    context = _mapping(config, "ALEMBIC_CONTEXT")
    for key in context:
        if not isinstance(context[key], Mapping):
            _refuse_misspelled("ALEMBIC_CONTEXT", key, CONTEXT_KEYS)
    ours: dict[str, Any] = {}
    options: dict[str, str] = {}
    sections: dict[str, Mapping[str, str]] = {}
    for key, value in given.items():
        if key in READERS:
            ours[key] = READERS[key](key, value)
        elif isinstance(value, Mapping):
            sections[key] = {str(k): _text(k, v) for k, v in value.items()}
        else:
            _refuse_misspelled("ALEMBIC", key, OPTION_KEYS | set(READERS))
            options[key] = _text(key, value)
    return Settings(**ours, options=options, sections=sections, context=context)


def _mapping(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = config.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"app.config[{key!r}] must be a dict, not {type(value).__name__}.",
            f"Write app.config[{key!r}] = {{...}}.",
        )
    for name in value:
        if not isinstance(name, str):
            raise ConfigurationError(
                f"app.config[{key!r}] has the key {name!r}, which is not a string."
            )
    return value


def _refuse_misspelled(where: str, key: str, known: frozenset[str] | set[str]) -> None:
    """Refuse a key that is nearly a known one; others may serve a template."""
    near = difflib.get_close_matches(key, known - {key}, n=1, cutoff=0.85)
    if key not in known and near:
        raise ConfigurationError(
            f"{where}[{key!r}] is not a setting; did you mean {near[0]!r}?",
            "Mend the name.",
        )


def _wrong(key: str, value: object, expected: str) -> ConfigurationError:
    return ConfigurationError(
        f"ALEMBIC[{key!r}] must be {expected}, not {value!r}.", "Mend app.config."
    )


def _text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float, Path)):
        return str(value)
    if isinstance(value, (list, tuple)):
        joiner = os.pathsep if key == "prepend_sys_path" else ", "
        return joiner.join(str(part) for part in value)
    raise _wrong(key, value, "text, a number or a list of them")


# One reader per key of ours -----------------------------------------------------


def _each(
    read: Callable[[str, Any], Any],
) -> Callable[[str, Any], Any]:
    """Let a reader also take a dict of values by database name."""

    def wrapped(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(name): read(key, part) for name, part in value.items()}
        return read(key, value)

    return wrapped


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, value, "True or False")
    return value


def _seconds(key: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise _wrong(key, value, "a number of seconds, 0 or more, or None")
    return float(value)


def _count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(key, value, "a whole number, 0 or more")
    return value


def _path(key: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise _wrong(key, value, "a path")
    path = os.fspath(value)
    if "\0" in path:
        raise _wrong(key, path, "a path without null characters")
    return path


def _relative_to(key: str, value: Any) -> str | None:
    if value not in (None, "instance", "root"):
        raise _wrong(key, value, "'instance' or 'root'")
    return None if value is None else str(value)


def _locations(key: str, value: Any) -> tuple[Location, ...]:
    if isinstance(value, (str, os.PathLike)):
        parts = os.fspath(value).replace(",", "\n").splitlines()
        value = [part.strip() for part in parts if part.strip()]
    if not isinstance(value, (list, tuple)):
        raise _wrong(key, value, "a list of paths or (branch, path) pairs")
    return tuple(_location(key, entry) for entry in value)


def _location(key: str, entry: Any) -> Location:
    if isinstance(entry, (str, os.PathLike)) and os.fspath(entry):
        return None, str(os.fspath(entry))
    if (
        isinstance(entry, (list, tuple))
        and len(entry) == 2
        and isinstance(entry[0], str)
        and isinstance(entry[1], (str, os.PathLike))
    ):
        return entry[0], str(os.fspath(entry[1]))
    raise _wrong(key, entry, "a path or a (branch, path) pair")


def _databases(key: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(name, str) and name for name in value
    ):
        raise _wrong(key, value, "a list of database names, or '*' for all")
    return tuple(value)


READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "script_location": _path,
    "relative_to": _relative_to,
    "version_locations": _locations,
    "databases": _databases,
    "lock": _each(_flag),
    "lock_timeout": _each(_seconds),
    "connect_timeout": _each(_seconds),
    "ddl_lock_timeout": _each(_seconds),
    "statement_timeout": _each(_seconds),
    "lock_retries": _each(_count),
    "protected": _flag,
    "real_transactions": _each(_flag),
    "twophase": _flag,
    "prove_unchanged": _each(_flag),
}
"""What reads and checks each key of our own."""
