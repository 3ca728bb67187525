"""Renames: written as such when somebody says so, with rows, keys and indexes kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import extension_of, run_db
from rounds import Rounds, Tables
from terminals import Terminal

from flask_alembic.errors import UsageError
from flask_alembic.hooks import RenameCandidate, RevisionRequest, hookimpl

pytestmark = [pytest.mark.costly, pytest.mark.one_database]


def library(
    book: str = "book",
    title: str = "title",
    author_id: str = "author_id",
    key: str = "id",
    more: Any = lambda: (),
    size: int = 80,
) -> Tables:
    """Define authors and books, with each kind of index and constraint."""

    def define(metadata: sa.MetaData) -> None:
        sa.Table("author", metadata, sa.Column(key, sa.Integer, primary_key=True))
        sa.Table(
            book,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column(title, sa.String(size), nullable=False, server_default="none"),
            sa.Column("year", sa.Integer, comment=None),
            sa.Column(
                author_id, sa.Integer, sa.ForeignKey(f"author.{key}"), index=True
            ),
            sa.UniqueConstraint(title, "year", name="one_a_year"),
            sa.Index("by_title", title, "year"),
            *more(),
        )
        sa.Table(
            "copy",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("book_id", sa.Integer, sa.ForeignKey(f"{book}.id")),
        )

    return define


ROWS = (
    "insert into author (id) values (1), (2)",
    "insert into book (id, title, year, author_id) values (1, 'One', 2001, 1)",
    "insert into book (id, title, year, author_id) values (2, 'Two', 2002, 2)",
    "insert into copy (id, book_id) values (1, 1), (2, 2), (3, 2)",
)


def with_rows(folder: Path, url: str, *, echo: Tables | None = None) -> Rounds:
    """Return an app whose tables are in the database and have rows."""
    rounds = Rounds(folder, url)
    define = echo or library()
    rounds.write(define, "first")
    rounds.run(define, "upgrade")
    rounds.sql(*ROWS)
    return rounds


def rename(rounds: Rounds, define: Tables, *options: str) -> str:
    """Write the revision with these renames, run it, and return its text."""
    words = [word for option in options for word in ("--rename", option)]
    app = rounds.app(define)
    result = run_db(app, "revision", "second", *words)
    assert result.exit_code == 0, result.output
    assert "possible-rename" not in result.output
    assert "dropped with its data" not in result.output
    rounds.output = result.output
    rounds.run(define, "upgrade")
    rounds.run(define, "check")
    with app.app_context():
        script = extension_of(app).script_directory.get_revision("head")
    return Path(script.path).read_text("utf-8")


def revert(rounds: Rounds, define: Tables) -> None:
    """Go down one step; the first tables and all rows must be there again."""
    rounds.run(define, "downgrade", "--yes")
    rounds.agrees(library())
    assert rounds.rows("select id, title, year, author_id from book order by id") == [
        (1, "One", 2001, 1),
        (2, "Two", 2002, 2),
    ]
    assert rounds.rows("select book_id from copy order by id") == [(1,), (2,), (2,)]
    rounds.run(define, "upgrade")
    rounds.run(define, "check")


@pytest.mark.parametrize("old", ["title", "book.title"])
def test_a_column_keeps_its_values(tmp_path: Path, database_url: str, old: str) -> None:
    rounds = with_rows(tmp_path, database_url)
    after = library(title="heading")
    text = rename(rounds, after, f"{old}:heading")
    assert "new_column_name='heading'" in text
    assert "drop_column" not in text
    assert "  - column book.title is renamed to heading\n" in rounds.output
    rows = rounds.rows("select heading from book order by id")
    assert rows == [("One",), ("Two",)]
    with pytest.raises(sa.exc.IntegrityError):
        rounds.sql("insert into book (id, heading, year) values (3, 'One', 2001)")
    revert(rounds, after)


def test_a_table_keeps_its_rows_and_the_keys_to_it(
    tmp_path: Path, database_url: str
) -> None:
    rounds = with_rows(tmp_path, database_url)
    after = library(book="volume")
    text = rename(rounds, after, "book:volume")
    assert "op.rename_table('book', 'volume')" in text
    assert "op.rename_table('volume', 'book')" in text
    assert "drop_table" not in text
    assert "ForeignKey" not in text
    assert "foreign_key" not in text
    assert "  - table book is renamed to volume\n" in rounds.output
    assert rounds.rows("select title from volume order by id") == [("One",), ("Two",)]
    revert(rounds, after)


def test_a_column_of_a_foreign_key_keeps_its_values(
    tmp_path: Path, database_url: str
) -> None:
    rounds = with_rows(tmp_path, database_url)
    after = library(author_id="writer_id")
    rename(rounds, after, "book.author_id:writer_id")
    assert rounds.rows("select writer_id from book order by id") == [(1,), (2,)]
    assert "ix_book_writer_id" in index_names(rounds, "book")
    assert "ix_book_author_id" not in index_names(rounds, "book")
    revert(rounds, after)


def test_a_column_that_keys_point_at_keeps_its_values(
    tmp_path: Path, database_url: str
) -> None:
    rounds = with_rows(tmp_path, database_url)
    after = library(key="number")
    text = rename(rounds, after, "author.id:number")
    assert "foreign_key" not in text
    assert rounds.rows("select number from author order by 1") == [(1,), (2,)]
    revert(rounds, after)


def index_names(rounds: Rounds, table: str) -> set[str | None]:
    """Return the names of the indexes of a table."""
    engine = sa.create_engine(rounds.url)
    try:
        return {each["name"] for each in sa.inspect(engine).get_indexes(table)}
    finally:
        engine.dispose()


def test_a_table_and_its_columns_are_renamed_together_and_the_rest_is_found(
    tmp_path: Path, database_url: str
) -> None:
    rounds = with_rows(tmp_path, database_url)
    after = library(
        "volume", "heading", "writer_id", more=lambda: [sa.Column("isbn", sa.Text)]
    )
    rename(
        rounds, after, "book:volume", "book.title:heading", "volume.author_id:writer_id"
    )
    assert rounds.rows("select heading, writer_id, isbn from volume order by id") == [
        ("One", 1, None),
        ("Two", 2, None),
    ]
    revert(rounds, after)


def test_a_change_of_type_comes_with_the_rename(
    tmp_path: Path, database_url: str
) -> None:
    rounds = with_rows(tmp_path, database_url)
    after = library(title="heading", size=200)
    rename(rounds, after, "book.title:heading")
    assert rounds.rows("select heading from book order by id") == [("One",), ("Two",)]
    revert(rounds, after)


def test_a_table_in_a_schema(tmp_path: Path, postgresql_url: str) -> None:
    def sales(table: str, column: str) -> Tables:
        return lambda metadata: sa.Table(
            table,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column(column, sa.String(20), index=True),
            schema="sales",
        )

    rounds = Rounds(tmp_path, postgresql_url, ALEMBIC_CONTEXT={"include_schemas": True})
    rounds.sql("create schema sales")
    rounds.write(sales("bill", "total"), "first")
    rounds.run(sales("bill", "total"), "upgrade")
    rounds.sql("insert into sales.bill values (1, 'ten')")
    after = sales("invoice", "amount")
    rename(rounds, after, "sales.bill:invoice", "sales.bill.total:amount")
    assert rounds.rows("select amount from sales.invoice") == [("ten",)]
    rounds.run(after, "downgrade", "--yes")
    rounds.agrees(sales("bill", "total"))
    assert rounds.rows("select total from sales.bill") == [("ten",)]


COLLATIONS = {"sqlite": "NOCASE", "postgresql": "C", "mysql": "utf8mb4_bin"}

ODD: dict[str, Callable[[str, str], list[Any]]] = {
    "a key that counts up": lambda n, _: [
        sa.Column(n, sa.Integer, primary_key=True),
        sa.Column("words", sa.Text),
    ],
    "a check": lambda n, _: [
        sa.Column(n, sa.Integer),
        sa.CheckConstraint(f"{n} > 0", name="positive"),
    ],
    "a generated column": lambda n, _: [
        sa.Column(n, sa.Integer),
        sa.Column("twice", sa.Integer, sa.Computed(f"{n} * 2")),
    ],
    "JSON": lambda n, _: [sa.Column(n, sa.JSON, server_default="{}")],
    "a comment": lambda n, _: [sa.Column(n, sa.String(20), comment="it's 5 % of: a")],
    "a default": lambda n, _: [
        sa.Column(n, sa.DateTime, server_default=sa.func.now(), nullable=False)
    ],
    "an enum": lambda n, _: [
        sa.Column(n, sa.Enum("a", "b", name="ab"), server_default="a")
    ],
    "an expression": lambda n, kind: [
        sa.Column(n, sa.String(20)),
        *([sa.Index("low", sa.text(f"lower({n})"))] if kind != "mysql" else []),
    ],
    "a name with quotes": lambda n, _: [sa.Column(f'{n} "x', sa.String(20))],
    "a collation": lambda n, kind: [
        sa.Column(n, sa.String(20, collation=COLLATIONS[kind]))
    ],
    "a Boolean": lambda n, _: [
        sa.Column(
            n,
            sa.Boolean(create_constraint=True, name="is_so"),
            server_default=sa.true(),
        )
    ],
    "a unique column": lambda n, _: [sa.Column(n, sa.String(20), unique=True)],
    "a key to itself": lambda n, _: [
        sa.Column(n, sa.Integer, sa.ForeignKey("item.id"), index=True)
    ],
}


@pytest.mark.parametrize("what", list(ODD))
def test_what_belongs_to_a_column_stays_with_it(
    tmp_path: Path, database_url: str, what: str
) -> None:
    kind = sa.make_url(database_url).get_backend_name()

    def item(name: str) -> Tables:
        def define(metadata: sa.MetaData) -> None:
            items = ODD[what](name, kind)
            has_key = any(getattr(each, "primary_key", False) is True for each in items)
            key = [] if has_key else [sa.Column("id", sa.Integer, primary_key=True)]
            sa.Table("item", metadata, *key, *items)

        return define

    rounds = Rounds(tmp_path, database_url)
    rounds.write(item("old"), "first")
    rounds.run(item("old"), "upgrade")
    end = ' "x' if what == "a name with quotes" else ""
    text = rename(rounds, item("fresh"), f"item.old{end}:fresh{end}")
    assert "drop_column" not in text
    rounds.run(item("fresh"), "downgrade", "--yes")
    rounds.agrees(item("old"))
    rounds.run(item("fresh"), "upgrade")
    rounds.run(item("fresh"), "check")


def moods(*labels: str, default: str | None = None) -> Tables:
    """Define a table with an enum."""
    return lambda metadata: sa.Table(
        "cat",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mood", sa.Enum(*labels, name="mood"), server_default=default),
    )


@pytest.mark.parametrize(
    ("before", "after", "option"),
    [
        (moods("sad", "ok"), moods("unhappy", "ok"), "sad:unhappy"),
        (moods("sad", "ok"), moods("it's, a: b", "ok", "new"), "mood.sad:it's, a: b"),
        (
            moods("sad", "ok", "gone", default="sad"),
            moods("ok", "unhappy", default="unhappy"),
            "mood.sad:unhappy",
        ),
    ],
    ids=["renamed", "renamed and added", "renamed and removed"],
)
def test_a_value_of_an_enum_is_renamed(
    tmp_path: Path, postgresql_url: str, before: Tables, after: Tables, option: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(before, "first")
    rounds.run(before, "upgrade")
    rounds.sql("insert into cat (id, mood) values (1, 'sad'), (2, 'ok')")
    text = rename(rounds, after, option)
    assert "RENAME VALUE" in text
    new = option.partition(":")[2]
    rows = "select mood::text from cat order by id"
    assert rounds.rows(rows) == [(new,), ("ok",)]
    rounds.run(after, "downgrade", "--yes")
    rounds.agrees(before)
    assert rounds.rows(rows) == [("sad",), ("ok",)]
    rounds.run(after, "upgrade")
    rounds.run(after, "check")


def test_the_warning_names_the_option(tmp_path: Path, database_url: str) -> None:
    rounds = with_rows(tmp_path, database_url)
    result = run_db(rounds.app(library(title="heading")), "revision", "second")
    assert result.exit_code == 0, result.output
    assert "use --rename book.title:heading" in result.output


def test_the_warning_for_an_enum_names_the_option(
    tmp_path: Path, postgresql_url: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(moods("sad", "ok"), "first")
    rounds.run(moods("sad", "ok"), "upgrade")
    result = run_db(rounds.app(moods("unhappy", "ok")), "revision", "second")
    assert "use --rename mood.sad:unhappy" in result.output


@pytest.mark.parametrize("option", ["book.nothing:heading", "book.title:nothing"])
def test_a_name_that_fits_nothing_is_a_usage_error(
    tmp_path: Path, sqlite_url: str, option: str
) -> None:
    rounds = with_rows(tmp_path, sqlite_url)
    files = set(tmp_path.rglob("*.py"))
    app = rounds.app(library(title="heading"))
    result = run_db(app, "revision", "second", "--rename", option)
    assert result.exit_code == 2
    assert f"{option} fits no table, column or enum value" in result.output
    assert "These could be: book.title:heading." in result.output
    assert set(tmp_path.rglob("*.py")) == files


def test_a_name_that_fits_several_is_a_usage_error(
    tmp_path: Path, sqlite_url: str
) -> None:
    def two(name: str) -> Tables:
        def define(metadata: sa.MetaData) -> None:
            for table in ("one", "two"):
                sa.Table(
                    table,
                    metadata,
                    sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column(name, sa.Text),
                )

        return define

    rounds = Rounds(tmp_path, sqlite_url)
    rounds.write(two("old"), "first")
    rounds.run(two("old"), "upgrade")
    result = run_db(rounds.app(two("new")), "revision", "second", "--rename", "old:new")
    assert result.exit_code == 2
    assert "fits several: one.old:new, two.old:new" in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rename", "title"], "'title' is no rename."),
        (["--rename", ":x"], "':x' is no rename."),
        (["--rename", "a:b", "--rename", "a:c"], "'a' is renamed twice."),
        (["--rename", "a:b", "--empty"], "--empty and --rename exclude each other."),
    ],
)
def test_words_that_are_no_rename(
    tmp_path: Path, sqlite_url: str, words: list[str], message: str
) -> None:
    rounds = Rounds(tmp_path, sqlite_url)
    result = run_db(rounds.app(library()), "revision", "first", *words)
    assert result.exit_code == 2
    assert message in result.output


def test_renames_in_python(tmp_path: Path, sqlite_url: str) -> None:
    rounds = with_rows(tmp_path, sqlite_url)
    after = library(title="heading")
    app = rounds.app(after)
    with app.app_context():
        alembic = extension_of(app)
        with pytest.raises(UsageError, match="fits no table"):
            alembic.revision("second", renames={"book.x": "y"})
        with pytest.raises(UsageError, match="renames takes a dict"):
            alembic.revision("second", renames=["book.title:heading"])  # type: ignore[arg-type]
        (script,) = alembic.revision("second", renames={"book.title": "heading"})
    assert "new_column_name='heading'" in Path(script.path).read_text("utf-8")
    rounds.run(after, "upgrade")
    rounds.run(after, "check")


def answering(answer: Any) -> object:
    """Return a plugin that answers whether something is a rename."""

    class Plugin:
        @hookimpl
        def is_rename(
            self, request: RevisionRequest, candidate: RenameCandidate
        ) -> bool | None:
            result: bool | None = answer(request, candidate)
            return result

    return Plugin()


def test_a_plugin_answers_for_each_pair_once(tmp_path: Path, sqlite_url: str) -> None:
    rounds = with_rows(tmp_path, sqlite_url)
    after = library("volume", "heading")
    app = rounds.app(after)
    asked: list[RenameCandidate] = []

    def is_rename(request: RevisionRequest, candidate: RenameCandidate) -> bool:
        assert request.message == "second"
        asked.append(candidate)
        return candidate.kind == "column"

    extension_of(app).register(answering(is_rename), name="answers")
    result = run_db(
        app, "revision", "second", "--rename", "book:volume", "--format", "json"
    )
    assert result.exit_code == 0, result.output
    assert asked == [
        RenameCandidate("column", "default", None, "volume", "title", "heading")
    ]
    document = json.loads(result.stdout)
    texts = [each["text"] for each in document["data"]["operations"]["default"]]
    assert texts[:2] == [
        "table book is renamed to volume",
        "column volume.title is renamed to heading",
    ]
    assert document["problems"] == []


def test_a_refused_candidate_is_dropped_without_a_warning(
    tmp_path: Path, sqlite_url: str
) -> None:
    rounds = with_rows(tmp_path, sqlite_url)
    app = rounds.app(library(title="heading"))
    plugin = answering(lambda request, candidate: False)
    extension_of(app).register(plugin, name="answers")
    result = run_db(app, "revision", "second")
    assert "dropped with its data" in result.output
    assert "possible-rename" not in result.output


SHOP = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from rounds import Rounds
from test_renames import library

def create_app():
    return Rounds(Path({folder!r}), {url!r}).app(library(title="heading", author_id="writer_id"))
"""


