"""A resumed revision ends as an uninterrupted one, or is refused with the reason."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from apps import run_db, url_of, version_rows
from resumed_revisions import (
    dump,
    execute,
    make,
    resume,
    upgrade,
    upgrade_and_die,
)
from sample import rounds

pytestmark = pytest.mark.costly

BREAK = "op.execute('ALTER TABLE nosuch ADD other INT')"
READS = "it reads the"


def sql(text: str) -> str:
    return f"op.execute({text!r})"


def fail_then_resume(folder: Path, url: str, body: list[str]) -> tuple[str, dict]:
    """Let the last statement fail, remove the cause, resume; return why not, and all."""
    app = make(folder, url, [*body, BREAK])
    assert run_db(app, "upgrade").exit_code == 3
    assert version_rows(url_of(app)) == set()
    execute(url, "CREATE TABLE nosuch (id INT)")
    before = dump(url)
    reason = resume(app)
    after = dump(url)
    if reason:
        assert after == before, "refused, and something was changed"
        assert version_rows(url) == set()
    return reason, after


def uninterrupted(folder: Path, url: str, body: list[str]) -> dict:
    """Return what a run leaves that is not interrupted."""
    app = make(folder, url, [*body, BREAK])
    execute(url, "CREATE TABLE nosuch (id INT)")
    upgrade(app)
    return dump(url)


NESTED = [
    "try:",
    "    with c.begin_nested():",
    "        op.execute('INSERT INTO t (n) VALUES (50)')",
    "        op.execute('INSERT INTO t (id, n) VALUES (1, 51)')",
    "except sa.exc.IntegrityError:",
    "    op.execute('UPDATE t SET n = n + 1')",
]
SWALLOWED = [
    "try:",
    "    op.execute('DROP TABLE missing')",
    "except sa.exc.DBAPIError:",
]
SAME = {
    "nothing to skip": ["pass"],
    "savepoint with an error": NESTED,
    "savepoint rolled back": [
        "sp = c.begin_nested()",
        sql("UPDATE t SET n = n + 100"),
        "sp.rollback()",
        sql("UPDATE t SET n = n + 1"),
    ],
    "savepoint as text": [
        sql("SAVEPOINT s"),
        sql("UPDATE t SET n = n + 100"),
        sql("ROLLBACK TO SAVEPOINT s"),
        sql("INSERT INTO t (n) VALUES (5)"),
    ],
    "rollback as text": [sql("UPDATE t SET n = n + 100"), sql("ROLLBACK")],
    "set statement": [
        sql("SET STATEMENT max_statement_time=100 FOR UPDATE t SET n = n + 1"),
        sql("SET STATEMENT lock_wait_timeout=9 FOR ALTER TABLE t ADD x INT"),
    ],
    "if": [
        sql("IF 1 = 1 THEN UPDATE t SET n = n + 1; ALTER TABLE t COMMENT 'x'; END IF")
    ],
    "for": [
        sql(
            "FOR i IN 1..2 DO UPDATE t SET n = n + 1; ALTER TABLE t COMMENT 'x'; END FOR"
        )
    ],
    "begin not atomic": [
        sql("BEGIN NOT ATOMIC UPDATE t SET n = n + 1; ALTER TABLE t COMMENT 'x'; END")
    ],
    "returning that nobody reads": [sql("INSERT INTO t (n) VALUES (4) RETURNING id")],
    "lock tables": [
        sql("LOCK TABLES t WRITE, log WRITE"),
        sql("UPDATE t SET n = n + 1"),
        sql("INSERT INTO log VALUES ('one')"),
        sql("UNLOCK TABLES"),
        sql("UPDATE t SET n = n * 2"),
    ],
    "ddl under locks": [
        sql("LOCK TABLES t WRITE"),
        sql("UPDATE t SET n = n + 1"),
        sql("ALTER TABLE t ADD x INT"),
        sql("UPDATE t SET n = n + 1"),
        sql("UNLOCK TABLES"),
    ],
    "insert select": [sql("INSERT INTO t (n) SELECT n FROM t")],
    "replace": [sql("REPLACE INTO t VALUES (1, 77)"), sql("UPDATE t SET n = n + 1")],
    "call": [sql("CALL adds()"), sql("UPDATE t SET n = n * 2")],
    "call that commits": [sql("CALL mixes()"), sql("UPDATE t SET n = n * 2")],
    "function in a query": [sql("SELECT counted()"), sql("UPDATE t SET n = n + 1")],
    "function in DO": [sql("DO counted()")],
    "prepared": [
        sql("PREPARE p FROM 'UPDATE t SET n = n + ?'"),
        sql("SET @k = 5"),
        sql("EXECUTE p USING @k"),
        sql("ALTER TABLE t ADD x INT"),
        sql("EXECUTE p USING @k"),
        sql("DEALLOCATE PREPARE p"),
    ],
    "execute immediate": [sql("EXECUTE IMMEDIATE 'UPDATE t SET n = n + 1'")],
    "alter online": [
        sql("ALTER ONLINE TABLE t ADD x INT"),
        sql("UPDATE t SET x = n + 1"),
    ],
    "create table select": [
        sql("CREATE TABLE u SELECT n FROM t"),
        sql("DELETE FROM t"),
    ],
    "comments": [
        sql("-- why\nUPDATE t SET n = n + 1"),
        sql("/* SELECT */ UPDATE t SET n = n + 1"),
        sql("# why\nUPDATE t SET n = n + 1"),
        sql("/*!40101 UPDATE t SET n = n + 1 */"),
        sql("/*M! UPDATE t SET n = n + 1 */"),
    ],
    "with": [
        sql("WITH q AS (SELECT 1 AS i) SELECT i FROM q"),
        sql("UPDATE t SET n = 4"),
    ],
    "handler": [
        sql("HANDLER log OPEN"),
        sql("HANDLER log READ FIRST"),
        sql("HANDLER log CLOSE"),
    ],
    "refused and continued": [*SWALLOWED, "    op.execute('UPDATE t SET n = n + 1')"],
    "set names": [
        sql("SET NAMES utf8mb4"),
        sql("SET @a = 3"),
        sql("UPDATE t SET n = @a"),
    ],
    "sql_mode": [
        sql("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')"),
        sql("DELETE FROM t"),
    ],
    "autocommit block": [
        "with op.get_context().autocommit_block():",
        "    op.execute('UPDATE t SET n = n + 1')",
    ],
    "procedure": [
        sql("CREATE PROCEDURE q() BEGIN DELETE FROM t; END"),
        sql("CALL q()"),
    ],
    "an id that nobody reads": [
        "c.execute(sa.text('INSERT INTO t (n) VALUES (7)')).lastrowid"
    ],
    "several sets of parameters": [
        "c.execute(sa.text('INSERT INTO t (n) VALUES (:n)'), [{'n': 8}, {'n': 9}])"
    ],
    "a query that reads the same": [
        "n = c.scalar(sa.text('SELECT count(*) FROM log'))",
        "c.execute(sa.text('UPDATE t SET n = n + :n'), {'n': n + 1})",
    ],
    "steps": [
        "import flask_alembic",
        "with flask_alembic.step('pairs'):",
        "    while c.execute(sa.text('DELETE FROM t WHERE n < 3 LIMIT 1')).rowcount:",
        "        pass",
        sql("UPDATE t SET n = n + 1"),
        "@flask_alembic.step('adds')",
        "def adds():",
        "    new = c.execute(sa.text('INSERT INTO t (n) VALUES (7)')).lastrowid",
        "    c.execute(sa.text('INSERT INTO t (n) VALUES (:n)'), {'n': new})",
        "adds()",
    ],
}
ADD = sql("ALTER TABLE t ADD x INT")
REFUSED = {
    "lastrowid": [
        "pid = c.execute(sa.text('INSERT INTO t (n) VALUES (7)')).lastrowid",
        ADD,
        "c.execute(sa.text('INSERT INTO t (n, x) VALUES (8, :p)'), {'p': pid})",
    ],
    "inserted_primary_key": [
        "t = sa.table('t', sa.column('id', sa.Integer), sa.column('n'))",
        "t = sa.Table('t', sa.MetaData(), sa.Column('id', sa.Integer, primary_key=True),"
        " sa.Column('n', sa.Integer))",
        "pid = c.execute(t.insert().values(n=7)).inserted_primary_key[0]",
        ADD,
        "c.execute(sa.text('UPDATE t SET x = :p'), {'p': pid})",
    ],
    "rowcount": [
        "if c.execute(sa.text('UPDATE t SET n = n + 1')).rowcount:",
        "    op.execute(\"INSERT INTO log VALUES ('some')\")",
        ADD,
    ],
    "loop on rowcount": [
        "while c.execute(sa.text('DELETE FROM t WHERE n < 9 LIMIT 2')).rowcount:",
        "    pass",
        ADD,
    ],
    "caught": [
        "try:",
        "    if c.execute(sa.text('UPDATE t SET n = n + 1')).rowcount: pass",
        "except Exception:",
        "    pass",
        ADD,
    ],
    "returning": [
        "pid = c.execute(sa.text('INSERT INTO t (n) VALUES (4) RETURNING id')).scalar()",
        ADD,
    ],
    "last_insert_id": [
        sql("INSERT INTO t (n) VALUES (7)"),
        sql("INSERT INTO t (n) VALUES (LAST_INSERT_ID())"),
        sql("INSERT INTO t (n) SELECT LAST_INSERT_ID()"),
        "pid = c.scalar(sa.text('SELECT LAST_INSERT_ID()'))",
        ADD,
    ],
    "row_count": [
        sql("UPDATE t SET n = n + 1"),
        "k = c.scalar(sa.text('SELECT ROW_COUNT()'))",
        ADD,
    ],
    "orm": [
        "from sqlalchemy.orm import Session, declarative_base",
        "class P(declarative_base()):",
        "    __tablename__ = 't'",
        "    id = sa.Column(sa.Integer, primary_key=True)",
        "    n = sa.Column(sa.Integer)",
        "session = Session(bind=c)",
        "p = P(n=4); session.add(p); session.flush()",
        ADD,
        "c.execute(sa.text('UPDATE t SET x = :p'), {'p': p.id})",
    ],
    "a query of what was changed": [
        "k = c.scalar(sa.text('SELECT count(*) FROM t'))",
        sql("DELETE FROM t"),
        ADD,
        "c.execute(sa.text('INSERT INTO t (n) VALUES (:k)'), {'k': k})",
    ],
    "guard": [
        "if not sa.inspect(c).has_table('u'):",
        "    op.execute('CREATE TABLE u (i INT)')",
    ],
    "temporary table": [
        sql("CREATE TEMPORARY TABLE tmp SELECT n FROM t"),
        sql("DELETE FROM t"),
        ADD,
        sql("INSERT INTO t (n) SELECT n FROM tmp"),
    ],
    "variable from data": [
        sql("SELECT count(*) FROM t INTO @k"),
        sql("DELETE FROM t"),
        ADD,
        sql("INSERT INTO t (n) VALUES (@k)"),
    ],
    "other parameters": [
        "import uuid",
        "c.execute(sa.text('INSERT INTO log VALUES (:w)'), {'w': str(uuid.uuid4())})",
        ADD,
    ],
}


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", SAME)
def test_it_ends_as_an_uninterrupted_run(
    make_database: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    reason, found = fail_then_resume(
        tmp_path / "a", make_database("mariadb"), SAME[name]
    )
    assert not reason
    assert found == uninterrupted(tmp_path / "b", make_database("mariadb"), SAME[name])


@pytest.mark.sample(5)
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_known_is_refused(
    mariadb_url: str, tmp_path: Path, name: str
) -> None:
    reason, _ = fail_then_resume(tmp_path, mariadb_url, REFUSED[name])
    assert reason
    assert "by hand" in reason
    assert "stamp" in reason


PIECES = [
    *(
        body
        for name, body in SAME.items()
        if name not in ("steps", "sql_mode", "comments")
    ),
    [sql("UPDATE t SET n = n * 3")],
    [sql("INSERT INTO t (n) VALUES (5)")],
    [sql("INSERT INTO log VALUES ('piece')")],
    *REFUSED.values(),
]


@pytest.mark.parametrize("seed", range(rounds(6)))
def test_killed_anywhere_and_resumed(
    make_database: Callable[[str], str], tmp_path: Path, seed: int
) -> None:
    """The outcome is that of an uninterrupted run, or it is refused and nothing changes."""
    chance = random.Random(seed)
    body = [
        line
        for piece in chance.sample(PIECES, 4)
        if ADD not in piece
        for line in [*piece, sql(f"ALTER TABLE t ADD c{chance.randrange(10**6)} INT")]
    ]
    whole = make_database("mariadb")
    upgrade(make(tmp_path / "whole", whole, body))
    for number in range(3):
        url = make_database("mariadb")
        app = make(tmp_path / f"cut{number}", url, body)
        at, after = chance.randrange(8, 60), chance.random() < 0.5
        upgrade_and_die(app, tmp_path / "log", at, after=after)
        before = dump(url)
        reason = resume(app)
        if reason:
            assert dump(url) == before, (at, after, reason)
            assert version_rows(url) == set()
        else:
            assert dump(url) == dump(whole), (at, after)
