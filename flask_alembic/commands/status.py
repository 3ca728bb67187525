"""One look at everything: where each database is and what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..dialects import backend_for
from ..environment.locking import lock_key
from .connecting import heads_of
from .invocation import Invocation, invoked
from .known_rows import unknown_rows
from .viewing import View, view_of

if TYPE_CHECKING:
    from ..environment.databases import Database
    from ..environment.objects import Environment
    from ..environment.scripts import Scripts


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """Where one database is.

    .. versionadded:: 4.0
    """

    database: str
    """Its name."""

    server: str
    """Product and version of the server."""

    current: tuple[str, ...]
    """The revisions it is at."""

    heads: tuple[str, ...]
    """The revisions that the code ends with."""

    pending: tuple[str, ...]
    """The revisions that an upgrade would run, in order."""

    unknown: tuple[str, ...]
    """Ids in its version table that no file has."""

    branches: tuple[str, ...]
    """The labels of the branches that it is on."""

    lock: str | None
    """Who holds the migration lock."""

    differences: int | None
    """How many operations would bring it to the models; ``None`` if not asked."""

    @property
    def state(self) -> str:
        """One word: ``empty``, ``unknown``, ``behind`` or ``at head``."""
        if self.unknown:
            return "unknown"
        if self.pending:
            return "behind" if self.current else "empty"
        return "at head"

    @property
    def ok(self) -> bool:
        """Whether there is nothing to do."""
        return self.state == "at head" and not self.differences


def status(
    environment: Environment,
    databases: Sequence[str] = (),
    *,
    models: bool = False,
    check: bool = False,
) -> list[DatabaseStatus]:
    """Return where each database is.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    :param models: Whether to compare the models too, which takes longer.
    :param check: Whether the answer is no unless there is nothing to do.
    """
    with invoked(
        environment, "status", databases=tuple(databases), models=models
    ) as call:
        view = view_of(environment)
        seen: dict[str, tuple[str, str | None, int | None]] = {}

        def look(database: Database, connection: Any) -> None:
            seen[database.name] = _look(call, database, connection, models)

        heads = heads_of(environment, call.hooks, databases, look)
        found = [
            _status(environment, view, name, ids, *seen[name])
            for name, ids in heads.items()
        ]
        call.ok = not check or all(one.ok for one in found)
        call.data = {
            "databases": [
                {**_fields(one), "state": one.state, "ok": one.ok} for one in found
            ]
        }
        return found


def _fields(one: DatabaseStatus) -> dict[str, Any]:
    return {name: getattr(one, name) for name in DatabaseStatus.__slots__}


def _look(
    call: Invocation,
    database: Database,
    connection: Any,
    models: bool,
) -> tuple[str, str | None, int | None]:
    """Ask the database what the version table does not tell."""
    backend = backend_for(database.engine.dialect)
    key = lock_key(call.environment, database.name)
    holders = backend.lock_holders(connection, key)
    count: int | None = None
    if models:
        from .comparing import produce, require_models

        scripts = call.environment.scripts()
        require_models([database], call.environment)
        context = call.environment.environment_context(database, scripts, connection)
        script = produce(call.environment, context.get_context(), database)
        assert script.upgrade_ops is not None
        count = len(script.upgrade_ops.as_diffs())
    lock = "; ".join(map(str, holders)) or None
    return backend.server_version(connection), lock, count


def _status(
    environment: Environment,
    view: View,
    name: str,
    ids: tuple[str, ...],
    server: str,
    lock: str | None,
    differences: int | None,
) -> DatabaseStatus:
    unknown = unknown_rows(view, ids)
    known = tuple(id_ for id_ in ids if repr(id_) not in unknown)
    heads = tuple(sorted(view.real_heads()))
    labels = {label for id_ in known for label in view.labels(id_)}
    ahead: tuple[str, ...] | None = () if unknown else view.pending(known)
    if ahead is None:
        ahead = pending(environment.scripts(), known, heads)
    return DatabaseStatus(
        database=name,
        server=server,
        current=tuple(map(str, ids)),
        heads=heads,
        pending=ahead,
        unknown=tuple(text.strip("'") for text in unknown),
        branches=tuple(sorted(labels)),
        lock=lock,
        differences=differences,
    )


def pending(
    scripts: Scripts, ids: tuple[str, ...], heads: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the revisions that an upgrade would run, without loading them.

    :param scripts: The history.
    :param ids: Where the database is; every id has a file.
    :param heads: Where the code ends.
    """
    if set(ids) == set(heads):
        return ()
    upward = scripts.iterate_revisions("heads", ids, implicit_base=True)
    return tuple(script.revision for script in upward)[::-1]
