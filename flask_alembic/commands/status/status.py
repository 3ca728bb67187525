"""One look at everything: where each database is and what is pending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from ...errors import CheckFailed, DatabaseError, HookError
from ...hooks import specs
from ...hooks.payloads import DatabaseState
from ...runtime.connections import connected, current_heads, default_schema
from ...runtime.databases import Database, choose
from ...runtime.environment import history_reader, lock_key
from ...runtime.error_translation import translated
from ...runtime.invocation import Invocation, invoked
from ...runtime.planner import pending
from ...runtime.resume import read_unfinished
from ...runtime.version_rows import conflicting_rows, unknown_rows
from ...script.view import HistoryReader
from ..doctor.row_findings import implied

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ...backends.base import Backend
    from ...backends.lock import LockKey
    from ...runtime.environment import Environment


@dataclass(frozen=True, slots=True)
class VersionState:
    """The state of a database, and what it follows from."""

    state: DatabaseState
    """In a word or two."""

    ids: tuple[str, ...] = ()
    """What the version table holds."""

    unknown: tuple[str, ...] = ()
    """Those of them that match no revision file, as they are shown."""

    conflict: str | None = None
    """Which of its rows exclude each other."""

    tables: int | None = None
    """How many tables there are without a version; ``None`` where there is one."""

    partially_applied: str | None = None
    """A revision that is partially applied, where DDL commits as it goes."""

    error: str | None = None
    """Why nothing could be read."""


def read_state(
    environment: Environment,
    view: HistoryReader,
    database: Database,
    connection: Connection,
    seconds: float | None = None,
) -> VersionState:
    """Return the state of a database; the caller ends the transaction.

    One small query where there is a version, and a second one on databases that keep
    a journal.

    :param environment: The app's environment.
    :param view: The history.
    :param database: The database.
    :param connection: A connection to it.
    :param seconds: How long to wait for a lock; ``connect_timeout`` by default.
    :raises DatabaseError: When it cannot be read.
    """
    backend = database.backend
    key = lock_key(environment, database.name)
    with translated():
        ids = current_heads(environment, database, connection, seconds)
        unknown = tuple(unknown_rows(view, ids))
        tables = None if ids else _count_tables(backend, key, connection)
        partially_applied = _partially_applied(environment, database, connection)
    conflict = _conflict(environment, ids) if len(ids) > 1 and not unknown else None
    heads = view.real_heads()
    if unknown:
        state = DatabaseState.UNKNOWN
    elif conflict is not None:
        state = DatabaseState.INCONSISTENT
    elif partially_applied is not None:
        state = DatabaseState.PARTIALLY_APPLIED
    elif not heads:
        state = DatabaseState.NO_REVISIONS
    elif not ids:
        state = DatabaseState.UNVERSIONED if tables else DatabaseState.EMPTY
    else:
        at_head = heads.issubset(ids)
        state = DatabaseState.AT_HEAD if at_head else DatabaseState.BEHIND
    return VersionState(state, ids, unknown, conflict, tables, partially_applied)


def _conflict(environment: Environment, ids: tuple[str, ...]) -> str | None:
    """Return which rows of a version table exclude each other, if any do."""
    with translated():
        found = conflicting_rows(environment.scripts(), ids)
    return found[0] if found is not None else None


def _count_tables(backend: Backend, key: LockKey, connection: Connection) -> int:
    import sqlalchemy as sa

    ours = {*backend.own_tables(key), key.version_table}
    names = sa.inspect(connection).get_table_names(default_schema(connection))
    return len({*names} - ours)


def _partially_applied(
    environment: Environment, database: Database, connection: Connection
) -> str | None:
    """Return a partially applied revision, unless a run is applying it right now."""
    found = read_unfinished(environment, database.name, connection)
    key = lock_key(environment, database.name)
    if found is None or database.backend.lock_holders(connection, key):
        return None
    # The run may have ended between the two queries.
    found = read_unfinished(environment, database.name, connection)
    return found.revision if found is not None else None


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
    """Ids in its version table that match no revision file."""

    branches: tuple[str, ...]
    """The labels of the branches that it is on."""

    lock: str | None
    """Who holds the migration lock."""

    differences: int | None
    """How many operations would bring it to the models; ``None`` if not asked."""

    state: DatabaseState
    """In a word or two, the same for ``status``, ``wait`` and ``readiness()``."""

    tables: int | None = None
    """How many tables it has, where it has no version; else ``None``."""

    partially_applied: str | None = None
    """A revision of which a part is applied, as it may be on MySQL and MariaDB."""

    error: str | None = None
    """Why it could not be read."""

    conflict: str | None = None
    """Which rows of its version table exclude each other."""

    messages: Mapping[str, str] = field(default_factory=dict)
    """The message of each pending revision."""

    irreversible: Mapping[str, bool | str] = field(default_factory=dict)
    """The pending revisions whose files say that they cannot be reverted: ``True`` or
    the reason, by id."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    """What plugins add with the hook ``database_status``, by name."""

    @property
    def ok(self) -> bool:
        """Whether nothing is pending."""
        return self.state is DatabaseState.AT_HEAD and not self.differences


_NOTHING_PENDING: Final = frozenset(
    {
        DatabaseState.AT_HEAD,
        DatabaseState.UNKNOWN,
        DatabaseState.INCONSISTENT,
        DatabaseState.UNREACHABLE,
    }
)
"""States in which no pending revisions are listed."""

LISTED: Final = 10
"""How many pending revisions, and names of databases, are listed."""

OWN_FIELDS: Final = ("server", "lock", "differences")
"""Fields of a status that are given through the hook ``database_status``."""


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
    :param check: Whether to fail if anything is pending.
    :raises HookError: When two plugins give one field.
    :raises CheckFailed: With ``check``, after the report, which is complete.
    :raises DatabaseError: With ``check``, when a database cannot be read.
    """
    with invoked(
        environment, "status", databases=tuple(databases), models=models
    ) as call:
        view = history_reader(environment)
        statuses = [
            _status(call, view, database, models)
            for database in choose(environment.databases(), databases)
        ]
        call.ok = all(one.ok if check else one.error is None for one in statuses)
        call.data = {"databases": [{**_fields(one), "ok": one.ok} for one in statuses]}
    if check:
        require_readable(statuses)
        if not call.ok:
            raise CheckFailed("Not every database is up to date.", _advice(statuses))
    return statuses


