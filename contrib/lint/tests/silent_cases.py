"""For every rule: what looks like its case and is none. Each must stay silent."""

from __future__ import annotations

PG, MY, MA, LITE = "postgresql", "mysql", "mariadb", "sqlite"

NEW = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))\n'
"""Makes the table new in the revision."""

AUTO = "with op.get_context().autocommit_block():\n    "

SILENT: dict[str, list[tuple[str, str]]] = {
    "FA001": [(PG, 'op.drop_table("x")  # lint: ignore[FA501] unused since 2.0')],
    "FA002": [
        (PG, 'op.drop_table("x")  # lint: ignore[FA501] unused until 2026-11-23')
    ],
    "FA003": [(PG, 'op.drop_table("x")  # lint: ignore[FA501] unused since 2.0')],
    "FA004": [(PG, 'op.drop_table("x")  # lint: ignore[FA501] unused since 2.0')],
    "FA101": [
        (
            PG,
            NEW + 'op.add_column("users", sa.Column("a", sa.Integer, nullable=False))',
        ),
        (PG, 'op.add_column("users", sa.Column("a", sa.Integer))'),
        (
            LITE,
            'op.add_column("u", sa.Column("a", sa.Integer, nullable=False, server_default="0"))',
        ),
        (PG, 'op.execute("ALTER TABLE u ADD COLUMN a int NOT NULL DEFAULT 0")'),
        (
            PG,
            'op.execute("DELETE FROM u")\nop.add_column("u", sa.Column("a", sa.Integer, nullable=False))',
        ),
        (MY, 'op.execute("ALTER TABLE u ADD a INT NOT NULL AUTO_INCREMENT UNIQUE")'),
    ],
    "FA102": [
        (
            PG,
            'op.add_column("u", sa.Column("a", sa.DateTime, server_default=sa.func.now()))',
        ),
        (
            PG,
            'op.add_column("u", sa.Column("a", sa.Boolean, server_default=sa.false()))',
        ),
        (
            PG,
            """op.add_column("u", sa.Column("a", sa.JSON, server_default=sa.text("'{}'::jsonb")))""",
        ),
        (
            PG,
            """op.execute("ALTER TABLE u ADD a timestamp DEFAULT (now() at time zone 'utc')")""",
        ),
        (PG, """op.execute("ALTER TABLE u ADD a text DEFAULT 'random()'")"""),
        (
            PG,
            NEW
            + 'op.execute("ALTER TABLE users ADD a uuid DEFAULT gen_random_uuid()")',
        ),
        (
            MY,
            'op.add_column("u", sa.Column("a", sa.DateTime, server_default=sa.text("CURRENT_TIMESTAMP")))',
        ),
    ],
    "FA103": [
        (PG, 'op.add_column("u", sa.Column("a", sa.Integer, server_default="0"))'),
        (MY, 'op.add_column("u", sa.Column("a", sa.Integer, server_default="0"))'),
        (MA, 'op.execute("ALTER TABLE u ADD COLUMN a INT FIRST")'),
    ],
    "FA104": [
        (PG, 'op.add_column("u", sa.Column("a", sa.Integer))'),
        (PG, NEW + 'op.add_column("users", sa.Column("a", sa.Integer, sa.Identity()))'),
    ],
    "FA105": [
        (
            MY,
            'op.add_column("u", sa.Column("a", sa.Integer, sa.Computed("b * 2", persisted=False)))',
        ),
        (
            LITE,
            'with op.batch_alter_table("u") as b:\n    b.add_column(sa.Column("a", sa.Integer, sa.Computed("c * 2", persisted=True)))',
        ),
    ],
    "FA106": [
        (PG, 'op.execute("ALTER TABLE u ADD COLUMN a jsonb")'),
        (
            PG,
            'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.JSON))',
        ),
    ],
    "FA107": [
        (MY, 'op.add_column("u", sa.Column("a", sa.String(20), server_default=""))'),
        (
            MY,
            """op.add_column("u", sa.Column("a", sa.Text, server_default=sa.text("('')")))""",
        ),
    ],
    "FA108": [
        (
            LITE,
            'op.add_column("u", sa.Column("a", sa.Integer, server_default=sa.text("(1)")))',
        ),
        (LITE, 'op.add_column("u", sa.Column("a", sa.String, server_default="x (y)"))'),
        (
            LITE,
            'with op.batch_alter_table("u") as b:\n    b.add_column(sa.Column("a", sa.DateTime, server_default=sa.func.now()))',
        ),
    ],
    "FA201": [
        (
            PG,
            'op.alter_column("u", "a", type_=sa.String(60), existing_type=sa.String(50))',
        ),
        (PG, 'op.alter_column("u", "a", type_=sa.Text(), existing_type=sa.String(50))'),
        (PG, 'op.alter_column("u", "a", type_=sa.String(), existing_type=sa.Text())'),
        (
            PG,
            'op.alter_column("u", "a", type_=sa.Numeric(12, 2), existing_type=sa.Numeric(10, 2))',
        ),
        (
            PG,
            'op.alter_column("u", "a", type_=sa.Integer(), existing_type=sa.INTEGER())',
        ),
        (
            PG,
            NEW
            + 'op.alter_column("users", "id", type_=sa.BigInteger(), existing_type=sa.Integer())',
        ),
        (
            MY,
            'op.alter_column("u", "a", type_=sa.String(60), existing_type=sa.String(50), existing_nullable=True)',
        ),
        (
            MY,
            'op.execute("ALTER TABLE u MODIFY a BIGINT, ALGORITHM=INPLACE, LOCK=NONE")',
        ),
    ],
    "FA202": [
        (
            PG,
            'op.alter_column("u", "a", type_=sa.BigInteger(), existing_type=sa.Integer())',
        ),
        (MY, 'op.alter_column("u", "a", type_=sa.Text(), existing_type=sa.String(50))'),
        (PG, 'op.alter_column("u", "a", type_=sa.Text(), existing_type=sa.Integer())'),
    ],
    "FA203": [
        (PG, 'op.alter_column("u", "a", nullable=True)'),
        (
            PG,
            'op.alter_column("u", "a", nullable=False, existing_nullable=False, type_=sa.Text())',
        ),
        (
            PG,
            'op.execute("ALTER TABLE u VALIDATE CONSTRAINT u_a_not_null")\n'
            'op.alter_column("u", "a", nullable=False)',
        ),
        (
            PG,
            'op.alter_column("u", "a", nullable=False)\n'
            'op.drop_constraint("u_a_not_null", "u", type_="check")',
        ),
        (PG, NEW + 'op.alter_column("users", "id", nullable=False)'),
    ],
    "FA204": [
        (
            PG,
            'op.alter_column("u", "a", server_default=sa.Identity(), existing_nullable=False)',
        ),
        (PG, 'op.alter_column("u", "a", server_default=None, existing_nullable=True)'),
        (PG, 'op.alter_column("u", "a", server_default="1", existing_nullable=False)'),
        (
            PG,
            'op.alter_column("u", "a", server_default=None, existing_nullable=False)\n'
            'op.execute("ALTER TABLE u ALTER COLUMN a TYPE mood USING a::mood")\n'
            """op.alter_column("u", "a", server_default="happy")""",
        ),
    ],
    "FA205": [
        (
            PG,
            'op.alter_column("u", "a", type_=sa.String(60), existing_type=sa.String(50))',
        ),
        (MY, 'op.execute("ALTER TABLE u DEFAULT CHARACTER SET utf8mb4")'),
        (
            MY,
            'op.alter_column("u", "a", type_=sa.String(60, collation="utf8mb4_bin"), '
            'existing_type=sa.String(50, collation="utf8mb4_bin"), existing_nullable=True)',
        ),
    ],
    "FA206": [
        (
            PG,
            'op.alter_column("u", "a", type_=sa.Enum("a", "b", name="e"), '
            'existing_type=sa.Enum("a", name="e"))',
        ),
        (
            PG,
            'op.alter_column("u", "a", type_=sa.Integer(), existing_type=sa.String(5), postgresql_using="a::integer")',
        ),
        (PG, 'op.alter_column("u", "a", type_=sa.Text(), existing_type=sa.Integer())'),
        (
            PG,
            'op.alter_column("u", "a", type_=sa.BigInteger(), existing_type=sa.Integer())',
        ),
        (PG, 'op.alter_column("u", "a", type_=sa.Date(), existing_type=sa.DateTime())'),
    ],
    "FA207": [
        (
            MY,
            'op.alter_column("u", "a", type_=sa.String(60), existing_type=sa.String(50), existing_nullable=False)',
        ),
        (
            MY,
            'op.alter_column("u", "a", server_default="x", existing_type=sa.String(50))',
        ),
    ],
    "FA301": [
        (
            PG,
            'op.create_foreign_key("f", "a", "b", ["x"], ["id"], postgresql_not_valid=True)',
        ),
        (
            PG,
            'op.create_table("a", sa.Column("id", sa.Integer, primary_key=True))\n'
            'op.create_foreign_key("f", "a", "b", ["id"], ["id"])',
        ),
        (
            PG,
            'op.create_table("a", sa.Column("id", sa.Integer, sa.ForeignKey("b.id"), primary_key=True))',
        ),
    ],
    "FA302": [
        (
            PG,
            'op.create_check_constraint("c", "u", "a > 0", postgresql_not_valid=True)',
        ),
        (PG, NEW + 'op.create_check_constraint("c", "users", "id > 0")'),
        (PG, 'op.execute("ALTER TABLE u ADD CONSTRAINT c CHECK (a > 0) NOT VALID")'),
    ],
    "FA303": [
        (PG, 'op.execute("ALTER TABLE u VALIDATE CONSTRAINT c")'),
        (
            PG,
            'op.create_check_constraint("c", "u", "a > 0", postgresql_not_valid=True)\n'
            + AUTO
            + 'op.execute("ALTER TABLE u VALIDATE CONSTRAINT c")',
        ),
    ],
    "FA304": [
        (PG, 'op.execute("ALTER TABLE u ADD CONSTRAINT q UNIQUE USING INDEX q")'),
        (PG, NEW + 'op.create_unique_constraint("q", "users", ["id"])'),
        (MY, 'op.create_unique_constraint("q", "u", ["a"])'),
    ],
    "FA305": [
        (PG, 'op.execute("ALTER TABLE u ADD CONSTRAINT p PRIMARY KEY USING INDEX p")'),
        (
            MY,
            'op.execute("ALTER TABLE u ADD PRIMARY KEY (id), ALGORITHM=INPLACE, LOCK=NONE")',
        ),
    ],
    "FA306": [
        (
            PG,
            NEW
            + 'op.execute("ALTER TABLE users ADD CONSTRAINT e EXCLUDE USING gist (id WITH =)")',
        ),
    ],
    "FA307": [
        (PG, 'op.drop_constraint("q", "u", type_="unique")'),
        (
            PG,
            'op.drop_constraint("p", "u", type_="primary")\n'
            'op.execute("ALTER TABLE u ADD CONSTRAINT p PRIMARY KEY USING INDEX p")',
        ),
    ],
    "FA308": [
        (PG, 'op.drop_constraint("q", "u", type_="unique")'),
        (MY, 'op.execute("ALTER TABLE u DROP PRIMARY KEY")'),
    ],
    "FA309": [
        (
            PG,
            'op.execute("ALTER DOMAIN zip ADD CONSTRAINT c CHECK (length(VALUE) = 5) NOT VALID")',
        ),
        (PG, 'op.execute("ALTER DOMAIN zip VALIDATE CONSTRAINT c")'),
    ],
    "FA401": [
        (PG, AUTO + 'op.create_index("i", "u", ["a"], postgresql_concurrently=True)'),
        (PG, NEW + 'op.create_index("i", "users", ["id"])'),
        (
            PG,
            'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer, index=True))',
        ),
        (MY, 'op.create_index("i", "u", ["a"])'),
        (LITE, 'op.create_index("i", "u", ["a"])'),
    ],
    "FA402": [
        (PG, AUTO + 'op.create_index("i", "u", ["a"], postgresql_concurrently=True)'),
        (
            PG,
            'op.execute("COMMIT")\nop.execute("CREATE INDEX CONCURRENTLY i ON u (a)")',
        ),
        (MY, 'op.create_index("i", "u", ["a"], postgresql_concurrently=True)'),
    ],
    "FA403": [
        (PG, AUTO + 'op.drop_index("i", "u", postgresql_concurrently=True)'),
        (
            PG,
            NEW + 'op.create_index("i", "users", ["id"])\nop.drop_index("i", "users")',
        ),
    ],
    "FA404": [
        (PG, AUTO + 'op.create_index("i", "u", ["a"], postgresql_concurrently=True)'),
        (
            PG,
            AUTO
            + 'op.execute("DROP INDEX CONCURRENTLY IF EXISTS i")\n'
            + '    op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON u (a)")',
        ),
    ],
    "FA405": [
        (MY, 'op.create_index("i", "u", ["a", "b", "c"])'),
        (MY, 'op.create_index("i", "u", ["a", "b", "c", "d"], unique=True)'),
    ],
    "FA406": [(MY, 'op.create_index("i", "u", ["a"])')],
    "FA501": [
        (PG, NEW + 'op.drop_table("users")'),
        (
            LITE,
            'op.create_table("users_new", sa.Column("id", sa.Integer, primary_key=True))\n'
            'op.execute("INSERT INTO users_new SELECT id FROM users")\n'
            'op.drop_table("users")\n'
            'op.rename_table("users_new", "users")',
        ),
    ],
    "FA502": [
        (PG, NEW + 'op.drop_column("users", "id")'),
        (
            PG,
            'op.add_column("u", sa.Column("tmp", sa.Integer))\nop.drop_column("u", "tmp")',
        ),
    ],
    "FA503": [
        (PG, 'op.alter_column("u", "a", nullable=True)'),
        (
            PG,
            'op.add_column("u", sa.Column("a", sa.Integer))\nop.alter_column("u", "a", new_column_name="b")',
        ),
    ],
    "FA504": [
        (PG, NEW + 'op.rename_table("users", "accounts")'),
        (
            PG,
            'op.rename_table("u", "u_old")\n'
            'op.create_table("u", sa.Column("id", sa.Integer, primary_key=True))',
        ),
    ],
    "FA505": [
        (PG, 'op.execute("DROP TABLE x")'),
        (
            PG,
            'op.execute("ALTER TABLE x ADD FOREIGN KEY (a) REFERENCES y ON DELETE CASCADE NOT VALID")',
        ),
    ],
    "FA506": [
        (
            PG,
            """
            def upgrade():
                op.add_column("u", sa.Column("b", sa.Integer))
                op.drop_column("u", "a")

            def downgrade():
                op.add_column("u", sa.Column("a", sa.String(50)))
                op.drop_column("u", "b")
            """,
        ),
        (
            PG,
            """
            def upgrade():
                op.add_column("u", sa.Column("b", sa.String(50)))
                op.execute("UPDATE u SET b = a WHERE b IS NULL")
                op.drop_column("u", "a")

            def downgrade():
                op.add_column("u", sa.Column("a", sa.String(50)))
            """,
        ),
    ],
    "FA507": [(PG, 'op.execute("DROP VIEW v")'), (PG, 'op.execute("CREATE SCHEMA s")')],
    "FA508": [(PG, 'op.execute("ALTER SCHEMA s OWNER TO x")')],
    "FA601": [
        (
            PG,
            'op.add_column("u", sa.Column("a", sa.Text))\nop.add_column("u", sa.Column("b", sa.Text))',
        ),
        (PG, NEW + 'op.add_column("posts", sa.Column("a", sa.Text))'),
        (
            PG,
            'op.create_foreign_key("f", "a", "b", ["x"], ["id"], postgresql_not_valid=True)',
        ),
        (
            PG,
            AUTO
            + 'op.add_column("a", sa.Column("x", sa.Text))\n'
            + '    op.add_column("b", sa.Column("x", sa.Text))',
        ),
    ],
    "FA602": [
        (MY, 'op.add_column("u", sa.Column("a", sa.Text))'),
        (MY, 'op.execute("ALTER TABLE u ADD a INT, ADD b INT")'),
        (MY, NEW + 'op.create_index("i", "users", ["id"])'),
    ],
    "FA603": [
        (PG, 'op.execute("SAVEPOINT x")'),
        (
            LITE,
            'op.execute("CREATE TRIGGER t AFTER INSERT ON u BEGIN UPDATE u SET a = 1; END")',
        ),
    ],
    "FA604": [(PG, """op.execute("SET lock_timeout = '5s'")""")],
    "FA605": [
        (PG, AUTO + 'op.execute("VACUUM ANALYZE u")'),
        (PG, AUTO + 'op.execute("REINDEX INDEX CONCURRENTLY i")'),
        (PG, 'op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY v")'),
    ],
    "FA606": [
        (PG, AUTO + 'op.execute("VACUUM u")'),
        (PG, 'op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY v")'),
    ],
    "FA607": [
        (PG, 'op.execute("ALTER TABLE u SET (fillfactor = 70)")'),
        (PG, 'op.execute("ALTER TABLE u FORCE ROW LEVEL SECURITY")'),
    ],
    "FA608": [
        (
            PG,
            'op.execute("DROP TABLE IF EXISTS a")\nop.add_column("u", sa.Column("a", sa.Text))',
        ),
        (
            MY,
            'op.execute("DROP TABLE IF EXISTS a")\nop.execute("DROP TABLE IF EXISTS b")',
        ),
    ],
    "FA701": [
        (PG, """op.execute("UPDATE u SET a = 'x' WHERE a IS NULL")"""),
        (PG, NEW + """op.execute("UPDATE posts SET a = 'x' WHERE a IS NULL")"""),
        (
            PG,
            'op.add_column("u", sa.Column("a", sa.Text))\nop.execute("INSERT INTO kinds VALUES (1)")',
        ),
        (
            PG,
            AUTO
            + 'op.add_column("u", sa.Column("a", sa.Text))\n'
            + """op.execute("UPDATE u SET a = 'x' WHERE a IS NULL")""",
        ),
    ],
    "FA702": [
        (PG, """op.execute("UPDATE u SET a = 'x' WHERE id < 1000")"""),
        (PG, NEW + """op.execute("UPDATE users SET id = 1")"""),
    ],
    "FA703": [
        (PG, 'op.execute("DELETE FROM u WHERE id = 1")'),
        (PG, 'op.execute("DELETE FROM u")\nop.drop_table("u")'),
    ],
    "FA801": [
        (PG, """op.execute("ALTER TYPE mood ADD VALUE 'ok'")"""),
        (
            PG,
            """
            op.execute("ALTER TYPE mood ADD VALUE 'ok'")
            op.execute("UPDATE u SET mood = 'fine' WHERE id = 1")
            """,
        ),
        (
            PG,
            AUTO
            + """op.execute("ALTER TYPE mood ADD VALUE 'ok'")
op.execute("UPDATE u SET mood = 'ok' WHERE id = 1")""",
        ),
    ],
    "FA802": [
        (PG, 'op.execute("ALTER TYPE mood RENAME TO feeling")'),
        (PG, 'op.execute("SELECT enumlabel FROM pg_enum")'),
    ],
    "FA803": [
        (
            MY,
            'op.alter_column("u", "a", type_=sa.Enum("x", "y", "z"), '
            'existing_type=sa.Enum("x", "y"), existing_nullable=True)',
        ),
    ],
    "FA804": [
        (
            PG,
            """
            def upgrade():
                op.create_table("t", sa.Column("id", sa.Integer, primary_key=True),
                                sa.Column("s", sa.Enum("a", name="s_type")))

            def downgrade():
                op.drop_table("t")
                sa.Enum(name="s_type").drop(op.get_bind(), checkfirst=True)
            """,
        ),
        (
            PG,
            """
            def upgrade():
                op.create_table("t", sa.Column("id", sa.Integer, primary_key=True),
                                sa.Column("s", sa.Enum("a", name="s", native_enum=False)))

            def downgrade():
                op.drop_table("t")
            """,
        ),
    ],
    "FA811": [
        (
            LITE,
            'with op.batch_alter_table("u") as b:\n    b.alter_column("a", nullable=True)',
        ),
        (LITE, 'op.alter_column("u", "a", new_column_name="b")'),
        (LITE, 'op.drop_column("u", "a")'),
        (PG, 'op.alter_column("u", "a", nullable=True)'),
    ],
    "FA812": [
        (
            PG,
            'with op.batch_alter_table("u") as b:\n    b.add_column(sa.Column("a", sa.Integer))',
        ),
        (
            LITE,
            'with op.batch_alter_table("u", recreate="always") as b:\n    b.add_column(sa.Column("a", sa.Integer))',
        ),
    ],
    "FA901": [
        (PG, 'op.add_column("u", sa.Column("a", sa.Text))'),
        (
            PG,
            "def upgrade():\n    op.execute('UPDATE u SET a = 1 WHERE id = 2')\n\ndef downgrade():\n    pass",
        ),
        (
            PG,
            "irreversible = True\n\ndef upgrade():\n    op.drop_index('i', 'u')\n\n"
            "def downgrade():\n    pass",
        ),
    ],
    "FA902": [
        (
            PG,
            'down_revision = ("a1", "a2")\n\ndef upgrade():\n    pass\n\ndef downgrade():\n    pass',
        ),
        (
            PG,
            "down_revision = None\n\ndef upgrade():\n    pass\n\ndef downgrade():\n    pass",
        ),
    ],
    "FA903": [
        (
            PG,
            "import json\nfrom datetime import datetime\n\ndef upgrade():\n    op.execute('SELECT 1')",
        ),
        (
            PG,
            "from shop.types import GUID\n\ndef upgrade():\n    op.add_column('u', sa.Column('a', GUID()))",
        ),
        (PG, "import sqlalchemy_utils\n\ndef upgrade():\n    op.execute('SELECT 1')"),
    ],
    "FA904": [
        (
            PG,
            'for row in op.get_bind().execute(sa.text("SELECT id FROM u")):\n    pass',
        ),
        (PG, 'assert op.get_bind().scalar(sa.text("SELECT count(*) FROM u")) is None'),
    ],
    "FA905": [
        (PG, 'op.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto")'),
        (
            PG,
            'op.execute("ALTER TABLE u ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY")',
        ),
        (
            PG,
            'op.execute("CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql")',
        ),
        (
            MY,
            'op.get_bind().exec_driver_sql("UPDATE u SET a = %s WHERE id = %s", (1, 2))',
        ),
    ],
    "FA906": [
        (LITE, 'op.execute("DELETE FROM a WHERE id = 1;")'),
        (
            LITE,
            'op.execute("CREATE TRIGGER t AFTER INSERT ON u BEGIN UPDATE u SET a = 1; END")',
        ),
        (LITE, """op.execute("INSERT INTO u VALUES ('a;b')")"""),
    ],
    "FA907": [
        (PG, """op.execute("UPDATE u SET t = '12:30:00' WHERE id = 1")"""),
        (PG, """op.execute("SELECT a::text FROM u")"""),
        (
            PG,
            """op.execute(sa.text("UPDATE u SET a = :a WHERE id = 1").bindparams(a=1))""",
        ),
    ],
    "FA908": [
        (MY, 'op.add_column("u", sa.Column("a", sa.String(20)))'),
        (MY, 'op.drop_constraint("f", "u", type_="foreignkey")'),
        (PG, 'op.execute("SELECT 1")'),
    ],
    "FA909": [
        (
            PG,
            f'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.UniqueConstraint("id", name=op.f("{"x" * 70}")))',
        ),
        (
            MY,
            f'op.create_table("{"x" * 64}", sa.Column("id", sa.Integer, primary_key=True))',
        ),
    ],
    "FA910": [
        (
            PG,
            'op.create_table("t", sa.Column("a", sa.Integer), sa.Column("b", sa.Integer), sa.PrimaryKeyConstraint("a", "b"))',
        ),
        (PG, 'op.execute("CREATE TEMPORARY TABLE t AS SELECT 1")'),
        (PG, 'op.execute("CREATE TABLE t PARTITION OF u FOR VALUES IN (1)")'),
        (LITE, 'op.create_table("t", sa.Column("a", sa.Integer))'),
    ],
    "FA911": [
        (PG, 'op.execute("SELECT 1")'),
        (
            LITE,
            f'revision = "{"x" * 40}"\n\ndef upgrade():\n    op.execute("SELECT 1")',
        ),
    ],
    "FA912": [
        (PG, "import pathlib\npathlib.Path(__file__).parent.exists()"),
        (LITE, "import os\nopen(os.devnull, 'w').write('x')"),
    ],
}
