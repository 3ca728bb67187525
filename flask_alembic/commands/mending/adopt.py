"""``adopt``: bring a database under migration that was made by other means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ...environment.databases import choose
from ...errors import Refused, UsageError
from ..connecting import connected, current_heads
from ..invocation import Invocation, invoked
from ..known_rows import require_known
from ..requests import Request
from ..running import run
from ..targets import describe, resolve
from .building import building
from .differences import Difference, compare, lines, without
from .reflecting import Schema, reflect

if TYPE_CHECKING:
    from ...environment.databases import Database
    from ...environment.objects import Environment
    from ...environment.scripts import Scripts

State = Literal["empty", "versioned", "adopted", "equal"]
"""``empty``: no tables; ``versioned``: it was under migration already; ``adopted``: its
tables are as the revisions build them and it was stamped; ``equal``: it would be."""

SHOWN = 30
"""How many differences a refusal lists."""


@dataclass(frozen=True, slots=True)
class Adoption:
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


@dataclass(frozen=True, slots=True)
class Wish:
    """An adoption as it was asked for."""

    databases: tuple[str, ...] = ()
    """Which databases; all for none."""

    baseline: Any = "heads"
    """The revision whose tables the databases have."""

    generate: bool = False
    """Whether to make that revision from the first database."""

    message: str = "baseline"
    """What a generated revision is about."""

    rev_id: str | None = None
    """The id of a generated revision; asked from plugins when it is not given."""

    ignore: tuple[str, ...] = ()
    """Patterns of names to leave out of the comparison."""

    scratch_url: str | None = None
    """Where to make the scratch database."""

    x_arguments: tuple[str, ...] = ()
    """``key=value`` texts for ``get_x_argument()``."""

    force: bool = False
    """Whether to stamp where ``ALEMBIC["protected"]`` refuses, and to write a
    generated revision in spite of lint errors."""

    stamp: bool = True
    """Whether to stamp; else it is only compared."""

    def patterns(self, environment: Environment) -> tuple[str, ...]:
        """Return what is left out, by the settings too.

        :param environment: The app's environment.
        """
        return (*environment.settings.drift_ignore, *self.ignore)


def adopt(environment: Environment, wish: Wish) -> tuple[Adoption, ...]:
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
            from .generate import generate_baseline

            generate_baseline(call, wish, adopting.waiting)
        elif adopting.waiting:
            adopting.compare_all()
        result = tuple(adopting.stamp(found))
        call.data = {
            "databases": [
                {name: getattr(each, name) for name in Adoption.__slots__}
                for each in result
            ]
        }
        return result


class _Adopting:
    """One adoption at work."""

    def __init__(self, call: Invocation, wish: Wish) -> None:
        self.call = call
        self.wish = wish
        self.environment = call.environment
        self.scripts: Scripts = self.environment.scripts()
        self.waiting: dict[str, Schema] = {}
        self.ignored = 0

    def look(self) -> dict[str, Adoption]:
        """Find out which databases are empty, versioned or to be adopted."""
        found: dict[str, Adoption] = {}
        for database in choose(self.environment.databases(), self.wish.databases):
            found[database.name] = self._one(database)
        return found

    def _one(self, database: Database) -> Adoption:
        name = database.name
        with connected(self.environment, self.call.hooks, database) as connection:
            heads = current_heads(self.environment, database, connection)
            if heads:
                require_known(self.scripts, name, heads)
                return Adoption(name, "versioned", heads)
            schema = reflect(self.environment, self.scripts, database, connection)
        if schema.is_empty:
            return Adoption(name, "empty")
        self.waiting[name] = schema
        return Adoption(name, "equal", tables=len(schema.tables))

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
            found = compare(built, live, "the revisions", "the database")
            kept = without(found, patterns)
            self.ignored += len(found) - len(kept)
            if kept:
                differing[name] = kept
        if differing:
            self.call.diffs = {
                name: tuple(each.text for each in found)
                for name, found in differing.items()
            }
            raise _refused(differing, describe(self.wish.baseline))

    def _built(self, database: Database, target: Any) -> Schema:
        with building(
            self.environment, database, self.wish.scratch_url, self.wish.x_arguments
        ) as scratch:
            scratch.upgrade(self.scripts, target)
            return reflect(
                self.environment, self.scripts, scratch.database, scratch.connection
            )

    def stamp(self, found: dict[str, Adoption]) -> list[Adoption]:
        """Stamp the databases that are equal, with all that a stamp does."""
        result = list(found.values())
        if not self.waiting or not self.wish.stamp:
            return result
        request = Request(
            "stamp",
            self.wish.baseline,
            databases=tuple(self.waiting),
            force=self.wish.force,
        )
        stamped = run(self.environment, request)
        self.call.result, self.call.run = stamped, stamped.run
        return [
            Adoption(
                each.database,
                "adopted",
                stamped.heads_after[each.database],
                each.tables,
                self.ignored,
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
