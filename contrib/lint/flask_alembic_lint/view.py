"""What a rule sees: the facts of one revision on one server, and what they mean there."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from .facts.base import Direction, Fact
from .facts.model import CreateTable, DropTable, RenameTable, Transaction, WriteData

if TYPE_CHECKING:
    from flask_alembic.hooks import LintTarget

    from .capture import Failure, Refusal
    from .revision import RevisionSource
    from .servers import Server

F = TypeVar("F", bound=Fact)


def table_key(table: str) -> str:
    """Return a table's name for comparison: ``public.Users`` is ``users``.

    :param table: The name, with its schema or not.
    """
    return table.lower().removeprefix("public.").removeprefix("main.")


class View:
    """One revision on one server.

    :param source: The revision's text.
    :param server: The server.
    :param upgrade: What ``upgrade()`` does.
    :param downgrade: What ``downgrade()`` does.
    :param fresh: Tables that were created earlier in the same run.
    :param small: Tables that the settings call too small to matter.
    :param always_autocommit: Whether no revision runs in a transaction at all.
    :param namespace: The globals of the revision after it ran.
    :param failures: What kept it from running to its end.
    :param missing: Lines and names of modules that could not be imported.
    :param unwatched: The same, of those that this system cannot watch.
    :param refusals: What it tried to reach by itself.
    :param target: What the core asked about, without its loaded revision.
    :param app_package: The top-level package of the app.
    :param id_length: How many characters the version column takes.
    """

    def __init__(
        self,
        source: RevisionSource,
        server: Server,
        upgrade: Sequence[Fact] = (),
        downgrade: Sequence[Fact] = (),
        *,
        fresh: Container[str] = (),
        small: Container[str] = (),
        always_autocommit: bool = False,
        namespace: Mapping[str, Any] | None = None,
        failures: Sequence[Failure] = (),
        missing: Sequence[tuple[int | None, str]] = (),
        unwatched: Sequence[tuple[int | None, str]] = (),
        refusals: Sequence[Refusal] = (),
        target: LintTarget | None = None,
        app_package: str = "",
        id_length: int = 32,
    ) -> None:
        self.source = source
        self.server = server
        self.facts: dict[Direction, Sequence[Fact]] = {
            "upgrade": upgrade,
            "downgrade": downgrade,
        }
        self.namespace = namespace or {}
        self.failures = failures
        self.missing = missing
        self.unwatched = unwatched
        self.refusals = refusals
        self.target = target
        self.app_package = app_package
        self.id_length = id_length
        self._small = small
        self._always_autocommit = always_autocommit
        self._fresh: dict[int, bool] = {}
        self._new: dict[int, bool] = {}
        self._segments: dict[int, int | None] = {}
        self.created = self._follow_tables(upgrade, fresh)
        self._follow_tables(downgrade, ())
        self._follow_transactions(upgrade)
        self._follow_transactions(downgrade)

    def _follow_tables(
        self, facts: Sequence[Fact], fresh: Container[str]
    ) -> frozenset[str]:
        """Note for each fact whether its table was created before it."""
        made: set[str] = set()
        gone: set[str] = set()

        def is_fresh(table: str) -> bool:
            key = table_key(table)
            return key in made or (key in fresh and key not in gone)

        for fact in facts:
            key = table_key(fact.table)
            new = is_fresh(fact.table)
            self._new[id(fact)] = new
            self._fresh[id(fact)] = new or key in self._small
            if isinstance(fact, CreateTable):
                made.add(key)
            elif isinstance(fact, DropTable):
                made.discard(key)
                gone.add(key)
            elif isinstance(fact, RenameTable):
                if is_fresh(fact.table):
                    made.add(table_key(fact.to))
                made.discard(key)
                gone.add(key)
        return frozenset(made)

    def _follow_transactions(self, facts: Sequence[Fact]) -> None:
        """Note for each fact the transaction it is in: a number, or ``None``."""
        number, open_, before = 0, not self._always_autocommit, False
        for fact in facts:
            if before and not fact.where.autocommit:
                number += 1
            before = fact.where.autocommit
            if isinstance(fact, Transaction):
                number += 1
                open_ = fact.begins
            inside = open_ and not fact.where.autocommit
            self._segments[id(fact)] = number if inside else None

    def each(self, kind: type[F], direction: Direction = "upgrade") -> Iterator[F]:
        """Give the facts of a kind, in order.

        :param kind: A class of :mod:`~flask_alembic_lint.facts.model`.
        :param direction: ``upgrade`` or ``downgrade``.
        """
        for fact in self.facts[direction]:
            if isinstance(fact, kind):
                yield fact

    def existing(self, kind: type[F]) -> Iterator[F]:
        """Give the facts of a kind about tables that may hold rows and be in use.

        Tables which this revision or this run created, and those that the settings
        call small, are left out.

        :param kind: A class of :mod:`~flask_alembic_lint.facts.model`.
        """
        for fact in self.each(kind):
            if not self.is_fresh(fact):
                yield fact

    def is_fresh(self, fact: Fact) -> bool:
        """Return whether the table of a fact was new at that point, or is small."""
        return self._fresh.get(id(fact), False)

    def is_new(self, fact: Fact) -> bool:
        """Return whether the table of a fact was new at that point."""
        return self._new.get(id(fact), False)

    def is_emptied(self, fact: Fact) -> bool:
        """Return whether the revision deleted every row of the table before."""
        return any(
            table_key(each.table) == table_key(fact.table)
            and not each.partition
            and (
                each.verb == "truncate"
                or (each.verb == "delete" and not each.has_where)
            )
            for each in self.before(fact, WriteData)
        )

    def transaction(self, fact: Fact) -> int | None:
        """Return the transaction that a fact is in, ``None`` for none.

        Two facts with the same number commit together.
        """
        return self._segments.get(id(fact))

    def in_transaction(self, fact: Fact) -> bool:
        """Return whether a fact is inside a transaction."""
        return self.transaction(fact) is not None

    def before(self, fact: Fact, kind: type[F]) -> Iterator[F]:
        """Give the facts of a kind that come before another one."""
        for other in self.facts[fact.where.direction]:
            if other is fact:
                return
            if isinstance(other, kind):
                yield other

    def after(self, fact: Fact, kind: type[F]) -> Iterator[F]:
        """Give the facts of a kind that come after another one."""
        seen = False
        for other in self.facts[fact.where.direction]:
            if seen and isinstance(other, kind):
                yield other
            seen = seen or other is fact
