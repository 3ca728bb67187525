"""Steps as plugins see them, and files that cannot be loaded for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    url_of,
    version_rows,
    write_chain,
    write_revision,
)
from flask import Flask

from flask_alembic.errors import MigrationFailed, RevisionFileError, UsageError
from flask_alembic.hooks import Run, RunResult, hookimpl
from flask_alembic.hooks.payloads import Direction
from flask_alembic.hooks.signals import before_stamp
from flask_alembic.runtime.environment import environment_of
from flask_alembic.runtime.planner import adopt, pending, plan, purge_step


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


def test_a_stamp_of_base_is_a_step_to_base(app: Flask) -> None:
    write_chain(migrations_of(app), "a1", "a2")
    runs: list[Run] = []

    def keep(app: Flask, run: Run, **extra: Any) -> None:
        runs.append(run)

    with app.app_context():
        extension_of(app).upgrade()
        with before_stamp.connected_to(keep, sender=app):
            extension_of(app).stamp("base")
    (step,) = runs[0].plan
    assert (step.revision, step.direction) == ("base", "stamp")
    assert (step.down_revisions, step.doc, step.path) == (("a2",), "", None)
    assert version_rows(url_of(app)) == set()


def test_an_interrupt_while_a_file_is_loaded_is_an_interrupt(app: Flask) -> None:
    path = write_revision(migrations_of(app), "a1", None, ["pass"])
    text = path.read_text("utf-8")
    path.write_text(f"{text}\n\nraise KeyboardInterrupt\n", "utf-8")
    result = run_db(app, "upgrade")
    assert result.exit_code == 130
    assert "a1" not in result.stderr
    path.write_text(text, "utf-8")
    assert run_db(app, "upgrade").exit_code == 0


class Swallowing:
    """Returns something else than what the work raised."""

    @hookimpl(wrapper=True)
    def run_migrations(self, run: Run) -> Any:
        try:
            return (yield)
        except MigrationFailed:
            return RunResult(run)


def test_a_failure_that_a_wrapper_swallows_is_the_failure(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"plugins": [Swallowing()]})
    write_revision(migrations_of(app), "a1", None, ["raise ValueError('broken')"])
    with app.app_context(), pytest.raises(MigrationFailed, match="broken") as caught:
        extension_of(app).upgrade()
    assert caught.value.result.failure.step.revision == "a1"


def test_steps_back_from_several_heads_are_ambiguous(app: Flask) -> None:
    write_chain(migrations_of(app), "a1", "a2")
    write_revision(migrations_of(app), "b2", "a1", ["pass"])
    with app.app_context():
        extension_of(app).upgrade()
        with pytest.raises(UsageError, match="-1 is ambiguous"):
            extension_of(app).downgrade("-1")
        assert version_rows(url_of(app)) == {"a2", "b2"}
        extension_of(app).downgrade("base")
    assert version_rows(url_of(app)) == set()


@pytest.fixture
def history(app: Flask) -> Flask:
    """``root``, then ``left`` and ``right``, joined by ``both``, then ``last``."""
    folder = migrations_of(app)
    write_revision(folder, "root", None, ["pass"], labels="shop")
    write_revision(folder, "left", "root", ["pass"])
    write_revision(folder, "right", "root", ["pass"])
    write_revision(folder, "both", ("left", "right"), ["pass"])
    write_revision(folder, "last", "both", ["pass"])
    return app


def planned(
    app: Flask, heads: tuple[str, ...], target: str, direction: Direction = "upgrade"
) -> list[str]:
    with app.app_context():
        scripts = environment_of(app).scripts()
        steps = plan(scripts, "default", heads, target, direction)
        assert all(each.step.direction == direction for each in steps)
        return [each.step.revision for each in steps]


def refusal(
    app: Flask, heads: tuple[str, ...], target: str, direction: Direction = "upgrade"
) -> str:
    with pytest.raises(UsageError) as caught:
        planned(app, heads, target, direction)
    return f"{caught.value.message} {caught.value.advice}"


def test_the_steps_between_two_places(history: Flask) -> None:
    everything = planned(history, (), "heads")
    assert everything[0] == "root"
    assert everything[-2:] == ["both", "last"]
    assert set(everything[1:3]) == {"left", "right"}
    assert planned(history, ("left",), "both") == ["right", "both"]
    assert planned(history, ("both",), "+1") == ["last"]
    assert planned(history, ("last",), "heads") == []
    assert planned(history, ("last",), "-1", "downgrade") == ["last"]
    assert planned(history, ("last",), "both", "downgrade") == ["last"]
    down = planned(history, ("last",), "base", "downgrade")
    assert set(down) == set(everything)
    assert (down[:2], down[-1]) == (["last", "both"], "root")
    assert planned(history, ("last",), "root", "stamp") == ["root"]


@pytest.mark.parametrize(
    ("heads", "target", "direction", "words"),
    [
        (
            ("last",),
            "+1",
            "upgrade",
            "the database is at last, with no revisions after",
        ),
        (
            ("both",),
            "+2",
            "upgrade",
            "the database is at both, with 1 revision after it",
        ),
        ((), "+7", "upgrade", "+7 is ambiguous from base: the history branches there"),
        (("left",), "-3", "downgrade", "is at left, with 2 revisions up to it"),
        ((), "-1", "downgrade", "the database is at base, with no revisions up to it"),
        (("root",), "+1", "upgrade", "+1 is ambiguous from root: the history branches"),
        (("root",), "+1", "upgrade", "Name the branch, as in branch@+1"),
        (("both",), "-1", "downgrade", "-1 is ambiguous from both: it joins left and"),
        (("both",), "-1", "downgrade", "flask db downgrade left"),
        (("last",), "-2", "downgrade", "-2 is ambiguous from last: several branches"),
        (("left", "right"), "-1", "downgrade", "several revisions (left, right)"),
        (("left", "right"), "-1", "downgrade", "as in left@-1"),
        (
            ("left",),
            "last",
            "downgrade",
            "last cannot be reached by downgrade from left",
        ),
        (
            ("root",),
            "left",
            "downgrade",
            "left cannot be reached by downgrade from root",
        ),
    ],
)
def test_a_target_that_cannot_be_reached_says_why(
    history: Flask,
    heads: tuple[str, ...],
    target: str,
    direction: Direction,
    words: str,
) -> None:
    assert words in refusal(history, heads, target, direction)


def test_a_long_target_is_quoted_and_cut_in_messages(history: Flask) -> None:
    long = f"shop@+{'1' * 90}"
    assert f"'{long[:80]}'... leads past" in refusal(history, ("last",), long)
    short = f"shop@+{'1' * 20}"
    assert f"{short} leads past" in refusal(history, ("last",), short)


def test_what_a_step_says_of_its_revision(app: Flask) -> None:
    folder = migrations_of(app)
    write_revision(folder, "a1", None, ["pass"], labels="shop")
    path = write_revision(folder, "a2", "a1", ["pass"])
    path.write_text(path.read_text("utf-8") + "\nirreversible = True\n", "utf-8")
    write_revision(folder, "b2", "a1", ["pass"])
    write_revision(folder, "c3", ("a2", "b2"), ["pass"])
    with app.app_context():
        scripts = environment_of(app).scripts()
        steps = {
            each.step.revision: each
            for each in plan(scripts, "default", (), "heads", "upgrade")
        }
    first, second, merged = (steps[id_].step for id_ in ("a1", "a2", "c3"))
    assert (first.down_revisions, first.database) == ((), "default")
    assert (second.down_revisions, second.path) == (("a1",), path)
    assert merged.down_revisions == ("a2", "b2")
    assert [each.irreversible for each in (first, second, merged)] == [
        False,
        True,
        False,
    ]
    assert "shop" in first.branch_labels
    assert steps["a2"].function.__name__ == "upgrade"
    for id_, step in steps.items():
        again = adopt(step.alembic, "other").step
        assert (again.revision, again.database, again.direction) == (
            id_,
            "other",
            "upgrade",
        )
        assert (again.irreversible, again.path) == (id_ == "a2", step.step.path)


def test_a_stamp_that_alembic_made_is_adopted_as_one(history: Flask) -> None:
    with history.app_context():
        scripts = environment_of(history).scripts()
        (stamped,) = plan(scripts, "default", ("root",), "last", "stamp")
    step = adopt(stamped.alembic, "other").step
    assert (step.revision, step.direction, step.path) == ("last", "stamp", None)
    assert not step.irreversible
    assert stamped.step.path is not None
    assert (
        stamped.step.doc == stamped.step.path.stem.partition("_")[2] or stamped.step.doc
    )


def test_purging_deletes_rows_and_runs_nothing() -> None:
    planned_step = purge_step("default", ("a1", "b1"))
    step = planned_step.step
    assert (step.revision, step.direction, step.path) == ("base", "stamp", None)
    assert step.down_revisions == ("a1", "b1")
    assert planned_step.alembic is None
    assert planned_step.function(anything=1) is None


def test_what_is_pending(history: Flask) -> None:
    with history.app_context():
        scripts = environment_of(history).scripts()
        assert pending(scripts, ("last",), ("last",)) == ()
        assert pending(scripts, ("both",), ("last",)) == ("last",)
        assert pending(scripts, ("left",), ("last",)) == ("right", "both", "last")
        assert pending(scripts, (), ("last",))[0] == "root"
        assert len(pending(scripts, (), ("last",))) == 5


def test_a_revision_without_the_function_is_refused_before_anything_runs(
    app: Flask,
) -> None:
    path = write_revision(migrations_of(app), "a1", None, ["pass"])
    path.write_text(path.read_text("utf-8").replace("def upgrade", "def up"), "utf-8")
    with pytest.raises(RevisionFileError) as caught:
        planned(app, (), "heads")
    assert (
        caught.value.message == f"The revision file {path} has no function upgrade()."
    )
    assert "Nothing was run for a1" in caught.value.advice
