from __future__ import annotations

import builtins
import threading

import alembic.context
import alembic.op
import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from flask_alembic_lint.capture import Capture, capture, proxies
from flask_alembic_lint.examples import revision_text as module
from flask_alembic_lint.revision import RevisionSource
from flask_alembic_lint.servers import server_for

from flask_alembic.sandbox import Watch

WAIT = proxies.wait_for


def run(body: str, dialect: str = "postgresql", database: str = "default") -> Capture:
    source = RevisionSource("b2", module(body))
    return capture(
        source, dialect, server_for(dialect, None), Watch(), database=database
    )


def names(captured: Capture, direction: str = "upgrade") -> list[str]:
    return [
        type(event.operation).__name__
        if event.operation
        else " ".join(event.sql.split())
        for event in captured.of(direction)
    ]


@pytest.mark.parametrize(
    "dialect",
    ["postgresql", "mysql", "mariadb", "sqlite", "oracle", "mssql", "no_such_dialect"],
)
def test_operations_are_written_down_on_every_dialect(dialect):
    captured = run(
        """
        def upgrade():
            table = op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))
            op.bulk_insert(table, [{"id": 1}])
            with op.batch_alter_table("u") as batch_op:
                batch_op.add_column(sa.Column("a", sa.Integer))
            op.execute("SELECT 1")

        def downgrade():
            op.drop_table("t")
        """,
        dialect,
    )
    assert captured.failures == ()
    assert names(captured) == [
        "CreateTableOp",
        "BulkInsertOp",
        "AddColumnOp",
        "ExecuteSQLOp",
    ]
    assert names(captured, "downgrade") == ["DropTableOp"]
    assert [event.batch is not None for event in captured.of("upgrade")] == [
        False,
        False,
        True,
        False,
    ]


def test_statements_through_the_connection_are_written_down():
    captured = run(
        """
        from sqlalchemy.orm import Session

        bind = op.get_bind()
        bind.execute(sa.text("UPDATE t SET a = :a"), {"a": 1})
        bind.exec_driver_sql("DELETE FROM t")
        sa.Table("m", sa.MetaData(), sa.Column("id", sa.Integer)).create(bind)
        session = Session(bind)
        session.execute(sa.insert(sa.table("t", sa.column("a"))).values(a=2))
        session.commit()
        """
    )
    assert captured.failures == ()
    assert names(captured) == [
        "UPDATE t SET a = :a",
        "DELETE FROM t",
        "CREATE TABLE m ( id INTEGER )",
        "INSERT INTO t (a) VALUES (:a)",
    ]


def test_queries_find_nothing_and_do_not_fail():
    captured = run(
        """
        bind = op.get_bind()
        users = sa.table("users", sa.column("id"), sa.column("name"))
        assert bind.execute(sa.select(users)).fetchall() == []
        assert bind.execute(sa.text("SELECT a, b FROM t")).first() is None
        assert bind.scalar(sa.text("SELECT count(*) FROM t")) is None
        assert not sa.inspect(bind).has_table("t")
        assert sa.inspect(bind).get_table_names() == []
        for row in bind.execute(sa.text("SELECT id, name AS n FROM t")):
            op.execute(f"UPDATE t SET a = 1 WHERE id = {row.id}")
        """
    )
    assert captured.failures == ()


def test_reflected_tables_have_the_columns_that_the_file_names():
    captured = run(
        """
        users = sa.Table("users", sa.MetaData(), autoload_with=op.get_bind())
        op.execute(users.update().where(users.c.state == "x").values(name="y"))
        """
    )
    assert captured.failures == ()
    assert names(captured) == ["ExecuteSQLOp"]


def test_a_revision_sees_itself_online():
    captured = run(
        """
        from alembic import context

        assert not context.is_offline_mode()
        assert not op.get_context().as_sql
        assert context.get_x_argument(as_dictionary=True) == {}
        op.execute("SELECT 1")
        """
    )
    assert captured.failures == ()


def test_autocommit_blocks_are_noted():
    captured = run(
        """
        op.execute("SELECT 1")
        with op.get_context().autocommit_block():
            op.execute("SELECT 2")
        op.execute("SELECT 3")
        """
    )
    assert [event.autocommit for event in captured.events] == [False, True, False]


def test_both_sides_of_a_question_are_looked_into():
    captured = run(
        """
        if sa.inspect(op.get_bind()).has_table("t"):
            op.drop_table("t")
        else:
            op.create_table("u", sa.Column("id", sa.Integer))
        """
    )
    assert names(captured) == ["DropTableOp", "CreateTableOp"]


def test_a_loop_until_nothing_is_left_ends():
    captured = run(
        """
        bind = op.get_bind()
        while bind.execute(sa.text("SELECT id FROM t LIMIT 10")).fetchall():
            bind.execute(sa.text("DELETE FROM t WHERE id < 10"))
        if sa.inspect(bind).has_table("x"):
            op.drop_table("x")
        """
    )
    assert "DropTableOp" in names(captured)


def test_a_loop_without_end_is_ended():
    captured = run('while True:\n    op.execute("SELECT 1")')
    assert captured.failures[0].error.startswith("Endless")


def test_a_loop_that_waits_for_a_row_ends_where_there_is_one():
    captured = run(
        """
        bind = op.get_bind()
        while bind.execute(sa.text("SELECT 1")).first() is None:
            pass
        bind.execute(sa.text("DROP TABLE t"))
        """
    )
    assert captured.failures == ()
    assert names(captured) == ["DROP TABLE t"]


