"""Every hook: one function each, whose docstring is its whole documentation.

The decorator names the kind (see :mod:`flask_alembic.hooks.markers`); the kind
decides how it is called, what an exception does and whether a signal of the same
name exists. ``app`` comes first everywhere; an implementation takes any subset
of the arguments, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .markers import (
    collect,
    event,
    firstresult,
    guard,
    modify,
    silent_event,
    silent_guard,
    wrapper,
)

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
    from sqlalchemy.schema import FetchedValue, SchemaItem
    from sqlalchemy.types import TypeEngine

    from .interfaces import ReportWriter
    from .payloads import (
        Command,
        DatabaseState,
        Finding,
        GraphFormat,
        LintTarget,
        OutputFormat,
        Problem,
        ProgressEvent,
        ReadinessProblem,
        RenameCandidate,
        Report,
        RevisionProof,
        RevisionRequest,
        RevisionTemplate,
        Run,
        RunResult,
        SqlStatement,
        Step,
        StepResult,
        VersionLocation,
    )

# -- setting up ---------------------------------------------------------------


@modify
def configure(app: Flask, config: Config) -> None:
    """Change the Alembic configuration before anybody reads it.

    Called once per app, when the configuration is first built; no transaction.

    :param app: The application.
    :param config: Alembic's own object, filled from ``app.config["ALEMBIC"]``.

    An exception stops the command that needed the configuration.

    .. versionadded:: 4.0
    """


@modify
def register_commands(app: Flask, cli: click.Group) -> None:
    """Add commands to the ``db`` group, or options to its commands.

    Called when the group is first listed or resolved; no transaction.

    :param app: The application.
    :param cli: The group, an :class:`~flask_alembic.cli.AlembicGroup`: add to it with
        ``@cli.command()``, or with ``cli.add_lazy()``, which imports nothing until the
        command is used.

    A command that is added sends ``before_command`` and ``after_command`` around its
    callback, as ours do, with its parameters as options but for those with hidden
    input.

    An exception becomes one broken command named after the plugin, whose use
    shows the error; ``flask db --help`` and the other commands go on working.

    .. versionadded:: 4.0
    """


@collect
def output_formats(app: Flask) -> Iterable[OutputFormat]:
    """Offer further values for ``--format``.

    Called when ``--format`` is resolved; no transaction.

    :param app: The application.
    :return: The formats; two plugins that give one name are an error.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def graph_formats(app: Flask) -> Iterable[GraphFormat]:
    """Offer further ways to draw the history, for ``flask db graph --format``.

    Called when the format of ``flask db graph`` is resolved; no transaction.

    :param app: The application.
    :return: The formats; a name that another format has is an error, and an
        exception in ``render`` stops the command too.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def revision_templates(app: Flask) -> Iterable[RevisionTemplate]:
    """Offer further templates of revision files, for ``flask db init -t``.

    Called when a template is chosen or the templates are listed; no transaction.

    :param app: The application.
    :return: The templates; a name that another template has is an error.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def backends(app: Flask) -> Mapping[str, type[object] | str]:
    """Bring a database: its lock, its transactions, its test databases.

    Called once per app, before any database is connected; no transaction.

    :param app: The application.
    :return: By the name of the SQLAlchemy dialect: a subclass of
        :class:`~flask_alembic.backends.Backend`, or where it is, as in
        ``"package.module:Class"``, which is imported when a database has that
        dialect. It replaces a built-in backend; two plugins that give one for the
        same dialect are an error.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def report_views(
    app: Flask,
) -> Mapping[str, Callable[[Report, ReportWriter], None]]:
    """Write the reports of commands for people: the format ``table``.

    Called when a command, or a function of :mod:`flask_alembic.cli.base`, has ended and
    its report has no error; no transaction.

    :param app: The application.
    :return: By the name of a command after ``flask db``, a function that gets the
        :class:`Report` and a :class:`~flask_alembic.cli.Writer`. It takes the place of
        the built-in view of that command. Two plugins that give a view of one
        command are refused. No built-in view is used for a command that a plugin has
        put in place of ours.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def revision_arguments(app: Flask) -> Mapping[str, object]:
    """Give ``upgrade()`` and ``downgrade()`` of every revision further arguments.

    Called when revisions are about to run, or their SQL is shown: once for a run, before
    anything is connected, and once for each scratch database of a proof; no transaction.

    :param app: The application.
    :return: The values by the name of the argument. Two plugins that give the same
        argument are refused.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def version_locations(app: Flask) -> Iterable[VersionLocation]:
    """Add folders of revisions, so that a package ships its own tables.

    Called once per app; no transaction.

    :param app: The application.
    :return: The folders, each with the branch that lives there.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def context_options(app: Flask, database: str) -> Mapping[str, object]:
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


