"""The setting: off by default, and one clear sentence where it is wrong."""

from __future__ import annotations

import pytest
from flask_alembic_ids.choice import chosen
from flask_alembic_ids.errors import IdsError


@pytest.mark.parametrize("config", [{}, {"ALEMBIC_IDS": None}, {"ALEMBIC_IDS": ""}])
def test_off_until_it_is_set(config: dict[str, object]) -> None:
    assert chosen(config) is None


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("timestmp", "is no strategy; did you mean 'timestamp'?"),
        ("date_slug", "is no strategy; did you mean 'date-slug'?"),
        ("hash", "is no strategy."),
        (True, "must be the name of a strategy or a strftime pattern, not True."),
        (["ulid"], "must be the name of a strategy or a strftime pattern"),
        ("%Y-%m-%d", "holds '-'; ids are made of letters, digits, underscores and %Y"),
        ("%Y%b", "holds '%b'"),
        ("%Y%", "holds '%'"),
        ("%Y %m", "holds ' '"),
        ("%d%m%Y", "does not sort by time"),
        ("%H%M", "does not sort by time"),
        ("%m%d", "does not sort by time"),
        ("%Y%V", "does not sort by time"),
        ("%Y%W%w", "does not sort by time"),
        ("%f", "does not sort by time"),
        ("revision_of_the_shop_%Y%m%d%H%M%S", "gives ids of up to 39 characters"),
    ],
)
def test_a_bad_value_is_told_in_one_sentence(value: object, sentence: str) -> None:
    with pytest.raises(IdsError) as caught:
        chosen({"ALEMBIC_IDS": value})
    assert caught.value.message.startswith("ALEMBIC_IDS ")
    assert sentence in caught.value.message
    assert caught.value.advice.endswith(".")
