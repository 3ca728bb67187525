"""The parts that an operation is done in, and which ones of a downgrade revert them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation

Phase = Literal["expand", "fill", "contract"]

PHASES: Final[tuple[Phase, ...]] = ("expand", "fill", "contract")
"""What running code takes no notice of, the rows, and what it has to be ready for."""

ANY: Final = "*"
"""Stands for every table, where it is not known which ones an operation is about."""


class Unpaired(Exception):
    """Which operation reverts which one is not known."""


@dataclass(slots=True)
class Statement:
    """One statement of a part."""

    operation: MigrateOperation
    waits: bool = False
    """Whether it may wait for as long as it takes, because nobody waits behind it."""


@dataclass(slots=True)
class Part:
    """What is done together, and what reverts it."""

    phase: Phase = "expand"
    is_online: bool = False
    """Whether each statement is a transaction, and all of them can be run again."""

    ups: list[Statement] = field(default_factory=list)
    downs: list[Statement] = field(default_factory=list)


@dataclass(slots=True)
class Change:
    """An operation of an upgrade, and the one that reverts it."""

    up: Any
    down: Any
    order: int
    """Where ``down`` stands in the downgrade; -1 without one."""

    touches: frozenset[tuple[str, str]]
    """Pairs of table and column that it is about, either of which may be any."""

    is_new: bool = False
    """Whether its table is created or dropped by the same revision."""

    more: list[Any] = field(default_factory=list)
    """What the downgrade does to a table that it creates again, behind ``down``."""


def leaves(operations: Iterable[Any]) -> Iterator[Any]:
    """Yield operations without the containers that they are in.

    :param operations: Operations, some of which may contain others.
    """
    from alembic.operations.ops import OpContainer

    for each in operations:
        if isinstance(each, OpContainer):
            yield from leaves(each.ops)
        else:
            yield each


def table_of(schema: str | None, table: str) -> str:
    """Return a table as one text.

    :param schema: Its schema.
    :param table: Its name.
    """
    return f"{schema}.{table}" if schema else str(table)


def touched(operation: Any) -> frozenset[tuple[str, str]]:
    """Return what an operation is about.

    :param operation: The operation.
    :return: Pairs of table and column; :data:`ANY` stands for every one.
    """
    from alembic.operations import ops

    if isinstance(operation, ops.CreateForeignKeyOp):
        kw = operation.kw
        near = table_of(kw.get("source_schema"), operation.source_table)
        far = table_of(kw.get("referent_schema"), operation.referent_table)
        return frozenset(
            (
                *((near, str(each)) for each in operation.local_cols),
                *((far, str(each)) for each in operation.remote_cols),
            )
        )
    name = getattr(operation, "table_name", None)
    if name is None:
        return frozenset(((ANY, ANY),))
    table = table_of(getattr(operation, "schema", None), name)
    if isinstance(operation, ops.CreateTableOp):
        keys = operation.to_table().foreign_key_constraints
        others = {e.target_fullname for key in keys for e in key.elements}
        pairs = ((each.rpartition(".")[0], each.rpartition(".")[2]) for each in others)
        return frozenset(((table, ANY), *pairs))
    return frozenset((table, each) for each in _columns(operation))


def _columns(operation: Any) -> Iterable[str]:
    from sqlalchemy import Column

    column = getattr(operation, "column", None)
    if column is not None:
        return (str(column.name),)
    if getattr(operation, "column_name", None):
        return (str(operation.column_name),)
    several = getattr(operation, "columns", None) or ()
    if several and all(isinstance(each, (str, Column)) for each in several):
        return tuple(str(getattr(each, "name", each)) for each in several)
    return (ANY,)  # or what an expression holds


def share(one: Iterable[tuple[str, str]], other: Iterable[tuple[str, str]]) -> bool:
    """Return whether two operations are about the same, so that their order counts.

    :param one: What the one is about.
    :param other: What the other one is about.
    """
    others = list(other)
    return any(
        (a == b or ANY in (a, b)) and (x == y or ANY in (x, y))
        for a, x in one
        for b, y in others
    )


def _key(operation: Any) -> tuple[str, ...] | None:
    """Return what an operation has in common with the one that reverts it."""
    from alembic.operations import ops

    from flask_alembic.new_revisions import FillColumnOp, RequireColumnOp

    if isinstance(operation, (FillColumnOp, RequireColumnOp)):
        return None  # the drop of the column reverts them
    table = table_of(
        getattr(operation, "schema", None)
        or (getattr(operation, "kw", None) or {}).get("source_schema"),
        str(getattr(operation, "table_name", getattr(operation, "source_table", ""))),
    )
    kinds: tuple[tuple[Any, str, str], ...] = (
        (ops.AddColumnOp, "column", "+"),
        (ops.DropColumnOp, "column", "-"),
        (ops.AlterColumnOp, "alter", ""),
        (ops.CreateIndexOp, "index", "+"),
        (ops.DropIndexOp, "index", "-"),
        (ops.AddConstraintOp, "constraint", "+"),
        (ops.DropConstraintOp, "constraint", "-"),
        (ops.CreateTableOp, "table", "+"),
        (ops.DropTableOp, "table", "-"),
        (ops.CreateTableCommentOp, "comment", ""),
        (ops.DropTableCommentOp, "comment", ""),
    )
    for kind, word, sign in kinds:
        if isinstance(operation, kind):
            return word, sign, table, _name(operation)
    return None


def _name(operation: Any) -> str:
    column = getattr(operation, "column", None)
    names = ("column_name", "index_name", "constraint_name")
    found = (getattr(operation, name, None) for name in names)
    return str(column.name if column is not None else next(filter(None, found), ""))


OPPOSITE: Final = {"+": "-", "-": "+", "": ""}


def paired(
    ups: Sequence[Any], downs: Sequence[Any]
) -> tuple[list[Change], list[Any], list[Any]]:
    """Return the operations of an upgrade with those that revert them.

    :param ups: The operations of the upgrade.
    :param downs: Those of the downgrade.
    :return: The changes, and what the downgrade does beside them, at its start and at
        its end.
    :raises Unpaired: When something else stands in its middle.
    """
    waiting: dict[tuple[str, ...], list[int]] = {}
    for number, each in enumerate(downs):
        key = _key(each)
        if key is not None:
            waiting.setdefault(key, []).append(number)
    new = {
        table
        for each in (*ups, *downs)
        if (key := _key(each)) is not None and key[0] == "table"
        for table in (key[2],)
    }
    changes = []
    for each in ups:
        key = _key(each)
        order = -1
        if key is not None:
            numbers = waiting.get((key[0], OPPOSITE[key[1]], *key[2:]), [])
            if not numbers and key[2] not in new:  # a table takes all of it along
                raise Unpaired(key)
            order = numbers.pop(0) if numbers else -1
        is_new = key is not None and key[2] in new
        down = downs[order] if order >= 0 else None
        touches = touched(down if down is not None and is_drop(each) else each)
        changes.append(Change(each, down, order, touches, is_new))
    used = {each.order for each in changes}
    tables = {
        key[2]: each
        for each in changes
        if (key := _key(each.up)) is not None and key[0] == "table"
    }
    for number, each in enumerate(downs):
        key = _key(each)
        if number not in used and key is not None and key[2] in tables:
            tables[key[2]].more.append(each)
            used.add(number)
    return (changes, *_others(downs, used))


def is_drop(operation: Any) -> bool:
    """Return whether an operation drops something.

    :param operation: The operation.
    """
    from alembic.operations import ops

    kinds = (ops.DropConstraintOp, ops.DropIndexOp, ops.DropColumnOp, ops.DropTableOp)
    return isinstance(operation, kinds)


def leaving(changes: Iterable[Change]) -> frozenset[tuple[str, str]]:
    """Return the columns and tables that changes drop, as :func:`touched` does.

    :param changes: The changes of one revision.
    """
    from alembic.operations.ops import DropColumnOp, DropTableOp

    gone: set[tuple[str, str]] = set()
    for each in changes:
        if isinstance(each.up, (DropColumnOp, DropTableOp)):
            gone |= touched(each.up)
    return frozenset(gone)


def _others(downs: Sequence[Any], used: set[int]) -> tuple[list[Any], list[Any]]:
    """Return what stands before and behind the operations that revert others."""
    numbers = [number for number in range(len(downs)) if number in used]
    first, last = (numbers[0], numbers[-1]) if numbers else (len(downs), -1)
    if any(number not in used for number in range(first, last)):
        raise Unpaired("in the middle")
    before = [*downs[:first]] if numbers else []
    return before, [*downs[last + 1 :]]


def requirement_reverted(operation: Any) -> Any:
    """Return the operation that lets a column be NULL that was added before.

    :param operation: The one that requires it.
    """
    from alembic.operations.ops import AlterColumnOp

    return AlterColumnOp(
        operation.table_name,
        operation.column_name,
        schema=operation.schema,
        existing_type=operation.existing_type,
        existing_comment=operation.existing_comment,
        modify_nullable=True,
    )
