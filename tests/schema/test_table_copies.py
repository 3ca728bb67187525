"""What a table of SQLite has, after batch mode has copied it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import make_app, run_db
from rounds import Rounds, Tables, no_tables

pytestmark = pytest.mark.costly

TRIGGER = (
    "CREATE TRIGGER upper_label AFTER INSERT ON part BEGIN "
    "UPDATE part SET label = upper(label) WHERE id = new.id; END"
)
REVISION = '''"""By hand."""

from alembic import op
import sqlalchemy as sa

revision = "{id}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
{body}


def downgrade():
    pass
'''


ORDERED = {
    "ix_down": "CREATE INDEX ix_down ON lamp (size DESC, words)",
    "ix_case": "CREATE INDEX ix_case ON lamp (words COLLATE NOCASE)",
    "ix_part": "CREATE UNIQUE INDEX ix_part ON lamp (words DESC) WHERE words <> 'size'",
}
"""Indexes whose order or collation SQLAlchemy does not reflect."""


def parts(length: int = 10, **options: Any) -> Tables:
    """Define a table with whatever SQLite has."""

    def define(metadata: sa.MetaData) -> None:
        sa.Table(
            "part",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("label", sa.String(20, collation="NOCASE")),
            sa.Column("words", sa.String(length)),
            sa.Column("loud", sa.String(20), sa.Computed("upper(label)")),
            sa.CheckConstraint("id > 0", name="ck_id"),
            sqlite_autoincrement=True,
            **options,
        )

    return define


class Copied(Rounds):
    """An app whose table is copied by a revision."""

    def prepare(self, *statements: str) -> None:
        """Create the table, and more beside it."""
        self.write(parts(), "first")
        self.run(parts(), "upgrade")
        self.sql(*statements)

    def copy(self) -> None:
        """Let a revision copy the table."""
        self.write(parts(40), "second")
        self.run(parts(40), "upgrade")

    def master(self) -> dict[str, str]:
        """Return what there is, by its name."""
        return dict(
            self.rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        )

    def by_hand(self, body: str) -> Any:
        """Run a revision with a body; return the result."""
        app = make_app(self.folder, self.url)
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        folder = self.folder / "migrations"
        (head,) = {path.stem.partition("_")[0] for path in folder.glob("*.py")} or {
            None
        }
        text = REVISION.format(id="hand", down=head, body=lines)
        (folder / "hand.py").write_text(text)
        return run_db(app, "upgrade")


@pytest.fixture
def copied(tmp_path: Path, sqlite_url: str) -> Copied:
    """The app; what is beside its models is left alone."""

    def include_object(
        object: Any, name: Any, type_: str, reflected: bool, compare_to: Any
    ) -> bool:
        return type_ != "index"

    options = {"include_object": include_object}
    return Copied(tmp_path, sqlite_url, ALEMBIC_CONTEXT=options)


def test_all_of_it_is_kept(copied: Copied) -> None:
    copied.prepare(
        TRIGGER,
        "CREATE INDEX ix_lower ON part (lower(label))",
        "CREATE VIEW loud_parts AS SELECT id, loud FROM part",
        "INSERT INTO part (id, label) VALUES (7, 'a'), (9, 'b')",
        "DELETE FROM part WHERE id = 9",
    )
    before = copied.master()
    copied.copy()
    after = copied.master()
    assert after.keys() == before.keys()
    for name in ("upper_label", "ix_lower", "loud_parts"):
        assert after[name] == before[name]
    for words in ("AUTOINCREMENT", 'COLLATE "NOCASE"', "ck_id", "GENERATED ALWAYS AS"):
        assert words in after["part"]
    copied.sql("INSERT INTO part (label) VALUES ('c')")
    assert copied.rows(
        "SELECT part.id, label, v.loud FROM loud_parts v JOIN part USING (id)"
    ) == [
        (7, "A", "A"),
        (10, "C", "C"),
    ]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ('alter_column("words", nullable=False)', ORDERED),
        (
            'alter_column("size", new_column_name="big size")',
            {
                "ix_down": 'CREATE INDEX ix_down ON lamp ("big size" DESC, words)',
                "ix_case": ORDERED["ix_case"],
                "ix_part": "CREATE UNIQUE INDEX ix_part ON lamp (words DESC) "
                "WHERE words <> 'size'",
            },
        ),
        (
            'drop_column("size")',
            {name: ORDERED[name] for name in ("ix_case", "ix_part")},
        ),
        (
            'drop_index("ix_down")',
            {name: ORDERED[name] for name in ("ix_case", "ix_part")},
        ),
    ],
)
def test_the_order_and_collation_of_indexes_are_kept(
    tmp_path: Path, sqlite_url: str, change: str, left: dict[str, str]
) -> None:
    copied = Copied(tmp_path, sqlite_url)
    copied.sql(
        "CREATE TABLE lamp (id INTEGER PRIMARY KEY, size INTEGER, words TEXT)",
        "CREATE INDEX ix_plain ON lamp (id)",
        *ORDERED.values(),
    )
    result = copied.by_hand(
        'with op.batch_alter_table("lamp", recreate="always") as batch:\n'
        f"    batch.{change}"
    )
    assert result.exit_code == 0, result.output
    found = copied.master()
    assert {name: found[name] for name in found if name in ORDERED} == left
    assert "ix_plain" in found


def test_what_the_revision_creates_by_itself_is_left_to_it(copied: Copied) -> None:
    copied.prepare(TRIGGER)
    own = TRIGGER.replace("upper(", "lower(")
    result = copied.by_hand(
        'with op.batch_alter_table("part") as batch:\n'
        '    batch.alter_column("words", type_=sa.String(40))\n'
        f"op.execute({own!r})"
    )
    assert result.exit_code == 0, result.output
    assert copied.master()["upper_label"] == own


def test_two_copies_and_a_new_name(copied: Copied) -> None:
    copied.prepare(
        TRIGGER,
        "CREATE INDEX ix_lower ON part (lower(label))",
        "CREATE UNIQUE INDEX ix_some ON part (label) WHERE id > 5",
    )
    result = copied.by_hand(
        "for length in (30, 40):\n"
        '    with op.batch_alter_table("part") as batch:\n'
        '        batch.alter_column("words", type_=sa.String(length))\n'
        'op.rename_table("part", "piece")'
    )
    assert result.exit_code == 0, result.output
    assert {"upper_label", "ix_lower", "ix_some", "piece"} <= copied.master().keys()
    assert "piece" in copied.master()["upper_label"]


@pytest.mark.parametrize(
    "change",
    ['drop_column("words")', 'alter_column("words", new_column_name="text")'],
    ids=["dropped", "renamed"],
)
def test_what_cannot_be_kept_is_refused_by_name(copied: Copied, change: str) -> None:
    copied.prepare("CREATE INDEX ix_words ON part (lower(words))")
    before = copied.master()
    result = copied.by_hand(
        f'with op.batch_alter_table("part") as batch:\n    batch.{change}'
    )
    assert result.exit_code == 3
    assert "index 'ix_words' of table 'part' uses the column 'words'" in result.output
    assert "op.execute('DROP INDEX ix_words')" in result.output
    assert copied.master() == before


def test_a_table_that_is_dropped_takes_its_triggers_along(copied: Copied) -> None:
    copied.prepare(TRIGGER)
    result = copied.by_hand(
        'with op.batch_alter_table("part") as batch:\n'
        '    batch.alter_column("words", type_=sa.String(40))\n'
        'op.drop_table("part")'
    )
    assert result.exit_code == 0, result.output
    assert not {"part", "upper_label"} & copied.master().keys()


CHILD = (
    "CREATE TABLE child (id INTEGER PRIMARY KEY, "
    "part_id INTEGER REFERENCES part (id) ON DELETE CASCADE)"
)
COPY = (
    'with op.batch_alter_table("part") as batch:\n'
    '    batch.alter_column("words", type_=sa.String(40))'
)


def with_keys(copied: Copied, body: str) -> Any:
    """Run a revision in an app that switches foreign keys on."""
    copied.prepare(
        CHILD,
        "INSERT INTO part (id, label) VALUES (1, 'a')",
        "INSERT INTO child VALUES (1, 1)",
    )
    head = "op.get_bind().exec_driver_sql('PRAGMA foreign_keys = ON')\n"
    return copied.by_hand(head + body)


def indented(text: str) -> str:
    """Return a text one step to the right."""
    return "\n".join(f"    {line}" for line in text.splitlines())


def test_rows_stay_in_an_autocommit_block(copied: Copied) -> None:
    result = with_keys(
        copied,
        "with op.get_context().autocommit_block():\n"
        "    op.get_bind().exec_driver_sql('PRAGMA foreign_keys = ON')\n"
        + indented(COPY),
    )
    assert result.exit_code == 0, result.output
    assert copied.rows("SELECT count(*) FROM child") == [(1,)]


def test_a_savepoint_is_refused_where_rows_would_go(copied: Copied) -> None:
    result = with_keys(
        copied,
        "op.execute('INSERT INTO child VALUES (2, 1)')\n"
        "with op.get_bind().begin_nested():\n" + indented(COPY),
    )
    assert result.exit_code == 3
    assert "'part' cannot be copied in a savepoint" in result.output
    assert copied.rows("SELECT count(*) FROM child") == [(1,)]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ('alter_column("size", type_=sa.BigInteger())', 4),
        ('drop_column("size")', 2),
        ('alter_column("size", new_column_name="order")', 4),
        ('alter_column("on", existing_type=sa.Boolean(create_constraint=True))', 4),
        ('alter_column("on", type_=sa.Boolean(create_constraint=True))', 4),
    ],
    ids=["altered", "dropped", "renamed", "of the same type", "of a type"],
)
def test_constraints_without_a_name_are_kept(
    copied: Copied, change: str, left: int
) -> None:
    copied.sql(
        "CREATE TABLE lamp (id INTEGER PRIMARY KEY, size INTEGER CHECK(size > 0), "
        '"on" BOOLEAN, words VARCHAR(9), CHECK ("on" IN (0, 1)), -- CHECK (no)\n'
        "CHECK (size < (99) OR words = 'size: it''s (50 % :big'), "
        "CHECK (words <> ':size'))",
        "INSERT INTO lamp VALUES (1, 2, 1, 'a')",
    )
    result = copied.by_hand(
        'with op.batch_alter_table("lamp", recreate="always") as batch:\n'
        f"    batch.{change}"
    )
    assert result.exit_code == 0, result.output
    assert "Unnamed" not in result.output
    text = copied.master()["lamp"]
    assert text.count("CHECK") == left
    assert "words <> ':size'" in text
    assert left == 2 or "'size: it''s (50 % :big'" in text
    assert copied.rows("SELECT id, words FROM lamp") == [(1, "a")]
    if left == 4:
        name = '"order"' if "order" in change else "size"
        with pytest.raises(sa.exc.IntegrityError):
            copied.sql(f"UPDATE lamp SET {name} = -1")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"sqlite_with_rowid": False}, "WITHOUT ROWID"),
        ({"sqlite_strict": True}, "STRICT"),
    ],
)
def test_options_of_the_table_are_kept(
    copied: Copied, option: dict[str, Any], words: str
) -> None:
    def shelves(length: int) -> Tables:
        def define(metadata: sa.MetaData) -> None:
            sa.Table("shelf", metadata, sa.Column("id", sa.Integer, primary_key=True))
            key = sa.ForeignKey(
                "shelf.id",
                name="fk_shelf",
                ondelete="CASCADE",
                deferrable=True,
                initially="DEFERRED",
            )
            sa.Table(
                "book",
                metadata,
                sa.Column("id", sa.Text, primary_key=True),
                sa.Column("shelf_id", sa.Integer, key),
                sa.Column("words", sa.Text, nullable=length < 9),
                **option,
            )

        return define

    copied.go(shelves(5), shelves(9))
    text = copied.master()["book"]
    for each in (words, "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"):
        assert each in text


def test_a_dropped_table_comes_back_with_its_counter(
    tmp_path: Path, sqlite_url: str
) -> None:
    rounds = Rounds(tmp_path, sqlite_url)
    rounds.go(parts(), no_tables)
    rounds.run(no_tables, "downgrade", "--yes")
    ((sql,),) = rounds.rows("SELECT sql FROM sqlite_master WHERE name = 'part'")
    assert "AUTOINCREMENT" in sql
