"""``flask_alembic.script.identifiers``: ids and labels that will not do."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext

from flask_alembic.errors import InvalidRevisionId
from flask_alembic.runtime.alembic_private import version_table
from flask_alembic.script.identifiers import WIDTH, check_id, check_label, is_usual


@pytest.mark.parametrize(
    "text", ["a", "1975ea83b712", "1700000000.5", "2026_01_02", "Ä", "a.b", "x" * WIDTH]
)
def test_a_good_id_is_taken(text: str) -> None:
    check_id(text, {"b"})


def test_the_width_is_that_of_the_version_table() -> None:
    context = MigrationContext.configure(dialect_name="sqlite")
    (column,) = version_table(context).columns
    assert isinstance(column.type, sa.String)
    assert column.type.length == WIDTH


CHARACTERS = (
    *(" ", "a b", "a\n", "a@", "a+", "a-b", "a:b", "a/b", "a\\b", "a'", 'a"'),
    *(".a", "a\0"),
)
WORDS = ("head", "HEADS", "base", "current", "None")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        *((text, "characters that are not allowed") for text in CHARACTERS),
        *((text, "means something else to Alembic") for text in WORDS),
        ("x" * (WIDTH + 1), f"has {WIDTH + 1} characters"),
        ("taken", "'taken' is taken"),
        ("Taken", "differs from 'taken' in upper and lower case only"),
    ],
)
def test_a_bad_id_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidRevisionId, match=says) as caught:
        check_id(text, {"taken"})
    assert caught.value.exit_code == 2
    assert caught.value.advice


def test_an_empty_name_is_called_empty() -> None:
    with pytest.raises(InvalidRevisionId, match="revision id is empty"):
        check_id("", ())
    with pytest.raises(InvalidRevisionId, match="branch label is empty"):
        check_label("", ())


def test_the_width_of_the_column_counts() -> None:
    check_id("x" * 40, (), width=64)
    with pytest.raises(InvalidRevisionId, match="40"):
        check_id("x" * 40, ())


@pytest.mark.parametrize("label", ["a", "my-branch", "v2", "v1.2", "größe", "a_b"])
def test_a_good_label_is_taken(label: str) -> None:
    check_label(label, {"b"})


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("", "is empty"),
        *((text, "not allowed") for text in (" ", "a@b", "a b", "-a", "a+1", "a:b")),
        *((text, "would be read as") for text in ("12", "a-1", "head", "Base")),
        ("taken", "'taken' is taken"),
    ],
)
def test_a_bad_label_is_refused(label: str, says: str) -> None:
    with pytest.raises(InvalidRevisionId, match=says) as caught:
        check_label(label, {"taken"})
    assert caught.value.advice


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("1975ea83b712", True),
        ("a.b", True),
        ("head", False),
        ("a b", False),
        ("", False),
    ],
)
def test_what_is_usual(text: str, usual: bool) -> None:
    assert is_usual(text) is usual
