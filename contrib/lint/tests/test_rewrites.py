"""Suggested code, pasted and run on real servers, makes what the revision would.

``FLASK_ALEMBIC_POSTGRESQL_URL`` and ``FLASK_ALEMBIC_MARIADB_URL`` name the servers;
without them they are looked for on this machine. A server that is not there skips the
tests, except where ``CI`` is set.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

SERVERS = {
    "postgresql": os.environ.get("FLASK_ALEMBIC_POSTGRESQL_URL")
    or "postgresql+psycopg://postgres@127.0.0.1/postgres",
    "mariadb": os.environ.get("FLASK_ALEMBIC_MARIADB_URL")
    or "mysql+pymysql://root@127.0.0.1:3306/",
}

TABLES = {
    "postgresql": """
CREATE SCHEMA shop;
CREATE TABLE shop.owner (id int PRIMARY KEY);
CREATE TABLE account (
    id int NOT NULL, email varchar(50), balance int, note text, owner_id int,
    "Total Sum" int
);
CREATE TABLE "Order" (id int, name varchar(50));
CREATE INDEX old_ix ON shop.owner (id DESC);
CREATE INDEX ix_note ON account (note);
CREATE DOMAIN zip AS text;
CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id;
CREATE UNIQUE INDEX ON totals (id);
INSERT INTO shop.owner VALUES (1), (2);
INSERT INTO account
    SELECT i, 'mail' || i, i, '{"a": ' || i || '}', 1, i FROM generate_series(1, 2500) i;
INSERT INTO "Order" SELECT i, 'name' || i FROM generate_series(1, 5) i;
""",
    "mariadb": """
CREATE TABLE owner (id int PRIMARY KEY);
CREATE TABLE account (
    id int NOT NULL, email varchar(50), balance int, note text, owner_id int
);
INSERT INTO owner VALUES (1), (2);
INSERT INTO account SELECT seq, concat('mail', seq), seq, seq, 1 FROM seq_1_to_2500;
""",
}

CATALOG = {
    "postgresql": """
SELECT 'index', pg_get_indexdef(indexrelid), indisvalid::text FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    WHERE indrelid >= 16384 AND relkind <> 't'
UNION ALL
SELECT 'constraint', conname || ' on ' || conrelid::regclass || ' ' || contypid || ' '
    || pg_get_constraintdef(oid), convalidated::text FROM pg_constraint
    WHERE oid >= 16384 AND contypid = 0
UNION ALL
SELECT 'domain', conname || ' ' || pg_get_constraintdef(oid), convalidated::text
    FROM pg_constraint WHERE oid >= 16384 AND contypid <> 0
UNION ALL
SELECT 'column', attrelid::regclass || '.' || attname || ' '
    || format_type(atttypid, atttypmod), attnotnull || ' '
    || coalesce(pg_get_expr(adbin, adrelid), '') FROM pg_attribute
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    JOIN pg_class ON pg_class.oid = attrelid
    WHERE attrelid >= 16384 AND attnum > 0 AND NOT attisdropped AND relkind = 'r'
