"""Every hook: one function each, whose docstring is its whole documentation.

The decorator names the kind (see :mod:`flask_alembic.hooks.markers`); the kind
decides how it is called, what an exception does and whether a signal of the same
name exists. ``app`` comes first everywhere; an implementation takes any subset
of the arguments, by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

from .markers import around, ask, edit, gather, guard, silent_guard, tell

if TYPE_CHECKING:
    import click
    from alembic.autogenerate.api import AutogenContext
    from alembic.config import Config
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script
    from flask import Flask
    from sqlalchemy import Column
    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.schema import SchemaItem
    from sqlalchemy.types import TypeEngine

    from .payloads import (
        Command,
        Format,
        LintTarget,
        Problem,
        Report,
        RevisionRequest,
        Run,
        RunResult,
        Statement,
        Step,
        StepResult,
        VersionLocation,
    )

# -- setting up ---------------------------------------------------------------


@edit
def configure(app: Flask, config: Config) -> None:
    """Change the Alembic configuration before anybody reads it.

    Called once per app, when the configuration is first built; no transaction.

    :param app: The application.
    :param config: Alembic's own object, filled from ``app.config["ALEMBIC"]``.

    An exception stops the command that needed the configuration.

    .. versionadded:: 4.0
    """


@edit
def register_commands(app: Flask, cli: click.Group) -> None:
    """Add commands to the ``db`` group, or options to its commands.

    Called when the group is first listed or resolved; no transaction.

    :param app: The application.
    :param cli: The group; add to it with ``@cli.command()``.

    A command that is added sends ``before_command`` and ``after_command`` around its
    callback, as ours do, with its parameters as options but for those with hidden
    input.

    An exception becomes one broken command named after the plugin, whose use
    shows the error; ``flask db --help`` and the other commands go on working.

    .. versionadded:: 4.0
    """


@gather
def output_formats(app: Flask) -> Iterable[Format]:
    """Offer further values for ``--format``.

    Called when ``--format`` is resolved; no transaction.

    :param app: The application.
    :return: The formats; two plugins that give one name are an error.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@gather
def version_locations(app: Flask) -> Iterable[VersionLocation]:
    """Add folders of revisions, so that a package ships its own tables.

    Called once per app; no transaction.

    :param app: The application.
    :return: The folders, each with the branch that lives there.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@gather
def context_options(app: Flask, database: str) -> Mapping[str, Any]:
    """Add arguments for ``EnvironmentContext.configure``.

    Called before each context is configured; no transaction. What the app gives
    in ``ALEMBIC_CONTEXT`` goes over what plugins give.

    :param app: The application.
    :param database: The name of the database.
    :return: The arguments; two plugins that disagree on one are an error.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@around
def open_connection(app: Flask, database: str, engine: Engine) -> Connection:
    """Be around the opening of a connection.

    Called per database before anything is read; no transaction. What a wrapper
    runs after ``connection = yield`` and commits holds for the whole command.

    :param app: The application.
    :param database: The name of the database.
    :param engine: The engine to connect with.
    :return: The connection that the command will use.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@ask
def migration_lock(
    app: Flask, database: str, connection: Connection
) -> AbstractContextManager[None] | None:
    """Give the lock that keeps other runs away from a database.

    Called after connecting and before the plan is computed; no transaction. The
    lock is held until the run ends. The default is the session lock of the
    database. An implementation that answers replaces the default.

    :param app: The application.
    :param database: The name of the database.
    :param connection: The connection of the run.
    :return: A context manager that holds the lock, or ``None`` for no answer.

    An exception stops the command.

    .. versionadded:: 4.0
    """


# -- every command ------------------------------------------------------------


@guard
def before_command(app: Flask, command: Command) -> None:
    """Decide whether a command may start, reading commands too.

    Called first; no connection is open.

    :param app: The application.
    :param command: What was asked for.

    ``Veto`` refuses the command, and so does any other exception.

    .. versionadded:: 4.0
    """


@tell
def after_command(app: Flask, report: Report) -> None:
    """Hear how a command ended, on success and on failure.

    Called last: the lock is released and the connections are closed.

    :param app: The application.
    :param report: How it ended.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


# -- generating revisions -----------------------------------------------------


@guard
def before_revision(app: Flask, request: RevisionRequest) -> None:
    """Decide whether a revision file may be made; merges too.

    Called before models and databases are compared; no transaction.

    :param app: The application.
    :param request: What was asked for; ``request.kind`` tells merges apart.

    ``Veto`` refuses the revision, and so does any other exception.

    .. versionadded:: 4.0
    """


