"""The rows of the version table: those of Alembic after every step, in linear time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
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
from sample import examples

from flask_alembic.errors import DatabaseError
from flask_alembic.runtime.recorder import HeadTracker, VersionChange, VersionTable
from flask_alembic.script.revision_map import ImpliedRevisions

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
@settings(PROPERTY, max_examples=examples(250))
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
@settings(PROPERTY, max_examples=examples(250))
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
@settings(PROPERTY, max_examples=examples(100))
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


def test_a_stamp_may_bring_several_rows_for_one() -> None:
    tracker = HeadTracker(("tip",))
    step = StampStep("tip", ("left", "right"), False, False, revision_map(MERGED))  # type: ignore[arg-type]
    change = tracker.follow(step)
    assert change == VersionChange(updates=(("tip", "right"),), inserts=("left",))
    assert tracker.heads == {"left", "right"}


@pytest.mark.parametrize("others", [(), ("other",)])
def test_the_only_row_steps_down_as_with_the_installed_alembic(
    others: tuple[str, ...],
) -> None:
    """One parent of ``c`` is an ancestor of the other."""
    files = (File("a"), File("b", ("a",)), File("c", ("b",), depends=("a",)))
    map_ = revision_map(Files((*files, File("other"))))
    rows = ("c", *others)
    step = RevisionStep(map_, map_.get_revision("c"), False)  # type: ignore[arg-type]
    follow_both(maintainer(rows), HeadTracker(rows), [step])


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


# What is written -------------------------------------------------------------------


@pytest.fixture
def connection(sqlite_url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(sqlite_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def table_of(connection: sa.Connection, *heads: str) -> VersionTable:
    return VersionTable(MigrationContext.configure(connection), heads)


def rows_of(connection: sa.Connection) -> list[str]:
    query = sa.text("SELECT version_num FROM alembic_version ORDER BY version_num")
    return list(connection.scalars(query))


def statements_of(connection: sa.Connection) -> list[str]:
    """Return a list that gets the first word of each statement."""
    statements: list[str] = []

    def keep(conn: object, cursor: object, sql: str, *rest: object) -> None:
        statements.append(sql.split()[0])

    sa.event.listen(connection, "before_cursor_execute", keep)
    return statements


def test_the_table_is_created_once(connection: sa.Connection) -> None:
    versions = table_of(connection)
    versions.ensure()
    statements = statements_of(connection)
    versions.ensure()
    assert statements == []
    assert rows_of(connection) == []
    # Another run finds it there, and empty.
    table_of(connection).ensure()
    versions.reset(())
    versions.ensure()
    assert "CREATE" not in statements


def test_a_table_with_rows_is_there(connection: sa.Connection) -> None:
    statements = statements_of(connection)
    table_of(connection, "r1").ensure()
    assert statements == []


def test_rows_are_deleted_only_by_a_purge(connection: sa.Connection) -> None:
    versions = table_of(connection)
    versions.ensure()
    (step,) = upgrade(revision_map(LINE), "r0", ())
    versions.move(step)
    versions.ensure()
    assert (versions.heads, rows_of(connection)) == (("r0",), ["r0"])
    versions.ensure(purge=True)
    assert (versions.heads, rows_of(connection)) == ((), [])
    versions.move(step)
    assert (versions.heads, rows_of(connection)) == (("r0",), ["r0"])


def test_each_change_of_the_rows_is_written(connection: sa.Connection) -> None:
    versions, map_ = table_of(connection), revision_map(MERGED)
    versions.ensure()
    for step in upgrade(map_, ("left", "right"), ()):
        versions.move(step)
    assert rows_of(connection) == ["left", "right"]
    assert versions.heads == ("left", "right")
    for step in upgrade(map_, "tip", ("left", "right")):
        versions.move(step)
    assert (rows_of(connection), versions.heads) == (["tip"], ("tip",))
    for step in downgrade(map_, "base", ("tip",)):
        versions.move(step)
    assert (rows_of(connection), versions.heads) == ([], ())


def test_rows_are_named_in_order(connection: sa.Connection) -> None:
    versions = table_of(connection, "r3", "r1", "r2")
    assert versions.heads == ("r1", "r2", "r3")
    versions.reset([None, "r1"])  # type: ignore[list-item]
    assert versions.heads == ("None", "r1")


@pytest.mark.parametrize("target", ["r2", "base"])
def test_a_row_that_is_gone_is_noticed(connection: sa.Connection, target: str) -> None:
    versions, map_ = table_of(connection, "r0"), revision_map(LINE)
    table_of(connection).ensure()
    steps = downgrade(map_, target, ("r0",)) if target == "base" else None
    step = (steps or upgrade(map_, target, ("r0",)))[0]
    with pytest.raises(DatabaseError) as caught:
        versions.move(step)
    assert caught.value.message == (
        "The version table alembic_version does not have the row 'r0' any more: "
        "somebody else has changed it."
    )
    assert caught.value.advice == "Run the command again; it reads the table anew."


def test_a_driver_that_does_not_count_rows_is_believed(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    engine.dialect.supports_sane_rowcount = False
    with engine.connect() as connection:
        table_of(connection).ensure()
        versions = table_of(connection, "r0")
        versions.move(upgrade(revision_map(LINE), "r1", ("r0",))[0])
        assert rows_of(connection) == []
    engine.dispose()