ORDER BY 1, 2
"""
}


@contextmanager
def connected(url: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def databases() -> Iterator[dict[str, sa.URL]]:
    """One database of our own on each server that is there."""
    name, found = f"fa_lint_{uuid.uuid4().hex[:12]}", {}
    for family, text in SERVERS.items():
        try:
            with connected(sa.make_url(text)) as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        except sa.exc.SQLAlchemyError:
            continue
        found[family] = sa.make_url(text).set(database=name)
    yield found
    for family in found:
        with connected(sa.make_url(SERVERS[family])) as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(f"DROP DATABASE {name}")


@pytest.fixture
def outcome(databases):
    """Run code on fresh tables, step by step, and return what the catalog says then."""

    def run(family: str, code: str, query: str = "") -> list[tuple[object, ...]]:
        if family not in databases:
            reason = f"no server answers at {SERVERS[family]}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        with connected(databases[family]) as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            fresh(connection, family)
            connection.rollback()
            connection.execution_options(isolation_level="READ COMMITTED")
            for step in re.split(r"(?m)^# next revision$", code):
                apply(connection, step)
            return catalog(connection, family, query)

    return run


def fresh(connection: sa.Connection, family: str) -> None:
    if family == "postgresql":
        connection.exec_driver_sql(
            "DROP SCHEMA IF EXISTS shop CASCADE; DROP SCHEMA public CASCADE;"
            "CREATE SCHEMA public;" + TABLES[family]
        )
        return
    for table in ("account", "owner"):
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
    for statement in TABLES[family].split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)


def apply(connection: sa.Connection, code: str) -> None:
    """Run code as a revision of its own."""
    context = MigrationContext.configure(
        connection, opts={"transaction_per_migration": True}
    )
    with context.begin_transaction(_per_migration=True):
        exec(code, {"op": Operations(context), "sa": sa})
    connection.commit()


def catalog(
    connection: sa.Connection, family: str, query: str
) -> list[tuple[object, ...]]:
    text = query or CATALOG.get(family) or "SHOW CREATE TABLE account"
    return [tuple(row) for row in connection.exec_driver_sql(text)]


SAME_ON_POSTGRESQL = {
    "partial unique index": (
        "FA401",
        'op.create_index("ux", "account", ["email"], unique=True,'
        ' postgresql_where=sa.text("balance > 0"))',
    ),
    "index with everything": (
        "FA401",
        """op.create_index("ix", "account",
            [sa.text("lower(email) DESC NULLS LAST"), "note", "Total Sum"],
            postgresql_ops={"note": "text_pattern_ops"},
            postgresql_include=["balance"], postgresql_with={"fillfactor": 50})""",
    ),
    "unique index without distinct NULLs": (
        "FA401",
        'op.create_index("ux", "account", ["email"], unique=True,'
        " postgresql_nulls_not_distinct=True)",
    ),
    "index of a method": (
        "FA401",
        'op.create_index("ix", "account", ["balance"], postgresql_using="hash")',
    ),
    "index in a schema": (
        "FA401",
        'op.create_index("ix", "owner", ["id"], schema="shop")',
    ),
    "index as SQL": (
        "FA401",
        'op.execute("CREATE INDEX IX ON ACCOUNT (Email, (balance + 1) DESC)'
        ' WHERE balance > 0")',
    ),
    "index of a quoted table as SQL": (
        "FA401",
        """op.execute('CREATE UNIQUE INDEX "Ix" ON "Order" USING btree (name)')""",
    ),
    "index dropped": (
        "FA403",
        'op.drop_index("old_ix", "owner", schema="shop")',
    ),
    "index dropped as SQL": ("FA403", 'op.execute("DROP INDEX IF EXISTS shop.old_ix")'),
    "foreign key with everything": (
        "FA301",
        """op.create_foreign_key("fk", "account", "owner", ["owner_id"], ["id"],
            referent_schema="shop", source_schema="public", ondelete="CASCADE",
            onupdate="SET NULL", deferrable=True, initially="DEFERRED")""",
    ),
    "foreign key as SQL": (
        "FA301",
        'op.execute("ALTER TABLE account ADD FOREIGN KEY (owner_id)'
        ' REFERENCES shop.owner (id) ON DELETE CASCADE")',
    ),
    "check": (
        "FA302",
        'op.create_check_constraint("ck", "Order", sa.column("name") != "")',
    ),
    "check as SQL": (
        "FA302",
        """op.execute('ALTER TABLE account ADD CONSTRAINT "Ck" CHECK (balance > 0)')""",
    ),
    "unique with everything": (
        "FA304",
        """op.create_unique_constraint("uq", "account", ["id", "Total Sum"],
            deferrable=True, initially="DEFERRED", postgresql_nulls_not_distinct=True)""",
    ),
    "unique as SQL": (
        "FA304",
        """op.execute("ALTER TABLE account ADD CONSTRAINT uq UNIQUE NULLS NOT DISTINCT"
            " (id, email) INCLUDE (note) DEFERRABLE INITIALLY DEFERRED")""",
    ),
    "primary key": ("FA305", 'op.create_primary_key("pk", "account", ["id"])'),
    "not null": (
        "FA203",
        'op.alter_column("Order", "name", nullable=False, existing_type=sa.String(50))',
    ),
    "check of a domain": (
        "FA309",
        'op.execute("ALTER DOMAIN zip ADD CONSTRAINT z CHECK (length(VALUE) = 5)")',
    ),
    "reindex": ("FA605", 'op.execute("REINDEX TABLE shop.owner")'),
    "refresh": ("FA605", 'op.execute("REFRESH MATERIALIZED VIEW totals")'),
}


@pytest.mark.parametrize("name", SAME_ON_POSTGRESQL)
def test_makes_the_same_on_postgresql(name, lint, outcome):
    code, body = SAME_ON_POSTGRESQL[name]
    (found,) = [
        each for each in lint(body, versions={"postgresql": "15"}) if each.code == code
    ]
    assert "op." in found.advice
    assert outcome("postgresql", found.advice) == outcome("postgresql", body)


def advice_of(lint, code, body, family="postgresql", version="15"):
    found = lint(body, family, versions={family: version})
    return next(each.advice for each in found if each.code == code)


def test_an_invalid_index_is_built_anew(lint, outcome):
    body = (
        "with op.get_context().autocommit_block():\n"
        '    op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_note'
        ' ON account (note DESC)")'
    )
    rows = outcome("postgresql", advice_of(lint, "FA404", body))
    assert (
        "index",
        "CREATE INDEX ix_note ON public.account USING btree (note DESC)",
        "true",
    ) in rows


VALUES = "SELECT id, note_new FROM account ORDER BY id LIMIT 2"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            """from sqlalchemy.dialects import postgresql

