"""The few underscored names of Alembic that there is no public way around.

Each is used here only, with the reason, and ``tests/test_private.py`` fails when
Alembic changes one of them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from alembic.autogenerate.api import RevisionContext
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


def run_write_hooks(path: Path, hooks: list[Any]) -> None:
    """Run the post-write hooks over a new file.

    The public way to them is ``ScriptDirectory.generate_revision``, which writes
    the file in place; ours is written beside its target and renamed first.
    """
    from alembic.script import write_hooks

    write_hooks._run_hooks(str(path), hooks)


def script_from_path(script: ScriptDirectory, path: Path) -> Any:
    """Load one revision file as Alembic does after it has written it."""
    from alembic.script import Script

    return Script._from_path(script, path)


def render_into(context: RevisionContext, directive: Any) -> dict[str, Any]:
    """Return the template's arguments with a directive's operations rendered.

    ``RevisionContext.generate_scripts`` renders and writes in one go; the lint
    hook has to see the text before it is written.
    """
    from alembic.autogenerate import render

    arguments: dict[str, Any] = dict(context.template_args)
    if getattr(directive, "_needs_render", False):
        autogen = context._last_autogen_context
        autogen.imports = set()
        if directive.imports:
            autogen.imports.update(directive.imports)
        render._render_python_into_templatevars(autogen, directive, arguments)
    return arguments
