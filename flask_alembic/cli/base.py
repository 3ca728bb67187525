"""Base functions that write information to the terminal.

Each calls the method of :class:`flask_alembic.Alembic` of the same name on the
current app, and prints the report as the command of that name does: through the hook
``report_views``. They need an app context and raise
:exc:`~flask_alembic.errors.AlembicError`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..commands.check.commands import run_check
from ..commands.history.commands import (
    read_current,
    read_heads,
    read_log,
    read_revisions,
)
from ..commands.upgrade.commands import run_downgrade, run_stamp, run_upgrade
from ..runtime.overrides import call_command
from .context import get_extension, require_revisions
from .questions import asking
from .writer import printed

if TYPE_CHECKING:
    from ..hooks.payloads import Mode, ModeName
    from .extension_api import Revision, Strings

__all__ = [
    "branches",
    "check",
    "current",
    "downgrade",
    "edit",
    "get_extension",
    "heads",
    "history",
    "hooks",
    "log",
    "merge",
    "mkdir",
    "plugins",
    "require_revisions",
    "revision",
    "show",
    "stamp",
    "upgrade",
]


def mkdir(package: bool = False, template: str | None = None) -> None:
    """Create the migration directory if it does not exist.

    :param package: Add an empty ``__init__.py`` to each folder.
    :param template: Make new revision files from this one.
    """
    with printed("mkdir"):
        call_command(get_extension().mkdir, package=package, template=template)


def current(
    verbose: bool = False, check_heads: bool = False, databases: Strings = ()
) -> None:
    """Show the list of current revisions.

    :param verbose: Show more about each.
    :param check_heads: Fail unless all heads are applied.
    :param databases: Only these databases.
    """
    with printed("current", verbosity=int(verbose)):
        read_current(databases, check_heads=check_heads)


def heads(
    resolve_dependencies: bool = False, verbose: bool = False, check: bool = False
) -> None:
    """Show the list of revisions that have no child revisions.

    :param resolve_dependencies: Treat dependencies as down revisions.
    :param verbose: Show more about each.
    :param check: Fail if there are several, but one for each labelled branch.
    """
    with printed("heads", verbosity=int(verbose)):
        read_heads(resolve_dependencies, check=check)


def branches(verbose: bool = False) -> None:
    """Show the list of revisions that have more than one next revision.

    :param verbose: Show more about each.
    """
    with printed("branches", verbosity=int(verbose)):
        get_extension().branches()


def log(
    start: Revision = "base",
    end: Revision = "heads",
    verbose: bool = False,
    rev_range: str | None = None,
    indicate_current: bool = False,
) -> None:
    """Show the list of revisions in the order they will run.

    :param start: Show since this revision.
    :param end: Show until this revision.
    :param verbose: Show more about each.
    :param rev_range: ``start:end`` instead; either may be left out.
    :param indicate_current: Mark where the databases are.
    """
    with printed("log", verbosity=int(verbose)):
        read_log(start, end, rev_range=rev_range, indicate_current=indicate_current)


def history(
    rev_range: str | None = None,
    verbose: bool = False,
    indicate_current: bool = False,
) -> None:
    """Show the revisions, the newest first.

    :param rev_range: ``start:end``; either may be left out.
    :param verbose: Show more about each.
    :param indicate_current: Mark where the databases are.
    """
    with printed("history", verbosity=int(verbose)):
        read_log(rev_range=rev_range, indicate_current=indicate_current)


def show(
    revisions: Revision,
    sql: bool = False,
    databases: Strings = (),
    *,
    downgrade: bool = False,
    x_arguments: Strings = (),
) -> None:
    """Show the given revisions.

    :param revisions: One or a list.
    :param sql: Show the SQL that they would send instead.
    :param databases: With ``sql``: only for these databases.
    :param downgrade: With ``sql``: the SQL that reverts them.
    :param x_arguments: With ``sql``: ``key=value`` strings for ``get_x_argument()``.
    """
    with printed("show"):
        read_revisions(
            revisions,
            sql=sql,
            databases=databases,
            downgrade=downgrade,
            x_arguments=x_arguments,
        )


def check(databases: Strings = ()) -> None:
    """Show what differs between models and databases, and fail if anything does.

    :param databases: Only these databases.
    :raises CheckFailed: When they differ, or an error was found.
    """
    with printed("check"):
        run_check(databases)


def stamp(
    target: Revision = "heads",
    *,
    purge: bool = False,
    force: bool = False,
    mode: Mode | ModeName = "online",
    databases: Strings = (),
    lock: bool = True,
    tag: str | None = None,
    x_arguments: Strings = (),
) -> None:
    """Set the current revision without running migrations.

    :param target: Revision to set to.
    :param purge: Delete what the version table holds first.
    :param force: Stamp although ``ALEMBIC["protected"]`` is set.
    :param mode: As for :func:`upgrade`.
    :param databases: Only these databases.
    :param lock: Hold the migration lock.
    :param tag: What ``context.get_tag_argument()`` returns.
    :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
    """
    with printed("stamp"):
        run_stamp(
            target,
            purge=purge,
            force=force,
            mode=mode,
            databases=databases,
            lock=lock,
            tag=tag,
            x_arguments=x_arguments,
        )


def upgrade(
    target: Revision = "heads",
    *,
    mode: Mode | ModeName = "online",
    databases: Strings = (),
    lock: bool = True,
    resume: bool = False,
    last_statement_applied: bool | None = None,
    tag: str | None = None,
    x_arguments: Strings = (),
) -> None:
    """Run migrations to upgrade the database.

    :param target: Revision to go to.
    :param mode: ``online``, ``dry-run``, ``sql`` or ``plan``, as for
        :meth:`flask_alembic.Alembic.upgrade`.
    :param databases: Only these databases.
    :param lock: Hold the migration lock.
    :param resume: Resume a partially applied revision (MySQL, MariaDB).
    :param last_statement_applied: With ``resume``: whether the interrupted statement
        took effect, where it is unknown.
    :param tag: What ``context.get_tag_argument()`` returns in revisions.
    :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
    """
    with printed("upgrade"):
        run_upgrade(
            target,
            mode=mode,
            databases=databases,
            lock=lock,
            resume=resume,
            last_statement_applied=last_statement_applied,
            tag=tag,
            x_arguments=x_arguments,
        )


def downgrade(
    target: Revision = -1,
    yes: bool = True,
    *,
    mode: Mode | ModeName = "online",
    databases: Strings = (),
    lock: bool = True,
    force: bool = False,
    resume: bool = False,
    last_statement_applied: bool | None = None,
    tag: str | None = None,
    x_arguments: Strings = (),
) -> None:
    """Run migrations to downgrade the database.

    :param target: Revision to go down to.
    :param yes: Do not ask. Without it a person at a terminal sees the plan first.
    :param mode: As for :func:`upgrade`.
    :param databases: Only these databases.
    :param lock: Hold the migration lock.
    :param force: Downgrade although ``ALEMBIC["protected"]`` is set.
    :param resume: Resume a partially reverted revision (MySQL, MariaDB).
    :param last_statement_applied: As for :func:`upgrade`.
    :param tag: What ``context.get_tag_argument()`` returns in revisions.
    :param x_arguments: ``key=value`` strings for ``get_x_argument()``.
    """
    with printed("downgrade"):
        run_downgrade(
            target,
            yes=yes,
            mode=mode,
            databases=databases,
            lock=lock,
            force=force,
            resume=resume,
            last_statement_applied=last_statement_applied,
            tag=tag,
            x_arguments=x_arguments,
        )


def revision(
    message: str,
    empty: bool = False,
    branch: str = "default",
    parent: Revision = "head",
    splice: bool = False,
    depend: Revision | None = None,
    label: Strings | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    rev_id: str | None = None,
    force: bool = False,
    allow_drop: bool = False,
    renames: Mapping[str, str] | None = None,
    prove: bool = True,
    keep: bool = False,
) -> None:
    """Generate a new revision.

    :param message: Description of revision.
    :param empty: Create empty script.
    :param branch: Use this independent branch name.
    :param parent: Parent revision(s) of this revision.
    :param splice: Allow non-head parent revision.
    :param depend: Revision(s) this revision depends on.
    :param label: Label(s) to apply to the revision.
    :param path: Where to store the revision.
    :param rev_id: The id to use.
    :param force: Write it despite lint errors.
    :param allow_drop: Let it drop tables that no revision has created.
    :param renames: New names of tables, columns and enum values by old ones, as for
        :meth:`flask_alembic.Alembic.revision`.
    :param prove: Run it on a scratch database before its file is left.
    :param keep: Leave the file although the proof fails.
    """
    with printed("revision"), asking():
        call_command(
            get_extension().revision,
            message,
            empty,
            branch,
            parent,
            splice,
            depend,
            label,
            path,
            rev_id=rev_id,
            force=force,
            allow_drop=allow_drop,
            renames=renames,
            prove=prove,
            keep=keep,
        )


def merge(
    revisions: Revision = "heads",
    message: str | None = None,
    label: Strings | None = None,
    rev_id: str | None = None,
) -> None:
    """Generate a merge revision.

    :param revisions: Revisions to merge.
    :param message: Description of merge.
    :param label: Label(s) to apply to the revision.
    :param rev_id: The id to use.
    """
    with printed("merge"):
        call_command(
            get_extension().merge, revisions or "heads", message, label, rev_id=rev_id
        )


def edit(revision: Revision = "head") -> None:
    """Open the file of a revision in an editor.

    :param revision: Its id, or ``head``.
    """
    with printed("edit"):
        get_extension().edit(revision)


def plugins(name: str | None = None) -> None:
    """Show every plugin, where it comes from and whether it is active.

    :param name: Only this one.
    """
    with printed("plugins"):
        get_extension().list_plugins(name)


def hooks(name: str | None = None) -> None:
    """Show the hooks: kind, arguments, signal and implementations in call order.

    :param name: Only this one, with its documentation.
    """
    with printed("hooks"):
        get_extension().list_hooks(name)
