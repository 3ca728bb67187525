"""Parts of a revision beside Alembic's operations, and revisions that follow it.

A plugin that decides how a revision is written needs statements outside of the
transaction, code that no operation stands for, names at the top of the file, and
further revisions for what must not be done at once.
"""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from alembic.autogenerate import renderers
from alembic.autogenerate.render import render_op_text
from alembic.operations.ops import (
    DowngradeOps,
    MigrateOperation,
    MigrationScript,
    OpContainer,
    UpgradeOps,
)

from ..script.header import IDENTIFIERS, insert_behind

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

Constant = str | int | float | bool
"""What a name at the top of a revision file may be."""

_NAMES: Final = "flask_alembic_names"


class AutocommitBlockOp(OpContainer):
    """Operations that run outside of the transaction, each by itself.

    Rendered as ``with op.get_context().autocommit_block():``.

    :param ops: The operations.

    .. versionadded:: 4.0
    """


class CodeOp(MigrateOperation):
    """Python code in a revision that no operation of Alembic stands for.

    :param code: Whole statements, not indented. Names other than ``op`` and ``sa`` need
        an import in ``MigrationScript.imports``.
    :param stands_for: The operation that it does in another way. Reports list that one;
        without it the code is a step of something else, which they do not list.

    .. versionadded:: 4.0
    """

    def __init__(self, code: str, stands_for: MigrateOperation | None = None) -> None:
        self.code = code
        self.stands_for = stands_for


@renderers.dispatch_for(AutocommitBlockOp)
def _render_block(
    context: AutogenContext, operation: AutocommitBlockOp
) -> str | list[str]:
    """Render the block as one text, which the printer of Alembic does not indent."""
    inside = [render_op_text(context, each) for each in operation.ops]
    body = "\n".join(filter(None, inside))
    if not body:
        return []
    prefix = context.opts["alembic_module_prefix"]
    head = f"with {prefix}get_context().autocommit_block():\n"
    return head + textwrap.indent(body, "    ")


@renderers.dispatch_for(CodeOp)
def _render_code(context: AutogenContext, operation: CodeOp) -> str:
    """Render the code as it is."""
    return operation.code


def set_name(script: MigrationScript, name: str, value: Constant) -> None:
    """Let the file of a new revision set a name at its top, as ``irreversible`` is.

    :param script: The revision that is to be written.
    :param name: The name.
    :param value: What it is.
    :raises ValueError: When it is no name, or one that the file has anyway.

    .. versionadded:: 4.0
    """
    if not name.isidentifier() or name in IDENTIFIERS:
        raise ValueError(f"{name!r} cannot be set in a revision file.")
    names: dict[str, Constant] = vars(script).setdefault(_NAMES, {})
    names[name] = value


def names_of(script: MigrationScript) -> Mapping[str, Constant]:
    """Return what :func:`set_name` has set.

    :param script: The revision.

    .. versionadded:: 4.0
    """
    names: Mapping[str, Constant] = vars(script).get(_NAMES, {})
    return names


def add_revision(
    directives: list[MigrationScript], message: str | None = None
) -> MigrationScript:
    """Add an empty revision that follows the last one, for the same databases.

    Its id is that of the first one with a number: ``1a2b_2``, ``1a2b_3``.

    :param directives: What :func:`~flask_alembic.hooks.specs.rewrite_revision` was
        given.
    :param message: What it is about; that of the first one by default.

    .. versionadded:: 4.0
    """
    first, last = directives[0], directives[-1]
    ups = [UpgradeOps([], each.upgrade_token) for each in first.upgrade_ops_list]
    downs = [DowngradeOps([], e.downgrade_token) for e in first.downgrade_ops_list]
    added = copy.copy(first)  # as complete as that one, for Alembic to render it
    vars(added).pop(_NAMES, None)
    added.rev_id = f"{first.rev_id}_{len(directives) + 1}"
    added.message = first.message if message is None else message
    added.imports = set(first.imports)
    added.head, added.splice = last.rev_id, True
    added.branch_label = added.depends_on = None
    script: Any = added
    script.upgrade_ops, script.downgrade_ops = ups, downs
    directives.append(added)
    return added


def with_names(source: str, names: Mapping[str, Constant]) -> str:
    """Return the text of a revision file that sets further names.

    They stand behind the last of the identifiers.

    :param source: The text.
    :param names: What they are.
    """
    if not names:
        return source
    lines = [f"{name} = {value!r}\n" for name, value in names.items()]
    return insert_behind(source, IDENTIFIERS, lines)