@wrapper
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


@firstresult
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


@firstresult
def run_journal(app: Flask, database: str, connection: Connection) -> object | None:
    """Give the journal that records which statements of a revision are applied.

    Called for a database whose DDL is not part of a transaction, before its first
    revision is run, to look for a revision that an earlier run left partially
    applied, and by ``status`` and ``doctor``; no transaction. The default is the
    journal of the database, beside its version table, unless
    ``ALEMBIC["journal"]`` is false. An implementation that answers replaces the
    default.

    :param app: The application.
    :param database: The name of the database.
    :param connection: The connection of the run, or of the command that reads.
    :return: The :class:`~flask_alembic.backends.Journal`, which is closed by whoever
        asked, or ``None`` for no answer.

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


@event
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


@firstresult
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


@firstresult
def is_rename(
    app: Flask, request: RevisionRequest, candidate: RenameCandidate
) -> bool | None:
    """Say whether something was renamed, rather than dropped and added.

    Called once per candidate after models and databases are compared, when their
    connections are closed; no transaction. What ``--rename`` or ``renames`` names is
    not asked about. After a ``True`` the comparison is repeated with the rename, and
    :func:`process_revision_directives` is called for it again.

    :param app: The application.
    :param request: What was asked for.
    :param candidate: What was dropped and what was added.
    :return: ``True`` for a rename, ``False`` for a drop and an add without a warning,
        or ``None`` for no answer: it is written as detected, with a warning. The
        default asks at a terminal.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@collect
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


@collect
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


@firstresult
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


