"""Base functions that write information to the terminal.

Each calls the method of :class:`flask_alembic.Alembic` of the same name on the
current app and writes what it returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from flask import current_app

from ..errors import AlembicError, CheckFailed, UsageError
from . import places, render
from .output import echo, note

if TYPE_CHECKING:
    from pathlib import Path

    from ..extension import Alembic

Revision = Any


def get_extension() -> Alembic:
    """Return the extension that the command works on.

    It is the ``ctx.obj`` of a group, the one that made the group, or the one that is
    registered on the current app.

    :raises UsageError: When there is none.
    """
    from ..extension import Alembic

    context = click.get_current_context(silent=True)
    while context is not None:
        for candidate in (context.obj, getattr(context.command, "extension", None)):
            if isinstance(candidate, Alembic):
                return candidate
        context = context.parent
    try:
        extension: Alembic = current_app.extensions["alembic"]
    except KeyError:
        raise UsageError(
            "Flask-Alembic is not registered on this app.",
            "Add Alembic(app) where the app is created.",
        ) from None
    return extension


def mkdir(package: bool = False, template: str | None = None) -> None:
    """Create the migration directory if it does not exist.

    :param package: Add an empty ``__init__.py`` to each folder.
    :param template: Make new revision files from this one.
    """
    made = get_extension().mkdir(package=package, template=template)
    for path in made:
        echo(f"Created {path}")
    if not made:
        echo("The migration directory exists.")


def current(
    verbose: bool = False,
    check_heads: bool = False,
    databases: Sequence[str] = (),
) -> None:
    """Show the list of current revisions.

    :param verbose: Show more about each.
    :param check_heads: Fail unless all heads are applied.
    :param databases: Only these databases.
    """
    from ..commands import reading

    extension = get_extension()
    if not check_heads:
        places.show_current(extension.current(databases), verbose)
        return
    require_revisions()
    scripts = extension._do(reading.current, databases, check_heads=True)
    places.show_current(scripts, verbose)
    _fail_on_no("Not every database is at every head.", "Run flask db upgrade.")


def heads(
    resolve_dependencies: bool = False, verbose: bool = False, check: bool = False
) -> None:
    """Show the list of revisions that have no child revisions.

    :param resolve_dependencies: Treat dependencies as down revisions.
    :param verbose: Show more about each.
    :param check: Fail if there are several, but one for each labelled branch.
    """
    from ..commands import reading

    extension = get_extension()
    if check:
        require_revisions()
    _write(extension._do(reading.heads, resolve_dependencies, check=check), verbose)
    if check:
        from .checks import require_one_head

        require_one_head()


def branches(verbose: bool = False) -> None:
    """Show the list of revisions that have more than one next revision.

    :param verbose: Show more about each.
    """
    extension = get_extension()
    found = extension.branches()
    if not found:
        note("No revision has more than one next revision.")
    for script in found:
        echo(render.revisions([script], verbose))
        for child in sorted(script.nextrev):
            # Not show(): that is a command of its own, with its own report.
            line = render.revision_line(extension.script.get_revision(child))
            echo(f"    {line}")


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
    from .history import range_of, show_range

    if rev_range and (start, end) != ("base", "heads"):
        raise UsageError(
            "--rev-range and --start or --end exclude each other.", "Use one of them."
        )
    start, end = range_of(rev_range) or (start, end)
    show_range(start, end, verbose=verbose, indicate_current=indicate_current)


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
    from .history import range_of, show_range

    start, end = range_of(rev_range) or ("base", "heads")
    show_range(
        start,
        end,
        verbose=verbose,
        indicate_current=indicate_current,
        newest_first=True,
    )


def show(revisions: Revision, sql: bool = False, **options: Any) -> None:
    """Show the given revisions.

    :param revisions: One or a list.
    :param sql: Show the SQL that they would send instead.
    :param options: As for :func:`flask_alembic.cli.history.show_sql`.
    """
    if sql:
        from .history import show_sql

        show_sql(revisions or "head", **options)
        return
    found = get_extension().show(revisions or "head")
    for script in found:
        echo(render.revision_block(script))
    if not found:
        note("There is nothing to show: no revision is there, or none is applied.")


def check(databases: Sequence[str] = ()) -> None:
    """Show what differs between models and databases, and fail if anything does.

    :param databases: Only these databases.
    """
    from . import checks

    checks.check(databases)


def stamp(target: Revision = "heads", **options: Any) -> None:
    """Set the current revision without running migrations.

    :param target: Revision to set to.
    :param options: As for :meth:`flask_alembic.Alembic.stamp`.
    """
    from .runs import run

    if target != "base":
        require_revisions()
    run("stamp", target, options)


def upgrade(target: Revision = "heads", **options: Any) -> None:
    """Run migrations to upgrade the database.

    :param target: Revision to go to.
    :param options: As for :meth:`flask_alembic.Alembic.upgrade`.
    """
    from .runs import run

    require_revisions()
    run("upgrade", target, options)


def downgrade(target: Revision = -1, yes: bool = True, **options: Any) -> None:
    """Run migrations to downgrade the database.

    :param target: Revision to go down to.
    :param yes: Do not ask. Without it a person at a terminal sees the plan first.
    :param options: As for :meth:`flask_alembic.Alembic.downgrade`.
    """
    from .runs import confirm_downgrade, run

    require_revisions()
    if not yes:
        confirm_downgrade(target, options)
    run("downgrade", target, options)


def revision(
    message: str,
    empty: bool = False,
    branch: str = "default",
    parent: Revision = "head",
    splice: bool = False,
    depend: Revision = None,
    label: Any = None,
    path: str | None = None,
    **options: Any,
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
    :param options: As for :meth:`flask_alembic.Alembic.revision`.
    """
    from ..commands.viewing import is_empty

    written = get_extension().revision(
        message, empty, branch, parent, splice, depend, label, path, **options
    )
    for script in written:
        echo(f"Generated {script.path}")
    if not written:
        echo("No changes detected; no file was written. (--empty writes one.)")
        # Not heads(): that is a command of its own, with its own report.
        if not empty and get_extension()._do(is_empty) is not None:
            echo(
                "There is no revision yet; something else made the tables. "
                "flask db adopt --generate begins with them."
            )
    from . import checks

    checks.tell_problems()