def test_the_question_at_a_terminal(tmp_path: Path, sqlite_url: str) -> None:
    rounds = with_rows(tmp_path, sqlite_url)
    tests = Path(__file__).parents[1]
    paths = [str(tests), str(tests / "schema")]
    source = SHOP.format(paths=paths, folder=str(tmp_path), url=sqlite_url)
    (tmp_path / "shop.py").write_text(source, "utf-8")
    words = [sys.executable, "-m", "flask", "--app", "shop", "db", "revision", "second"]
    terminal = Terminal(words, tmp_path)
    questions = (
        ("Was column 'book.title' renamed to 'heading'? [y/N]: ", "y\n"),
        ("Was column 'book.author_id' renamed to 'writer_id'? [y/N]: ", "\n"),
    )
    try:
        for question, answer in questions:
            terminal.until(lambda raw, question=question: question in raw)
            terminal.type(answer)
        assert terminal.end() == 0, terminal.raw
    finally:
        terminal.close()
    assert "possible-rename" not in terminal.raw
    assert "  - column book.title is renamed to heading" in terminal.lines
    assert any(
        "column book.author_id (INTEGER) is missing" in each for each in terminal.lines
    )
    after = library(title="heading", author_id="writer_id")
    rounds.run(after, "upgrade")
    rounds.run(after, "check")


def test_nobody_is_asked_in_a_machine_format(tmp_path: Path, sqlite_url: str) -> None:
    with_rows(tmp_path, sqlite_url)
    tests = Path(__file__).parents[1]
    paths = [str(tests), str(tests / "schema")]
    source = SHOP.format(paths=paths, folder=str(tmp_path), url=sqlite_url)
    (tmp_path / "shop.py").write_text(source, "utf-8")
    words = [sys.executable, "-m", "flask", "--app", "shop", "db", "revision", "second"]
    terminal = Terminal([*words, "--format", "json"], tmp_path)
    try:
        assert terminal.end() == 0, terminal.raw
    finally:
        terminal.close()
    assert "[y/N]" not in terminal.raw
    assert "possible-rename" in terminal.raw
