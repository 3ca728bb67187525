"""The list of our commands, for whoever needs no plugin and thus no pluggy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..cli.group import AlembicGroup

COMMANDS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "current",
        "flask_alembic.commands.history.commands:current",
        "Show the list of current revisions.",
    ),
    (
        "heads",
        "flask_alembic.commands.history.commands:heads",
        "Show the list of revisions that have no child revisions.",
    ),
    (
        "branches",
        "flask_alembic.commands.history.commands:branches",
        "Show the list of revisions that have more than one next revision.",
    ),
    (
        "log",
        "flask_alembic.commands.history.commands:log",
        "Show the list of revisions in the order they will run.",
    ),
    (
        "history",
        "flask_alembic.commands.history.commands:history",
        "Show the revisions, the newest first.",
    ),
    (
        "show",
        "flask_alembic.commands.history.commands:show",
        "Show the given revisions, the head by default.",
    ),
    (
        "check",
        "flask_alembic.commands.check.commands:check",
        "Check if models and databases differ, and how.",
    ),
    (
        "upgrade",
        "flask_alembic.commands.upgrade.commands:upgrade",
        "Run migrations to upgrade the database.",
    ),
    (
        "downgrade",
        "flask_alembic.commands.upgrade.commands:downgrade",
        "Run migrations to downgrade the database.",
    ),
    (
        "stamp",
        "flask_alembic.commands.upgrade.commands:stamp",
        "Set the current revision without running migrations.",
    ),
    (
        "plan",
        "flask_alembic.commands.upgrade.commands:plan",
        "Show the steps that an upgrade would run; nothing is executed.",
    ),
    (
        "mkdir",
        "flask_alembic.commands.init.commands:mkdir",
        "Create the migration directory if it does not exist.",
    ),
    (
        "init",
        "flask_alembic.commands.init.commands:init",
        "Create the migration directory; the same as mkdir.",
    ),
    (
        "list-templates",
        "flask_alembic.commands.init.commands:list_templates",
        "Show the templates for new revision files.",
    ),
    (
        "revision",
        "flask_alembic.commands.revision.commands:revision",
        "Generate a new revision.",
    ),
    (
        "migrate",
        "flask_alembic.commands.revision.commands:migrate",
        "Generate a new revision by comparing models and databases.",
    ),
    (
        "merge",
        "flask_alembic.commands.revision.commands:merge",
        "Generate a merge revision; joins all heads by default.",
    ),
    (
        "edit",
        "flask_alembic.commands.revision.commands:edit",
        "Open the file of a revision in an editor.",
    ),
    (
        "plugins",
        "flask_alembic.commands.plugins.commands:plugins",
        "Show every plugin, or one: where it comes from and whether it is active.",
    ),
    (
        "hooks",
        "flask_alembic.commands.plugins.commands:hooks",
        "Show the hooks and who implements them, or all about one.",
    ),
    (
        "status",
        "flask_alembic.commands.status.commands:status",
        "Show where each database is and what is pending.",
    ),
    (
        "wait",
        "flask_alembic.commands.wait.commands:wait",
        "Wait until the databases answer, or until they are at head.",
    ),
    (
        "lint",
        "flask_alembic.commands.lint.commands:lint",
        "Find problems in revision files, with the linters of plugins.",
    ),
    (
        "doctor",
        "flask_alembic.commands.doctor.commands:doctor",
        "Find problems in the history and the databases, and show how to fix them.",
    ),
    (
        "prove",
        "flask_alembic.commands.prove.commands:prove",
        "Run revisions up, down and up on a scratch database.",
    ),
    (
        "drift",
        "flask_alembic.commands.drift.commands:drift",
        "Compare models, revisions and databases, each with the others.",
    ),
    (
        "adopt",
        "flask_alembic.commands.adopt.commands:adopt",
        "Put an existing database under migration control.",
    ),
    (
        "squash",
        "flask_alembic.commands.squash.commands:squash",
        "Replace several revisions with one that has the id of the last.",
    ),
    (
        "import-env",
        "flask_alembic.commands.import_env.commands:import_env",
        "Read an env.py and alembic.ini, and show what sets the same here.",
    ),
    (
        "new-plugin",
        "flask_alembic.commands.new_plugin.commands:new_plugin",
        "Write a new plugin: a package with an entry point, hooks, a command and tests.",
    ),
    (
        "graph",
        "flask_alembic.commands.graph.commands:graph",
        "Draw the history, the newest revision first, with what is applied where.",
    ),
)
"""Our commands: the name, where it is and what a list of commands says about it.

``ALEMBIC_PLUGINS_DISABLED`` disables each by its
name too.
"""


def add_commands(cli: AlembicGroup) -> None:
    """Add our commands to a group, but for names that are taken; none is imported.

    :param cli: The group.
    """
    for name, target, help in COMMANDS:
        if name not in cli.commands:
            cli.add_lazy(name, target, help=help)


def command_names() -> frozenset[str]:
    """Return the names of our commands."""
    return frozenset(name for name, _, _ in COMMANDS)