class _Answer(Protocol):
    @property
    def database(self) -> str: ...

    @property
    def error(self) -> str | None: ...


def require_readable(statuses: Sequence[_Answer]) -> None:
    """Refuse to take a database that cannot be read for one that is up to date.

    :param statuses: The status of each database.
    :raises DatabaseError: When one cannot be read.
    """
    unread = [one.database for one in statuses if one.error is not None]
    if unread:
        raise DatabaseError(
            f"Cannot be read: {names_in_short('database', unread)}.",
            "The reason is above. flask db wait --for database waits until it answers.",
        )


def names_in_short(noun: str, names: Sequence[str]) -> str:
    """Return the names of a few things, or how many there are.

    :param noun: What one of them is called.
    :param names: Their names.
    """
    plural = "" if len(names) == 1 else "s"
    if len(names) > LISTED:
        return f"{len(names)} {noun}{plural}"
    return f"{noun}{plural} {', '.join(names)}"


def _advice(statuses: Sequence[DatabaseStatus]) -> str:
    """Return what to do first, about what is worst."""
    states = {one.state for one in statuses}
    if DatabaseState.NO_REVISIONS in states:
        return "Make a revision, or check where the files are."
    if states & {
        DatabaseState.UNKNOWN,
        DatabaseState.INCONSISTENT,
        DatabaseState.PARTIALLY_APPLIED,
    }:
        return "Run flask db doctor: it says how to fix it."
    if DatabaseState.UNVERSIONED in states:
        return "Run flask db adopt, or flask db upgrade where the tables are not ours."
    if any(one.pending for one in statuses):
        return "Run flask db upgrade."
    return "Make a revision of what differs: flask db revision 'message'."


def _fields(one: DatabaseStatus) -> dict[str, Any]:
    return {name: getattr(one, name) for name in DatabaseStatus.__slots__}


def _status(
    call: Invocation, view: HistoryReader, database: Database, models: bool
) -> DatabaseStatus:
    environment = call.environment
    fields: dict[str, Any] = {}
    try:
        with translated(), connected(environment, call.hooks, database) as connection:
            seen = read_state(environment, view, database, connection)
            fields = _gather_fields(call, database.name, connection, models)
    except DatabaseError as error:
        seen = VersionState(DatabaseState.UNREACHABLE, error=error.message)
    current = tuple(map(str, seen.ids))
    known = tuple(id_ for id_ in seen.ids if id_ in view)
    heads = tuple(sorted(view.real_heads()))
    labels = {label for id_ in known for label in view.labels(id_)}
    ahead: tuple[str, ...] | None = ()
    if seen.state not in _NOTHING_PENDING:
        ahead = view.pending(known)
    if ahead is None:
        scripts = environment.scripts()
        above = implied(scripts, known)
        tips = tuple(id_ for id_ in known if id_ not in above)
        ahead = pending(scripts, tips, heads)
    return DatabaseStatus(
        database=database.name,
        server=fields.pop("server", ""),
        current=current,
        heads=heads,
        pending=ahead,
        unknown=tuple(text.strip("'") for text in seen.unknown),
        branches=tuple(sorted(labels)),
        lock=fields.pop("lock", None),
        differences=fields.pop("differences", None),
        state=seen.state,
        tables=seen.tables,
        partially_applied=seen.partially_applied,
        error=seen.error,
        conflict=seen.conflict,
        messages={id_: view.message(id_) for id_ in ahead},
        irreversible={
            id_: mark for id_ in ahead if (mark := view.irreversible(id_)) is not False
        },
        fields=fields,
    )


def _gather_fields(
    call: Invocation, database: str, connection: Connection, models: bool
) -> dict[str, Any]:
    """Return what plugins know of a database, by name."""
    fields: dict[str, Any] = {}
    givers = dict.fromkeys({*DatabaseStatus.__slots__, "ok"}.difference(OWN_FIELDS), "")
    for plugin, given in call.hooks.collect(
        specs.database_status, database=database, connection=connection, models=models
    ):
        if not isinstance(given, Mapping):
            raise HookError(
                f"Plugin {plugin!r} gave {given!r} to database_status, which is not a "
                "mapping.",
                "Return values by name.",
                plugin=plugin,
                hook="database_status",
            )
        for name, value in given.items():
            if name in givers:
                other = givers[name]
                raise HookError(
                    f"Plugins {other!r} and {plugin!r} both give the field {name!r}."
                    if other
                    else f"Plugin {plugin!r} gives the field {name!r}, which is ours.",
                    f"Disable plugin {other!r}." if other else "Use another name.",
                    plugin=plugin,
                    hook="database_status",
                )
            givers[name] = plugin
            fields[str(name)] = value
    return fields
