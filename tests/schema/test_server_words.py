"""Types and defaults that a server keeps in other words than the models."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import extension_of
from databases import MakeDatabase
from rounds import Rounds, Tables
from sqlalchemy.dialects import mysql

pytestmark = pytest.mark.costly

COMMON: dict[str, tuple[Any, Any]] = {
    "now": (sa.DateTime(), sa.func.now()),
    "now as text": (sa.DateTime(), sa.text("CURRENT_TIMESTAMP")),
    "true": (sa.Boolean(), sa.true()),
    "false": (sa.Boolean(), sa.false()),
    "one": (sa.Boolean(), "1"),
    "empty": (sa.String(9), ""),
    "quote": (sa.String(9), "it's"),
    "brackets": (sa.String(9), "(x)"),
    "quotes": (sa.String(9), "'x'"),
    "percent": (sa.String(9), sa.text("'%d'")),
    "date": (sa.Date(), "2020-01-01"),
    "decimal": (sa.Numeric(5, 2), "1.5"),
    "real": (sa.Float(), "1.50"),
    "number": (sa.Integer(), sa.text("7")),
    "enum": (sa.Enum("a", "b", name="ab", native_enum=False), "a"),
    "object": (sa.JSON(), "{}"),
    "text": (sa.Text(), "x"),
}
OF_MARIADB: dict[str, tuple[Any, Any]] = {
    "long text": (sa.Text(100000), None),
    "long bytes": (sa.LargeBinary(70000), None),
    "NOW": (sa.DateTime(), sa.text("NOW()")),
    "expression": (sa.Integer(), sa.text("(1 + 1)")),
    "on update": (
        sa.TIMESTAMP(),
        sa.text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
    ),
    "fraction": (mysql.DATETIME(fsp=6), sa.text("CURRENT_TIMESTAMP(6)")),
    "collation": (sa.String(20, collation="utf8mb4_bin"), "é"),
    "set": (mysql.SET("a", "b"), "a"),
    "unsigned": (mysql.BIGINT(unsigned=True), sa.text("7")),
    "today": (sa.Date(), sa.text("(curdate())")),
    "time": (sa.Time(), "08:30:00"),
    "exponent": (sa.Float(), "1e3"),
    "zeros": (sa.Numeric(8, 3), "007"),
    "enum with a quote": (sa.Enum("a", "it's"), "it's"),
    "two of a set": (mysql.SET("a", "b", "c"), "a,c"),
    "year": (mysql.YEAR(), "2020"),
    "backslash": (sa.String(5), "\\"),
}


def columns(kinds: dict[str, tuple[Any, Any]], **options: Any) -> Tables:
    """Define a table with a column of each kind."""

    def define(metadata: sa.MetaData) -> None:
        sa.Table(
            "many",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *(
                sa.Column(
                    name.replace(" ", "_"),
                    type_,
                    server_default=default,
                    nullable=False,
                )
                for name, (type_, default) in kinds.items()
            ),
            **options,
        )

    return define


@pytest.fixture(params=[True, False], ids=["catalogs", "temporary tables"])
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Both ways to have the server's words, the second without a scratch database."""
    return {"skip_unchanged_tables": request.param}


def test_common_defaults_come_to_rest(
    tmp_path: Path, database_url: str, options: dict[str, Any]
) -> None:
    Rounds(tmp_path, database_url, ALEMBIC=options).go(columns(COMMON))


def test_words_of_mariadb_come_to_rest(
    tmp_path: Path, mariadb_url: str, options: dict[str, Any]
) -> None:
    Rounds(tmp_path, mariadb_url, ALEMBIC=options).go(columns(OF_MARIADB))


def test_a_table_has_another_character_set(
    tmp_path: Path, mariadb_url: str, options: dict[str, Any]
) -> None:
    kinds = {"name": (sa.String(20), ""), "words": (sa.Text(100000), None)}
    rounds = Rounds(tmp_path, mariadb_url, ALEMBIC=options)
    rounds.go(columns(kinds, mysql_charset="latin1"))


