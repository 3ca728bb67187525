"""What a revision opens beside ``op`` works in the transaction of the run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    second_connection,
    url_of,
    version_rows,
    write_revision,
)
from databases import MakeDatabase
from flask import Flask

from flask_alembic import AlembicError

pytestmark = pytest.mark.costly

CREATE = (
    "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True, "
    "autoincrement=False), sa.Column('n', sa.Integer))"
)
DB = [
    "from flask import current_app",
    "db = current_app.extensions['sqlalchemy']",
]


def insert(number: int) -> str:
    return f"db.session.execute(sa.text('INSERT INTO t (id, n) VALUES ({number}, 0)'))"


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    settings = {"ddl_lock_timeout": 3, "lock_retries": 0}
    app = make_app(tmp_path, database_url, models=no_models, ALEMBIC=settings)
    with app.app_context():
        yield app


def revision(app: Flask, name: str, down: str | None, *lines: str) -> None:
    write_revision(migrations_of(app), name, down, [*DB, *lines])


def ids(app: Flask) -> Sequence[int]:
    with second_connection(url_of(app)) as connection:
        if not sa.inspect(connection).has_table("t"):
            return []
        return connection.scalars(sa.text("SELECT id FROM t ORDER BY id")).all()


def test_a_session_sees_what_op_has_created(app: Flask) -> None:
    revision(app, "a1", None, CREATE, insert(1), "db.session.commit()")
    extension_of(app).upgrade()
    assert ids(app) == [1]
    assert version_rows(url_of(app)) == {"a1"}


def test_a_session_and_op_change_the_same_rows(app: Flask) -> None:
    revision(app, "a1", None, CREATE, "op.execute('INSERT INTO t VALUES (1, 1)')")
    revision(
        app,
        "b2",
        "a1",
        "op.execute('UPDATE t SET n = 5')",
        "db.session.execute(sa.text('UPDATE t SET n = n + 1'))",
        "db.session.commit()",
        "assert op.get_bind().scalar(sa.text('SELECT n FROM t')) == 6",
        "op.execute('UPDATE t SET n = n + 1')",
    )
    extension_of(app).upgrade()
    with second_connection(url_of(app)) as connection:
        assert connection.scalar(sa.text("SELECT n FROM t")) == 7


def test_a_session_that_has_read_a_table_does_not_stand_in_the_way(app: Flask) -> None:
    revision(app, "a1", None, CREATE)
    revision(
        app,
        "b2",
        "a1",
        "assert db.session.scalar(sa.text('SELECT count(*) FROM t')) == 0",
        "op.add_column('t', sa.Column('x', sa.Integer))",
    )
    extension_of(app).upgrade()
    assert version_rows(url_of(app)) == {"b2"}


@pytest.mark.parametrize(
    "lines",
    [
        ["assert sa.inspect(op.get_bind().engine).get_table_names().count('t') == 1"],
        ["assert sa.inspect(db.engine).has_table('t')"],
        ["with db.engine.connect() as c:", "    assert not c.execute(T).all()"],
        ["with db.engine.begin() as c:", "    c.execute(I)"],
        ["with db.engine.connect() as c:", "    c.execute(I)", "    c.commit()"],
        ["c = db.engine.raw_connection()", "cursor = c.cursor()",
         "cursor.execute('INSERT INTO t VALUES (1, 1)')", "c.commit()", "c.close()"],
        ["a = db.engine.connect().execution_options(isolation_level='AUTOCOMMIT')",
         "a.execute(I)", "a.close()"],
        ["with sa.orm.Session(db.engine) as s, s.begin():", "    s.execute(I)"],
        ["with db.engine.connect() as c, db.engine.connect() as d:",
         "    c.execute(I)", "    assert len(d.execute(T).all()) == 1", "    c.commit()"],
        ["db.session.execute(I)", "db.session.commit()", "db.session.execute(T)",
         "op.add_column('t', sa.Column('x', sa.Integer))", "db.session.remove()"],
    ],
)  # fmt: skip
@pytest.mark.sample("all")
def test_whatever_is_opened(app: Flask, lines: list[str]) -> None:
    head = ["import sqlalchemy.orm", "T = sa.text('SELECT id FROM t')"]
    head.append("I = sa.text('INSERT INTO t (id, n) VALUES (1, 1)')")
    revision(app, "a1", None, CREATE, *head, *lines)
    extension_of(app).upgrade()
    changes = any("I)" in line or "INSERT" in line for line in lines)
    assert ids(app) == ([1] if changes else [])


def test_what_a_session_has_committed_rolls_back_with_the_revision(app: Flask) -> None:
    revision(app, "a1", None, CREATE)
    revision(
        app, "b2", "a1", insert(1), "db.session.commit()", "raise RuntimeError('no')"
    )
    with pytest.raises(AlembicError, match="no"):
        extension_of(app).upgrade()
    assert ids(app) == []


def test_a_dry_run_keeps_nothing_of_a_session(app: Flask) -> None:
    revision(app, "a1", None, CREATE)
    extension_of(app).upgrade()
    revision(app, "b2", "a1", insert(1), "db.session.commit()")
    can_try = sa.make_url(url_of(app)).get_backend_name() != "mysql"
    with nullcontext() if can_try else pytest.raises(AlembicError):
        extension_of(app).upgrade(mode="dry-run")
    assert ids(app) == []
    assert version_rows(url_of(app)) == {"a1"}


def test_a_session_rolls_back_what_it_has_done(app: Flask) -> None:
    revision(
        app,
        "a1",
        None,
        CREATE,
        insert(1),
        "db.session.commit()",
        insert(2),
        "try:",
        f"    {insert(1)}",
        "except sa.exc.IntegrityError:",
        "    db.session.rollback()",
        insert(3),
        "db.session.commit()",
        "op.execute('INSERT INTO t VALUES (4, 0)')",
    )
    extension_of(app).upgrade()
    assert ids(app) == [1, 3, 4]


def test_what_is_not_committed_is_rolled_back(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    revision(app, "a1", None, CREATE, insert(1))
    revision(
        app, "b2", "a1", "assert db.session.scalar(sa.text('SELECT 1 FROM t')) is None"
    )
    with caplog.at_level(logging.WARNING, "flask_alembic"):
        extension_of(app).upgrade()
    assert ids(app) == []
    assert "not committed at the end of the revision" in caplog.text
    assert version_rows(url_of(app)) == {"b2"}


@pytest.mark.parametrize("end", ["db.session.rollback()", "db.session.close()", "pass"])
def test_what_cannot_be_reverted_alone_fails(app: Flask, end: str) -> None:
    revision(app, "a1", None, CREATE)
    extension_of(app).upgrade()
    revision(
        app,
        "b2",
        "a1",
        insert(1),
        "op.execute('INSERT INTO t VALUES (2, 0)')",
        end,
    )
    with pytest.raises(AlembicError, match="Both are in one transaction"):
        extension_of(app).upgrade()
    assert ids(app) == []
    assert version_rows(url_of(app)) == {"a1"}


def test_a_session_works_after_the_run(app: Flask) -> None:
    db = app.extensions["sqlalchemy"]
    revision(app, "a1", None, CREATE, insert(1), "db.session.commit()")
    revision(app, "b2", "a1", "db.session.execute(sa.text('SELECT id FROM t'))")
    extension_of(app).upgrade()
    assert db.session.scalars(sa.text("SELECT id FROM t")).all() == [1]
    db.session.execute(sa.text("INSERT INTO t (id, n) VALUES (2, 0)"))
    assert ids(app) == [1]
    db.session.commit()
    assert ids(app) == [1, 2]


def test_other_threads_have_connections_of_their_own(app: Flask) -> None:
    revision(app, "a1", None, CREATE, "op.execute('INSERT INTO t VALUES (1, 0)')")
    extension_of(app).upgrade()
    engine = app.extensions["sqlalchemy"].engine
    seen: list[Any] = []

    def look() -> None:
        with engine.connect() as connection:
            seen.append(connection.scalar(sa.text("SELECT n FROM t")))

    def work() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    app.extensions["look"] = work
    revision(
        app,
        "b2",
        "a1",
        "op.execute('UPDATE t SET n = 9')",
        "current_app.extensions['look']()",
    )
    extension_of(app).upgrade()
    assert seen == [0]


def test_a_guard_is_asked_of_what_a_session_sends(app: Flask) -> None:
    from flask_alembic.hooks import Veto, hookimpl

    class NoDelete:
        @hookimpl
        def before_statement(self, statement: Any) -> None:
            if statement.sql.startswith("DELETE"):
                raise Veto("nothing is deleted")

    extension_of(app).register(NoDelete())
    revision(app, "a1", None, CREATE, insert(1), "db.session.commit()")
    revision(app, "b2", "a1", "db.session.execute(sa.text('DELETE FROM t'))")
    with pytest.raises(AlembicError, match="nothing is deleted"):
        extension_of(app).upgrade()
    assert ids(app) == ([1] if version_rows(url_of(app)) == {"a1"} else [])


def test_in_an_autocommit_block_it_is_a_connection_of_its_own(app: Flask) -> None:
    revision(
        app,
        "a1",
        None,
        CREATE,
        "with op.get_context().autocommit_block():",
        "    with db.engine.begin() as c:",
        "        c.execute(sa.text('INSERT INTO t (id, n) VALUES (1, 0)'))",
    )
    extension_of(app).upgrade()
    assert ids(app) == [1]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("postgresql", "BEGIN; INSERT INTO t VALUES (1, 0)"),
        ("mariadb", "BEGIN NOT ATOMIC INSERT INTO t VALUES (1, 0); END"),
    ],
)
def test_what_only_begins_like_control_is_sent(
    kind: str, text: str, make_database: MakeDatabase, tmp_path: Path
) -> None:
    app = make_app(tmp_path, make_database(kind), models=no_models)
    send = f"db.session.connection().exec_driver_sql({text!r})"
    revision(app, "a1", None, CREATE, send, "db.session.commit()")
    with app.app_context():
        assert extension_of(app).upgrade().ok
        assert ids(app) == [1]


def test_a_session_may_not_commit_among_other_statements(
    postgresql_url: str, tmp_path: Path
) -> None:
    app = make_app(tmp_path, postgresql_url, models=no_models)
    text = "BEGIN; INSERT INTO t VALUES (1, 0); COMMIT"
    send = f"db.session.connection().exec_driver_sql({text!r})"
    revision(app, "a1", None, CREATE, send)
    with app.app_context():
        with pytest.raises(AlembicError, match="COMMIT would end the transaction"):
            extension_of(app).upgrade()
        assert ids(app) == []


def test_what_follows_a_commit_of_the_revision_needs_no_savepoint(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    """Older revisions for PostgreSQL end the transaction by a statement."""
    url = make_database("postgresql")
    app = make_app(tmp_path, url, models=no_models)
    lines = [
        CREATE,
        "op.execute('COMMIT')",
        "engine = op.get_bind().engine",
        "assert 't' in sa.inspect(engine).get_table_names()",
        insert(1),
        "db.session.commit()",
    ]
    revision(app, "a1", None, *lines)
    with app.app_context():
        extension_of(app).upgrade()
        assert ids(app) == [1]
        assert version_rows(url_of(app)) == {"a1"}
