"""The indexed history: every answer is the one of Alembic's own script directory."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import Revision, RevisionMap
from histories import File, Files, outcome, written
from history_answers import assert_same
from history_strategies import DEFECTS, broken, graphs, healthy, spoil
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample import examples

from flask_alembic.script import loader as history
from flask_alembic.script.loader import LazyScript
from flask_alembic.script.records import RevisionRecord
from flask_alembic.script.revision_map import HistoryMap, base_first

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
@settings(PROPERTY, max_examples=examples(60))
def test_healthy_histories_are_the_same(files: Files) -> None:
    with written(files) as root:
        assert_same(files, root)


@given(broken())
@settings(PROPERTY, max_examples=examples(100))
def test_broken_histories_fail_in_the_same_way(files: Files) -> None:
    with written(files) as root:
        assert_same(files, root, thorough=False)


def revisions(files: Files) -> list[Revision]:
    return [Revision(f.revision, f.downs, f.depends, f.labels) for f in files.files]


@given(graphs(), st.data())
@settings(PROPERTY, max_examples=examples(150))
def test_larger_histories_are_gone_through_in_the_same_order(
    files: Files, data: Any
) -> None:
    theirs = RevisionMap(lambda: revisions(files))
    ours = HistoryMap(lambda: revisions(files))
    some = st.lists(st.sampled_from(files.ids), unique=True, max_size=3).map(tuple)
    upper = data.draw(st.one_of(st.just("heads"), some))
    lower = data.draw(st.one_of(st.just("base"), some))

    def walk(map_: RevisionMap, *ends: Any, **options: Any) -> list[str]:
        return [found.revision for found in map_.iterate_revisions(*ends, **options)]

    for options in ({}, {"implicit_base": True}, {"inclusive": True}):
        expected = outcome(walk, theirs, upper, lower, **options)
        assert outcome(walk, ours, upper, lower, **options) == expected
    for target in ("base", *files.ids):
        down = {"select_for_downgrade": True}
        expected = outcome(walk, theirs, upper, target, **down)
        assert outcome(walk, ours, upper, target, **down) == expected


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
        RevisionMap: [
            "_revision_map",
            "_detect_cycles",
            "_get_all_current",
            "_get_ancestor_nodes",
            "_normalize_depends_on",
            "_topological_sort",
        ],
    }
    for kind, expected in names.items():
        assert [name for name in expected if not hasattr(kind, name)] == []
    assert hasattr(Script, "_from_path") or hasattr(Script, "_from_filename")


def test_a_lazy_script_is_filled_as_alembic_fills_it() -> None:
    assert history._INITIALIZED
    for downs, depends in [((), ()), (("a",), ("b",)), (("a", "b"), ("c", "d"))]:
        record = RevisionRecord("r", downs, ("one", "two"), depends, "", "r.py")
        ours = vars(LazyScript(record, list))
        theirs = vars(Revision("r", downs, depends, ("one", "two")))
        assert {name: ours[name] for name in theirs} == theirs
    theirs = vars(Revision("r", None, None, None))
    ours = vars(LazyScript(RevisionRecord("r", (), (), (), "", "r.py"), list))
    assert {name: ours[name] for name in theirs} == theirs


@pytest.mark.parametrize("known", [True, False])
def test_another_alembic_may_fill_its_revisions_otherwise(
    known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_INITIALIZED", known)
    files = Files((*PAIR, File("c1c1", ("a1a1",), ("side",), ("b1b1",))))
    files.write(tmp_path)
    assert_same(files, tmp_path)


def test_building_asking_and_walking_the_map_take_linear_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two lines, each revision of one depending on one of the other."""
    files = [File(f"r{i:03}", (f"r{i - 1:03}",) if i else ()) for i in range(150)]
    files += [
        replace(file, revision=f"s{file.revision}", depends=(file.revision,))
        for file in files
    ]
    files = [
        replace(file, downs=tuple(f"s{down}" for down in file.downs))
        if file.depends
        else file
        for file in files
    ]
    records = [
        RevisionRecord(f.revision, f.downs, f.labels, f.depends, "", f.path)
        for f in files
    ]
    looked: list[str] = []
    iterate = RevisionMap._iterate_related_revisions

    def count(self: RevisionMap, fn: Any, *args: Any, **kwargs: Any) -> Any:
        def counted(revision: Any) -> Any:
            looked.append(revision.revision)
            return fn(revision)

        return iterate(self, counted, *args, **kwargs)

    monkeypatch.setattr(RevisionMap, "_iterate_related_revisions", count)
    counts = {}
    for kind in (RevisionMap, HistoryMap):
        del looked[:]
        map_ = kind(lambda: [LazyScript(record, list) for record in records])
        assert map_.heads == ("r149", "sr149")
        assert len(list(map_.iterate_revisions("heads", "base"))) == len(records)
        current: set[Any] = map_._get_all_current(map_.heads)
        assert {script.revision for script in current} == set(map_.heads)
        counts[kind] = len(looked)
    assert counts[HistoryMap] <= 4 * len(records)
    assert counts[RevisionMap] > 100 * len(records)


def test_the_order_of_files_is_kept() -> None:
    """The map is filled base first, and asked for in the order of the files."""
    files = [
        File("c", ("a",)),
        File("b", labels=("y", "x")),
        File("a"),
        File("d", ("b",)),
    ]
    records = [
        RevisionRecord(f.revision, f.downs, f.labels, (), "", f.path) for f in files
    ]
    handed = base_first([LazyScript(record, list) for record in records])
    assert handed is not None
    assert [script.revision for script in handed] == ["b", "a", "d", "c"]
    map_ = HistoryMap(lambda: [LazyScript(record, list) for record in records])
    theirs = RevisionMap(lambda: [LazyScript(record, list) for record in records])
    assert list(map_._revision_map) == list(theirs._revision_map)
    assert map_.heads == theirs.heads == ("c", "d")
    assert map_.bases == theirs.bases == ("b", "a")
