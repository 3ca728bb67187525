"""Tables that refer to one another, and keys to what is dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import MakeDatabase
from rounds import Rounds, Tables, no_tables

pytestmark = pytest.mark.costly


def tables(**keys: list[Any]) -> Tables:
    """Define tables, each with columns that point at others."""

    def define(metadata: sa.MetaData) -> None:
        for name, targets in keys.items():
            sa.Table(
                name,
                metadata,
                sa.Column("id", sa.Integer, primary_key=True),
                *(
                    sa.Column(f"to_{number}", sa.Integer, make())
                    for number, make in enumerate(targets)
                ),
            )

    return define


def to(table: str, **options: Any) -> Any:
    """Define a key to a table."""
    return lambda: sa.ForeignKey(f"{table}.id", **options)


CYCLES = {
    "two": tables(team=[to("player")], player=[to("team")]),
    "three": tables(a=[to("b")], b=[to("c")], c=[to("a")]),
    "named": tables(
        team=[to("player", name="team_captain")],
        player=[to("team", name="player_team")],
    ),
    "use_alter": tables(
        team=[to("player", name="team_captain", use_alter=True)], player=[to("team")]
    ),
    "unnamed use_alter": tables(
        team=[to("player", use_alter=True)], player=[to("team")]
    ),
    "itself": tables(node=[to("node"), to("node", use_alter=True, name="other")]),
    "with options": tables(
        team=[to("player", ondelete="SET NULL", deferrable=True, initially="DEFERRED")],
        player=[to("team", ondelete="CASCADE")],
    ),
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
@pytest.mark.parametrize("case", CYCLES)
def test_tables_that_refer_to_one_another(
    tmp_path: Path, make_database: MakeDatabase, case: str, kind: str
) -> None:
    if kind == "mariadb" and case == "with options":
        pytest.skip("its keys are not deferrable")
    Rounds(tmp_path, make_database(kind)).go(no_tables, CYCLES[case], no_tables)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (tables(a=[], b=[to("a")]), tables(b=[])),
        (tables(a=[], b=[to("a")], c=[to("b")]), tables(c=[])),
        (tables(b=[]), tables(a=[], b=[to("a")])),
    ],
    ids=["table and key dropped", "a chain", "table and key added"],
)
def test_a_key_goes_before_the_table_it_points_at(
    tmp_path: Path,
    make_database: MakeDatabase,
    kind: str,
    before: Tables,
    after: Tables,
) -> None:
    Rounds(tmp_path, make_database(kind)).go(before, after)
