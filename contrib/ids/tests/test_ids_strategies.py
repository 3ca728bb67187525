"""Whatever the clock and the messages do: ids sort, differ and keep the rules."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from flask_alembic_ids.choice import STRATEGIES, chosen
from flask_alembic_ids.errors import IdsError
from flask_alembic_ids.pattern import DIGITS
from flask_alembic_ids.slugs import slug
from flask_alembic_ids.wishes import WIDTH, Strategy, Wish
from hypothesis import given, settings
from hypothesis import strategies as st

NOON = datetime(2026, 7, 31, 14, 25, 30, tzinfo=timezone.utc)

# Clocks that stand still, run on and are set back, by up to a day.
jumps = st.integers(-86_400_000_000, 86_400_000_000)
steps = st.lists(
    st.tuples(st.one_of(st.just(0), st.integers(0, 5_000_000), jumps), st.text()),
    min_size=2,
    max_size=40,
)
PATTERNS = ("%Y%m%d", "%Y%m%d_%H%M", "%Y_%j_%H%M%S", "%y%m%d%H%M%S%f", "v%Y", "%G%V%u")


def make(strategy: Strategy, made: list[tuple[int, str]], line: str = "") -> list[str]:
    """Return the ids of revisions made one after the other."""
    ids: list[str] = []
    now = NOON
    for microseconds, message in made:
        now += timedelta(microseconds=microseconds)
        ids.append(strategy(Wish(now, frozenset(ids), message, line)))
    return ids


@pytest.mark.parametrize("name", [*STRATEGIES, *PATTERNS])
@given(made=steps)
@settings(deadline=None)
def test_ids_sort_in_the_order_of_their_making(
    name: str, made: list[tuple[int, str]]
) -> None:
    strategy = chosen({"ALEMBIC_IDS": name})
    assert strategy is not None
    ids = make(strategy, made)
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    for id_ in ids:
        assert re.fullmatch(r"[A-Za-z0-9_]+", id_)
        assert len(id_) <= WIDTH


@pytest.mark.parametrize("name", STRATEGIES)
@given(known=st.frozensets(st.from_regex(r"[0-9a-f]{1,14}", fullmatch=True)))
def test_ids_of_other_origin_do_no_harm(name: str, known: frozenset[str]) -> None:
    id_ = STRATEGIES[name](Wish(NOON, known, "add users"))
    assert id_ not in known
    assert len(id_) <= WIDTH


def test_fourteen_digits_that_are_no_time_are_no_timestamp() -> None:
    known = frozenset({"99999999999999", "20260731142529"})
    assert STRATEGIES["timestamp"](Wish(NOON, known)) == "20260731142530"


def test_a_timestamp_is_the_time_in_utc_to_the_second() -> None:
    local = datetime(2026, 7, 31, 14, 25, 30, 999_999, tzinfo=timezone.utc)
    assert STRATEGIES["timestamp"](Wish(local, frozenset())) == "20260731142530"


def test_a_second_that_is_taken_gives_way_to_the_next() -> None:
    made = make(STRATEGIES["timestamp"], [(0, "")] * 3)
    assert made == ["20260731142530", "20260731142531", "20260731142532"]


def test_no_time_after_the_last_one() -> None:
    for name, last in (("timestamp", "99991231235959"), ("ulid", "7" + "Z" * 25)):
        with pytest.raises(IdsError, match=last):
            STRATEGIES[name](Wish(NOON, frozenset({last})))


def test_numbers_have_no_gaps_and_each_branch_counts_for_itself() -> None:
    sequential = STRATEGIES["sequential"]
    known: set[str] = {"1a2b3c4d5e6f"}
    for number in range(1, 30):
        for line, expected in (("", f"{number:04}"), ("auth", f"auth_{number:04}")):
            id_ = sequential(Wish(NOON, frozenset(known), "x", line))
            assert id_ == expected
            known.add(id_)


def test_numbers_end_where_they_would_no_longer_sort() -> None:
    sequential = STRATEGIES["sequential"]
    assert sequential(Wish(NOON, frozenset({"9998"}))) == "9999"
    with pytest.raises(IdsError, match="used up"):
        sequential(Wish(NOON, frozenset({"9999"})))


def test_a_date_slug_has_the_words_of_the_message() -> None:
    date_slug = STRATEGIES["date-slug"]
    wish = Wish(NOON, frozenset(), "Füge die Tabelle »Kunden« hinzu")
    assert date_slug(wish) == "20260731_142530_fuge_die_tabelle"
    assert date_slug(Wish(NOON, frozenset(), "顧客")) == "20260731_142530"


def test_a_pattern_counts_within_its_unit_of_time() -> None:
    daily = chosen({"ALEMBIC_IDS": "%Y%m%d"})
    assert daily is not None
    assert make(daily, [(0, "")] * 3) == ["20260731", "20260731_002", "20260731_003"]
    with pytest.raises(IdsError, match="no id left after 20260731_999"):
        daily(Wish(NOON, frozenset({"20260731_999"})))


@given(st.text(), st.integers(1, 20))
def test_slugs(text: str, width: int) -> None:
    made = slug(text, width)
    assert len(made) <= width
    assert re.fullmatch(r"([a-z0-9]+(_[a-z0-9]+)*)?", made)


directives = st.lists(st.sampled_from(sorted(DIGITS)), min_size=1, max_size=5)


@given(
    directives,
    st.datetimes(datetime(2024, 1, 1), datetime(2060, 1, 1)),
    st.datetimes(datetime(2024, 1, 1), datetime(2060, 1, 1)),
)
@settings(deadline=None, max_examples=150)
def test_a_pattern_that_is_taken_sorts_by_time(
    names: list[str], one: datetime, other: datetime
) -> None:
    text = "".join(f"%{name}" for name in names)
    try:
        pattern = chosen({"ALEMBIC_IDS": text})
    except IdsError:
        return
    assert pattern is not None
    earlier, later = sorted([one, other])
    ids = [
        pattern(Wish(time.replace(tzinfo=timezone.utc), frozenset()))
        for time in (earlier, later)
    ]
    assert ids == sorted(ids)
