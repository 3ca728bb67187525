"""Version tables that are gone, odd, or tell of revisions that the code lacks."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from apps import second_connection, tables, version_rows, write_table_revision
from sandbox import Sandbox, accepted, clean, refused

pytestmark = [pytest.mark.costly, pytest.mark.one_database]

LINES = [
    "upgrade",
    "downgrade",
    "current",
    "stamp",
    "plan",
    "revision message",
    "check",
]


def lines(sandbox: Sandbox) -> list[str]:
    """Return all commands on SQLite, and a few where each takes its time."""
    return LINES if sandbox.url.startswith("sqlite") else LINES[:3]


def execute(sandbox: Sandbox, *statements: str) -> None:
    with second_connection(sandbox.url) as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
        connection.commit()


@pytest.fixture
def here(sandbox: Sandbox, database_url: str) -> Sandbox:
    """The chain of five revisions, three applied, on each kind of database."""
    here = Sandbox(sandbox.folder, database_url)
    ids = ["alpha1", "alpha2", "betas3", "betas4", "betas5"]
    for down, revision in zip([None, *ids], ids, strict=False):
        write_table_revision(here.migrations, revision, down)
    accepted(here, "upgrade", "betas3")
    return here


ROWS: dict[str, tuple[list[str], list[str]]] = {
    "unknown": (["gone9"], ["'gone9'", "stamp --purge"]),
    "unknown-beside": (["betas3", "gone9"], ["'gone9'", "stamp --purge"]),
    "beginning": (["betas"], ["'betas'", "stamp --purge"]),
    "empty": ([""], ["an empty row", "stamp --purge"]),
    "blank": ([" "], ["' '", "stamp --purge"]),
    "quote": (["a'b"], ["a'b", "stamp --purge"]),
    "line-break": (["a\nb"], ["'a\\nb'", "stamp --purge"]),
    "upper-case": (["BETAS3"], ["'BETAS3'", "stamp --purge"]),
    "ancestor-too": (["betas3", "alpha1"], ["alpha1", "betas3", "stamp --purge"]),
    "ancestors-too": (
        ["betas3", "alpha2", "alpha1"],
        ["alpha1", "betas3", "stamp --purge"],
    ),
}


def fill(here: Sandbox, rows: list[str | None]) -> None:
    """Put rows into the version table, whatever it says now."""
    with second_connection(here.url) as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        for row in rows:
            connection.execute(
                sa.text("INSERT INTO alembic_version VALUES (:row)"), {"row": row}
            )
        connection.commit()


@pytest.mark.parametrize("kind", ROWS)
def test_wrong_rows_are_named_with_the_repair(here: Sandbox, kind: str) -> None:
    rows, says = ROWS[kind]
    fill(here, list(rows))
    for line in lines(here):
        refused(here, *line.split(), code=3, says=says)
    accepted(here, "stamp", "--purge", "betas3")
    assert version_rows(here.url) == {"betas3"}
    accepted(here, "upgrade")
    assert version_rows(here.url) == {"betas5"}


@pytest.mark.parametrize("row", [None, "betas3"])
def test_rows_that_a_key_would_not_allow_are_named(
    here: Sandbox, row: str | None
) -> None:
    execute(
        here,
        "DROP TABLE alembic_version",
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        "INSERT INTO alembic_version VALUES ('betas3')",
    )
    with second_connection(here.url) as connection:
        connection.execute(
            sa.text("INSERT INTO alembic_version VALUES (:row)"), {"row": row}
        )
        connection.commit()
    says = ["NULL" if row is None else "twice", "stamp --purge"]
    for line in lines(here):
        refused(here, *line.split(), code=3, says=says)
    accepted(here, "stamp", "--purge", "betas3")
    accepted(here, "upgrade")


def test_no_row_means_base(here: Sandbox) -> None:
    """Rows that were deleted while the tables exist: nothing is half done."""
    execute(here, "DELETE FROM alembic_version")
    before = here.state()
    outcome = here.db("upgrade")
    assert outcome.code == 3
    clean(outcome)
    assert "t_alpha1" in outcome.err
    assert "already exists" in outcome.err
    assert "alpha1" in outcome.err
    assert "flask db stamp" in outcome.err
    assert here.state() == before
    accepted(here, "stamp", "betas3")
    accepted(here, "upgrade")


def test_a_dropped_version_table_is_repaired_by_a_stamp(here: Sandbox) -> None:
    execute(here, "DROP TABLE alembic_version")
    outcome = here.db("upgrade")
    assert outcome.code == 3
    clean(outcome)
    assert "already exists" in outcome.err
    assert "flask db stamp" in outcome.err
    assert tables(here.url) == {"t_alpha1", "t_alpha2", "t_betas3"}
    accepted(here, "stamp", "betas3")
    accepted(here, "upgrade")
    assert version_rows(here.url) == {"betas5"}


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("id INTEGER, name VARCHAR(32)", "1, 'betas3'"),
        ("version INTEGER", "3"),
    ],
)
def test_a_table_with_other_columns_is_named(
    here: Sandbox, columns: str, values: str
) -> None:
    execute(
        here,
        "DROP TABLE alembic_version",
        f"CREATE TABLE alembic_version ({columns})",
        f"INSERT INTO alembic_version VALUES ({values})",
    )
    says = ["'alembic_version'", "'default'", columns.split()[0], "'version_num'"]
    for line in [*lines(here), "stamp --purge"]:
        refused(here, *line.split(), code=3, says=says)


def test_numbers_in_place_of_ids_are_named(here: Sandbox) -> None:
    execute(
        here,
        "DROP TABLE alembic_version",
        "CREATE TABLE alembic_version (version_num INTEGER)",
        "INSERT INTO alembic_version VALUES (3)",
    )
    for line in lines(here):
        refused(here, *line.split(), code=3, says=["3", "stamp --purge"])


def test_a_version_table_of_another_name_is_used(here: Sandbox) -> None:
    config: dict[str, Any] = {"ALEMBIC_CONTEXT": {"version_table": "my_versions"}}
    accepted(here, "stamp", "betas3", **config)
    execute(here, "DROP TABLE alembic_version")
    accepted(here, "upgrade", **config)
    assert version_rows(here.url) == set()


def test_a_missing_schema_is_named(sandbox: Sandbox, postgresql_url: str) -> None:
    here = Sandbox(sandbox.folder, postgresql_url)
    write_table_revision(here.migrations, "aaaa1")
    config: dict[str, Any] = {"ALEMBIC_CONTEXT": {"version_table_schema": "nosuch"}}
    before = here.state()
    outcome = here.db("upgrade", **config)
    assert outcome.code == 3
    clean(outcome)
    assert '"nosuch" does not exist' in outcome.err
    assert here.state()["<database>"] == before["<database>"]


def test_a_database_ahead_of_the_code_is_said_to_be_so(here: Sandbox) -> None:
    accepted(here, "upgrade")
    (here.migrations / "betas5_.py").unlink()
    refused(here, "upgrade", code=3, says=["'betas5'", "newer code"])
    refused(here, "downgrade", "betas3", code=3, says=["'betas5'", "newer code"])
    refused(here, "current", "--check-heads", code=3, says="'betas5'")
    accepted(here, "heads")
