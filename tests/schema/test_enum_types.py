"""Enum types of PostgreSQL, which are objects beside the tables."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import run_db
from databases import MakeDatabase
from rounds import Rounds, Tables, no_tables
from sqlalchemy.dialects import postgresql

pytestmark = pytest.mark.costly


class Mood(enum.Enum):
    """What animals and keepers are in."""

    calm = 1
    wild = 2


class Wrapped(sa.TypeDecorator[Any]):
    """A decorator of an enum."""

    impl = sa.Enum("calm", "wild", name="mood")
    cache_ok = True


def mood(*labels: str, **options: Any) -> sa.Enum:
    """Return an enum."""
    return sa.Enum(*(labels or ("calm", "wild")), name="mood", **options)


def zoo(**tables: dict[str, Any]) -> Tables:
    """Define tables whose columns have these types or pairs of type and options."""

    def define(metadata: sa.MetaData) -> None:
        for name, columns in tables.items():
            table = sa.Table(
                name, metadata, sa.Column("id", sa.Integer, primary_key=True)
            )
            for column, type_ in columns.items():
                kind, options = type_ if isinstance(type_, tuple) else (type_, {})
                table.append_column(sa.Column(column, kind, **options))

    return define


ANIMAL = zoo(animal={"mood": sa.Enum(Mood)})
BOTH = zoo(animal={"mood": sa.Enum(Mood)}, keeper={"mood": sa.Enum(Mood)})
KEEPER = zoo(keeper={"mood": sa.Enum(Mood)})
PAIRS = {
    "one table": (no_tables, ANIMAL),
    "two tables at once": (no_tables, BOTH),
    "another table": (ANIMAL, BOTH),
    "another table instead": (ANIMAL, KEEPER),
    "a column is added": (zoo(animal={}), ANIMAL),
    "a column is dropped": (ANIMAL, zoo(animal={})),
    "one of two columns is dropped": (BOTH, zoo(animal={}, keeper={"mood": mood()})),
    "a value is added": (ANIMAL, zoo(animal={"mood": mood("calm", "wild", "shy")})),
    "a value is inserted": (
        ANIMAL,
        zoo(animal={"mood": mood("dull", "calm", "it's: %s", "wild")}),
    ),
    "a value is removed": (ANIMAL, zoo(animal={"mood": mood("calm")})),
    "values of a default": (
        zoo(animal={"mood": (mood(), {"server_default": "calm"})}),
        zoo(animal={"mood": (mood("calm"), {"server_default": "calm"})}),
    ),
    "text becomes an enum": (zoo(animal={"mood": sa.String(9)}), ANIMAL),
    "text with a default becomes an enum": (
        zoo(animal={"mood": (sa.String(9), {"server_default": "calm"})}),
        zoo(animal={"mood": (mood(), {"server_default": "calm"})}),
    ),
    "an array": (no_tables, zoo(animal={"moods": postgresql.ARRAY(mood())})),
    "an array and a value": (
        zoo(animal={"moods": postgresql.ARRAY(mood())}),
        zoo(animal={"moods": postgresql.ARRAY(mood("calm", "wild", "shy"))}),
    ),
    "a decorator": (ANIMAL, zoo(animal={"mood": mood(), "other": Wrapped()})),
    "a default": (
        no_tables,
        zoo(animal={"mood": (mood(), {"server_default": "wild", "nullable": False})}),
    ),
}


def types(rounds: Rounds) -> set[str]:
    """Return the enum types in the database."""
    return {
        name for (name,) in rounds.rows("SELECT typname FROM pg_type WHERE typtype='e'")
    }


@pytest.mark.sample(6)
@pytest.mark.parametrize("case", PAIRS)
def test_types_come_and_go(tmp_path: Path, postgresql_url: str, case: str) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    before, after = PAIRS[case]
    rounds.go(before, after)
    rounds.run(after, "downgrade", "base", "--yes")
    assert types(rounds) == set()


def test_rows_keep_their_values(tmp_path: Path, postgresql_url: str) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    first = zoo(animal={"mood": sa.String(9)})
    rounds.write(first)
    rounds.run(first, "upgrade")
    rounds.sql("INSERT INTO animal (mood) VALUES ('calm')")
    for define in (ANIMAL, zoo(animal={"mood": mood("shy", "calm")})):
        rounds.write(define)
        rounds.run(define, "upgrade")
        assert rounds.rows("SELECT mood FROM animal") == [("calm",)]


def test_a_value_that_rows_have_is_not_removed(
    tmp_path: Path, postgresql_url: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(ANIMAL)
    rounds.run(ANIMAL, "upgrade")
    rounds.sql("INSERT INTO animal (mood) VALUES ('wild')")
    smaller = zoo(animal={"mood": mood("calm")})
    rounds.write(smaller)
    result = run_db(rounds.app(smaller), "upgrade")
    assert result.exit_code == 3
    assert 'invalid input value for enum mood: "wild"' in result.output


def test_a_type_that_a_function_uses_stays(tmp_path: Path, postgresql_url: str) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(ANIMAL)
    rounds.run(ANIMAL, "upgrade")
    rounds.sql(
        "CREATE FUNCTION low() RETURNS mood LANGUAGE sql AS $$SELECT 'calm'::mood$$"
    )
    rounds.write(no_tables)
    rounds.run(no_tables, "upgrade")
    assert types(rounds) == {"mood"}


def test_elements_of_arrays_keep_their_values(
    tmp_path: Path, postgresql_url: str
) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    for labels in (("calm", "wild"), ("wild", "calm")):
        define = zoo(animal={"moods": postgresql.ARRAY(mood(*labels))})
        rounds.write(define)
        rounds.run(define, "upgrade")
        rounds.sql("INSERT INTO animal (moods) VALUES ('{calm,wild}')")
    assert rounds.rows("SELECT moods[2] FROM animal") == [("wild",), ("wild",)]


def test_check_names_the_column(tmp_path: Path, postgresql_url: str) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(ANIMAL)
    rounds.run(ANIMAL, "upgrade")
    more = zoo(animal={"mood": mood("calm", "wild", "shy")})
    result = run_db(rounds.app(more), "check")
    assert result.exit_code == 1
    assert "type of column animal.mood" in result.output


def test_the_file_runs_on_another_database(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    rounds = Rounds(tmp_path, make_database("postgresql"))
    rounds.write(ANIMAL)
    elsewhere = Rounds(tmp_path, make_database("sqlite"))
    elsewhere.run(ANIMAL, "upgrade")
    elsewhere.run(ANIMAL, "downgrade", "base", "--yes")


def test_sql_has_the_types(tmp_path: Path, postgresql_url: str) -> None:
    rounds = Rounds(tmp_path, postgresql_url)
    rounds.write(BOTH)
    sql = rounds.run(BOTH, "upgrade", "--sql")
    assert sql.count("CREATE TYPE mood AS ENUM ('calm', 'wild')") == 1
