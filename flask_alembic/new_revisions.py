"""How a new revision is written, for :func:`~flask_alembic.hooks.specs.rewrite_revision`.

For example, to write every index of PostgreSQL without blocking writes::

    from alembic.operations.ops import CreateIndexOp
    from flask_alembic import hookimpl
    from flask_alembic.new_revisions import AutocommitBlockOp

    @hookimpl
    def rewrite_revision(directives):
        for table in directives[0].upgrade_ops.ops:
            for number, each in enumerate(getattr(table, "ops", ())):
                if isinstance(each, CreateIndexOp):
                    each.kw["postgresql_concurrently"] = True
                    table.ops[number] = AutocommitBlockOp([each])
"""

from __future__ import annotations

from .schema.required_columns import FillColumnOp, RequireColumnOp
from .schema.revision_parts import (
    AutocommitBlockOp,
    CodeOp,
    Constant,
    add_revision,
    names_of,
    set_name,
)

__all__ = [
    "AutocommitBlockOp",
    "CodeOp",
    "Constant",
    "FillColumnOp",
    "RequireColumnOp",
    "add_revision",
    "names_of",
    "set_name",
]
