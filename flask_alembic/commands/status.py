"""One look at everything: where each database is and what is to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..environment.databases import Database, choose
from ..environment.translation import translated
from ..errors import DatabaseError
from .connecting import connected
from .invocation import Invocation, invoked
from .known_rows import unknown_rows
from .looking import Look, look
from .viewing import View, view_of

if TYPE_CHECKING:
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

    tables: int | None = None
    """How many tables it has, where it has no version; else ``None``."""

    half_applied: str | None = None
    """A revision of which a part is in effect, as it may be on MySQL and MariaDB."""

    error: str | None = None
    """Why it could not be read."""

    messages: Mapping[str, str] = field(default_factory=dict)
    """What each pending revision is about."""

    @property
    def state(self) -> str:
        """In a word or two.

        ``at head``, ``behind``, ``empty`` of tables, ``unversioned`` with tables,
        ``unknown`` to the code, ``half applied``, ``no revisions`` in the code, or
        ``unreachable``.
        """
        if self.error is not None:
            return "unreachable"
        if self.unknown:
            return "unknown"
        if self.half_applied is not None:
            return "half applied"
        if not self.heads:
            return "no revisions"
        if self.pending and not self.current:
            return "unversioned" if self.tables else "empty"
        return "behind" if self.pending else "at head"

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
    """Return where each database is; one that cannot be read hides no other.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    :param models: Whether to compare the models too, which takes longer.
    :param check: Whether the answer is no unless there is nothing to do.
    """
    with invoked(
        environment, "status", databases=tuple(databases), models=models
    ) as call:
        view = view_of(environment)
        found = [
            _status(environment, view, database.name, _seen(call, database, models))
            for database in choose(environment.databases(), databases)
        ]
        call.ok = all(one.ok if check else one.error is None for one in found)
        call.data = {
            "databases": [
                {**_fields(one), "state": one.state, "ok": one.ok} for one in found
            ]
        }
        return found


def _fields(one: DatabaseStatus) -> dict[str, Any]:
    return {name: getattr(one, name) for name in DatabaseStatus.__slots__}


def _seen(call: Invocation, database: Database, models: bool) -> Look:
    environment = call.environment
    try:
        with translated(), connected(environment, call.hooks, database) as connection:
            return look(environment, database, connection, models)
    except DatabaseError as error:
        return Look(error=error.message)


def _status(
    environment: Environment, view: View, name: str, seen: Look
) -> DatabaseStatus:
    unknown = unknown_rows(view, seen.ids)
    known = tuple(id_ for id_ in seen.ids if repr(id_) not in unknown)
    heads = tuple(sorted(view.real_heads()))
    labels = {label for id_ in known for label in view.labels(id_)}
    ahead: tuple[str, ...] | None = ()
    if not unknown and seen.error is None:
        ahead = view.pending(known)
    if ahead is None:
        ahead = pending(environment.scripts(), known, heads)
    return DatabaseStatus(
        database=name,
        server=seen.server,
        current=tuple(map(str, seen.ids)),
        heads=heads,
        pending=ahead,
        unknown=tuple(text.strip("'") for text in unknown),
        branches=tuple(sorted(labels)),
        lock=seen.lock,
        differences=seen.differences,
        tables=seen.tables,
        half_applied=seen.half_applied,
        error=seen.error,
        messages={id_: view.message(id_) for id_ in ahead},
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
