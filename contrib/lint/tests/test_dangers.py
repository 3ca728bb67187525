"""Dangers written in the ways in which people really write them."""

from __future__ import annotations

import pytest

PG, MY, MA, LITE = "postgresql", "mysql", "mariadb", "sqlite"

DANGERS = {
    "in a helper function": (
        PG,
        {"FA502"},
        """
        def drop(table, *columns):
            for column in columns:
                op.drop_column(table, column)

        def upgrade():
            drop("users", "nick", "fax")

        def downgrade():
            raise NotImplementedError
        """,
    ),
    "in a loop over a list of the module": (
        PG,
        {"FA401", "FA601"},
        """
        TABLES = ["users", "posts", "tags"]

        def upgrade():
            for table in TABLES:
                op.create_index(f"ix_{table}_created", table, ["created_at"])

        def downgrade():
            for table in TABLES:
                op.drop_index(f"ix_{table}_created", table)
        """,
    ),
    "behind a question to the inspector": (
        PG,
        {"FA502"},
        """
        inspector = sa.inspect(op.get_bind())
        if "nick" in {column["name"] for column in inspector.get_columns("users")}:
            op.drop_column("users", "nick")
        """,
    ),
    "behind a question whether a table is there": (
        PG,
        {"FA501"},
        """
        if sa.inspect(op.get_bind()).has_table("old_logs"):
            op.drop_table("old_logs")
        """,
    ),
    "through the connection": (
        PG,
        {"FA201"},
        """
        bind = op.get_bind()
        bind.execute(sa.text("ALTER TABLE users ALTER COLUMN id TYPE bigint"))
        """,
    ),
    "through an ORM session": (
        PG,
        {"FA703"},
        """
        from sqlalchemy.orm import Session

        session = Session(bind=op.get_bind())
        session.execute(sa.delete(sa.table("sessions")))
        session.commit()
        """,
    ),
    "in a DO block": (
        PG,
        {"FA505", "FA501"},
        '''
        op.execute("""
            DO $$
            BEGIN
                IF EXISTS (SELECT 1 FROM pg_class WHERE relname = 'old') THEN
                    DROP TABLE old CASCADE;
                END IF;
            END
            $$;
        """)
        ''',
    ),
    "in one long text": (
        PG,
        {"FA401", "FA203", "FA601"},
        '''
        op.execute("""
            -- first the index
            CREATE INDEX ix_users_email ON users (lower(email));
            ALTER TABLE accounts ALTER COLUMN email SET NOT NULL;
        """)
        ''',
    ),
    "several actions in one ALTER TABLE": (
        PG,
        {"FA101", "FA502", "FA503"} - {"FA503"},
        'op.execute("ALTER TABLE users ADD COLUMN a int NOT NULL, DROP COLUMN b")',
    ),
    "an update built with sqlalchemy": (
        PG,
        {"FA702"},
        """
        users = sa.table("users", sa.column("active"))
        op.execute(users.update().values(active=True))
        """,
    ),
    "a column with a foreign key, a unique and an index": (
        PG,
        {"FA301", "FA304", "FA601"},
        """
        op.add_column(
            "posts",
            sa.Column("author_id", sa.Integer, sa.ForeignKey("users.id"), unique=True),
        )
        op.add_column("tags", sa.Column("x", sa.Integer))
        """,
    ),
    "a quick change, and a slow one under its lock": (
        PG,
        {"FA601", "FA401"},
        """
        op.add_column("users", sa.Column("country", sa.String(2)))
        op.create_index("ix_users_country", "users", ["country"])
        """,
    ),
    "one enumerated type for another": (
        PG,
        {"FA206", "FA201"},
        'op.alter_column("u", "a", type_=sa.Enum("a", name="new"), '
        'existing_type=sa.Enum("a", name="old"))',
    ),
    "behind a return": (
        PG,
        {"FA501"},
        """
        if not sa.inspect(op.get_bind()).has_table("old"):
            return
        op.drop_table("old")
        """,
    ),
    "a default of the database's own function": (
        PG,
        {"FA102"},
        'op.add_column("u", sa.Column("a", sa.Uuid, '
        "server_default=sa.func.gen_random_uuid()))",
    ),
    "a serial column as SQL": (
        PG,
        {"FA104"},
        'op.execute("ALTER TABLE events ADD COLUMN seq BIGSERIAL")',
    ),
    "a quoted name with a schema": (
        PG,
        {"FA504"},
        """op.execute('ALTER TABLE "shop"."Order" RENAME TO "orders"')""",
    ),
    "concurrently in a batch block": (
        PG,
        {"FA402"},
        """
        with op.batch_alter_table("users") as batch_op:
            batch_op.create_index("ix", ["a"], postgresql_concurrently=True)
        """,
    ),
    "a batch block of autogenerate": (
        PG,
        {"FA101", "FA401", "FA502"},
        """
        with op.batch_alter_table("users", schema=None) as batch_op:
            batch_op.add_column(sa.Column("age", sa.Integer(), nullable=False))
            batch_op.create_index(batch_op.f("ix_users_age"), ["age"], unique=False)
            batch_op.drop_column("birthday")
        """,
    ),
    "an autocommit block, and then not": (
        PG,
        {"FA402"},
        """
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY a ON t (a)")
        op.execute("CREATE INDEX CONCURRENTLY b ON t (b)")
        """,
    ),
    "a dangerous downgrade": (
        PG,
        {"FA402", "FA308"},
        """
        def upgrade():
            op.execute("SELECT 1")

        def downgrade():
            op.drop_index("ix", "users", postgresql_concurrently=True)
            op.drop_constraint(None, "users", type_="unique")
        """,
    ),
    "truncate of several tables": (
        PG,
        {"FA703", "FA505"},
        'op.execute("TRUNCATE TABLE a, b RESTART IDENTITY CASCADE")',
    ),
    "a table made by hand": (
        PG,
        {"FA910"},
        'op.execute("CREATE TABLE pairs (a int, b int)")',
    ),
    "MySQL: several changes in one statement": (
        MY,
        {"FA205", "FA201", "FA307"},
        'op.execute("ALTER TABLE `u` CONVERT TO CHARACTER SET utf8mb4, '
        'MODIFY a BIGINT NOT NULL, DROP PRIMARY KEY")',
    ),
    "MySQL: a longer VARCHAR across 255 bytes": (
        MY,
        {"FA201"},
        'op.alter_column("u", "a", type_=sa.String(100), existing_type=sa.String(50), '
        "existing_nullable=True)",
    ),
    "MySQL: rename as it is written there": (
        MY,
        {"FA503", "FA504"},
        'op.execute("ALTER TABLE u CHANGE a b INT")\nop.execute("RENAME TABLE x TO y")',
    ),
    "MariaDB: a default of uuid()": (
        MA,
        {"FA102"},
        'op.add_column("u", sa.Column("a", sa.String(36), '
        'server_default=sa.text("uuid()")))',
    ),
    "SQLite: what autogenerate writes without batch mode": (
        LITE,
        {"FA811"},
        'op.create_foreign_key(None, "books", "authors", ["author_id"], ["id"])\n'
        'op.alter_column("books", "title", existing_type=sa.String(5), nullable=True)',
    ),
    "SQLite: a unique column": (
        LITE,
        {"FA811"},
        'op.add_column("u", sa.Column("a", sa.Integer, unique=True))',
    ),
}


