"""New revisions rewritten, for each database and for all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ..rewrites import NoRewrite
from ..servers import Server
from . import mysql_forms, postgresql_forms
from .chain import Link, aligned, links, with_others
from .fill import Models
from .parts import (
    Change,
    Part,
    Phase,
    Statement,
    Unpaired,
    is_drop,
    leaves,
    leaving,
    paired,
    requirement_reverted,
    share,
)

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation, MigrationScript
    from alembic.runtime.migration import MigrationContext

LOCK_TIMEOUT: Final[Mapping[bool, float]] = {True: 0.1, False: 1}
"""Seconds that a statement waits for a lock while others wait behind it: on PostgreSQL,
and on MySQL and MariaDB, which know whole seconds only."""

LABELS: Final[Mapping[tuple[Phase, bool], str]] = {
    ("expand", False): "expand",
    ("expand", True): "online",
    ("fill", True): "fill",
    ("fill", False): "fill",
    ("contract", False): "contract",
    ("contract", True): "contract",
}
"""What the further revisions of a chain are called."""


def rewrite(
    directives: list[MigrationScript], contexts: Mapping[str, MigrationContext]
) -> None:
    """Write a revision in the form that does not block, as several where it has to be.

    :param directives: The revision; another number is left alone.
    :param contexts: The context of each database.
    """
    if len(directives) != 1 or not contexts:
        return
    script = directives[0]
    pairs = zip(script.upgrade_ops_list, script.downgrade_ops_list, strict=True)
    found = [
        _links(up.ops, down.ops, _context_of(contexts, str(up.upgrade_token)))
        for up, down in pairs
    ]
    if all(each is None for each in found):
        return
    whole = zip(found, script.upgrade_ops_list, script.downgrade_ops_list, strict=True)
    chains = [_as_it_is(up.ops, down.ops) if e is None else e for e, up, down in whole]
    servers = [
        _server(_context_of(contexts, str(up.upgrade_token)))
        for up in script.upgrade_ops_list
    ]
    _write(directives, servers, aligned(chains))


def _context_of(
    contexts: Mapping[str, MigrationContext], token: str
) -> MigrationContext:
    name = token.removesuffix("_upgrades")
    return contexts.get(name) or next(iter(contexts.values()))


def _server(context: MigrationContext) -> Server:
    """Return the server behind a connection that was open."""
    dialect: Any = context.dialect
    is_mariadb = getattr(dialect, "is_mariadb", False)
    family = "mariadb" if is_mariadb else dialect.name
    version = tuple(
        each for each in dialect.server_version_info or () if isinstance(each, int)
    )
    return Server(family, version)


def _links(
    ups: Sequence[Any], downs: Sequence[Any], context: MigrationContext
) -> list[Link] | None:
    """Return the revisions of one database; ``None`` where nothing is to be changed."""
    server = _server(context)
    if not (server.is_postgresql or server.is_mysql):
        return None
    try:
        changes, first, last = paired(list(leaves(ups)), list(leaves(downs)))
        if all(each.is_new for each in changes):
            return None
        models, gone = Models(context), leaving(changes)
        chain = links((each, _parts(each, server, models, gone)) for each in changes)
        with_others(chain, first, last)
    except Unpaired:
        return None
    return chain


def _as_it_is(ups: Iterable[Any], downs: Iterable[Any]) -> list[Link]:
    """Return one revision that does what was found."""
    part = Part("expand", False, [*map(Statement, ups)], [*map(Statement, downs)])
    return [Link("expand", False, [(0, part)])] if part.ups or part.downs else []


def _parts(
    change: Change,
    server: Server,
    models: Models,
    gone: frozenset[tuple[str, str]],
) -> list[Part]:
    """Return the parts of a change; one that does what was found, if there is no other.

    What is done to a new table stays in the transaction that creates it; what is dropped
    along with a column or a table is dropped when that is.
    """
    forms = postgresql_forms if server.is_postgresql else mysql_forms
    parts: list[Part] = []
    if not change.is_new:
        with suppress(NoRewrite):
            parts = forms.parts(change, server, models)
    if not parts:
        parts = [_as_found(change)]
    if is_drop(change.up) and share(change.touches, gone):
        for part in parts:
            part.phase = "contract"
    return parts


def _as_found(change: Change) -> Part:
    from flask_alembic.new_revisions import RequireColumnOp

    if isinstance(change.up, RequireColumnOp):
        down = Statement(requirement_reverted(change.up))
        return Part("contract", False, [Statement(change.up)], [down])
    reverting = [] if change.down is None else [change.down]
    downs = [Statement(each) for each in (*reverting, *change.more)]
    return Part("expand", False, [Statement(change.up)], downs)


def _write(
    directives: list[MigrationScript],
    servers: Sequence[Server],
    rows: Sequence[tuple[Phase, list[Link | None]]],
) -> None:
    """Put the revisions of a chain into the directives."""
    from flask_alembic.new_revisions import add_revision, set_name

    message = directives[0].message
    for number, (phase, row) in enumerate(rows):
        present = [link for link in row if link is not None]
        is_online = all(link.is_online for link in present)
        script = directives[0]
        if number:
            label = LABELS[phase, is_online]
            script = add_revision(directives, f"{message}, {label}")
        for place, (link, server) in enumerate(zip(row, servers, strict=True)):
            ups, downs = ([], []) if link is None else _operations(link, server)
            script.upgrade_ops_list[place].ops[:] = ups
            script.downgrade_ops_list[place].ops[:] = downs
        set_name(script, "phase", phase)
        limits = [
            LOCK_TIMEOUT[server.is_postgresql]
            for link, server in zip(row, servers, strict=True)
            if link is not None and (server.is_postgresql or server.is_mysql)
        ]
        set_name(script, "ddl_lock_timeout", max(limits))
        if is_online:
            set_name(script, "repeatable", True)


def _operations(
    link: Link, server: Server
) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """Return the operations of a revision in one database."""
    ups, downs = link.ups(), link.downs()
    if not link.is_online:
        return [each.operation for each in ups], [each.operation for each in downs]
    return _block(ups, server), _block(downs, server)


def _block(statements: Sequence[Statement], server: Server) -> list[MigrateOperation]:
    from flask_alembic.new_revisions import AutocommitBlockOp

    if not statements:
        return []
    return [AutocommitBlockOp(list(_limited(statements, server)))]


def _limited(
    statements: Sequence[Statement], server: Server
) -> Iterator[MigrateOperation]:
    """Yield operations, each with the limit that it may wait for locks."""
    from flask_alembic.new_revisions import CodeOp

    is_limited = True
    for each in statements:
        if server.is_postgresql and each.waits is is_limited:
            is_limited = not each.waits
            limit = f"'{LOCK_TIMEOUT[True] * 1000:.0f}ms'" if is_limited else "0"
            yield CodeOp(f'op.execute("SET lock_timeout = {limit}")')
        yield each.operation
