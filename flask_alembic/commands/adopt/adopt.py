"""``adopt``: put an existing database under migration control."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ...errors import Refused, UsageError
from ...runtime.connections import connected, current_heads
from ...runtime.databases import choose
from ...runtime.invocation import Invocation, invoked
from ...runtime.request import MigrationRequest
from ...runtime.runner import run
from ...runtime.version_rows import require_known_revisions
from ...schema.diff import Difference, lines
from ...schema.not_compared import compare_live, uncompared_data
from ...schema.scratch_database import scratch_database
from ...schema.snapshot import Schema, reflect
from ...script.targets import describe, resolve
from .options import AdoptOptions

if TYPE_CHECKING:
    from ...backends.schema_objects import UncomparedObjects
    from ...runtime.databases import Database
    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory

State = Literal["empty", "versioned", "adopted", "equal"]
"""``empty``: no tables; ``versioned``: it was under migration already; ``adopted``: its
tables are as the revisions build them and it was stamped; ``equal``: it would be."""

SHOWN = 30
"""How many differences a refusal lists."""


@dataclass(frozen=True, slots=True)
class AdoptResult:
    """What became of one database.

    .. versionadded:: 4.0
    """

    database: str
    """Its name."""

    state: State
    """What it was, or became."""

    revisions: tuple[str, ...] = ()
    """The revisions that it is at now."""

    tables: int = 0
    """How many tables it has."""

    ignored: int = 0
    """How many differences the ignore list left out."""

    not_compared: tuple[UncomparedObjects, ...] = ()
    """What it was not compared in, and holds or differs in."""


def adopt(environment: Environment, wish: AdoptOptions) -> tuple[AdoptResult, ...]:
    """Stamp databases whose tables are as the revisions build them.

    A database without a version table is compared, before anything is written, with
    what the revisions up to the baseline build on a scratch database. One that is empty
    or has versions is left as it is.

    :param environment: The app's environment; an app context must be active.
    :param wish: What was asked for.
    :raises Refused: With every difference; no database was stamped.
    """
    with invoked(
        environment,
        "adopt",
        databases=wish.databases,
        baseline=describe(wish.baseline),
        generate=wish.generate,
    ) as call:
        adopting = _Adopting(call, wish)
        found = adopting.look()
        if wish.generate:
            from .baseline import generate_baseline

            adopting.not_compared = generate_baseline(call, wish, adopting.waiting)
        elif adopting.waiting:
            adopting.compare_all()
        result = tuple(adopting.stamp(found))
        call.data = {
            "databases": [
                {
                    **{name: getattr(each, name) for name in AdoptResult.__slots__},
                    "not_compared": uncompared_data(each.not_compared),
                }
                for each in result
            ]
        }
        return result


class _Adopting:
    """One running adoption."""

    def __init__(self, call: Invocation, wish: AdoptOptions) -> None:
        self.call = call
        self.wish = wish
        self.environment = call.environment
        self.scripts: AppScriptDirectory = self.environment.scripts()
        self.waiting: dict[str, Schema] = {}
        self.ignored = 0
        self.not_compared: dict[str, tuple[UncomparedObjects, ...]] = {}

    def look(self) -> dict[str, AdoptResult]:
        """Find out which databases are empty, versioned or to be adopted."""
        found: dict[str, AdoptResult] = {}
        for database in choose(self.environment.databases(), self.wish.databases):
            found[database.name] = self._one(database)
        return found

    def _one(self, database: Database) -> AdoptResult:
        name = database.name
        with connected(self.environment, self.call.hooks, database) as connection:
            heads = current_heads(self.environment, database, connection)
            if heads:
                require_known_revisions(self.scripts, name, heads)
                return AdoptResult(name, "versioned", heads)
            schema = reflect(self.environment, self.scripts, database, connection)
        if schema.is_empty:
            return AdoptResult(name, "empty")
        self.waiting[name] = schema
        return AdoptResult(name, "equal", tables=len(schema.tables))

    def compare_all(self) -> None:
        """Compare every database that is to be adopted, before any is stamped."""
        if not self.scripts.known_ids():
            raise UsageError(
                "There are no revision files to compare the tables with.",
                "Make the first one from the database: flask db adopt --generate",
            )
        target = resolve(self.scripts, self.wish.baseline, "stamp")
        patterns = self.wish.patterns(self.environment)
        differing: dict[str, list[Difference]] = {}
        for name, live in self.waiting.items():
            built = self._built(self.environment.databases()[name], target)
            found = compare_live(built, live, "the revisions", "the database", patterns)
            self.ignored += found.ignored
            self.not_compared[name] = found.not_compared
            if found.differences:
                differing[name] = list(found.differences)
        if differing:
            self.call.diffs = {
                name: tuple(each.text for each in found)
                for name, found in differing.items()
            }
            raise _refused(differing, describe(self.wish.baseline))

    def _built(self, database: Database, target: Any) -> Schema:
        with scratch_database(
            self.environment, database, self.wish.scratch_url, self.wish.x_arguments
        ) as scratch:
            scratch.upgrade(self.scripts, target)
            return reflect(
                self.environment, self.scripts, scratch.database, scratch.connection
            )

    def stamp(self, found: dict[str, AdoptResult]) -> list[AdoptResult]:
        """Stamp the databases that are equal, with all that a stamp does."""
        result = [
            replace(each, not_compared=self.not_compared.get(each.database, ()))
            for each in found.values()
        ]
        if not self.waiting or not self.wish.stamp:
            return result
        request = MigrationRequest(
            "stamp",
            self.wish.baseline,
            databases=tuple(self.waiting),
            force=self.wish.force,
        )
        stamped = run(self.environment, request)
        self.call.result, self.call.run = stamped, stamped.run
        return [
            AdoptResult(
                each.database,
                "adopted",
                stamped.heads_after[each.database],
                each.tables,
                self.ignored,
                each.not_compared,
            )
            if each.database in self.waiting
            else each
            for each in result
        ]


def _refused(differing: dict[str, list[Difference]], baseline: str) -> Refused:
    texts = []
    for name, found in differing.items():
        more = f"\n  and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        texts.append(
            f"The database {name!r} is not as the revisions up to {baseline} build it "
            f"({len(found)} difference{'' if len(found) == 1 else 's'}); nothing was "
            f"stamped:\n{lines(found[:SHOWN])}{more}"
        )
    return Refused(
        "\n".join(texts),
        "Change the database or the revisions until they agree, name an earlier "
        "--baseline, or leave out with --ignore what does not belong to the app.",
    )
