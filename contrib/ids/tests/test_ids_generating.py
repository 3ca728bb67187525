"""Ids of revisions that are really made, through the installed plugin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_alembic import AlembicError

if TYPE_CHECKING:
    from conftest import Invoke, MakeApp

SHAPES = {
    "timestamp": r"\d{14}",
    "sequential": r"\d{4}",
    "date-slug": r"\d{8}_\d{6}(_[a-z0-9_]+)?",
    "ulid": r"[0-9A-HJKMNP-TV-Z]{26}",
    "%Y%m%d": r"\d{8}(_\d{3})?",
}


@pytest.mark.parametrize(("value", "shape"), SHAPES.items())
def test_revisions_and_merges_get_ids_that_sort(
    make_app: MakeApp, value: str, shape: str
) -> None:
    app = make_app(ALEMBIC_IDS=value)
    with app.app_context():
        alembic = app.extensions["alembic"]
        first = alembic.revision("first", empty=True)[0]
        made = [first]
        for number in range(2):
            parent = {"parent": first.revision, "splice": True}
            made += alembic.revision(f"branch {number}", empty=True, **parent)
        made.append(alembic.merge("heads", "join"))
        ids = [script.revision for script in made]
        assert ids == sorted(ids)
        assert all(re.fullmatch(shape, id_) for id_ in ids)
        alembic.upgrade()
        assert [script.revision for script in alembic.current()] == ids[-1:]


@pytest.mark.parametrize("value", SHAPES)
@given(message=st.text(min_size=1).filter(str.strip))
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_typed_makes_an_id_that_is_allowed(
    make_app: MakeApp, value: str, message: str
) -> None:
    app = make_app(ALEMBIC_IDS=value)
    with app.app_context():
        alembic = app.extensions["alembic"]
        before = {script.revision for script in alembic.log()}
        script = alembic.revision(message, empty=True)[0]
        assert all(script.revision > id_ for id_ in before)


def test_silent_without_its_setting(make_app: MakeApp, db: Invoke) -> None:
    app = make_app()
    with app.app_context():
        alembic = app.extensions["alembic"]
        id_ = alembic.revision("first", empty=True)[0].revision
        assert re.fullmatch(r"[0-9a-f]{12}", id_)
    assert "renumber" not in db(app, "--help").output


def test_an_id_that_is_given_stays(make_app: MakeApp) -> None:
    app = make_app(ALEMBIC_IDS="sequential")
    with app.app_context():
        alembic = app.extensions["alembic"]
        script = alembic.revision("first", empty=True, rev_id="mine")[0]
        assert script.revision == "mine"


def test_an_independent_branch_counts_for_itself(make_app: MakeApp) -> None:
    app = make_app(ALEMBIC_IDS="sequential")
    with app.app_context():
        alembic = app.extensions["alembic"]
        wanted = [
            ("default", "0001"),
            ("user-data", "user_data_0001"),
            ("default", "0002"),
            ("user-data", "user_data_0002"),
        ]
        for branch, expected in wanted:
            made = alembic.revision("more", empty=True, branch=branch)[0]
            assert made.revision == expected
        # Named by its parent alone, it is of the same branch.
        script = alembic.revision("x", empty=True, parent="user_data_0002")[0]
        assert script.revision == "user_data_0003"
        assert alembic.merge("heads", "join").revision == "0003"


def test_a_file_whose_id_holds_the_words_is_named_by_it(
    make_app: MakeApp, folder: Path
) -> None:
    app = make_app(ALEMBIC_IDS="date-slug")
    with app.app_context():
        script = app.extensions["alembic"].revision("Add users", empty=True)[0]
    assert Path(script.path) == folder / f"{script.revision}.py"
    assert script.revision.endswith("_add_users")


def test_the_own_file_template_of_an_app_stays(make_app: MakeApp) -> None:
    app = make_app(ALEMBIC_IDS="date-slug", ALEMBIC={"file_template": "r_%(rev)s"})
    with app.app_context():
        script = app.extensions["alembic"].revision("Add users", empty=True)[0]
    assert Path(script.path).name == f"r_{script.revision}.py"


def test_a_bad_value_stops_new_revisions_only(make_app: MakeApp, db: Invoke) -> None:
    app = make_app(ALEMBIC_IDS="timestmp")
    result = db(app, "revision", "--empty", "first")
    assert result.exit_code == 3
    assert result.output.splitlines() == [
        "Error: ALEMBIC_IDS = 'timestmp' is no strategy; did you mean 'timestamp'?",
        "Use 'timestamp', 'sequential', 'date-slug', 'ulid' or a strftime pattern "
        "like '%Y%m%d_%H%M'.",
    ]
    assert db(app, "current").exit_code == 0
    with app.app_context(), pytest.raises(AlembicError):
        app.extensions["alembic"].revision("first", empty=True)
