"""The few underscored names of Alembic that there is no public way around.

Each is used here only, with the reason, and ``tests/runtime/test_alembic_private.py`` fails when
Alembic changes one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, StampStep
    from alembic.script import ScriptDirectory
    from sqlalchemy import Table


def stamp_steps(
    script: ScriptDirectory, target: Any, heads: tuple[str, ...]
) -> list[StampStep]:
    """Return the steps that stamp a database.

    ``alembic.command.stamp`` gets them from this method too; nothing public
    computes how a stamp moves several heads.
    """
    return script._stamp_revs(target, heads)


def version_table(context: MigrationContext) -> Table:
    """Return the version table of a context.

    A dialect may define it otherwise than the plain one (``version_table_impl``,
    Alembic 1.14), so it is taken from the context and not built again.
    """
    return context._version


def transaction(
    context: MigrationContext, *, per_migration: bool
) -> AbstractContextManager[Any]:
    """Begin a transaction that ``autocommit_block()`` knows of.

    The public ``begin_transaction()`` begins none where DDL is not transactional
    or each revision has its own; Alembic's own loop passes this argument too.
    """
    return cast(
        "AbstractContextManager[Any]",
        context.begin_transaction(_per_migration=per_migration),
    )


def open_transaction(context: MigrationContext) -> Any:
    """Return the transaction that Alembic has begun on the connection and not ended.

    :param context: The context; ``autocommit_block()`` gives it another one.
    """
    return context._transaction


def has_other_comparators(context: MigrationContext) -> bool:
    """Tell whether anything but Alembic itself takes part in a comparison.

    Alembic has no public list of its comparators. Those of its plugins, from 1.18 on,
    are merged only once a comparison begins, which also writes to the log.
    """
    from alembic.autogenerate import comparators

    registered: list[Any] = [comparators]
    if "autogenerate_plugins" in context.opts:
        return True
    with suppress(ImportError):  # before 1.18
        from alembic.runtime import plugins

        registered += [
            plugin.autogenerate_comparators
            for name, plugin in plugins._all_plugins.items()
            if name.startswith("alembic.autogenerate.")
        ]
    for each in registered:
        for functions in each._registry.values():
            for function in functions:
                if isinstance(function, tuple):
                    function = function[0]
                if not function.__module__.startswith("alembic.autogenerate."):
                    return True
    return False


def is_type_bound(constraint: Any) -> bool:
    """Tell whether a type has made a constraint (``create_constraint=True``).

    Such a constraint comes with its column. SQLAlchemy marks it, and has no public word
    for it.

    :param constraint: A constraint of the models.
    """
    return bool(getattr(constraint, "_type_bound", False))


def variants(type_: Any) -> Mapping[str, Any]:
    """Return the types that stand for a type in other kinds of databases, by name.

    SQLAlchemy has ``with_variant()`` to add one and nothing public to list them.
    """
    return dict(getattr(type_, "_variant_mapping", {}))


def has_reflection_listeners() -> bool:
    """Tell whether anybody listens for ``column_reflect`` on all tables.

    SQLAlchemy tells of a listener only to who has the function.
    """
    from sqlalchemy import MetaData
    from sqlalchemy import Table as AnyTable

    metadata = MetaData()
    table = AnyTable("t", metadata)
    return bool(metadata.dispatch.column_reflect or table.dispatch.column_reflect)


def has_own_ddl(class_: type | None = None) -> bool:
    """Tell whether the app has replaced how DDL is written.

    :func:`sqlalchemy.ext.compiler.compiles` leaves a mark of its own on a class, and
    nothing public says so.

    :param class_: A class; by default all that the DDL of a table is made of.
    """
    import sqlalchemy as sa
    from sqlalchemy.sql import ddl

    classes = (
        [class_]
        if class_ is not None
        else [
            ddl.CreateTable,
            ddl.CreateColumn,
            ddl.CreateIndex,
            ddl.SetColumnComment,
            ddl.SetTableComment,
            sa.Column,
            sa.PrimaryKeyConstraint,
            sa.UniqueConstraint,
            sa.ForeignKeyConstraint,
            sa.CheckConstraint,
            sa.Computed,
            sa.Identity,
        ]
    )
    return any("_compiler_dispatcher" in vars(each) for each in classes)


def has_prefixes(table: Table) -> bool:
    """Tell whether ``CREATE`` and ``TABLE`` have words between them.

    ``Table(prefixes=...)`` cannot be read back.
    """
    return bool(getattr(table, "_prefixes", ()))
