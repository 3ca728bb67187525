"""The few underscored names of Alembic that there is no public way around.

Each is used here only, with the reason, and ``tests/test_private.py`` fails when
Alembic changes one of them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
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
