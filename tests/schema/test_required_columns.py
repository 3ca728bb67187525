"""Required columns for tables that have rows."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import extension_of, run_db
from rounds import Rounds, Tables

pytestmark = [pytest.mark.costly, pytest.mark.one_database]

FILL = """    # op.execute("UPDATE note SET words = ... WHERE words IS NULL")"""


def note(*, words: bool, index: bool = False) -> Tables:
    """Define a table, with a column that every row needs."""

    def define(metadata: sa.MetaData) -> None:
        column = sa.Column(
            "words", sa.String(20), nullable=False, index=index, comment="it's a % note"
        )
        sa.Table(
            "note",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *([column] if words else []),
        )

    return define


def with_row(folder: Path, url: str) -> Rounds:
    """Return an app whose table has a row."""
    rounds = Rounds(folder, url)
    rounds.write(note(words=False), "first")
    rounds.run(note(words=False), "upgrade")
    rounds.sql("insert into note (id) values (1)")
    return rounds


def path_of_head(rounds: Rounds, define: Tables) -> Path:
    """Return the newest revision file."""
    app = rounds.app(define)
    with app.app_context():
        return Path(extension_of(app).script_directory.get_revision("head").path)


def test_no_value_is_made_up(tmp_path: Path, database_url: str) -> None:
    rounds = with_row(tmp_path, database_url)
    define = note(words=True)
    rounds.write(define)
    assert "has no server default: existing rows" in rounds.output
    assert "nullability" not in rounds.output
    result = run_db(rounds.app(define), "upgrade")
    assert result.exit_code == 3, result.output
    assert "Give existing rows a value" in result.output
    engine = sa.create_engine(database_url)
    names = {each["name"] for each in sa.inspect(engine).get_columns("note")}
    engine.dispose()
    if "words" in names:  # DDL that commits
        assert rounds.rows("select words from note") == [(None,)]
        assert "a value for the column, with UPDATE" in result.output
    else:
        assert "server_default" in result.output


def test_a_filled_column_becomes_required(tmp_path: Path, database_url: str) -> None:
    rounds = with_row(tmp_path, database_url)
    define = note(words=True, index=True)
    text = rounds.write(define)
    assert FILL in text
    path = path_of_head(rounds, define)
    filled = "    op.execute(\"UPDATE note SET words = 'x'\")"
    path.write_text(text.replace(FILL, filled), "utf-8")
    rounds.run(define, "upgrade")
    rounds.run(define, "check")
    assert rounds.rows("select words from note") == [("x",)]
    with pytest.raises(sa.exc.DBAPIError):
        rounds.sql("insert into note (id, words) values (2, NULL)")
    rounds.run(define, "downgrade", "--yes")
    rounds.agrees(note(words=False))


def test_an_empty_table_needs_no_value(tmp_path: Path, database_url: str) -> None:
    rounds = Rounds(tmp_path, database_url)
    rounds.go(note(words=False), note(words=True, index=True))
