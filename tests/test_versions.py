"""The rows of the version table: those of Alembic after every step, in linear time."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.runtime.migration import (
    HeadMaintainer,
    MigrationContext,
    RevisionStep,
    StampStep,
)
from alembic.script.revision import Revision, RevisionError, RevisionMap
from alembic.util import CommandError
from histories import File, Files
from history_strategies import graphs
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flask_alembic.environment.implied import ImpliedRevisions
from flask_alembic.environment.versions import HeadTracker, VersionChange

PROPERTY = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
MODULE = SimpleNamespace(upgrade=lambda: None, downgrade=lambda: None)


def revision_map(files: Files) -> RevisionMap:
    def load() -> list[Any]:
        revisions: list[Any] = []
        for file in files.files:
            revision: Any = Revision(
                file.revision, file.downs, file.depends, file.labels
            )
            revision.module, revision.doc = MODULE, "doc"
            revisions.append(revision)
        return revisions

    return RevisionMap(load)


def maintainer(rows: Any) -> HeadMaintainer:
    """Return Alembic's own bookkeeping, which writes its SQL to nowhere."""
    context = MigrationContext.configure(
        dialect_name="sqlite", opts={"as_sql": True, "output_buffer": io.StringIO()}
    )
    return HeadMaintainer(context, rows)


def upgrade(map_: RevisionMap, target: Any, rows: Any) -> list[RevisionStep]:
    revisions = list(map_.iterate_revisions(target, rows, implicit_base=True))
    return [RevisionStep(map_, rev, True) for rev in reversed(revisions)]  # type: ignore[arg-type]


def downgrade(map_: RevisionMap, target: Any, rows: Any) -> list[RevisionStep]:
    revisions = map_.iterate_revisions(rows, target, select_for_downgrade=True)
    return [RevisionStep(map_, revision, False) for revision in revisions]  # type: ignore[arg-type]


def follow_both(theirs: HeadMaintainer, ours: HeadTracker, steps: Any) -> None:
    """Take the steps on both sides, as long as Alembic can."""
    for step in steps:
        before = frozenset(ours.heads)
        try:
            theirs.update_to_step(step)
        except (KeyError, AssertionError, IndexError):
            # A row that Alembic did not expect: there is no answer to compare.
            assume(False)
        change = ours.follow(step)
        assert ours.heads == theirs.heads
        assert applied(before, change) == theirs.heads


def applied(rows: frozenset[str], change: VersionChange) -> set[str]:
    """Return the rows after a change, as a database would have them."""
    after = set(rows)
    for row in change.deletes:
        after.remove(row)
    for from_, to in change.updates:
        after.remove(from_)
        assert to not in after
        after.add(to)
    for row in change.inserts:
        assert row not in after
        after.add(row)
    return after


@given(graphs(), st.data())
@settings(PROPERTY, max_examples=250)
def test_a_run_leaves_the_rows_that_alembic_leaves(files: Files, data: Any) -> None:
    map_ = revision_map(files)
    theirs, ours = maintainer(()), HeadTracker(())
    follow_both(theirs, ours, upgrade(map_, "heads", ()))
    for _ in range(data.draw(st.integers(1, 4))):
        rows = tuple(sorted(ours.heads))
        target = data.draw(
            st.sampled_from([*files.ids, *files.labels, "heads", "base"])
        )
        up = target != "base" and data.draw(st.booleans())
        try:
            steps = (upgrade if up else downgrade)(map_, target, rows)
        except (RevisionError, AssertionError):
            continue
        follow_both(theirs, ours, steps)


@given(graphs(), st.data())
@settings(PROPERTY, max_examples=250)
def test_rows_may_imply_each_other(files: Files, data: Any) -> None:
    """Tables that were edited by hand hold rows that other rows imply."""
    map_ = revision_map(files)
    rows = data.draw(
        st.lists(st.sampled_from(files.ids), unique=True, min_size=1, max_size=4)
    )
    order = [revision.revision for revision in map_.iterate_revisions("heads", "base")]
    ids, up = implied(map_, rows), data.draw(st.booleans())
    if up:
        steps = [id_ for id_ in reversed(order) if id_ not in ids]
    else:
        left_out = data.draw(st.sets(st.sampled_from(files.ids), max_size=2))
        steps = [id_ for id_ in order if id_ in ids - left_out]
    follow_both(
        maintainer(rows),
        HeadTracker(rows),
        [RevisionStep(map_, map_.get_revision(id_), up) for id_ in steps],  # type: ignore[arg-type]
    )


def implied(map_: RevisionMap, rows: list[str]) -> set[str]:
    """Return the rows and all their ancestors."""
    return {
        revision.revision
        for row in rows
        for revision in map_.iterate_revisions(row, "base", implicit_base=True)
    }


