"""How PostgreSQL does an operation without blocking reads and writes for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..rewrites import NoRewrite, quoted, rendered
from . import forms
from .fill import filled
from .parts import Change, Part, Phase, Statement, requirement_reverted

if TYPE_CHECKING:
    from ..servers import Server
    from .fill import Models

Form = Callable[[Change, "Server", "Models"], list[Part]]


def parts(change: Change, server: Server, models: Models) -> list[Part]:
    """Return the parts of a change.

    :param change: The change, of a table that is there before.
    :param server: The server.
    :param models: What the models say of columns.
    :raises NoRewrite: When there is no other form of it.
    """
    from alembic.operations import ops

    from flask_alembic.new_revisions import FillColumnOp, RequireColumnOp

    if isinstance(change.up, FillColumnOp):
        return [filled(change.up, server, models)]
    table: tuple[tuple[Any, Form], ...] = (
        (RequireColumnOp, _required),
        (ops.CreateIndexOp, _index),
        (ops.DropIndexOp, _index_dropped),
        (ops.CreateForeignKeyOp, _checked),
        (ops.CreateCheckConstraintOp, _checked),
        (ops.CreateUniqueConstraintOp, _unique),
        (ops.AlterColumnOp, _not_null),
    )
    for kind, form in table:
        if isinstance(change.up, kind):
            return form(change, server, models)
    raise NoRewrite("it takes no time")


def _code(text: str, waits: bool = False) -> Statement:
    from flask_alembic.new_revisions import CodeOp

    return Statement(CodeOp(text), waits)


def _instead(text: str, operation: Any, waits: bool = False) -> Statement:
    from flask_alembic.new_revisions import CodeOp

    return Statement(CodeOp(text, operation), waits)


def _built(operation: Any, server: Server) -> Iterator[Statement]:
    """Yield how an index is built, also where an interrupted build has left one."""
    name, schema = str(operation.index_name), operation.schema
    yield _code(forms.without_index(server, name, schema), waits=True)
    yield Statement(forms.concurrent(operation), waits=True)


def _gone(operation: Any, server: Server) -> Statement:
    name, schema = str(operation.index_name), operation.schema
    return _instead(forms.without_index(server, name, schema), operation, waits=True)


def _require_name(operation: Any) -> str:
    name = getattr(operation, "constraint_name", None)
    name = name or getattr(operation, "index_name", None)
    if not name:
        raise NoRewrite("it has no name")
    complete: str = name  # Alembic tells by the class that it is complete
    return complete


def _index(change: Change, server: Server, models: Models) -> list[Part]:
    _require_name(change.up)
    ups = list(_built(change.up, server))
    return [Part("expand", True, ups, [_gone(change.down, server)])]


def _index_dropped(change: Change, server: Server, models: Models) -> list[Part]:
    ups = [_gone(change.up, server)]
    return [Part("expand", True, ups, list(_built(change.down, server)))]


def _checked(change: Change, server: Server, models: Models) -> list[Part]:
    """Return how a foreign key or a check is added: for new rows, then for the old."""
    name = _require_name(change.up)
    if change.up.kw.get("postgresql_not_valid"):
        raise NoRewrite("it is not to be valid")
    operation = change.up
    schema = operation.kw.get("source_schema") or getattr(operation, "schema", None)
    plain = getattr(operation, "source_table", None) or operation.table_name
    table = quoted(server, schema, plain)
    gone = forms.without_constraint(server, table, name)
    ups = [
        _code(gone),
        Statement(_addition(operation, server)),
        _code(forms.validated(server, table, name), waits=True),
    ]
    return [Part("expand", True, ups, [_instead(gone, change.down)])]


def _addition(operation: Any, server: Server) -> Any:
    """Return the addition of a constraint for new rows only."""
    from flask_alembic.new_revisions import CodeOp

    made = forms.not_valid(operation)
    if hasattr(made, "is_valid"):  # Flask-Alembic's own, which does not render ``kw``
        made.is_valid = False
        return made
    return CodeOp(rendered(made, server), operation)


def _unique(change: Change, server: Server, models: Models) -> list[Part]:
    """Return how a unique constraint is made of an index that was built before."""
    name, operation = _require_name(change.up), change.up
    table = quoted(server, operation.schema, operation.table_name)
    index, when = forms.unique_index(operation, name)
    gone = forms.without_constraint(server, table, name)
    ups = [
        _code(gone),
        _code(forms.without_index(server, name, operation.schema), waits=True),
        _code(rendered(index, server), waits=True),
        _instead(forms.from_index(server, table, name, "UNIQUE", when), operation),
    ]
    return [Part("expand", True, ups, [_instead(gone, change.down)])]


def _not_null(change: Change, server: Server, models: Models) -> list[Part]:
    """Return how a column that is there becomes ``NOT NULL``."""
    operation = change.up
    if operation.modify_nullable is not False or _changes_more(operation):
        raise NoRewrite("it does something else")
    return [_proven(operation, change.down, server, "expand")]


def _required(change: Change, server: Server, models: Models) -> list[Part]:
    """Return how a column that was added before becomes ``NOT NULL``."""
    up, down = change.up, requirement_reverted(change.up)
    part = _proven(up, down, server, "contract")
    if models.fills(up):
        # Its rows have a value by then, so no report has to warn of it.
        part.ups = [
            _code(rendered(up, server)) if each.operation is up else each
            for each in part.ups
        ]
    return [part]


def _changes_more(operation: Any) -> bool:
    changes = (operation.modify_type, operation.modify_name)
    return (
        any(each is not None for each in changes)
        or operation.modify_server_default is not False
        or operation.modify_comment is not False
    )


def _proven(operation: Any, down: Any, server: Server, phase: Phase) -> Part:
    if not server.at_least(12):
        raise NoRewrite("it reads the table in any case")
    proof = forms.NotNullProof.of(
        server, operation.table_name, operation.schema, operation.column_name
    )
    table = quoted(server, operation.schema, operation.table_name)
    ups = [
        _code(forms.without_constraint(server, table, proof.name)),
        _code(proof.add),
        _code(proof.validate, waits=True),
        Statement(operation),
        _code(proof.drop),
    ]
    return Part(phase, True, ups, [Statement(down)])
