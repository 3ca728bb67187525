"""The names that ``app.config`` may hold, and those that are nearly one of them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import Final

from ..errors import ConfigurationError

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

CONFIG_KEYS: Final = frozenset(
    [
        "ALEMBIC",
        "ALEMBIC_CONTEXT",
        "ALEMBIC_HOOKS_STRICT",
        "ALEMBIC_PLUGINS",
        "ALEMBIC_PLUGINS_DISABLED",
        "ALEMBIC_PLUGINS_REQUIRED",
    ]
)
"""The keys of ``app.config`` that are read here; plugins have keys of their own."""


def near(key: str, known: Collection[str], cutoff: float = 0.85) -> str | None:
    """Return the known name that a key was probably meant to be.

    :param key: The key as it was written.
    :param known: The names.
    :param cutoff: How alike both have to be, from 0 to 1.
    """
    if key in known:
        return None
    if key.lower() in known:
        return key.lower()
    found = difflib.get_close_matches(key, known, n=1, cutoff=cutoff)
    return found[0] if found else None


def refuse_misspelled(where: str, key: str, known: Collection[str]) -> None:
    """Refuse a key that is nearly a known one; others may serve a template.

    :param where: The key of ``app.config`` it stands in.
    :param key: The key as it was written.
    :param known: The names.
    :raises ConfigurationError: With the name that was probably meant.
    """
    meant = near(key, known)
    if meant is not None:
        raise ConfigurationError(
            f"{where}[{key!r}] is not a setting; did you mean {meant!r}?",
            "Fix the name.",
        )


def refuse_misplaced(where: str, key: str, names: Collection[str], other: str) -> None:
    """Refuse a key that belongs into another dict, where it would do nothing.

    :param where: The key of ``app.config`` it stands in.
    :param key: The key.
    :param names: The names that belong elsewhere.
    :param other: Where they belong.
    :raises ConfigurationError: With the place where it belongs.
    """
    if key in names:
        raise ConfigurationError(
            f"{where}[{key!r}] does nothing there: it belongs in {other}.",
            f"Move it to app.config[{other!r}].",
        )


def refuse_misspelled_config(keys: Iterable[object]) -> None:
    """Refuse keys of ``app.config`` that are nearly one of ours.

    :param keys: The keys of ``app.config``.
    :raises ConfigurationError: With the name that was probably meant.
    """
    for key in keys:
        if not isinstance(key, str) or not key.startswith("ALEMBIC"):
            continue
        meant = near(key, CONFIG_KEYS, 0.94)
        if meant is not None:
            raise ConfigurationError(
                f"app.config[{key!r}] is not read; did you mean {meant!r}?",
                "Fix the name.",
            )
