"""Models against databases: what a new revision would hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..environment.databases import Database, choose
from ..errors import ConfigurationError
from ..hooks.payloads import Problem
from .connecting import connected, current_heads
from .database_errors import reading
from .invocation import Invocation, invoked
from .known_rows import require_known
from .mending.foreign import leave_foreign
from .mending.models import where_models_are

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection

    from ..environment.objects import Environment
    from .mending.differences import Difference


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What ``check`` found.

    .. versionadded:: 4.0
    """

    diffs: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Per database: Alembic's difference tuples; empty ones left out."""

    operations: Mapping[str, str] = field(default_factory=dict)
    """Per database: the Python text that a revision would hold."""

    problems: tuple[Problem, ...] = ()
    """What else was found."""

    differences: Mapping[str, tuple[Difference, ...]] = field(default_factory=dict)
    """Per database: what differs in words."""

    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per database: tables that are not in the models and that no revision created."""

    @property
    def ok(self) -> bool:
        """Whether models and databases agree and nothing else is an error."""
        return not self.diffs and not any(
            problem.severity == "error" for problem in self.problems
        )


def require_models(
    databases: Sequence[Database], environment: Environment | None = None
) -> None:
    """Refuse to compare when no model at all is known.

    A comparison would find that every table has to be dropped.

    :param databases: The databases to compare.
    :param environment: The app's environment, to say where there are models.
    :raises ConfigurationError: When their metadata holds no table.
    """
    if not any(metadata.tables for one in databases for metadata in one.metadata):
        told = where_models_are(environment) if environment is not None else ""
        raise ConfigurationError(
            "There are 0 tables in your metadata: are the models imported?",
            f"{told}Import them where the app is created; for a revision without "
            "comparison use --empty.",
        )


def refuse_losing_all(
    database: Database, connection: Connection, script: MigrationScript
) -> None:
    """Refuse a revision that would drop every table there is.

    That is what a comparison finds when the models are not imported, or only those
    of another part of the app.

    :param database: The database that was compared.
    :param connection: A connection to it.
    :param script: What was found; the operations of this database are its last.
    :raises ConfigurationError: With the tables.
    """
    from alembic.operations.ops import DropTableOp
    from sqlalchemy import inspect

    operations = script.upgrade_ops_list[-1].ops
    dropped = [op.table_name for op in operations if isinstance(op, DropTableOp)]
    if not dropped:
        return
    inspector = inspect(connection)
    kept = (
        inspector.has_table(table.name, schema=table.schema)
        for metadata in database.metadata
        for table in metadata.tables.values()
    )
    if not any(kept):
        raise ConfigurationError(
            f"The revision would drop every table of database {database.name!r} "
            f"({', '.join(sorted(dropped))}): none of them is in the models.",
            "Check that all models are imported where the app is created; if the "
            "tables shall go, use --force.",
        )


def _contexts(
    call: Invocation, names: Sequence[str]
) -> Iterator[tuple[Database, MigrationContext]]:
    """Yield a context for each database, connected while the caller uses it."""
    environment = call.environment
    databases = choose(environment.databases(), names)
    require_models(databases, environment)
    scripts = environment.scripts()
    for database in databases:
        with connected(environment, call.hooks, database) as connection:
            heads = current_heads(environment, database, connection)
            require_known(scripts, database.name, heads)
            context = environment.environment_context(database, scripts, connection)
            yield database, context.get_context()


def produce(
    environment: Environment, context: MigrationContext, database: Database
) -> MigrationScript:
    """Return the operations that bring one database to its models.

    Tables that no revision has created are not dropped.

    :param environment: The app's environment.
    :param context: A context that is connected to it.
    :param database: The database.
    """
    return compared(environment, context, database)[0]


def compared(
    environment: Environment, context: MigrationContext, database: Database
) -> tuple[MigrationScript, tuple[str, ...]]:
    """Return the operations, and the tables that are left alone.

    :param environment: The app's environment.
    :param context: A context that is connected to the database.
    :param database: The database.
    """
    from ..environment import proving

    wanted = environment.settings.of("prove_unchanged", database.name)
    with reading(database):
        script = proving.produce_migrations(context, database.metadata, wanted)
    return script, leave_foreign(script, context.script)


def produce_migrations(
    environment: Environment, databases: Sequence[str] = ()
) -> MigrationScript:
    """Return the operations that a new revision would hold.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none. With several, the script holds
        one list of operations for each.
    """
    from alembic.operations.ops import MigrationScript

    with invoked(environment, "compare", databases=tuple(databases)) as call:
        made = {
            database.name: produce(environment, context, database)
            for database, context in _contexts(call, databases)
        }
        if len(made) == 1:
            return next(iter(made.values()))
        upgrades: Any = [script.upgrade_ops for script in made.values()]
        downgrades: Any = [script.downgrade_ops for script in made.values()]
        for name, up, down in zip(made, upgrades, downgrades, strict=True):
            # By these a template, and whoever asked, knows whose operations they are.
            up.upgrade_token = f"{name}_upgrades"
            down.downgrade_token = f"{name}_downgrades"
        return MigrationScript(
            rev_id=None, upgrade_ops=upgrades, downgrade_ops=downgrades
        )


def compare_metadata(
    environment: Environment, databases: Sequence[str] = ()
) -> list[Any]:
    """Return the differences between models and databases as Alembic's tuples.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    """
    with invoked(environment, "compare", databases=tuple(databases)) as call:
        found: list[Any] = []
        for database, context in _contexts(call, databases):
            script = produce(environment, context, database)
            assert script.upgrade_ops is not None
            found += script.upgrade_ops.as_diffs()
        return found