def test_what_fails_is_told_with_its_line_and_what_came_before_is_kept():
    captured = run('op.drop_table("t")\nraise ValueError("no such thing")')
    assert names(captured) == ["DropTableOp"]
    (failure,) = captured.failures
    assert (failure.direction, failure.line) == ("upgrade", 10)
    assert failure.error == "ValueError: no such thing"


def test_text_that_is_no_python_is_told():
    captured = run("def upgrade(:\n    pass")
    (failure,) = captured.failures
    assert failure.error.startswith("SyntaxError")
    assert failure.direction is None


def test_leaving_the_process_is_caught():
    captured = run("raise SystemExit(3)\nop.execute('SELECT 1')")
    assert captured.failures[0].error.startswith("SystemExit")


def test_an_interrupt_is_not_caught():
    with pytest.raises(KeyboardInterrupt):
        run("raise KeyboardInterrupt\nop.execute('SELECT 1')")
    assert proxies.installed_in(alembic.op) is None


def test_a_connection_of_its_own_is_refused(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'real.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (a)"))
    engine.dispose()
    captured = run(
        f"""
        engine = sa.create_engine("sqlite:///{tmp_path / "real.db"}")
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE t"))
        """
    )
    assert "ReachedDatabase" in captured.failures[0].error
    assert sa.inspect(engine).has_table("t")
    engine.dispose()


def test_nothing_is_printed(capsys):
    run('print("hello from the revision")')
    assert capsys.readouterr().out == ""


def test_functions_of_several_databases_get_the_name():
    captured = run(
        """
        def upgrade(engine_name):
            op.execute(f"SELECT '{engine_name}'")

        def downgrade(engine_name):
            pass
        """,
        database="reports",
    )
    assert str(captured.events[0].operation.sqltext) == "SELECT 'reports'"


def test_modules_that_are_not_here_get_a_stand_in():
    captured = run(
        """
        import not_there.at_all
        from not_there.types import GUID, helper
        from os import no_such_name

        def upgrade():
            helper(op)
            with helper():
                op.add_column("t", sa.Column("id", GUID(binary=False), nullable=False))

        def downgrade():
            op.drop_column("t", "id")
        """
    )
    assert captured.failures == ()
    assert names(captured) == ["AddColumnOp"]
    assert captured.missing == (
        (8, "not_there.at_all"),
        (9, "not_there.types"),
        (10, "os.no_such_name"),
    )


def test_a_running_migration_keeps_the_proxies(monkeypatch):
    """Neither do its operations go to the recorder nor ours to its database."""
    monkeypatch.setattr(proxies, "wait_for", lambda module, _: WAIT(module, 0.05))
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context) as outer:
            alembic.op.execute("CREATE TABLE t (a)")
            captured = run('op.drop_table("t")')
            assert captured.failures[0].error.startswith("Busy")
            assert proxies.installed_in(alembic.op) is outer
            assert sa.inspect(connection).has_table("t")
    assert proxies.installed_in(alembic.op) is None
    engine.dispose()


def test_a_migration_that_ends_is_waited_for():
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})
    proxies.install(Operations(context))
    timer = threading.Timer(0.2, lambda: proxies.remove(Operations(context)))
    timer.start()
    assert names(run('op.drop_table("t")')) == ["DropTableOp"]
    timer.join()


def test_a_migration_that_begins_meanwhile_keeps_the_proxies():
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})
    other = Operations(context)
    original = proxies.remove
    source = RevisionSource(
        "b2", module('op.drop_table("t")\nBEGIN()\nop.drop_table("u")')
    )
    vars(builtins)["BEGIN"] = lambda: proxies.install(other)
    try:
        captured = capture(
            source, "postgresql", server_for("postgresql", None), Watch()
        )
        assert names(captured) == ["DropTableOp", "DropTableOp"]
        assert proxies.installed_in(alembic.op) is other
    finally:
        del vars(builtins)["BEGIN"]
        original(other)


def test_helper_modules_record_too(tmp_path, monkeypatch):
    (tmp_path / "migration_helper.py").write_text(
        "from alembic import op\n\ndef drop(name):\n    op.drop_table(name)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    captured = run(
        """
        from migration_helper import drop

        def upgrade():
            drop("t")

        def downgrade():
            raise NotImplementedError
        """
    )
    assert names(captured) == ["DropTableOp"]
    assert captured.events[0].line == 11


@pytest.mark.parametrize(
    "line",
    [
        "from alembic import op",
        "from alembic import context, op as op",
        "import alembic.op as op",
        "from alembic.op import drop_table",
    ],
)
def test_ways_to_import_op(line):
    call = "drop_table" if line.endswith("drop_table") else "op.drop_table"
    captured = run(f"{line}\n\ndef upgrade():\n    {call}('t')\n")
    assert captured.failures == ()
    assert names(captured) == ["DropTableOp"]


def test_the_names_that_the_proxies_use_are_there():
    """What capture/proxies.py takes from Alembic without its being public."""
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})
    assert proxies.installed_in(alembic.op) is None
    with Operations.context(context) as operations:
        assert proxies.installed_in(alembic.op) is operations
        proxies.remove(operations)
        assert proxies.installed_in(alembic.op) is None
        proxies.install(operations)
        assert proxies.installed_in(alembic.op) is operations


def test_captures_in_threads_do_not_mix():
    found: dict[int, list[str]] = {}

    def work(number: int) -> None:
        captured = run(f'for _ in range(50):\n    op.drop_table("t{number}")')
        found[number] = [event.operation.table_name for event in captured.events]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [f"t{number}"] * 50 for number in range(4)}