def upgrade():
    op.alter_column("account", "note", type_=postgresql.JSONB(astext_type=sa.Text()),
        existing_type=sa.Text(), postgresql_using="note::jsonb")
""",
            [(1, {"a": 1}), (2, {"a": 2})],
        ),
        (
            'op.execute("ALTER TABLE account ALTER note TYPE int USING length(note)")',
            [(1, 8), (2, 8)],
        ),
        (
            'op.alter_column("account", "note", type_=sa.dialects.postgresql.JSONB(),'
            " existing_type=sa.Text())",
            [(1, {"a": 1}), (2, {"a": 2})],
        ),
    ],
)
def test_a_new_column_is_filled_as_using_says(body, expected, lint, outcome):
    steps = advice_of(lint, "FA201", body).split("\n# next revision\n")
    assert len(steps) == 3
    code = "\n# next revision\n".join(steps[:2])
    assert outcome("postgresql", code, VALUES) == expected
    left = "SELECT count(*) FROM account WHERE note_new IS NULL"
    assert outcome("postgresql", code, left) == [(0,)]
    names = "SELECT count(*) FROM pg_attribute WHERE attname = 'note'"
    assert outcome("postgresql", "\n# next revision\n".join(steps), names) == [(0,)]


def test_a_cast_is_said(lint, outcome):
    body = 'op.alter_column("account", "note", type_=JSONB(), existing_type=sa.Text())'
    body = f"from sqlalchemy.dialects.postgresql import JSONB\n{body}"
    rows = outcome("postgresql", advice_of(lint, "FA206", body))
    assert ("column", "account.note jsonb", "false ") in rows


SAME_ON_MARIADB = {
    "foreign key": (
        "FA301",
        """op.create_foreign_key("fk", "account", "owner", ["owner_id"], ["id"],
            ondelete="CASCADE", onupdate="CASCADE")""",
    ),
    "primary key": ("FA305", 'op.create_primary_key(None, "account", ["id"])'),
    "check": ("FA302", 'op.create_check_constraint("ck", "account", "balance > 0")'),
    "column dropped": ("FA502", 'op.drop_column("account", "note")'),
    "default": (
        "FA101",
        'op.add_column("account", sa.Column("age", sa.Integer, nullable=False,'
        ' server_default="0"))',
    ),
}


@pytest.mark.parametrize("name", SAME_ON_MARIADB)
def test_makes_the_same_on_mariadb(name, lint, outcome):
    code, body = SAME_ON_MARIADB[name]
    asked = body.replace(', server_default="0"', "")
    advice = advice_of(lint, code, asked.replace("\n", " "), "mariadb", "10.11")
    assert "op." in advice
    assert outcome("mariadb", advice) == outcome("mariadb", body)


def test_a_new_column_is_filled_in_batches_on_mariadb(lint, outcome):
    body = 'op.alter_column("account", "balance", type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=True)'
    steps = advice_of(lint, "FA201", body, "mariadb", "10.11").split(
        "\n# next revision\n"
    )
    code = "\n# next revision\n".join(steps[:2])
    query = "SELECT count(*), sum(balance_new = balance) FROM account"
    assert outcome("mariadb", code, query) == [(2500, 2500)]


@pytest.mark.parametrize(
    ("body", "dialect", "code"),
    [
        ('op.execute("CLUSTER users USING ix")', "postgresql", "FA605"),
        ('op.execute("VACUUM FULL users")', "postgresql", "FA605"),
        ('op.execute("OPTIMIZE TABLE users")', "mariadb", "FA605"),
        (
            'op.execute("REFRESH MATERIALIZED VIEW t WITH NO DATA")',
            "postgresql",
            "FA605",
        ),
        (
            'op.execute("ALTER TABLE users ADD CHECK (a > 0), ADD CHECK (b > 0)")',
            "postgresql",
            "FA302",
        ),
        (
            'op.add_column("books", sa.Column("author_id", sa.Integer,'
            ' sa.ForeignKey("authors.id"), nullable=False))',
            "postgresql",
            "FA101",
        ),
        (
            'op.add_column("books", sa.Column("during", sa.Interval, nullable=False))',
            "postgresql",
            "FA101",
        ),
        (
            'op.execute("ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0)")',
            "sqlite",
            "FA811",
        ),
        ('op.drop_constraint(None, "a", type_="unique")', "postgresql", "FA308"),
        ('op.execute("UPDATE users SET state = 1")', "mariadb", "FA702"),
    ],
)
def test_no_code_is_given_where_none_is_right(body, dialect, code, lint):
    advice = next(each.advice for each in lint(body, dialect) if each.code == code)
    assert advice
    assert all(line.startswith("# ") for line in advice.splitlines())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            'op.alter_column("users", "name", nullable=False,'
            " existing_type=sa.String(50))",
            "nullable=False",
        ),
        (
            'op.create_unique_constraint("uq", "users", ["name"])',
            "batch_op.create_unique_constraint('uq', ['name'])",
        ),
        (
            'op.create_foreign_key("fk", "users", "teams", ["team"], ["id"],'
            ' ondelete="CASCADE")',
            "batch_op.create_foreign_key('fk', 'teams', ['team'], ['id'], "
            "ondelete='CASCADE')",
        ),
        (
            'op.drop_constraint("uq", "users", type_="unique")',
            "batch_op.drop_constraint('uq', type_='unique')",
        ),
    ],
)
def test_batch_mode_does_what_the_revision_says(body, expected, lint, codes):
    advice = advice_of(lint, "FA811", body, "sqlite", "3.40")
    assert "with op.batch_alter_table('users') as batch_op:" in advice
    assert expected in advice
    assert "FA811" not in codes(advice, "sqlite")


OWN_TYPE = """
class Money(sa.types.UserDefinedType):
    def get_col_spec(self, **kw):
        return "MONEY"

    def __repr__(self):
        return {!r}

def upgrade():
    op.alter_column("t", "a", type_=Money(), existing_type=sa.Integer())
"""


@pytest.mark.parametrize("shown", ["<money>", "Money()", "Money("])
def test_a_type_that_is_not_known_here_gives_no_code(shown, lint):
    advice = advice_of(lint, "FA201", OWN_TYPE.format(shown))
    assert advice.startswith("# Add a column of the new type beside t.a")


@pytest.mark.parametrize("verb", ["DROP", "TRUNCATE"])
def test_a_partition_is_not_the_table(verb, lint):
    body = f'op.execute("ALTER TABLE account {verb} PARTITION p0")'
    (found,) = lint(body, "mariadb")
    assert "Every row of the partition p0 of account is deleted" in found.message
    assert "DELETE FROM" not in found.advice
    assert f"ALTER TABLE account {verb} PARTITION p0" in found.advice
    more = (
        body + '\nop.add_column("account", sa.Column("a", sa.Integer, nullable=False))'
    )
    assert "FA101" in [each.code for each in lint(more, "mariadb")]