def merge(
    revisions: Revision = "heads",
    message: str | None = None,
    label: Any = None,
    rev_id: str | None = None,
) -> None:
    """Generate a merge revision.

    :param revisions: Revisions to merge.
    :param message: Description of merge.
    :param label: Label(s) to apply to the revision.
    :param rev_id: The id to use.
    """
    script = get_extension().merge(revisions or "heads", message, label, rev_id)
    if script is not None:
        echo(f"Generated {script.path}")


def edit(revision: str = "head") -> None:
    """Open the file of a revision in an editor.

    :param revision: Its id, or ``head``.
    """
    from ..commands.reading import path_of

    path = get_extension()._do(path_of, revision)
    try:
        click.edit(filename=str(path))
    except click.ClickException as error:
        raise UsageError(
            error.message, "Set the environment variable EDITOR."
        ) from error
    note(f"Edited {path}")


def plugins(name: str | None = None) -> None:
    """Show every plugin, where it comes from and whether it is active.

    :param name: Only this one.
    """
    from .plugin_lists import show_plugins

    show_plugins(name)


def hooks(name: str | None = None) -> None:
    """Show the hooks: kind, arguments, signal and implementations in call order.

    :param name: Only this one, with its documentation.
    """
    from .plugin_lists import show_hooks

    show_hooks(name)


def _write(scripts: Any, verbose: bool) -> None:
    text = render.revisions(scripts, verbose)
    if text:
        echo(text)
    else:
        note("There are no revisions yet.")


def _fail_on_no(message: str, advice: str) -> None:
    from ..commands.invocation import last_report

    report = last_report.get()
    if report is not None and not report.ok:
        raise CheckFailed(message, advice)


def require_revisions() -> None:
    """Refuse to go on without revision files: a folder that was forgotten.

    A deployment that has lost its files would be taken for one that is at head.
    """
    from ..commands.viewing import is_empty

    try:
        folder = get_extension()._do(is_empty)
    except AlembicError:
        return  # The command says it too, and so that listeners hear of it.
    if folder is not None:
        raise UsageError(
            f"There are no revision files in {folder}; nothing was run.",
            _where_else(folder),
        )


def _where_else(folder: Path) -> str:
    """Say where revision files may be instead."""
    from ..environment.presence import elsewhere

    found = elsewhere(current_app, folder)
    if found is None:
        return (
            "Create one with flask db revision 'message', or check where the files are."
        )
    return f"There are some in {found}; set ALEMBIC['script_location'] to use them."