@ask
def rev_id(app: Flask, request: RevisionRequest) -> str:
    """Give the id of a new revision; merges too.

    Called after the guards; no transaction. The answer is turned to ``str`` and
    checked: unique, not empty, short enough for the version column, without
    characters that mean something to Alembic or to a file system.

    :param app: The application.
    :param request: What was asked for.
    :return: The id, or ``None`` for no answer. The default is
        :meth:`flask_alembic.Alembic.rev_id`.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@gather
def include_name(
    app: Flask,
    name: str | None,
    type_: str,
    parent_names: MutableMapping[str, str | None],
) -> bool | None:
    """Say whether autogenerate looks at a name found in the database.

    Called for each reflected name while comparing; the connection only reads.

    :param app: The application.
    :param name: The name; ``None`` for the default schema.
    :param type_: What it names: ``schema``, ``table``, ``column``, ``index``,
        ``unique_constraint``, ``foreign_key_constraint``.
    :param parent_names: Names of the table and schema around it.
    :return: ``False`` to leave it out; one ``False`` is enough.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@gather
def include_object(
    app: Flask,
    object: SchemaItem,
    name: str | None,
    type_: str,
    reflected: bool,
    compare_to: SchemaItem | None,
) -> bool | None:
    """Say whether autogenerate compares an object.

    Called for each object while comparing; the connection only reads.

    :param app: The application.
    :param object: The table, column, index or constraint.
    :param name: Its name.
    :param type_: What it is, as in :func:`include_name`.
    :param reflected: Whether it comes from the database.
    :param compare_to: What it is compared with, if there is anything.
    :return: ``False`` to leave it out; one ``False`` is enough.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@ask
def compare_type(
    app: Flask,
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
    inspected_type: TypeEngine[Any],
    metadata_type: TypeEngine[Any],
) -> bool | None:
    """Say whether the type of a column differs.

    Called for each column while comparing; the connection only reads.

    :param app: The application.
    :param context: Alembic's migration context.
    :param inspected_column: The column in the database.
    :param metadata_column: The column in the models.
    :param inspected_type: Its type in the database.
    :param metadata_type: Its type in the models.
    :return: Whether they differ, or ``None`` for no answer; the default leaves
        it to Alembic.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@ask
def compare_server_default(
    app: Flask,
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
    inspected_default: str | None,
    metadata_default: Any,
    rendered_metadata_default: str | None,
) -> bool | None:
    """Say whether the server default of a column differs.

    Called for each column while comparing; the connection only reads.

    :param app: The application.
    :param context: Alembic's migration context.
    :param inspected_column: The column in the database.
    :param metadata_column: The column in the models.
    :param inspected_default: The default in the database, as SQL.
    :param metadata_default: The default in the models.
    :param rendered_metadata_default: The same, as SQL.
    :return: Whether they differ, or ``None`` for no answer; the default leaves
        it to Alembic.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@ask
def render_item(
    app: Flask, type_: str, object: Any, autogen_context: AutogenContext
) -> str | Literal[False] | None:
    """Give the Python text for an object in a generated file.

    Called while rendering; the connection only reads.

    :param app: The application.
    :param type_: What it is: ``type``, ``column``, ``server_default``, ...
    :param object: The object.
    :param autogen_context: Add to its ``imports`` what the text needs.
    :return: The text, ``False`` for Alembic's own way, or ``None`` for no
        answer; the default is ``False``.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@edit
def process_revision_directives(
    app: Flask,
    context: MigrationContext,
    revision: Any,
    directives: list[MigrationScript],
) -> None:
    """Change the operations of a revision before they are rendered.

    Called after comparing, once per database; the connection only reads. A
    callable in ``ALEMBIC_CONTEXT["process_revision_directives"]`` runs last.

    :param app: The application.
    :param context: Alembic's migration context.
    :param revision: The revisions that the database is at.
    :param directives: Change the list in place; empty it to make no file.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@gather
def lint_problems(app: Flask, target: LintTarget) -> Iterable[Problem]:
    """Find problems in a revision.

    Called by ``revision`` before the file is written, and by ``lint`` and
    ``check`` for existing files; no transaction.

    :param app: The application.
    :param target: The revision.
    :return: The problems. One of severity ``error`` keeps the file from being
        written, unless ``--force``; the others are shown.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@tell