@firstresult
def compare_server_default(
    app: Flask,
    context: MigrationContext,
    inspected_column: Column[Any],
    metadata_column: Column[Any],
    inspected_default: str | None,
    metadata_default: FetchedValue | None,
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


@firstresult
def render_item(
    app: Flask, type_: str, object: object, autogen_context: AutogenContext
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


@modify
def process_revision_directives(
    app: Flask,
    context: MigrationContext,
    revision: str | Iterable[str | None],
    directives: list[MigrationScript],
) -> None:
    """Change the operations of a revision before they are rendered.

    Called after comparing, once per database; the connection only reads. A
    callable in ``ALEMBIC_CONTEXT["process_revision_directives"]`` runs last. Other
    commands that compare call it too, so what is taken out is no difference for
    ``check``, ``drift`` or ``status --models`` either; no file is written then, and
    ``rev_id`` of the script is ``None``. The proof of a new revision calls it with what
    is left to compare afterwards, mostly nothing; that script is not written either.

    :param app: The application.
    :param context: Alembic's migration context.
    :param revision: The revisions that the database is at.
    :param directives: Change the list in place; empty it to make no file.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@modify
def rewrite_revision(
    app: Flask,
    request: RevisionRequest,
    directives: list[MigrationScript],
    contexts: Mapping[str, MigrationContext],
) -> None:
    """Change how a revision that will be written does what it does.

    Called by ``revision`` only, once, when all databases are compared and
    :func:`process_revision_directives` has been called for each; no transaction. What the
    revision has to do is complete, built-in plugins included, so this is the place to
    write it in another form, or as several revisions: :mod:`flask_alembic.new_revisions`
    has what is needed. Then the files are checked and proved like any others.

    :param app: The application.
    :param request: What was asked for.
    :param directives: Change them in place, or append revisions.
    :param contexts: By database: the context of the comparison, whose dialect knows the
        version of the server.

    An exception stops the command.

    .. versionadded:: 4.0
    """


@collect
def lint_problems(app: Flask, target: LintTarget) -> Iterable[Problem]:
    """Find problems in a revision.

    Called by ``revision`` before the file is written, and by ``lint`` and
    ``check`` for existing files; no transaction. A plugin that executes the revision
    does it in a :class:`~flask_alembic.sandbox.Sandbox`, where it can change nothing.

    :param app: The application.
    :param target: The revision.
    :return: The problems. One of severity ``error`` keeps the file from being
        written, unless ``--force``; the others are shown.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@event
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


@event
def files_changed(
    app: Flask,
    command: str,
    created: tuple[Path, ...],
    changed: tuple[Path, ...],
    removed: tuple[Path, ...],
) -> None:
    """Hear that files of the project's migrations were written or removed.

    Called by ``squash``, which removes files, ``edit``, if the file differs afterwards,
    and ``mkdir``, also as ``init``. For what generates revisions there is
    ``revision_generated``. The guard is ``before_command``. No transaction is open.

    :param app: The application.
    :param command: The name of the command.
    :param created: New files and folders.
    :param changed: Files that have another content now.
    :param removed: Files that are gone from the history, removed or moved elsewhere.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


# -- inspecting ---------------------------------------------------------------


@collect
def database_status(
    app: Flask, database: str, connection: Connection, models: bool
) -> Mapping[str, object]:
    """Add fields to what ``flask db status`` shows of a database.

    Called for each database that can be reached; the connection only reads, and its
    transaction is rolled back afterwards. Ours give ``server``, ``lock`` and
    ``differences``.

    :param app: The application.
    :param database: The name of the database.
    :param connection: A connection to it.
    :param models: Whether ``--models`` was given, so that slow answers are wanted too.
    :return: Values by name: each becomes a column of the table, and an entry of
        ``fields`` in JSON. Two plugins that give one name are an error.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def readiness_checks(
    app: Flask, database: str, connection: Connection, state: DatabaseState
) -> ReadinessProblem | None:
    """Say why the code cannot work with a database yet.

    Called by ``wait``, ``readiness()`` and the health endpoint, for each database that
    can be reached, each second or so; the connection only reads, and its transaction
    is rolled back afterwards. Ours reports each state but ``at head``.

    :param app: The application.
    :param database: The name of the database.
    :param connection: A connection to it.
    :param state: Where it is compared with the revisions of the code.
    :return: The problem, or ``None`` where the database is ready.

    An exception stops the command. The health endpoint answers 503.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def project_problems(
    app: Flask,
    database: str | None,
    connection: Connection | None,
    unmanaged_tables: tuple[str, ...],
    unmanaged_indexes: tuple[str, ...],
) -> Iterable[Problem]:
    """Find what else is wrong with a project, beside differences from the models.

    Called by ``check``: once for the project, and once for each database after its
    comparison; the connection only reads, and its transaction is rolled back
    afterwards.

    :param app: The application.
    :param database: The name of the database; ``None`` for the project.
    :param connection: A connection to it; ``None`` for the project.
    :param unmanaged_tables: The tables of the database that are in no model and that no
        revision has created.
    :param unmanaged_indexes: The same of indexes that Alembic does not see, as
        ``name on table``.
    :return: The problems. One of severity ``error`` makes the check fail; the others
        are shown.

    An exception stops the command.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@collect
def diagnose(
    app: Flask, database: str | None, connection: Connection | None, busy: bool
) -> Iterable[Finding]:
    """Find what is wrong with the revision files or with a database.

    Called by ``doctor``: once for the files, and once for each database that can be
    reached, where the history can be read; the connection only reads, and its
    transaction is rolled back afterwards. With ``--fix`` it is called again under the
    lock where a finding has a ``fix``, and then the fixes run in one transaction.

    :param app: The application.
    :param database: The name of the database; ``None`` for the files.
    :param connection: A connection to it; ``None`` for the files.
    :param busy: Whether a run is changing the database right now.
    :return: The findings, each with the command that fixes it.

    An exception stops the command. One in a ``fix`` rolls back all fixes of the
    database, as far as it can roll back DDL.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@guard
def before_fix(app: Flask, database: str, findings: tuple[Finding, ...]) -> None:
    """Decide whether ``doctor --fix`` may change a database.

    Called with the lock held, before any transaction, where a finding can be fixed.

    :param app: The application.
    :param database: The name of the database.
    :param findings: The findings that are about to be fixed.

    ``Veto`` refuses the command, and so does any other exception; databases that were
    fixed before stay so.

    .. versionadded:: 4.0
    """


@event
def after_fix(app: Flask, database: str, findings: tuple[Finding, ...]) -> None:
    """Hear that ``doctor --fix`` has changed a database.

    Called after the commit, while the lock is held.

    :param app: The application.
    :param database: The name of the database.
    :param findings: What was fixed; ``finding.done`` says how.

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


@wrapper
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


@wrapper
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


@wrapper
def prove_revision(app: Flask, step: Step, connection: Connection) -> RevisionProof:
    """Be around the proof of one revision: up, down and up on a scratch database.

    Called once per revision and database by ``flask db prove``, and by ``flask db
    revision`` before its file is written. Before ``yield`` the parents of the revision
    are applied, after it the revision itself, if the proof holds. A wrapper may put
    rows in, which the revision then meets.

    :param app: The application.
    :param step: The revision.
    :param connection: A connection to the scratch database, never to the live one; no
        transaction is open. What is executed before ``yield`` is committed.
    :return: What became of it: what ``yield`` gave, or a changed copy of it.

    An exception stops the command; no file is written.

    .. versionadded:: 4.0
    """
    raise NotImplementedError


@silent_guard
def before_statement(app: Flask, run: Run, step: Step, statement: SqlStatement) -> None:
    """Decide whether a statement of a revision may be sent.

    Called inside the migration's transaction, before each statement of
    ``upgrade()`` or ``downgrade()``; in ``sql`` mode before each is written. Statements
    are watched only where a plugin implements this hook; there is no signal.

    :param app: The application.
    :param run: What is being done.
    :param step: The revision.
    :param statement: The statement, without its parameters; in ``sql`` mode they are
        part of its text.

    ``Veto`` fails the step, and so does any other exception.

    .. versionadded:: 4.0
    """


@silent_event
def progress(app: Flask, event: ProgressEvent) -> None:
    """Follow a command while it is running, event by event.

    Called wherever something happens, in order and maybe inside the migration's
    transaction: keep it short, and leave the database alone. ``blocked`` comes from
    another thread. There is no signal. ``statement`` and ``progress`` are sent only
    where a plugin implements this hook or the terminal shows them.

    :param app: The application.
    :param event: What has happened; ``event.kind`` names it.

    An exception is logged and kept in the report; it changes nothing. Of each plugin
    only the first one of a command is.

    .. versionadded:: 4.0
    """


@event
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


@event
def revision_failed(app: Flask, run: Run, step: Step, error: BaseException) -> None:
    """Hear that a revision failed.

    Called after the rollback; events of durable revisions were sent before. A COMMIT that
    fails is the failure of its revision, where the transaction holds only one; a COMMIT
    of which it is not known whether it took effect is none.

    :param app: The application.
    :param run: What was being done.
    :param step: The revision.
    :param error: What was raised.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


@event
def run_failed(app: Flask, run: Run, result: RunResult, error: BaseException) -> None:
    """Hear that a run failed, wherever that was.

    Called exactly once for each upgrade, downgrade or stamp in ``online`` or ``dry-run``
    mode that ends with an error, right before ``after_command``: when it was refused, did not
    reach the database or get the lock, when a revision or a COMMIT failed, when it was
    interrupted, also after the COMMIT. The locks are released and the connections are
    closed. ``after_upgrade`` and its like are not called then, unless the interrupt came
    while they were.

    :param app: The application.
    :param run: What was being done. Where nothing was planned, ``run.plan`` is empty.
    :param result: What is applied, rolled back, not started and not known, as the
        database says; ``result.failure`` is set, ``result.changed`` tells whether
        anything was changed.
    :param error: What the command raises.

    An exception is logged and kept in the report; it changes nothing.

    .. versionadded:: 4.0
    """


@event
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


@event
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


@event
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
