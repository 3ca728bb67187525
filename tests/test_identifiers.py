"""``flask_alembic.environment.identifiers``: ids and labels that will not do."""

from __future__ import annotations

import pytest

from flask_alembic.environment.identifiers import (
    WIDTH,
    check_id,
    check_label,
    is_usual,
)
from flask_alembic.errors import InvalidRevisionId


@pytest.mark.parametrize(
    "text", ["a", "1975ea83b712", "1700000000.5", "2026_01_02", "Ä", "a.b", "x" * WIDTH]
)
def test_a_good_id_is_taken(text: str) -> None:
    check_id(text, {"b"})


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a b", "a\n", "a@", "a+", "a-b", "a:b", "a/b", "a\\b", "a'", 'a"'),
        *(".a", "head", "HEADS", "base", "current", "None", "taken", "a\0"),
        "x" * (WIDTH + 1),
    ],
)
def test_a_bad_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidRevisionId) as caught:
        check_id(text, {"taken"})
    assert caught.value.exit_code == 2
    assert caught.value.advice


def test_the_width_of_the_column_counts() -> None:
    check_id("x" * 40, (), width=64)
    with pytest.raises(InvalidRevisionId, match="40"):
        check_id("x" * 40, ())


@pytest.mark.parametrize("label", ["a", "my-branch", "v2", "v1.2", "größe", "a_b"])
def test_a_good_label_is_taken(label: str) -> None:
    check_label(label, {"b"})


@pytest.mark.parametrize(
    "label", ["", " ", "a@b", "a b", "-a", "a+1", "a:b", "12", "a-1", "head", "taken"]
)
def test_a_bad_label_is_refused(label: str) -> None:
    with pytest.raises(InvalidRevisionId) as caught:
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
