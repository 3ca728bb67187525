"""CHECK constraints that are added to tables, changed and dropped."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import second_connection
from databases import MakeDatabase
from rounds import Rounds, Tables

CONVENTION = {"ck": "ck_%(table_name)s_%(constraint_name)s"}

pytestmark = [pytest.mark.costly, pytest.mark.one_database]


def check(sql: Any, name: str | None = None) -> Any:
    """Define a constraint of the table or of a column."""
    return lambda: sa.CheckConstraint(sql, name=name)


def book(*extra: Any, convention: Any = None, **columns: Any) -> Tables:
    """Define a table with further columns and constraints."""

    def define(metadata: sa.MetaData) -> None:
        if convention:
            metadata.naming_convention = convention
        sa.Table(
            "book",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *(
                sa.Column(name, *(each() if callable(each) else each for each in make))
                for name, make in columns.items()
            ),
            *(make() for make in extra),
        )

    return define


NUMBER = (sa.Integer,)
TEXT = (sa.String(20),)


def flag(**options: Any) -> Any:
    """Define a column whose type has a constraint."""
    return (lambda: sa.Boolean(create_constraint=True, **options),)


def color(*values: str, **options: Any) -> Any:
    """Define a column whose type has a constraint."""
    return (
        lambda: sa.Enum(
            *values,
            native_enum=False,
            length=20,
            name="color",
            create_constraint=True,
            **options,
        ),
    )


CASES = {
    "named": (book(a=NUMBER), book(check("a > 0", "ck_a"), a=NUMBER)),
    "unnamed": (book(a=NUMBER), book(check("a > 0"), a=NUMBER)),
    "one of several": (
        book(check("a < 50"), check("a > 5", "ck_five"), a=NUMBER),
        book(check("a > 0"), check("a < 50"), check("a > 5", "ck_five"), a=NUMBER),
    ),
    "two unnamed": (
        book(a=NUMBER, b=NUMBER),
        book(check("a > 0"), check("a > b"), a=NUMBER, b=NUMBER),
    ),
    "changed": (
        book(check("a > 0", "ck_a"), a=NUMBER),
        book(check("a > 1", "ck_a"), a=NUMBER),
    ),
    "changed without name": (
        book(check("a > 0"), a=NUMBER),
        book(check("a > 1"), a=NUMBER),
    ),
    "of a column": (book(a=NUMBER), book(a=(sa.Integer, check("a > 0")))),
    "of a column, changed": (
        book(a=(sa.Integer, check("a > 0"))),
        book(a=(sa.Integer, check("a > 1"))),
    ),
    "of a new column": (
        book(),
        book(check("a > 0", "ck_a"), check("a < 9"), a=NUMBER),
    ),
    "in a new column": (book(), book(a=(sa.Integer, check("a > 0")))),
    "with a new type": (
        book(a=TEXT, b=NUMBER),
        book(check("a <> 'x'", "ck_a"), a=(sa.Text,), b=NUMBER),
    ),
    "of a column with a new type": (
        book(a=(sa.String(20), check("a <> 'x'"))),
        book(a=(sa.String(30), check("a <> 'x'"))),
    ),
    "boolean": (book(a=(sa.Boolean,)), book(a=flag())),
    "named boolean": (book(a=(sa.Boolean,)), book(a=flag(name="ck_flag"))),
    "new boolean": (book(), book(a=flag(), b=flag(name="ck_flag"))),
    "enum": (book(a=TEXT), book(a=color("red", "blue"))),
    "new value of an enum": (
        book(a=color("red", "blue")),
        book(a=color("red", "blue", "green")),
    ),
    "new enum": (book(), book(a=color("red", "blue"))),
    "signs": (
        book(a=TEXT),
        book(
            check("a NOT LIKE '10%' AND a <> ':b' AND a <> '''\"'", "ck_a"),
            check("a NOT LIKE '20%'"),
            a=TEXT,
        ),
    ),
    "convention": (
        book(a=NUMBER, b=(sa.Boolean,), convention=CONVENTION),
        book(
            check("a > 0", "positive"),
            a=NUMBER,
            b=flag(name="is_b"),
            convention=CONVENTION,
        ),
    ),
    "expression": (
        book(a=TEXT),
        book(lambda: sa.CheckConstraint(sa.func.length(sa.column("a")) > 2), a=TEXT),
    ),
}


def definition(url: str) -> Any:
    """Return the table as the server has it."""
    with second_connection(url) as connection:
        name = connection.dialect.name
        if name == "sqlite":
            query = "SELECT sql FROM sqlite_master WHERE name = 'book'"
            sql = str(connection.exec_driver_sql(query).scalar()).replace('"', "")
            parts = re.split(r",?\s*\n\s*", sql)
            # A copy has the constraints of columns as constraints of the table.
            return sorted(
                each for part in parts for each in re.split(r" (?=CHECK)", part) if each
            )
        if name == "postgresql":
            return sorted(
                (str(row[0]), str(row[1]))
                for row in connection.exec_driver_sql(
                    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
                    "WHERE conrelid = 'book'::regclass"
                )
            )
        sql = str(connection.exec_driver_sql("SHOW CREATE TABLE book").one()[1])
        return sorted(line.strip(" ,") for line in sql.splitlines())


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("case", CASES)
def test_checks_of_tables_that_exist(
    tmp_path: Path, make_database: MakeDatabase, kind: str, case: str, back: bool
) -> None:
    if kind == "postgresql" and case in ("boolean", "named boolean"):
        pytest.skip("Booleans of PostgreSQL need no constraint")
    before, after = CASES[case][::-1] if back else CASES[case]
    rounds = Rounds(tmp_path, make_database(kind))
    rounds.write(before, "before")
    rounds.run(before, "upgrade")
    built = definition(rounds.url)
    rounds.run(before, "check")
    text = rounds.write(after, "after")
    rounds.run(after, "upgrade")
    rounds.run(after, "check")
    changed = definition(rounds.url)
    rounds.run(after, "downgrade", "--yes")
    assert definition(rounds.url) == built, text
    rounds.agrees(before)
    rounds.run(after, "upgrade")
    rounds.run(after, "check")
    assert definition(rounds.url) == changed, text


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_names_are_compared_without_a_scratch_database(
    tmp_path: Path, make_database: MakeDatabase, kind: str, back: bool
) -> None:
    before, after = (
        book(check("a > 0", "ck_a"), check("a < 9", "ck_b"), a=NUMBER),
        book(check("a > 1", "ck_a"), a=NUMBER),
    )[:: -1 if back else 1]
    rounds = Rounds(
        tmp_path, make_database(kind), ALEMBIC={"skip_unchanged_tables": False}
    )
    text = rounds.go(before, after)[1]
    assert "ck_b" in text
    assert "ck_a" not in text


def test_an_unnamed_constraint_keeps_others_without_a_scratch_database(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    rounds = Rounds(
        tmp_path, make_database(kind), ALEMBIC={"skip_unchanged_tables": False}
    )
    define = book(check("a > 0"), a=NUMBER)
    rounds.write(define)
    rounds.run(define, "upgrade")
    rounds.run(define, "check")


def test_the_apps_filter_decides_about_checks(tmp_path: Path, sqlite_url: str) -> None:
    seen = []

    def include_object(
        object: Any, name: Any, type_: str, reflected: bool, compare_to: Any
    ) -> bool:
        if type_ == "check_constraint":
            seen.append((name, reflected))
        return type_ != "check_constraint"

    before, after = CASES["changed"]
    options = {"include_object": include_object}
    rounds = Rounds(tmp_path, sqlite_url, ALEMBIC_CONTEXT=options)
    rounds.write(before)
    rounds.run(before, "upgrade")
    rounds.run(after, "check")
    assert sorted(set(seen)) == [("ck_a", False), ("ck_a", True)]
