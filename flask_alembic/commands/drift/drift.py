"""``drift``: models, revisions and database, each compared with the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...runtime.connections import connected, current_heads
from ...runtime.databases import choose
from ...runtime.invocation import Invocation, invoked
from ...runtime.version_rows import require_known_revisions
from ...schema.alembic_diff import in_words
from ...schema.compare import compared, require_models
from ...schema.diff import Difference, without
from ...schema.not_compared import compare_live, uncompared_data
from ...schema.scratch_database import scratch_database
from ...schema.snapshot import Schema, reflect
from ...script.view import real_heads

if TYPE_CHECKING:
    from ...backends.schema_objects import UncomparedObjects
    from ...runtime.databases import Database
    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory

MODELS, REVISIONS, DATABASE = "the models", "the revisions", "the database"


@dataclass(frozen=True, slots=True)
class DatabaseDrift:
    """In what models, revisions and one database differ.

    .. versionadded:: 4.0
    """

    database: str
    """Its name."""

    current: tuple[str, ...]
    """The revisions it is at; it is compared with what these build."""

    pending: bool
    """Whether it is behind, so that comparing it with the models says nothing."""

    models_revisions: tuple[Difference, ...] = ()
    """In what the models differ from what all revisions build."""

    revisions_database: tuple[Difference, ...] = ()
    """In what the database differs from what its revisions build."""

    models_database: tuple[Difference, ...] = ()
    """In what the models differ from the database; empty while it is behind."""

    not_compared: tuple[UncomparedObjects, ...] = ()
    """What revisions and database were not compared in, and hold or differ in."""

    @property
    def ok(self) -> bool:
        """Whether there is no difference."""
        return not (
            self.models_revisions or self.revisions_database or self.models_database
        )

    @property
    def pairs(self) -> Mapping[str, tuple[Difference, ...]]:
        """The differences by what was compared."""
        return {
            "models and revisions": self.models_revisions,
            "revisions and database": self.revisions_database,
            "models and database": self.models_database,
        }


@dataclass(frozen=True, slots=True)
class Drift:
    """What ``drift`` found.

    .. versionadded:: 4.0
    """

    databases: tuple[DatabaseDrift, ...]
    """One for each database."""

    ignored: int = 0
    """How many differences the ignore list left out."""

    patterns: tuple[str, ...] = field(default=())
    """The ignore list."""

    @property
    def ok(self) -> bool:
        """Whether there is no difference that counts."""
        return all(one.ok for one in self.databases)


def drift(
    environment: Environment,
    databases: Sequence[str] = (),
    *,
    ignore: Sequence[str] = (),
    scratch_url: str | None = None,
    x_arguments: Sequence[str] = (),
) -> Drift:
    """Compare models, revisions and databases, three ways.

    What the revisions build is found out by running them on a scratch database. The
    live database is only read, in a transaction that is rolled back.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    :param ignore: Patterns of names to leave out, beside
        ``ALEMBIC["drift_ignore"]``.
    :param scratch_url: Where to make the scratch database.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    """
    options = {"databases": tuple(databases), "ignore": tuple(ignore)}
    with invoked(environment, "drift", **options) as call:
        chosen = choose(environment.databases(), databases)
        require_models(chosen, environment)
        scripts = environment.scripts()
        patterns = (*environment.settings.drift_ignore, *ignore)
        build = _Build(call, scripts, patterns, scratch_url, tuple(x_arguments))
        result = Drift(
            tuple(build.compare(database) for database in chosen),
            build.ignored,
            patterns,
        )
        call.ok = result.ok
        call.diffs = {
            one.database: tuple(
                each.text for pair in one.pairs.values() for each in pair
            )
            for one in result.databases
            if not one.ok
        }
        call.data = {
            "databases": [
                {
                    "database": one.database,
                    "current": list(one.current),
                    "pending": one.pending,
                    "differences": one.pairs,
                    "not_compared": uncompared_data(one.not_compared),
                }
                for one in result.databases
            ],
            "ignored": result.ignored,
        }
        return result


@dataclass
class _Build:
    """How the databases of one call are compared."""

    call: Invocation
    scripts: AppScriptDirectory
    patterns: tuple[str, ...]
    scratch_url: str | None
    x_arguments: tuple[str, ...]
    ignored: int = 0

    def compare(self, database: Database) -> DatabaseDrift:
        """Compare one database, what its revisions build, and the models."""
        environment, scripts = self.call.environment, self.scripts
        heads, live, found_live = self._live(database)
        pending = set(heads) != real_heads(scripts)
        with scratch_database(
            environment, database, self.scratch_url, self.x_arguments
        ) as scratch:
            scratch.upgrade(scripts, heads)
            built = reflect(environment, scripts, scratch.database, scratch.connection)
            scratch.upgrade(scripts, "heads")
            found_built = self._with_models(
                scratch.database, scratch.connection, REVISIONS
            )
        found = compare_live(built, live, REVISIONS, DATABASE, self.patterns)
        self.ignored += found.ignored
        return DatabaseDrift(
            database.name,
            heads,
            pending,
            self._counting(found_built),
            found.differences,
            () if pending else self._counting(found_live),
            found.not_compared,
        )

    def _live(
        self, database: Database
    ) -> tuple[tuple[str, ...], Schema, list[Difference]]:
        """Read the live database: its heads, what it holds, what models lack."""
        environment = self.call.environment
        with connected(environment, self.call.hooks, database) as connection:
            heads = current_heads(environment, database, connection)
            require_known_revisions(self.scripts, database.name, heads)
            live = reflect(environment, self.scripts, database, connection)
            found = self._with_models(database, connection, DATABASE)
            return heads, live, found

    def _with_models(
        self, database: Database, connection: Any, name: str
    ) -> list[Difference]:
        """Compare the models with a database, as autogenerate does."""
        configured = self.call.environment.environment_context(
            database, self.scripts, connection
        )
        result = compared(self.call.environment, configured.get_context(), database)
        assert result.script.upgrade_ops is not None
        found = in_words(result.script.upgrade_ops.as_diffs(), MODELS, name)
        connection.rollback()
        found += [
            Difference("table", each, f"table {each} is missing from {MODELS}")
            for each in result.unmanaged.tables
        ]
        found += [
            Difference("index", each, f"index {each} is missing from {MODELS}")
            for each in result.unmanaged.indexes
        ]
        # Autogenerate goes through tables in no order.
        return sorted(found, key=lambda each: (each.name, each.kind, each.text))

    def _counting(self, found: list[Difference]) -> tuple[Difference, ...]:
        kept = without(found, self.patterns)
        self.ignored += len(found) - len(kept)
        return tuple(kept)
