"""The list of built-in plugins: our own implementations of the public hooks.

They are registered like the plugins of anybody else, after all of them. They are marked
``trylast`` and called last; the few marked ``tryfirst``, whose work others change, are
called first. ``flask db plugins`` lists them, and ``ALEMBIC_PLUGINS_DISABLED`` disables
them by name.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import click

    from .cli.extension_api import ExtensionAPI
    from .cli.group import AlembicGroup

BUILTIN: Final[tuple[tuple[str, str], ...]] = (
    ("settings", "flask_alembic.plugins.settings"),
    ("context_defaults", "flask_alembic.plugins.context_defaults"),
    ("connection", "flask_alembic.plugins.connection"),
    ("protected", "flask_alembic.plugins.protected"),
    ("irreversible", "flask_alembic.plugins.irreversible"),
    ("termination", "flask_alembic.plugins.termination"),
    ("own_tables", "flask_alembic.plugins.own_tables"),
    ("json_format", "flask_alembic.plugins.json_format"),
    ("logging", "flask_alembic.plugins.logging"),
    ("progress", "flask_alembic.plugins.progress"),
    ("backends", "flask_alembic.plugins.backends"),
    ("commands", "flask_alembic.plugins.commands"),
    ("graph_formats", "flask_alembic.plugins.graph_formats"),
    ("lock", "flask_alembic.plugins.lock"),
    ("journal", "flask_alembic.plugins.journal"),
    ("rev_id", "flask_alembic.plugins.rev_id"),
    ("revision_arguments", "flask_alembic.plugins.revision_arguments"),
    ("revision_templates", "flask_alembic.plugins.revision_templates"),
    ("renames", "flask_alembic.plugins.renames"),
    ("enum_types", "flask_alembic.plugins.enum_types"),
    ("type_imports", "flask_alembic.plugins.type_imports"),
    ("operation_order", "flask_alembic.plugins.operation_order"),
    ("constraint_names", "flask_alembic.plugins.constraint_names"),
    ("key_indexes", "flask_alembic.plugins.key_indexes"),
    ("required_columns", "flask_alembic.plugins.required_columns"),
    ("server_words", "flask_alembic.plugins.server_words"),
    ("comparison", "flask_alembic.plugins.comparison"),
    ("percent_signs", "flask_alembic.plugins.percent_signs"),
    ("model_schemas", "flask_alembic.plugins.model_schemas"),
    ("views", "flask_alembic.plugins.views"),
    ("server_version", "flask_alembic.plugins.server_version"),
    ("model_differences", "flask_alembic.plugins.model_differences"),
    ("readiness", "flask_alembic.plugins.readiness"),
    ("broken_plugins", "flask_alembic.plugins.broken_plugins"),
    ("revision_files", "flask_alembic.plugins.revision_files"),
    ("version_table", "flask_alembic.plugins.version_table"),
    ("id_width", "flask_alembic.plugins.id_width"),
    ("interrupted_revision", "flask_alembic.plugins.interrupted_revision"),
    ("proof_rows", "flask_alembic.plugins.proof_rows"),
    ("model_imports", "flask_alembic.plugins.model_imports"),
    ("unmanaged_tables", "flask_alembic.plugins.unmanaged_tables"),
)
"""Pairs of plugin name and module, in call order."""


def names() -> frozenset[str]:
    """Return the names of the built-in plugins, which no other plugin gets."""
    return frozenset(name for name, _ in BUILTIN)


def plugins() -> tuple[tuple[str, object], ...]:
    """Return pairs of name and plugin, in call order."""
    return tuple((name, import_module(module)) for name, module in BUILTIN)


def make_db_group(extension: ExtensionAPI | None = None) -> AlembicGroup:
    """Return a ``db`` group with our commands and those added to the shared group.

    :param extension: The extension it works on; the current app's by default.
    """
    from .cli.group import make_group

    return make_group(extension, _add_commands, shared_group)


@cache
def shared_group() -> AlembicGroup:
    """Return the group ``alembic_click``, which belongs to no app.

    What a project adds to it is in the group of each app.
    """
    from .cli.group import make_group

    return make_group(None, _add_commands)


def _add_commands(cli: AlembicGroup) -> None:
    from .plugins.command_list import add_commands

    add_commands(cli)


def builtin_commands() -> dict[str, click.Command]:
    """Return our own commands by name, all of them imported."""
    from .cli.group import make_group
    from .plugins.command_list import command_names

    group = make_group(None, _add_commands)
    return {name: group.commands[name] for name in sorted(command_names())}
