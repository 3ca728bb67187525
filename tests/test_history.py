"""The indexed history: every answer is the one of Alembic's own script directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionMap
from histories import File, Files, written
from history_answers import assert_same
from history_strategies import DEFECTS, broken, healthy, spoil
from hypothesis import HealthCheck, given, settings

from flask_alembic.environment.history import LazyScript
from flask_alembic.environment.index import Record
from flask_alembic.environment.revision_map import HistoryMap, base_first

PAIR = (File("a1a1"), File("b1b1", ("a1a1",)))
PROPERTY = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _write_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is kept where and when compiled files are."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@given(healthy())
@settings(PROPERTY, max_examples=60)
def test_healthy_histories_are_the_same(files: Files) -> None:
    with written(files) as root:
        assert_same(files, root)


@given(broken())
@settings(PROPERTY, max_examples=100)
def test_broken_histories_fail_in_the_same_way(files: Files) -> None:
    with written(files) as root:
        assert_same(files, root, thorough=False)


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_reported_in_the_same_way(defect: str, tmp_path: Path) -> None:
    scripts = spoil(PAIR[0], list(PAIR), defect)
    files = Files((*scripts, PAIR[1]))
    files.write(tmp_path)
    assert_same(files, tmp_path, thorough=False)


# -- what is not public in Alembic ------------------------------------------------


def test_the_names_that_the_history_needs_are_there() -> None:
    """Each is replaced or called: were it gone, Alembic would no longer ask ours."""
    names = {
        ScriptDirectory: ["_load_revisions", "_version_locations"],
        RevisionMap: ["_revision_map", "_get_all_current", "_normalize_depends_on"],
    }
    for kind, expected in names.items():
        assert [name for name in expected if not hasattr(kind, name)] == []
    assert hasattr(Script, "_from_path") or hasattr(Script, "_from_filename")


def test_the_map_asks_in_the_way_that_takes_linear_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alembic looks at 45,000 and 9,000 revisions here, and at 36,000 for the last."""
    length = 300
    line = [File(f"r{i:03}", (f"r{i - 1:03}",) if i else ()) for i in range(length)]
    other = [
        File(f"s{i:03}", (f"s{i - 1:03}",) if i else (), depends=(f"r{i:03}",))
        for i in range(length)
    ]
    looked: list[str] = []
    iterate = RevisionMap._iterate_related_revisions

    def count(self: RevisionMap, fn: Any, *args: Any, **kwargs: Any) -> Any:
        def counted(revision: Any) -> Any:
            looked.append(revision.revision)
            return fn(revision)

        return iterate(self, counted, *args, **kwargs)

    monkeypatch.setattr(RevisionMap, "_iterate_related_revisions", count)
    records = [
        Record(f.revision, f.downs, f.labels, f.depends, "", f.path)
        for f in (*line[::-1], *other[::-1])
    ]
    map_ = HistoryMap(lambda: [LazyScript(record, list) for record in records])
    assert map_.heads == (f"r{length - 1}", f"s{length - 1}")
    assert len(looked) < 10 * length
    del looked[:]
    assert {s.revision for s in map_._get_all_current(map_.heads)} == set(map_.heads)
    assert len(looked) < 5 * length


def test_the_order_of_files_is_kept() -> None:
    """The map is filled base first, and asked for in the order of the files."""
    files = [
        File("c", ("a",)),
        File("b", labels=("y", "x")),
        File("a"),
        File("d", ("b",)),
    ]
    records = [Record(f.revision, f.downs, f.labels, (), "", f.path) for f in files]
    handed = base_first([LazyScript(record, list) for record in records])
    assert handed is not None
    assert [script.revision for script in handed] == ["b", "a", "d", "c"]
    map_ = HistoryMap(lambda: [LazyScript(record, list) for record in records])
    theirs = RevisionMap(lambda: [LazyScript(record, list) for record in records])
    assert list(map_._revision_map) == list(theirs._revision_map)
    assert map_.heads == theirs.heads == ("c", "d")
    assert map_.bases == theirs.bases == ("b", "a")