@pytest.mark.parametrize("name", DANGERS)
def test_is_caught(name, codes):
    dialect, expected, body = DANGERS[name]
    assert expected <= set(codes(body, dialect))


def test_line_is_that_of_the_revision_even_through_a_helper(lint):
    found = lint(
        """
        def add(table):
            op.create_index("ix", table, ["a"])

        def upgrade():
            op.execute("SELECT 1")
            add("users")
        """
    )
    (index,) = [finding for finding in found if finding.code == "FA401"]
    assert index.line == 9


def test_each_turn_of_a_loop_is_a_finding(lint):
    body = 'for name in ("a", "b"):\n    op.drop_column("users", name)'
    found = [each for each in lint(body) if each.code == "FA502"]
    assert len(found) == 2
    assert len({each.line for each in found}) == 1


def test_tables_made_earlier_in_the_same_run_are_not_reported(lint):
    body = 'op.create_index("ix", "users", ["a"])'
    assert lint(body, fresh=frozenset({"users"})) == []
    assert [each.code for each in lint(body)] == ["FA401"]


def test_small_tables_lock_for_no_time(codes):
    body = 'op.create_index("ix", "countries", ["name"])'
    assert codes(body) == ["FA401"]
    assert codes(body, small_tables=["countries"]) == []


@pytest.mark.parametrize(
    ("version", "expected"), [("10", ["FA103"]), ("11", []), ("15.4", [])]
)
def test_server_version_decides(version, expected, codes):
    body = 'op.add_column("u", sa.Column("a", sa.Integer, server_default="0"))'
    assert codes(body, versions={"postgresql": version}) == expected


def test_mariadb_behind_the_mysql_dialect(codes):
    body = 'op.add_column("u", sa.Column("a", sa.Text, server_default="x"))'
    assert "FA107" in codes(body, "mysql")
    assert "FA107" not in codes(body, "mysql", versions={"mysql": "10.11-MariaDB"})


def test_without_transactional_ddl_there_is_no_transaction(lint):
    from flask_alembic_lint.examples import revision_text as module
    from flask_alembic_lint.linting import Subject
    from flask_alembic_lint.linting import lint as run
    from flask_alembic_lint.revision import RevisionSource
    from flask_alembic_lint.settings import Settings

    body = 'op.create_index("i", "u", ["a"], postgresql_concurrently=True)'
    subject = Subject(Settings(), context={"transactional_ddl": False})
    source = RevisionSource("b2", module(body))
    assert run(source, {"default": "postgresql"}, subject) == []
    assert [each.code for each in lint(body)] == ["FA402"]
