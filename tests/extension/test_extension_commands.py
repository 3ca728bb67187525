"""The commands as methods: reading, running, generating."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.operations.ops import MigrationScript
from alembic.script import Script
from apps import (
    extension_of,
    make_app,
    migrations_of,
    tables,
    url_of,
    version_rows,
    write_revision,
    write_table_revision,
)
from flask import Flask

from flask_alembic.errors import (
    UsageError,
)
from flask_alembic.hooks import RunResult


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


# Reading ------------------------------------------------------------------------


@pytest.fixture
def branched(app: Flask) -> Flask:
    """A base, two branches of it, a revision that depends on another."""
    folder = migrations_of(app)
    write_table_revision(folder, "base1", None, labels="default")
    write_table_revision(folder, "left", "base1")
    write_table_revision(folder, "right", "base1", depends="left")
    return app


def ids(scripts: Any) -> list[str]:
    assert all(isinstance(script, Script) for script in scripts)
    return [script.revision for script in scripts]


def test_current(branched: Flask) -> None:
    with branched.app_context():
        alembic = extension_of(branched)
        assert alembic.current() == []
        alembic.upgrade("left")
        assert ids(alembic.current()) == ["left"]
        alembic.upgrade()
        assert "right" in ids(alembic.current())


def test_heads(branched: Flask) -> None:
    with branched.app_context():
        alembic = extension_of(branched)
        assert ids(alembic.heads()) == ["left", "right"]
        assert ids(alembic.heads(resolve_dependencies=True)) == ["right"]
        assert ids(alembic.heads(True)) == ["right"]


def test_branches(branched: Flask) -> None:
    with branched.app_context():
        assert ids(extension_of(branched).branches()) == ["base1"]


def test_log_is_in_the_order_in_which_revisions_run(branched: Flask) -> None:
    with branched.app_context():
        alembic = extension_of(branched)
        assert ids(alembic.log()) == ["base1", "left", "right"]
        assert ids(alembic.log("right")) == ["right"]
        assert ids(alembic.log("left")) == ["left", "right"], "it depends on left"
        assert ids(alembic.log(start="base1")) == ["base1", "left", "right"]
        assert ids(alembic.log(end="left")) == ["base1", "left"]
        assert ids(alembic.log("base", "base1")) == ["base1"]


# Running ------------------------------------------------------------------------


def test_upgrade_downgrade_and_stamp_return_what_was_done(app: Flask) -> None:
    for down, revision in ((None, "a1"), ("a1", "a2"), ("a2", "a3")):
        write_table_revision(migrations_of(app), revision, down)
    with app.app_context():
        alembic = extension_of(app)
        results = [
            alembic.upgrade("a1"),
            alembic.upgrade(),
            alembic.downgrade(),
            alembic.downgrade(-2),
            alembic.stamp("a2"),
            alembic.stamp(),
        ]
    assert all(isinstance(result, RunResult) for result in results)
    done = [[one.step.revision for one in result.applied] for result in results]
    assert done == [["a1"], ["a2", "a3"], ["a3"], ["a2", "a1"], ["a2"], ["a3"]]
    assert version_rows(url_of(app)) == {"a3"}
    assert tables(url_of(app)) == set()


@pytest.mark.parametrize(
    ("target", "reached"),
    [("heads", "a3"), ("head", "a3"), ("+2", "a2"), (1, "a1"), ("a2", "a2")],
)
def test_targets_of_upgrade(app: Flask, target: Any, reached: str) -> None:
    for down, revision in ((None, "a1"), ("a1", "a2"), ("a2", "a3")):
        write_table_revision(migrations_of(app), revision, down)
    with app.app_context():
        extension_of(app).upgrade(target)
    assert version_rows(url_of(app)) == {reached}


@pytest.mark.parametrize(
    ("target", "left"), [(-1, {"a2"}), ("-2", {"a1"}), ("a1", {"a1"}), ("base", set())]
)
def test_targets_of_downgrade(app: Flask, target: Any, left: set[str]) -> None:
    for down, revision in ((None, "a1"), ("a1", "a2"), ("a2", "a3")):
        write_table_revision(migrations_of(app), revision, down)
    with app.app_context():
        extension_of(app).upgrade()
        extension_of(app).downgrade(target)
    assert version_rows(url_of(app)) == left


# Generating ---------------------------------------------------------------------


def test_revision_compares_by_default(app: Flask) -> None:
    with app.app_context():
        (script,) = extension_of(app).revision("models")
        assert script.doc == "models"
        assert script.branch_labels == {"default"}
        assert Path(script.path).parent == migrations_of(app)
        extension_of(app).upgrade()
        assert extension_of(app).revision("nothing changed") == []
    assert tables(url_of(app)) == {"author", "book"}


def test_revision_empty(app: Flask) -> None:
    with app.app_context():
        (script,) = extension_of(app).revision("by hand", True)
        text = Path(script.path).read_text("utf-8")
    assert "op." not in text.partition("def upgrade")[2]


def test_independent_branches_by_name(app: Flask) -> None:
    """A branch that does not exist begins at base and is continued by its name."""
    with app.app_context():
        alembic = extension_of(app)
        (first,) = alembic.revision("users 1", empty=True, branch="users")
        (other,) = alembic.revision("posts 1", empty=True, branch="posts")
        (second,) = alembic.revision("users 2", empty=True, branch="users")
        assert (first.down_revision, other.down_revision) == (None, None)
        assert first.branch_labels == {"users"}
        assert second.down_revision == first.revision
        assert sorted(ids(alembic.heads())) == sorted([second.revision, other.revision])
        alembic.upgrade("users@head")
        assert ids(alembic.current()) == [second.revision]


def test_parent_splice_label_and_depend(app: Flask) -> None:
    write_revision(migrations_of(app), "a1", labels="default")
    write_revision(migrations_of(app), "a2", "a1")
    with app.app_context():
        alembic = extension_of(app)
        with pytest.raises(UsageError, match="has a child already"):
            alembic.revision("x", empty=True, parent="a1")
        (side,) = alembic.revision(
            "x", empty=True, parent="a1", splice=True, label="side", depend="a2"
        )
        assert side.down_revision == "a1"
        assert "side" in side.branch_labels
        assert side.dependencies == "a2"
        (end,) = alembic.revision("y", empty=True, parent=["side@head", "a2"])
        assert set(end.down_revision or ()) == {side.revision, "a2"}


def test_path_chooses_among_the_version_locations(tmp_path: Path) -> None:
    more = tmp_path / "more"
    app = make_app(tmp_path, ALEMBIC={"version_locations": [str(more)]})
    with app.app_context():
        (script,) = extension_of(app).revision("x", empty=True, path=str(more))
        assert Path(script.path).parent == more


def test_merge_joins_the_heads(app: Flask) -> None:
    write_revision(migrations_of(app), "a1")
    write_revision(migrations_of(app), "b1")
    write_revision(migrations_of(app), "c1")
    with app.app_context():
        alembic = extension_of(app)
        two = alembic.merge(["a1", "b1"], "join two", "joined")
        assert two is not None
        assert (set(two.down_revision or ()), two.doc) == ({"a1", "b1"}, "join two")
        assert "joined" in two.branch_labels
        rest = alembic.merge()
        assert rest is not None
        assert set(rest.down_revision or ()) == {two.revision, "c1"}
        assert ids(alembic.heads()) == [rest.revision]
        assert "c1" in rest.doc
        with pytest.raises(UsageError, match="nothing to merge"):
            alembic.merge()


def test_produce_migrations_and_compare_metadata(app: Flask) -> None:
    with app.app_context():
        alembic = extension_of(app)
        produced = alembic.produce_migrations()
        assert isinstance(produced, MigrationScript)
        assert produced.upgrade_ops is not None
        assert len(produced.upgrade_ops.ops) == 2
        differences = alembic.compare_metadata()
        assert sorted(one[1].name for one in differences) == ["author", "book"]
        assert {one[0] for one in differences} == {"add_table"}


def test_needs_upgrade_and_needs_revision(app: Flask) -> None:
    with app.app_context():
        alembic = extension_of(app)
        assert alembic.needs_upgrade() is False
        assert alembic.needs_revision() is True
        alembic.revision("models")
        assert alembic.needs_upgrade() is True
        alembic.upgrade()
        assert alembic.needs_upgrade() is False
        assert alembic.needs_revision() is False