CHANGES: dict[str, tuple[Any, Any, Any, Any]] = {
    "default": (sa.String(9), "a", sa.String(9), ""),
    "default given": (sa.Boolean(), None, sa.Boolean(), sa.true()),
    "default dropped": (sa.DateTime(), sa.func.now(), sa.DateTime(), None),
    "quote": (sa.String(9), "it", sa.String(9), "it's"),
    "type": (sa.String(9), "", sa.String(19), ""),
}


@pytest.mark.parametrize("case", CHANGES)
@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_a_change_is_seen(
    tmp_path: Path,
    make_database: MakeDatabase,
    kind: str,
    case: str,
    options: dict[str, Any],
) -> None:
    old_type, old, new_type, new = CHANGES[case]
    rounds = Rounds(tmp_path, make_database(kind), ALEMBIC=options)
    first, second = (
        columns({"c": (old_type, old)}),
        columns({"c": (new_type, new)}),
    )
    rounds.write(first)
    rounds.run(first, "upgrade")
    app = rounds.app(second)
    with app.app_context():
        (((change, *_),),) = extension_of(app).compare_metadata()
    assert change in ("modify_default", "modify_type")


def json_tables(**columns: dict[str, Any]) -> Tables:
    """Define tables, each with columns of JSON."""

    def define(metadata: sa.MetaData) -> None:
        for table, own in columns.items():
            sa.Table(
                table,
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                *(sa.Column(name, sa.JSON, **each) for name, each in own.items()),
            )

    return define


def test_a_json_column_keeps_its_check(tmp_path: Path, mariadb_url: str) -> None:
    first = json_tables(kept={"changed": {}, "gone": {}}, dropped={"data": {}})
    second = json_tables(kept={"changed": {"comment": "x", "nullable": False}})
    rounds = Rounds(tmp_path, mariadb_url)
    checks = (
        "SELECT table_name, constraint_name FROM information_schema.check_constraints "
        "WHERE constraint_schema = database() ORDER BY 1, 2"
    )
    all_of_them = [("dropped", "data"), ("kept", "changed"), ("kept", "gone")]
    rounds.write(first)
    rounds.run(first, "upgrade")
    assert rounds.rows(checks) == all_of_them
    assert "LONGTEXT" not in rounds.write(second)
    rounds.run(second, "upgrade")
    assert rounds.rows(checks) == [("kept", "changed")]
    rounds.run(second, "downgrade", "--yes")
    assert rounds.rows(checks) == all_of_them


def test_the_comparison_leaves_nothing_in_the_database(
    tmp_path: Path, mariadb_url: str, options: dict[str, Any]
) -> None:
    rounds = Rounds(tmp_path, mariadb_url, ALEMBIC=options)
    rounds.write(columns(COMMON))
    rounds.run(columns(COMMON), "upgrade")
    rounds.agrees(columns(COMMON))
    assert rounds.left() == {"anchor", "many"}


def test_equal_tables_are_still_proved(
    tmp_path: Path, mariadb_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    define = columns({"c": (sa.String(9), "x")})
    rounds = Rounds(tmp_path, mariadb_url)
    rounds.write(define)
    rounds.run(define, "upgrade")
    with caplog.at_level(logging.DEBUG, "flask_alembic.runtime"):
        rounds.agrees(define)
    assert "2 tables are unchanged, 0 differ" in caplog.text


def test_the_app_may_say_that_all_defaults_are_the_same(
    tmp_path: Path, mariadb_url: str
) -> None:
    rounds = Rounds(
        tmp_path, mariadb_url, ALEMBIC_CONTEXT={"compare_server_default": False}
    )
    rounds.write(columns({"c": (sa.String(9), "x")}))
    rounds.run(columns({"c": (sa.String(9), "x")}), "upgrade")
    rounds.agrees(columns({"c": (sa.String(9), "y")}))


def test_the_plugin_can_be_disabled(
    tmp_path: Path, mariadb_url: str, options: dict[str, Any]
) -> None:
    rounds = Rounds(
        tmp_path,
        mariadb_url,
        ALEMBIC=options,
        ALEMBIC_PLUGINS_DISABLED=["server_words"],
    )
    define = columns({"c": (sa.DateTime(), sa.func.now())})
    rounds.write(define)
    rounds.run(define, "upgrade")
    app = rounds.app(define)
    with app.app_context():
        found = extension_of(app).compare_metadata()
    assert (found == []) == options["skip_unchanged_tables"]