def revision_generated(
    app: Flask, request: RevisionRequest, scripts: tuple[Script, ...]
) -> None:
    """Hear that revision files were written.

    Called after all files are in place and Alembic's post-write hooks have run.

    :param app: The application.
    :param request: What was asked for.
    :param scripts: The new revisions.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


# -- running ------------------------------------------------------------------


@guard
def before_upgrade(app: Flask, run: Run) -> None:
    """Decide whether an upgrade may begin.

    Called with the lock held and the plan known, before any transaction; also
    in ``sql``, ``plan`` and ``dry-run`` mode, which ``run.mode`` tells.

    :param app: The application.
    :param run: What is about to be done; ``run.plan`` lists the steps.

    ``Veto`` refuses the upgrade, and so does any other exception.

    .. versionadded:: 4.0
    """


@guard
def before_downgrade(app: Flask, run: Run) -> None:
    """Decide whether a downgrade may begin.

    Called with the lock held and the plan known, before any transaction; also
    in ``sql`` and ``plan`` mode, which ``run.mode`` tells.

    :param app: The application.
    :param run: What is about to be done; ``run.plan`` lists the steps.

    ``Veto`` refuses the downgrade, and so does any other exception.

    .. versionadded:: 4.0
    """


@guard
def before_stamp(app: Flask, run: Run) -> None:
    """Decide whether a stamp may begin.

    Called with the lock held and the plan known, before any transaction; also
    in ``sql`` and ``plan`` mode, which ``run.mode`` tells.

    :param app: The application.
    :param run: What is about to be done; ``run.is_baseline`` tells whether the
        database has no version yet.

    ``Veto`` refuses the stamp, and so does any other exception.

    .. versionadded:: 4.0
    """


@around
def run_migrations(app: Flask, run: Run) -> RunResult:
    """Be around the whole work of a run, on all databases.

    BEGIN and COMMIT are inside; the locks are held.

    :param app: The application.
    :param run: What is being done.
    :return: What was done: exactly what ``yield`` gave.

    An exception stops the run; one raised after the work leaves the database
    changed, and the message says so.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@around
def apply_revision(
    app: Flask, run: Run, step: Step, connection: Connection | None
) -> StepResult:
    """Be around one revision, inside its transaction.

    What a wrapper writes through ``connection`` commits with the revision or
    not at all. The version row is written after the outermost wrapper is done.

    :param app: The application.
    :param run: What is being done.
    :param step: The revision.
    :param connection: The connection of the run; ``None`` in ``sql`` mode.
    :return: What became of the step: exactly what ``yield`` gave.

    An exception fails the step and rolls its transaction back.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@silent_guard
def before_statement(app: Flask, run: Run, step: Step, statement: Statement) -> None:
    """Decide whether a statement of a revision may be sent.

    Called inside the migration's transaction, before each statement of
    ``upgrade()`` or ``downgrade()``. Statements are watched only where a plugin
    implements this hook; there is no signal.

    :param app: The application.
    :param run: What is being done.
    :param step: The revision.
    :param statement: The statement, without its parameters.

    ``Veto`` fails the step, and so does any other exception.

    .. versionadded:: 4.0
    """


@tell
def revision_applied(app: Flask, run: Run, step: Step, elapsed: float) -> None:
    """Hear that a revision is durable.

    Called right after the commit: once per revision where each has a
    transaction of its own, else for all of them after the one commit.

    :param app: The application.
    :param run: What is being done.
    :param step: The revision; ``step.direction`` tells which way.
    :param elapsed: How long the revision took, in seconds.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


@tell
def revision_failed(app: Flask, run: Run, step: Step, error: BaseException) -> None:
    """Hear that a revision failed.

    Called after the rollback; revisions that are durable were told before.

    :param app: The application.
    :param run: What was being done.
    :param step: The revision.
    :param error: What was raised.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


@tell
def after_upgrade(app: Flask, run: Run, result: RunResult) -> None:
    """Hear that an upgrade reached its target.

    Called when the lock is released and the connections are closed; also when
    nothing was to do, then ``result.applied`` is empty.

    :param app: The application.
    :param run: What was asked for.
    :param result: What was done.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


@tell
def after_downgrade(app: Flask, run: Run, result: RunResult) -> None:
    """Hear that a downgrade reached its target.

    Called when the lock is released and the connections are closed; also when
    nothing was to do, then ``result.applied`` is empty.

    :param app: The application.
    :param run: What was asked for.
    :param result: What was done.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


@tell
def after_stamp(app: Flask, run: Run, result: RunResult) -> None:
    """Hear that a stamp was written.

    Called when the lock is released and the connections are closed; also when
    nothing was to do, then ``result.applied`` is empty.

    :param app: The application.
    :param run: What was asked for.
    :param result: What was done.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """
