"""Tables, columns and enum values that were renamed, not dropped and added.

A comparison sees a drop and an add. Each such pair is a candidate; those that somebody
confirms become renames, and the comparison is repeated as if they were done already, so
what else has changed is found too. Renames come first in an upgrade and last in a
downgrade: all other operations use the new names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..hooks import specs
from ..hooks.payloads import Problem, RenameCandidate
from .narrower_types import narrows

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Column

    from ..backends.base import Backend
    from ..hooks.payloads import RevisionRequest
    from ..runtime.invocation import Invocation

TableName = tuple[str | None, str]
"""Schema and name of a table; ``None`` for the default schema."""

_ORDER = ("table", "column", "enum value")
OPTION = "flask_alembic_renames"
"""Where the context of a comparison has its :class:`ConfirmedRenames`."""


@dataclass(frozen=True)
class ConfirmedRenames:
    """What was renamed in one database."""

    candidates: tuple[RenameCandidate, ...] = ()
    """All of it."""

    columns_before: Mapping[RenameCandidate, tuple[Column[Any], Column[Any]]] = field(
        default_factory=dict
    )
    """The columns as the database has them, and as the models do."""

    def tables(self) -> dict[TableName, str]:
        """Return the new names of tables by the old ones."""
        return {
            (each.schema, each.old): each.new
            for each in self.candidates
            if each.kind == "table"
        }

    def columns(self) -> dict[TableName, dict[str, str]]:
        """Return the new names of columns by table, as the database has it, and name."""
        before = {(each[0], new): each[1] for each, new in self.tables().items()}
        names: dict[TableName, dict[str, str]] = {}
        for each in self._columns():
            schema, table = each.schema, str(each.parent)
            table = before.get((schema, table), table)
            names.setdefault((schema, table), {})[each.old] = each.new
        return names

    def values(self) -> dict[tuple[str | None, str], dict[str, str]]:
        """Return the new values of enums by type and old value."""
        values: dict[tuple[str | None, str], dict[str, str]] = {}
        for each in self.candidates:
            if each.kind == "enum value":
                type_ = each.schema, str(each.parent)
                values.setdefault(type_, {})[each.old] = each.new
        return values

    def renamed_columns(
        self,
    ) -> Iterator[tuple[RenameCandidate, Column[Any], Column[Any]]]:
        """Yield each column with what it was before and what it is now."""
        for each in self._columns():
            yield (each, *self.columns_before[each])

    def _columns(self) -> Iterator[RenameCandidate]:
        return (each for each in self.candidates if each.kind == "column")


NO_RENAMES = ConfirmedRenames()
"""Nothing was renamed."""


@dataclass(frozen=True, slots=True)
class _Pair:
    candidate: RenameCandidate
    is_likely: bool
    columns: tuple[Column[Any], Column[Any]] | None = None


class RenameDecisions:
    """What comparisons have found that may be renames, and what was said about it.

    :param call: The running command.
    :param request: What was asked for; its option ``renames`` has new names by old ones.
    """

    def __init__(self, call: Invocation, request: RevisionRequest) -> None:
        self.call = call
        self.request = request
        self.given: dict[str, str] = dict(request.options.get("renames") or {})
        self._pairs: dict[RenameCandidate, _Pair] = {}
        self._answers: dict[RenameCandidate, bool | None] = {}
        self._fitted: set[str] = set()
        self._old_tables: dict[tuple[str, str | None, str], str] = {}

    def confirmed(self, database: str) -> ConfirmedRenames:
        """Return what was renamed in a database.

        :param database: Its name.
        """
        candidates = [
            each
            for each, answer in self._answers.items()
            if answer and each.database == database
        ]
        candidates.sort(key=lambda each: _ORDER.index(each.kind))
        return ConfirmedRenames(
            tuple(candidates),
            {
                each: columns
                for each in candidates
                if (columns := self._pairs[each].columns) is not None
            },
        )

    def collect(self, database: str, script: MigrationScript, backend: Backend) -> None:
        """Look for candidates in what a comparison has found.

        :param database: The name of the database.
        :param script: The operations; its last pair is looked at.
        :param backend: Of the database.
        """
        leaves = list(_leaves(script.upgrade_ops_list[-1]))
        for pair in (
            *_tables(database, leaves),
            *_columns(database, leaves),
            *_values(database, leaves, backend),
        ):
            self._pairs.setdefault(pair.candidate, pair)

    def decide(self) -> bool:
        """Decide about what was found since the last time.

        :return: Whether there is a rename that the last comparison did not know.
        :raises UsageError: When a given name fits several candidates.
        """
        pairs = sorted(
            (
                each
                for each in self._pairs.values()
                if each.candidate not in self._answers
            ),
            key=lambda each: _ORDER.index(each.candidate.kind),
        )
        given = self._given(pairs)
        for candidate in given:
            self._answers[candidate] = True
            if candidate.kind == "table":
                self._old_tables[_key(candidate)] = candidate.old
        for pair in pairs:
            candidate = pair.candidate
            if candidate in self._answers or not pair.is_likely:
                continue
            if self._is_taken(candidate):
                self._answers[candidate] = False
                continue
            answer = self.call.hooks.firstresult(
                specs.is_rename, request=self.request, candidate=candidate
            )
            self._answers[candidate] = answer
            if answer:
                given = [*given, candidate]
                if candidate.kind == "table":
                    self._old_tables[_key(candidate)] = candidate.old
        return bool(given)

    def require_fitting(self) -> None:
        """Refuse names that fit nothing.

        :raises UsageError: With the first of them, and what could be renamed.
        """
        for old, new in self.given.items():
            if old in self._fitted:
                continue
            could = [f"{each.name}:{each.new}" for each in self._pairs]
            advice = (
                f"These could be: {', '.join(sorted(could))}."
                if could
                else "Nothing was dropped and added."
            )
            raise UsageError(
                f"The rename {old}:{new} fits no table, column or enum value: the old "
                "name must be in the database only, the new one in the models only.",
                advice,
            )

    def problems(self, several: bool) -> list[Problem]:
        """Return a warning for each candidate that nobody decided about.

        :param several: Whether the app has several databases, which are then named.
        """
        return [
            Problem(
                "possible-rename",
                f"{each.kind[0].upper()}{each.kind[1:]} {each.name} is dropped and "
                f"{each.new} is added: if it was renamed, its data would be lost."
                if each.kind != "enum value"
                else f"Enum value {each.name} is removed and {each.new} is added: rows "
                "that hold it would stop the upgrade.",
                "warning",
                database=each.database if several else None,
                advice=f"For a rename remove the file and use --rename "
                f"{each.name}:{each.new}",
            )
            for each, answer in self._answers.items()
            if answer is None and not self._is_taken(each)
        ]

    def _given(self, pairs: Sequence[_Pair]) -> list[RenameCandidate]:
        """Return the candidates that given names fit."""
        chosen: list[RenameCandidate] = []
        for old, new in self.given.items():
            fitting = [
                each.candidate
                for each in pairs
                if each.candidate.new == new and old in self._names(each.candidate)
            ]
            for database in {each.database for each in fitting}:
                here = [each for each in fitting if each.database == database]
                if len(here) > 1:
                    names = ", ".join(f"{each.name}:{new}" for each in here)
                    raise UsageError(
                        f"The rename {old}:{new} fits several: {names}.",
                        "Write one of these.",
                    )
                self._fitted.add(old)
                chosen += here
        return chosen

    def _names(self, candidate: RenameCandidate) -> set[str]:
        """Return the ways to write the old name."""
        names = {candidate.old, candidate.name}
        parents = {candidate.parent}
        if candidate.kind == "column":
            table = candidate.database, candidate.schema, str(candidate.parent)
            parents.add(self._old_tables.get(table))
        for parent in filter(None, parents):
            names.add(f"{parent}.{candidate.old}")
            if candidate.schema:
                names.add(f"{candidate.schema}.{parent}.{candidate.old}")
        return names

    def _is_taken(self, candidate: RenameCandidate) -> bool:
        """Tell whether one of the names belongs to a rename already."""
        return any(
            answer
            and (each.kind, each.database, each.schema, each.parent)
            == (
                candidate.kind,
                candidate.database,
                candidate.schema,
                candidate.parent,
            )
            and (each.old == candidate.old or each.new == candidate.new)
            for each, answer in self._answers.items()
        )


def _key(candidate: RenameCandidate) -> tuple[str, str | None, str]:
    return candidate.database, candidate.schema, candidate.new


def _leaves(operation: Any) -> Iterator[Any]:
    for each in getattr(operation, "ops", ()):
        if hasattr(each, "ops"):
            yield from _leaves(each)
        else:
            yield each


def _tables(database: str, leaves: Iterable[Any]) -> Iterator[_Pair]:
    from alembic.operations.ops import CreateTableOp, DropTableOp

    dropped = [each for each in leaves if isinstance(each, DropTableOp)]
    created = [each for each in leaves if isinstance(each, CreateTableOp)]
    for old in dropped:
        before = {column.name for column in old.to_table().columns}
        for new in created:
            if old.schema != new.schema:
                continue
            after = {column.name for column in new.to_table().columns}
            candidate = RenameCandidate(
                "table", database, old.schema, None, old.table_name, new.table_name
            )
            yield _Pair(candidate, before == after)


def _columns(database: str, leaves: Iterable[Any]) -> Iterator[_Pair]:
    from alembic.operations.ops import AddColumnOp, DropColumnOp

    tables: dict[TableName, tuple[list[Column[Any]], list[Column[Any]]]] = {}
    for each in leaves:
        if isinstance(each, (AddColumnOp, DropColumnOp)):
            dropped, added = tables.setdefault((each.schema, each.table_name), ([], []))
            if isinstance(each, DropColumnOp):
                dropped.append(each.to_column())
            else:
                added.append(each.column)
    for (schema, table), (dropped, added) in tables.items():
        alone = len(dropped) == len(added) == 1
        for old in sorted(dropped, key=_place):
            for new in added:
                if old.computed is not None or new.computed is not None:
                    continue  # its values are computed again
                candidate = RenameCandidate(
                    "column", database, schema, table, old.name, new.name
                )
                yield _Pair(candidate, alone or _is_same_kind(old, new), (old, new))


def _place(column: Column[Any]) -> int:
    """Return where a column stands in its table: Alembic 1.13 drops in any order."""
    # A drop that somebody wrote has a column without a table.
    table: Any = column.table
    return -1 if table is None else [*table.columns].index(column)


def _is_same_kind(old: Column[Any], new: Column[Any]) -> bool:
    return not narrows(old.type, new.type) and not narrows(new.type, old.type)


def _values(database: str, leaves: Iterable[Any], backend: Backend) -> Iterator[_Pair]:
    from alembic.operations.ops import AlterColumnOp

    for each in leaves:
        if not isinstance(each, AlterColumnOp) or each.modify_type is None:
            continue
        old, new = (
            backend.enum_of(each.existing_type),
            backend.enum_of(each.modify_type),
        )
        if old is None or new is None or old.name != new.name:
            continue
        schema = new.schema
        if schema == backend.dialect.default_schema_name:
            schema = None
        places = list(zip(old.enums, new.enums, strict=False))
        for gone in (label for label in old.enums if label not in new.enums):
            for come in (label for label in new.enums if label not in old.enums):
                candidate = RenameCandidate(
                    "enum value", database, schema, str(new.name), gone, come
                )
                yield _Pair(candidate, (gone, come) in places)


def confirmed_renames(context: MigrationContext) -> ConfirmedRenames:
    """Return what was renamed in the database of a context.

    :param context: The context of a comparison.
    """
    renames = context.opts.get(OPTION)
    return renames if isinstance(renames, ConfirmedRenames) else NO_RENAMES