@given(graphs(), st.data())
@settings(PROPERTY, max_examples=100)
def test_stamps_leave_the_rows_that_alembic_leaves(files: Files, data: Any) -> None:
    map_ = revision_map(files)
    rows = data.draw(st.lists(st.sampled_from(files.ids), unique=True, max_size=3))
    theirs, ours = maintainer(rows), HeadTracker(rows)
    for _ in range(2):
        follow_both(theirs, ours, data.draw(stamps(files, map_, sorted(ours.heads))))
        try:
            steps = upgrade(map_, "heads", tuple(ours.heads))
        except (RevisionError, AssertionError):
            continue
        follow_both(theirs, ours, steps)


def stamps(
    files: Files, map_: RevisionMap, rows: list[str]
) -> st.SearchStrategy[list[StampStep]]:
    """Return what a stamp may do: leave a branch, enter one, move rows up or down."""
    others = sorted(set(files.ids) - set(rows))
    choices: list[list[StampStep]] = [[]]
    choices += [[StampStep(row, None, False, True, map_)] for row in rows]
    choices += [[StampStep((), other, True, True, map_)] for other in others]
    choices += [
        [StampStep(rows[:count], other, up, False, map_)]
        for other in others
        for up in (True, False)
        for count in range(1, len(rows) + 1)
    ]
    return st.sampled_from(choices)


LINE = Files(tuple(File(f"r{i}", (f"r{i - 1}",) if i else ()) for i in range(5)))
MERGED = Files(
    (
        File("root"),
        File("left", ("root",)),
        File("right", ("root",)),
        File("tip", ("left", "right")),
    )
)


def test_a_line_is_one_row_that_changes() -> None:
    map_ = revision_map(LINE)
    tracker = HeadTracker(())
    changes = [tracker.follow(step) for step in upgrade(map_, "r2", ())]
    assert changes == [
        VersionChange(inserts=("r0",)),
        VersionChange(updates=(("r0", "r1"),)),
        VersionChange(updates=(("r1", "r2"),)),
    ]
    changes = [tracker.follow(step) for step in downgrade(map_, "base", ("r2",))]
    assert changes == [
        VersionChange(updates=(("r2", "r1"),)),
        VersionChange(updates=(("r1", "r0"),)),
        VersionChange(deletes=("r0",)),
    ]
    assert tracker.heads == frozenset()


def test_a_merge_ends_rows_and_its_downgrade_brings_them_back() -> None:
    map_ = revision_map(MERGED)
    tracker = HeadTracker(("left", "right"))
    (step,) = upgrade(map_, "tip", ("left", "right"))
    change = tracker.follow(step)
    assert change == VersionChange(deletes=("right",), updates=(("left", "tip"),))
    (step,) = downgrade(map_, "left", ("tip",))[:1]
    change = tracker.follow(step)
    assert change == VersionChange(updates=(("tip", "left"),), inserts=("right",))
    assert tracker.heads == {"left", "right"}


def test_rows_that_do_not_fit_are_refused() -> None:
    map_ = revision_map(LINE)
    (step,) = downgrade(map_, "r1", ("r2",))
    with pytest.raises(CommandError, match="no row 'r2'"):
        HeadTracker(("r3",)).follow(step)
    (step,) = upgrade(map_, "r2", ("r1",))
    with pytest.raises(CommandError, match="'r2' before"):
        HeadTracker(("r1", "r2")).follow(step)


@pytest.mark.parametrize("rows", [("left",), ("left", "other")])
def test_a_whole_downgrade_asks_each_revision_a_few_times(
    rows: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alembic collects all the ancestors that are left, at each step."""
    length = 1000
    files = [File("left0"), File("other")]
    files += [File(f"left{i}", (f"left{i - 1}",)) for i in range(1, length)]
    map_ = revision_map(Files(tuple(files)))
    asked: list[str] = []
    parents = ImpliedRevisions._parents

    def count(self: ImpliedRevisions, revision: str) -> tuple[str, ...]:
        asked.append(revision)
        return parents(self, revision)

    monkeypatch.setattr(ImpliedRevisions, "_parents", count)
    rows = tuple(row.replace("left", f"left{length - 1}") for row in rows)
    tracker = HeadTracker(rows)
    for step in downgrade(map_, "base", rows):
        tracker.follow(step)
    assert tracker.heads == frozenset()
    assert len(asked) <= 3 * length


def test_alembic_says_what_its_parents_are_under_this_name() -> None:
    """The name that the bookkeeping needs, and what its own reads through it."""
    files = (File("a"), File("b", ("a",)), File("c", ("b",), depends=("a",)))
    map_ = revision_map(Files(files))
    found: Any = map_.get_revision("c")
    assert found._normalized_down_revisions == ("b", "a")
    assert RevisionStep(map_, found, True).from_revisions == ("b", "a")
