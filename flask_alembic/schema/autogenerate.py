"""What a new revision holds: found by comparing models and databases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..hooks import specs
from ..hooks.payloads import RevisionRequest
from ..runtime.alembic_callbacks import COMPLETE
from ..runtime.connections import connected, current_heads, reading
from ..runtime.databases import Database, choose
from ..runtime.invocation import Invocation
from ..runtime.version_rows import require_known_revisions
from ..script.view import real_heads
from .compare import (
    referring_within,
    refuse_losing_all,
    require_models,
    scratch_source,
)
from .renames import ConfirmedRenames

if TYPE_CHECKING:
    from alembic.autogenerate.api import RevisionContext
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext

    from ..runtime.environment import Environment
    from ..script.loader import AppScriptDirectory
    from .renames import RenameDecisions


def revision_context(
    environment: Environment,
    scripts: AppScriptDirectory,
    request: RevisionRequest,
    id_: str,
    keep: Callable[[MigrationScript], None] = lambda script: None,
    rename: Callable[[MigrationContext, MigrationScript], None] = lambda *_: None,
) -> RevisionContext:
    """Return Alembic's object that collects and writes a new revision.

    :param environment: The app's environment.
    :param scripts: The history.
    :param request: What is asked for.
    :param id_: The id of the new revision.
    :param keep: Sees what the comparison found before plugins do.
    :param rename: Sees it next, with the context of the database.
    """
    from alembic.autogenerate import RevisionContext

    hooks = environment.hooks
    databases = ", ".join(environment.databases())
    config = environment.config
    if config.get_main_option("databases") is None:
        config.set_main_option("databases", databases)

    def process(context: Any, revision: Any, directives: list[Any]) -> None:
        complete = context.opts.get(COMPLETE)
        if complete is not None:
            complete(directives[-1])
        keep(directives[-1])
        rename(context, directives[-1])
        hooks.modify(
            specs.process_revision_directives,
            context=context,
            revision=revision,
            directives=directives,
        )

    return RevisionContext(
        config,
        scripts,
        {
            "message": request.message,
            "autogenerate": request.autogenerate,
            "sql": False,
            "head": list(request.parents) or "base",
            "splice": True,
            "branch_label": list(request.branch_labels) or None,
            "version_path": str(request.path),
            "rev_id": id_,
            "depends_on": list(request.depends_on) or None,
        },
        process_revision_directives=process,
    )


def compare(
    call: Invocation,
    scripts: AppScriptDirectory,
    context: RevisionContext,
    force: bool,
    decisions: RenameDecisions | None = None,
) -> bool:
    """Compare models and databases; return whether there is anything to write.

    Each database is read in a transaction of its own, which is rolled back.

    :param call: The running command.
    :param scripts: The history.
    :param context: Collects what is found.
    :param force: Whether a revision may drop every table.
    :param decisions: What was renamed.
    :raises ConfigurationError: When there are no models, or none that are known to
        the database.
    :raises UsageError: When a database is not at head.
    """
    environment = call.environment
    databases = choose(environment.databases(), ())
    require_models(databases, environment)
    with ExitStack() as stack:
        for database in databases:
            connection = stack.enter_context(
                connected(environment, call.hooks, database)
            )
            heads = current_heads(environment, database, connection)
            require_known_revisions(scripts, database.name, heads)
            if set(heads) != real_heads(scripts):
                raise UsageError(
                    f"The database {database.name!r} is not at head, so it cannot be "
                    "compared with the models.",
                    "Run flask db upgrade first.",
                )
            with reading(database), referring_within(environment, database):
                compare_one(
                    environment,
                    scripts,
                    context,
                    database,
                    connection,
                    len(databases) > 1,
                    decisions,
                )
                if not force:
                    for script in context.generated_revisions:
                        refuse_losing_all(database, connection, script)
    return any(_has_changes(script) for script in context.generated_revisions)


def compare_one(
    environment: Environment,
    scripts: AppScriptDirectory,
    context: RevisionContext,
    database: Database,
    connection: Any,
    several: bool,
    decisions: RenameDecisions | None = None,
) -> None:
    """Compare one database with its models; the caller ends its transaction.

    :param environment: The app's environment.
    :param scripts: The history.
    :param context: Collects what is found.
    :param database: The database, which is at the heads of the history.
    :param connection: A connection to it.
    :param several: Whether the revision has operations for each of several databases.
    :param decisions: What was decided about renames.
    """
    tokens = (
        {
            "upgrade_token": f"{database.name}_upgrades",
            "downgrade_token": f"{database.name}_downgrades",
        }
        if several
        else {}
    )

    from .renamed_inspector import with_new_names
    from .unchanged_tables import run_autogenerate

    def look(revision: Any, migration_context: Any) -> list[Any]:
        source = scratch_source(environment, database)
        renames = decisions.confirmed(database.name) if decisions else None
        with with_new_names(migration_context, renames or ConfirmedRenames()):
            run_autogenerate(context, revision, migration_context, source)
        return []

    configured = environment.environment_context(
        database,
        scripts,
        connection,
        configure=tokens,
        fn=look,
        template_args=context.template_args,
        revision_context=context,
    )
    migration_context = configured.get_context()
    # What Alembic's own loop would call, without touching the version table.
    look(migration_context.get_current_heads(), migration_context)


def _has_changes(script: MigrationScript) -> bool:
    return any(not ops.is_empty() for ops in script.upgrade_ops_list)
