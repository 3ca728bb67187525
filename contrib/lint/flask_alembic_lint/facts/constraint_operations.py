"""Operations on indexes and constraints turned into facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .base import Fact, Where
from .elements import (
    default_text,
    expression_names,
    qualified,
)
from .model import AddConstraint, CreateIndex, DropConstraint, DropIndex

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


def create_index(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    """Give the fact of ``op.create_index``."""
    kw = op.kw
    method = kw.get(f"{dialect.name}_using") or kw.get(f"{dialect.name}_prefix") or ""
    yield CreateIndex(
        where=where,
        table=qualified(op.schema, op.table_name),
        name=op.index_name,
        columns=expression_names(op.columns),
        unique=bool(op.unique),
        concurrently=bool(kw.get("postgresql_concurrently")),
        if_not_exists=bool(getattr(op, "if_not_exists", None)),
        method="" if method.lower() == "btree" else method.lower(),
    )


def drop_index(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    """Give the fact of ``op.drop_index``."""
    yield DropIndex(
        where=where,
        table=qualified(op.schema, op.table_name) if op.table_name else "",
        name=op.index_name,
        concurrently=bool(op.kw.get("postgresql_concurrently")),
        if_exists=bool(getattr(op, "if_exists", None)),
    )


def foreign_key(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    """Give the fact of ``op.create_foreign_key``."""
    yield AddConstraint(
        where=where,
        table=qualified(op.kw.get("source_schema"), op.source_table),
        kind="foreign key",
        name=op.constraint_name,
        columns=tuple(op.local_cols),
        referent=qualified(op.kw.get("referent_schema"), op.referent_table),
        referent_columns=tuple(op.remote_cols),
        not_valid=bool(op.kw.get("postgresql_not_valid")),
    )


def check(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    """Give the fact of ``op.create_check_constraint``."""
    yield AddConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        kind="check",
        name=op.constraint_name,
        condition=default_text(op.condition, dialect, literal=False) or "",
        not_valid=bool(op.kw.get("postgresql_not_valid")),
    )


def unique(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    """Give the fact of ``op.create_unique_constraint``."""
    yield AddConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        kind="unique",
        name=op.constraint_name,
        columns=expression_names(op.columns),
    )


def primary_key(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    """Give the fact of ``op.create_primary_key``."""
    yield AddConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        kind="primary key",
        name=op.constraint_name,
        columns=expression_names(op.columns),
    )


def exclude(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    """Give the fact of ``op.create_exclude_constraint``."""
    yield AddConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        kind="exclude",
        name=op.constraint_name,
    )


def drop_constraint(op: Any, dialect: Dialect, where: Where) -> Iterator[Fact]:
    """Give the fact of ``op.drop_constraint``."""
    kinds = {
        "foreignkey": "foreign key",
        "primary": "primary key",
        "unique": "unique",
        "check": "check",
    }
    yield DropConstraint(
        where=where,
        table=qualified(op.schema, op.table_name),
        name=op.constraint_name,
        kind=kinds.get(op.constraint_type or "", ""),
        if_exists=bool(getattr(op, "if_exists", None)),
    )
