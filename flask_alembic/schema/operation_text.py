"""What the operations of a revision do, in words, and what they lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..hooks.payloads import Problem
from .narrower_types import narrows

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation, UpgradeOps


@dataclass(frozen=True, slots=True)
class OperationText:
    """One operation of a revision in words.

    .. versionadded:: 4.0
    """

    kind: str
    """What it is about: ``table``, ``column``, ``index``, ..."""

    name: str
    """Its name, the table's in front: ``author.name``."""

    text: str
    """What differs, in the words of ``check``, and what is lost."""

    loses_data: bool = False
    """Whether rows or values may be lost."""


def operation_texts(operations: UpgradeOps) -> list[OperationText]:
    """Return what operations do, in their order.

    :param operations: The operations of one database.
    """
    return [text for each in _leaves(operations) for text in _texts(each)]


def _leaves(operation: Any) -> Iterator[MigrateOperation]:
    from alembic.operations.ops import OpContainer

    from .revision_parts import CodeOp

    if isinstance(operation, OpContainer):
        for each in operation.ops:
            yield from _leaves(each)
    elif isinstance(operation, CodeOp):
        if operation.stands_for is not None:
            yield from _leaves(operation.stands_for)
    else:
        yield operation


def _texts(operation: Any) -> Iterator[OperationText]:
    from .alembic_diff import in_words
    from .required_columns import FillColumnOp, RequireColumnOp

    if isinstance(operation, (FillColumnOp, RequireColumnOp)):
        return  # a step of adding the column
    if not hasattr(operation, "to_diff_tuple"):
        text = str(getattr(operation, "sqltext", None) or type(operation).__name__)
        yield OperationText("other", text, f"run: {' '.join(text.split())[:120]}")
        return
    diff = operation.to_diff_tuple()
    for each in diff if isinstance(diff, list) else [diff]:
        loss, loses_data = _loss(each)
        for difference in in_words([each]):
            yield OperationText(
                difference.kind, difference.name, difference.text + loss, loses_data
            )


def _loss(diff: Any) -> tuple[str, bool]:
    word = diff[0] if isinstance(diff, tuple) and diff else ""
    if word in ("remove_table", "remove_column"):
        return ": it is dropped with its data", True
    if word in ("remove_constraint", "remove_fk", "remove_index"):
        return ": it is dropped", False
    if word == "modify_type" and narrows(diff[-2], diff[-1]):
        return ": values that do not fit are lost or refused", True
    return "", False


def not_null_problems(operations: UpgradeOps, database: str | None) -> list[Problem]:
    """Return a warning for whatever rows that exist may have no value for.

    :param operations: The operations of one database.
    :param database: Its name, where there are several.
    """
    from alembic.operations.ops import AddColumnOp, AlterColumnOp

    from .required_columns import RequireColumnOp, needs_value

    problems = []
    for each in _leaves(operations):
        name = f"{getattr(each, 'table_name', '')}.{getattr(each, 'column_name', '')}"
        if isinstance(each, RequireColumnOp) or (
            isinstance(each, AddColumnOp) and needs_value(each.column)
        ):
            if isinstance(each, AddColumnOp):
                name = f"{each.table_name}.{each.column.name}"
            message = f"Column {name} is NOT NULL and has no server default: existing rows have no value for it."
            advice = (
                "Give it a server_default, or fill it where the file says so: "
                "op.execute('UPDATE ...')."
            )
        elif isinstance(each, AlterColumnOp) and each.modify_nullable is False:
            message = f"Column {name} becomes NOT NULL: existing rows may hold NULL."
            advice = "Fill it first: op.execute('UPDATE ... WHERE ... IS NULL')."
        else:
            continue
        problems.append(
            Problem("not-null", message, "warning", database=database, advice=advice)
        )
    return problems
