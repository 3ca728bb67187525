"""Who holds what another session waits for, on MySQL and MariaDB.

Row locks are known exactly. Locks of a table's metadata, for which every ``ALTER``
waits, are known exactly where the server keeps a table of them: MariaDB with the plugin
``metadata_lock_info``, MySQL 8 and MariaDB with ``performance_schema``. Elsewhere the
best that can be said is who has a transaction open in the same database, or, if nobody
has, who else is connected to it (``LOCK TABLES`` leaves no other trace).

All of it needs the privilege ``PROCESS``, or shows the user's own sessions only.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ..lock import Session
from ..statements import between_transactions, mask, run

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SHOWN = """
SELECT DISTINCT p.id, {age}, concat(p.user, '@', p.host), p.info, p.state, p.command
FROM information_schema.processlist p
"""
_AGE = "timestampdiff(SECOND, t.trx_started, now())"
_TRANSACTION = (
    "LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id"
)
_OTHERS = "p.id <> :waiting AND p.id <> CONNECTION_ID()"
_SAME = (
    "p.db = (SELECT w.db FROM information_schema.processlist w WHERE w.id = :waiting)"
)
_HOLDER = _SHOWN.format(age="p.time") + "WHERE p.id = IS_USED_LOCK(:name)"
_WAITS = "SELECT p.state FROM information_schema.processlist p WHERE p.id = :waiting"

# In the order of their worth; the first that answers with a session is taken.
_ROW_LOCKS = (
    # MariaDB, MySQL 5.7
    f"""
    {_SHOWN.format(age=_AGE)} {_TRANSACTION} WHERE t.trx_id IN (
        SELECT w.blocking_trx_id FROM information_schema.innodb_lock_waits w
        JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
        WHERE r.trx_mysql_thread_id = :waiting)
    """,
    # MySQL 8
    f"""
    {_SHOWN.format(age=_AGE)} {_TRANSACTION} WHERE t.trx_id IN (
        SELECT w.blocking_engine_transaction_id
        FROM performance_schema.data_lock_waits w
        JOIN information_schema.innodb_trx r
        ON r.trx_id = w.requesting_engine_transaction_id
        WHERE r.trx_mysql_thread_id = :waiting)
    """,
)
_METADATA_LOCKS = (
    # MySQL 8, MariaDB with performance_schema
    f"""
    {_SHOWN.format(age=_AGE)} {_TRANSACTION}
    JOIN performance_schema.threads h ON h.processlist_id = p.id
    JOIN performance_schema.metadata_locks held ON held.owner_thread_id = h.thread_id
    JOIN performance_schema.metadata_locks wanted
      ON wanted.object_schema = held.object_schema
     AND wanted.object_name = held.object_name
    JOIN performance_schema.threads v ON v.thread_id = wanted.owner_thread_id
    WHERE held.lock_status = 'GRANTED' AND wanted.lock_status = 'PENDING'
      AND held.object_type = 'TABLE' AND v.processlist_id = :waiting AND {_OTHERS}
    """,
    # MariaDB with the plugin; it does not list what is waited for, so: what others
    # hold among the tables that the waiting statement names
    f"""
    {_SHOWN.format(age=_AGE)} {_TRANSACTION}
    JOIN information_schema.metadata_lock_info m ON m.thread_id = p.id
    JOIN information_schema.processlist v ON v.id = :waiting
    WHERE {_OTHERS} AND m.lock_type = 'Table metadata lock'
      AND m.table_schema = v.db AND locate(m.table_name, v.info) > 0
    """,
)
_LAST_RESORT = (
    f"""
    {_SHOWN.format(age=_AGE)} {_TRANSACTION}
    WHERE t.trx_id IS NOT NULL AND {_OTHERS} AND {_SAME}
    """,
    f"{_SHOWN.format(age='p.time')} WHERE {_OTHERS} AND {_SAME}",
)


def lock_holders(connection: Connection, name: str) -> tuple[Session, ...]:
    """Return the session that holds a named lock.

    :param connection: The run's connection; no transaction is left open on it.
    :param name: The name given to ``GET_LOCK``.
    """
    return _sessions(connection, _HOLDER, {"name": name})


def blockers(observer: Connection, waiting: int) -> tuple[Session, ...]:
    """Return who holds what a session waits for; nobody if it does not wait.

    :param observer: A connection of its own; no transaction is left open on it.
    :param waiting: The number of the session that waits.
    """
    number = {"waiting": waiting}
    for query in _ROW_LOCKS:
        found = _sessions(observer, query, number)
        if found:
            return found
    with between_transactions(observer):
        state = run(observer, _WAITS, number).scalar()
    if "lock" not in str(state or "").lower():
        return ()
    for query in (*_METADATA_LOCKS, *_LAST_RESORT):
        found = _sessions(observer, query, number)
        if found:
            return found
    return ()


def _sessions(
    connection: Connection, query: str, parameters: Mapping[str, object]
) -> tuple[Session, ...]:
    """Return the sessions a query finds; none where the server lacks its tables."""
    with suppress(Exception), between_transactions(connection):
        rows = run(connection, query, parameters).all()
        return tuple(
            Session(
                id=str(number),
                age=None if age is None else float(age),
                application=client,
                statement=mask(statement, quotes="'\""),
                state=state or command,
            )
            for number, age, client, statement, state, command in rows
        )
    return ()
