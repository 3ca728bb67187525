"""The values of statements in SQL text: what the script writes is what a run writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    make_app,
    migrations_of,
    no_models,
    run_db,
    second_connection,
    write_chain,
    write_revision,
)
from backends import backend_for
from databases import MakeDatabase

TABLE = """\
import datetime as dt, decimal, enum, uuid
class Size(enum.Enum):
    small = 1
    large = 2
class Folded(sa.TypeDecorator):
    impl = sa.String(40)
    cache_ok = True
    def process_bind_param(self, value, dialect):
        return 'none' if value is None else value.lower()
metadata = sa.MetaData()
item = sa.Table(
    'item', metadata,
    sa.Column('id', sa.Integer, primary_key=True),
    sa.Column('word', sa.Text),
    sa.Column('price', sa.Numeric(10, 2)),
    sa.Column('ratio', sa.Double),
    sa.Column('count', sa.Integer),
    sa.Column('sold', sa.Boolean),
    sa.Column('day', sa.Date),
    sa.Column('at', sa.DateTime),
    sa.Column('clock', sa.Time),
    sa.Column('raw', sa.LargeBinary),
    sa.Column('data', sa.JSON),
    sa.Column('size', sa.Enum(Size)),
    sa.Column('token', sa.Uuid(native_uuid=False)),
    sa.Column('tag', Folded),
    sa.Column('state', sa.String(20), default="it's new"),
    sa.Column('score', sa.Integer, default=lambda: 7),
)
item.create(op.get_bind())
connection = op.get_bind()
"""
ROWS = r"""
rows = [
    dict(id=1, word="it's 100% sure; -- 50%% \\ \\n :x ? \"q\" \t tab\nline é 🐦",
         price=decimal.Decimal('1.10'), ratio=0.1, count=-3, sold=True,
         day=dt.date(2024, 2, 29), at=dt.datetime(2024, 2, 29, 1, 2, 3, 456),
         clock=dt.time(1, 2, 3), raw=bytes(range(256)),
         data={'a': ["it's", None, 1.5, '\\ % " \n']}, size=Size.large,
         token=uuid.UUID(int=5), tag='LOUD'),
    dict(id=2, word='', price=decimal.Decimal('-5'), ratio=-1e-30, count=0, sold=False,
         day=None, at=None, clock=None, raw=b'', data=None, size=None, token=None,
         tag=None),
    dict(id=3, word=None, price=None, ratio=1e30, count=None, sold=None, day=None,
         at=None, clock=None, raw=None, data=[], size=Size.small, token=None, tag=''),
]
"""
WAYS = {
    "execute rows": "connection.execute(item.insert(), rows)",
    "execute one by one": "[connection.execute(item.insert(), row) for row in rows]",
    "bulk_insert": "op.bulk_insert(item, rows)",
    "values": "[op.execute(item.insert().values(**row)) for row in rows]",
    "several values": "op.execute(item.insert().values(rows))",
}
"""How rows are inserted."""

UPDATES = [
    "t = sa.text",
    "connection.execute(t('UPDATE item SET word = :w, day = :d, at = :a, raw = :r WHERE "
    "id = :id'), {'w': \"o'\\\\%s\", 'd': dt.date(1999, 1, 2), 'id': 2, 'r': b'\\x00\\xff',"
    " 'a': dt.datetime(1999, 1, 2, 3)})",
    "connection.execute(t('UPDATE item SET count = count - :n WHERE id = :id'),"
    " [{'n': -4, 'id': 1}, {'n': 9, 'id': 2}])",
    "op.execute(t('UPDATE item SET count = 5 * :f WHERE id = 3').bindparams(f=0.5))",
    "connection.execute(t('UPDATE item SET price = :p WHERE id IN :ids').bindparams("
    "sa.bindparam('ids', expanding=True)),"
    " {'p': None, 'ids': [1, 3]})",
    "connection.execute(item.update().where(item.c.id == sa.bindparam('i')),"
    " {'i': 3, 'word': 'by name', 'data': {'x': 1}})",
    "connection.execute(item.update().where(item.c.id == 2), {'size': Size.large})",
    "connection.execute(sa.insert(item).from_select(['id', 'word'],"
    " sa.select(item.c.id + 100, item.c.word).where(item.c.word == sa.bindparam('w'))),"
    " {'w': 'by name'})",
    "op.execute(sa.table('item', sa.column('word')).update().values(word='u%')"
    ".where(t('id = 103')))",
]
DRIVER = {
    "sqlite": (
        "connection.exec_driver_sql('INSERT INTO item (id, word, count) VALUES"
        " (?, \\'? %% \\' || ?, ?)', [(7, 'a\\tb', 1), (8, None, 2)])",
        "connection.exec_driver_sql('UPDATE item SET word = :w WHERE id = :id',"
        " {'w': \"it's\", 'id': 8})",
    ),
    "postgresql": (
        "connection.exec_driver_sql('INSERT INTO item (id, word, count) VALUES"
        " (%s, \\'? %% \\' || %s::text, %s)', [(7, 'a\\tb', 1), (8, None, 2)])",
        "connection.exec_driver_sql('UPDATE item SET word = %(w)s WHERE id = %(id)s',"
        " {'w': \"it's\", 'id': 8})",
        "connection.execute(t('UPDATE item SET score = 1 WHERE id = ANY(:ids)'),"
        " {'ids': [1, 2]})",
    ),
    "mariadb": (
        "connection.exec_driver_sql('INSERT INTO item (id, word, count) VALUES"
        " (%s, concat(\\'? %% \\', %s), %s)', [(7, 'a\\tb', 1), (8, None, 2)])",
        "connection.exec_driver_sql('UPDATE item SET word = %(w)s WHERE id = %(id)s',"
        " {'w': \"it's\", 'id': 8})",
    ),
}
"""Statements in the words of each driver."""


def client(url: str, script: str) -> None:
    """Send a whole script with the client of the database, as it is."""
    parts = sa.make_url(url)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(parts.database))) as connection:
            connection.executescript(script)
    elif url.startswith("postgresql"):
        import psycopg

        plain = parts.set(drivername="postgresql").render_as_string(False)
        with psycopg.connect(plain, autocommit=True) as session:
            session.execute(script.encode())
    else:
        mariadb(parts, script)


def mariadb(url: sa.URL, script: str) -> None:
    import pymysql
    from pymysql.constants import CLIENT

    with (
        pymysql.connect(
            host=url.host,
            port=url.port or 3306,
            user=url.username,
            password=url.password or "",
            database=url.database,
            client_flag=CLIENT.MULTI_STATEMENTS,
        ) as session,
        session.cursor() as cursor,
    ):
        cursor.execute(script)
        while cursor.nextset():
            pass
        session.commit()


def content(url: str) -> list[Any]:
    """Return all rows as another connection reads them."""
    with second_connection(url) as connection:
        result = connection.exec_driver_sql("SELECT * FROM item ORDER BY id")
        return [tuple(row) for row in result]


@pytest.mark.parametrize("way", WAYS)
def test_a_script_writes_the_rows_that_a_run_writes(
    way: str, kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    body = [*TABLE.splitlines(), *ROWS.splitlines(), WAYS[way], *UPDATES, *DRIVER[kind]]
    found = []
    for mode in ("online", "offline"):
        url = make_database(kind)
        folder = tmp_path / mode
        folder.mkdir()
        app = make_app(folder, url, models=no_models)
        write_revision(migrations_of(app), "a1", None, body)
        result = run_db(app, "upgrade", *(["--sql"] if mode == "offline" else []))
        assert result.exit_code == 0, result.output
        if mode == "offline":
            client(url, result.stdout)
        found.append(content(url))
    online, offline = found
    assert len(online) == 6
    assert offline == online


def test_literals_of_values(kind: str, make_database: MakeDatabase) -> None:
    """What a driver would send and a literal are the same value to the server."""
    from datetime import date, datetime, time, timedelta, timezone
    from decimal import Decimal
    from uuid import UUID

    url = make_database(kind)
    zone = timezone(timedelta(hours=2))
    values: list[Any] = [0, -1, 2**62, True, 0.1, -1e-7, "x'\\\"%", b"\x00'", "\t"]
    values += [date(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5, 6)]
    if kind != "sqlite":
        values += [Decimal("5"), Decimal("-1.50"), time(1, 2, 3), timedelta(hours=-30)]
        values += [datetime(2024, 1, 2, tzinfo=zone), UUID(int=7), 2**70]
    if kind == "postgresql":
        values += [float("inf"), Decimal("NaN"), [1, None, 3]]
        values += [timedelta(days=3, microseconds=5), [True], datetime(99, 1, 1)]
    with second_connection(url) as connection:
        backend = backend_for(connection.dialect)
        for value in values:
            text = backend.literal(value)
            sent = connection.execute(sa.text("SELECT :v"), {"v": value}).scalar()
            read = connection.exec_driver_sql(
                f"SELECT {text}".replace("%", "%%" if kind != "sqlite" else "%")
            ).scalar()
            assert repr(read) == repr(sent), value


REFUSED = {
    "missing": ("connection.execute(sa.text('UPDATE t SET a = :p'))", "'p'"),
    "misnamed": ("connection.execute(sa.text('UPDATE t SET a = :p'), {'q': 1})", "'p'"),
    "dict": ("connection.execute(sa.text('UPDATE t SET a = :p'), {'p': {}})", "dict"),
    "object": ("connection.execute(sa.text('SELECT :p'), {'p': object()})", "object"),
    "list": ("connection.execute(sa.text('SELECT :p'), {'p': [1]})", "list"),
    "enum": (
        "import enum; connection.execute(sa.text('SELECT :p'),"
        " {'p': enum.Enum('E', 'a').a})",
        "type E",
    ),
    "number": (
        "connection.execute(sa.text('SELECT :p'), {'p': float('nan')})",
        "nan is not a number",
    ),
    "big": ("connection.execute(sa.text('SELECT :p'), {'p': 2 ** 63})", "64 bits"),
    "placeholder": ("op.execute(\"UPDATE t SET a = ':p'\")", "'p'"),
    "default": (
        "op.execute(sa.Table('t', sa.MetaData(), sa.Column('a', sa.Integer,"
        " default=lambda context: context.nothing)).insert())",
        "default of the column 'a'",
    ),
    "driver": ("connection.exec_driver_sql('SELECT ?', (1, 2))", "do not fit"),
    "driver short": ("connection.exec_driver_sql('SELECT ?, ?', (1,))", "do not fit"),
    "driver type": ("connection.exec_driver_sql('SELECT ?', ([],))", "list"),
    "caught": (
        "try:\n    connection.execute(sa.text('SELECT :p'), {'p': {}})\n"
        "except Exception:\n    pass",
        "dict",
    ),
    "type": (
        "op.execute(sa.table('t', sa.column('d', sa.Date)).insert().values(d=object()))",
        "object",
    ),
}
"""What cannot be written, and a part of the reason."""


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.sample("all")
def test_what_cannot_be_written_is_refused(case: str, tmp_path: Path) -> None:
    """Nothing is written, and the revision, its line and the statement are named."""
    app = make_app(tmp_path, models=no_models)
    write_chain(migrations_of(app), "a1")
    body, reason = REFUSED[case]
    lines = ["connection = op.get_bind()", *body.splitlines()]
    path = write_revision(migrations_of(app), "b2", "a1", lines, lines)
    for words in (["upgrade", "--sql"], ["downgrade", "b2:a1", "--sql"]):
        result = run_db(app, *words)
        assert result.exit_code == 3, result.output
        assert result.stdout == ""
        first, where, statement, _advice = result.stderr.splitlines()
        assert first.startswith(
            f"Error: The {words[0]} of b2 (b2) cannot be written as SQL: "
        )
        assert reason in first
        line = 14 + (case == "caught") + (5 if words[0] == "downgrade" else 0)
        line += (len(lines) - 2) if words[0] == "downgrade" else 0
        assert where == f"File: {path}, line {line}"
        assert statement.startswith("Statement: ")


READING = {
    "scalar": "connection.scalar(sa.text('SELECT 1'))",
    "scalars": "connection.scalars(sa.text('SELECT 1'))",
    "all": "connection.execute(sa.text('SELECT 1')).all()",
    "fetchall": "connection.execute(sa.text('SELECT 1')).fetchall()",
    "loop": "[row for row in connection.execute(sa.text('SELECT 1'))]",
    "next": "next(connection.execute(sa.text('SELECT 1')))",
    "rowcount": "connection.execute(sa.text('UPDATE t SET a = 1')).rowcount",
    "driver": "connection.exec_driver_sql('SELECT 1').first()",
    "savepoint": "connection.begin_nested()",
}


@pytest.mark.parametrize("case", READING)
@pytest.mark.sample("all")
def test_reading_is_refused(case: str, tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    lines = ["connection = op.get_bind()", READING[case]]
    path = write_revision(migrations_of(app), "a1", None, lines)
    result = run_db(app, "upgrade", "--sql")
    assert result.exit_code == 3
    assert result.stdout == ""
    first, where, advice = result.stderr.splitlines()
    assert "no database is connected" in first
    assert where == f"File: {path}, line 14"
    assert "is_offline_mode()" in advice


def test_a_statement_whose_result_is_not_read_is_written(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    lines = ["op.get_bind().execute(sa.func.setval('s', 5)).close()"]
    write_revision(migrations_of(app), "a1", None, lines)
    assert "SELECT setval('s', 5)" in run_db(app, "upgrade", "--sql").stdout


BATCH = [
    "with op.batch_alter_table('note') as batch:",
    "    batch.alter_column('word', type_=sa.String(50))",
]
COPY_FROM = [
    "note = sa.Table('note', sa.MetaData(), sa.Column('word', sa.String(5)))",
    "with op.batch_alter_table('note', copy_from=note) as batch:",
    "    batch.alter_column('word', type_=sa.String(50))",
]


def test_all_copies_of_tables_are_one_refusal(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    folder = migrations_of(app)
    write_chain(folder, "a1")
    second = write_revision(folder, "b2", "a1", BATCH, message="longer words")
    write_revision(folder, "c3", "b2")
    third = write_revision(folder, "d4", "c3", BATCH)
    result = run_db(app, "upgrade", "--sql")
    assert (result.exit_code, result.stdout) == (3, "")
    first, *found, advice = result.stderr.splitlines()
    assert "These 2 revisions cannot be written as SQL: SQLite" in first
    assert found == [
        f"  b2 (longer words) alters 'note': {second}, line 13",
        f"  d4 (d4) alters 'note': {third}, line 13",
    ]
    assert "copy_from" in advice
    assert run_db(app, "upgrade", "d4:heads", "--sql").exit_code == 0


def test_another_error_comes_before_the_copies(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    write_revision(migrations_of(app), "a1", None, BATCH)
    write_revision(migrations_of(app), "b2", "a1", "op.execute('SELECT :x')")
    assert "The upgrade of b2" in run_db(app, "upgrade", "--sql").stderr


def test_a_copy_of_a_table_that_is_given_is_written(
    tmp_path: Path, sqlite_url: str
) -> None:
    app = make_app(tmp_path, sqlite_url, models=no_models)
    made = "op.create_table('note', sa.Column('word', sa.String(5)))"
    write_revision(migrations_of(app), "a1", None, [made, *COPY_FROM])
    result = run_db(app, "upgrade", "--sql")
    assert result.exit_code == 0, result.stderr
    client(sqlite_url, result.stdout)
    with second_connection(sqlite_url) as connection:
        (column,) = sa.inspect(connection).get_columns("note")
    assert column["type"].length == 50
