"""What the index alone answers: as Alembic does, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from histories import File, Files, outcome, written
from history_strategies import DEFECTS, broken, healthy, spoil
from hypothesis import HealthCheck, given, settings
from sample import examples

from flask_alembic.script.graph import NeedsMap, RevisionGraph
from flask_alembic.script.index import RevisionIndex
from flask_alembic.script.records import FolderScan, RevisionRecord, UnreadFile

PROPERTY = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def index(root: Path, files: Files) -> RevisionIndex:
    return RevisionIndex(
        [root / path for path in files.locations], recursive=files.recursive
    )


def alembic(root: Path, files: Files) -> ScriptDirectory:
    return ScriptDirectory(
        str(root),
        version_locations=[str(root / path) for path in files.locations],
        recursive_version_locations=files.recursive,
    )


def graph_of(*files: File) -> RevisionGraph:
    return RevisionGraph(
        FolderScan(
            tuple(
                RevisionRecord(f.revision, f.downs, f.labels, f.depends, f.doc, f.path)
                for f in files
            )
        )
    )


ODD = ["head-1", "-1", "+1", "@head", "a@b@head", "head@head", "base@head"]


def names(files: Files) -> list[Any]:
    symbols = [
        *("head", "heads", "base", None, "", "nowhere", "nowhere@head"),
        *("ab1", "ab12c", "b", "e1", "lab"),
    ]
    every = [*files.ids, *files.labels]
    branches = [
        f"{a}@{b}"
        for a in [*every, "ab1", "label"]
        for b in ["head", "heads", "base", "ab1", "b", "e1", *every]
    ]
    return [*symbols, *ODD, *every, *branches]


def answers(graph: RevisionGraph, directory: ScriptDirectory, files: Files) -> Any:
    """Yield each question with both answers."""
    revisions = {script.revision: script for script in directory.walk_revisions()}
    yield "heads", graph.heads, lambda: tuple(directory.get_heads())
    yield "bases", graph.bases, lambda: tuple(directory.get_bases())
    yield (
        "real heads",
        graph.real_heads,
        lambda: directory.as_revision_number("heads") or (),
    )
    for id_, script in revisions.items():
        yield (
            f"script {id_}",
            lambda id_=id_: (
                graph.record(id_).down_revision,
                graph.record(id_).doc,
                graph.record(id_).longdoc,
                graph.record(id_).path,
                set(graph.children(id_)),
                set(graph.labels(id_)),
            ),
            lambda script=script: (
                script.down_revision,
                script.doc,
                script.longdoc,
                script.path,
                set(script.nextrev),
                set(script.branch_labels),
            ),
        )
        yield (
            f"ancestors {id_}",
            lambda id_=id_: graph.ancestors([id_]),
            lambda id_=id_: {
                script.revision
                for script in directory.iterate_revisions(
                    id_, "base", implicit_base=True
                )
            },
        )
        yield (
            f"pending {id_}",
            lambda id_=id_: sorted(graph.pending([id_])),
            lambda id_=id_: sorted(
                step.revision.revision for step in directory._upgrade_revs("heads", id_)
            ),
        )
    for rows in [(), *((id_,) for id_ in files.ids), tuple(files.ids[:3])]:
        yield (
            f"current {rows}",
            lambda rows=rows: graph.current(rows),
            lambda rows=rows: {s.revision for s in directory.get_all_current(rows)},
        )


@given(healthy(9))
@settings(PROPERTY, max_examples=examples(80))
def test_every_answer_is_alembics(files: Files) -> None:
    files = Files(
        tuple(File(**{**vars(file), "form": "literal"}) for file in files.files),
        files.locations,
        files.recursive,
    )
    with written(files) as root:
        graph, directory = (
            RevisionGraph(index(root, files).scan()),
            alembic(root, files),
        )
        assert len(graph) == len(files.files)
        for name, ours, theirs in answers(graph, directory, files):
            assert ours() == theirs(), name
        for name in names(files):
            expected = outcome(directory.get_revisions, name)
            try:
                found = graph.resolve(name)
            except NeedsMap:
                # It may pass on what is an error, and what is written oddly.
                assert expected[0] == "error" or name in ODD or not graph, name
            else:
                assert ("answer", found) == (
                    expected[0],
                    tuple(script.revision for script in expected[1]),
                ), name


@given(broken())
@settings(PROPERTY, max_examples=examples(100))
def test_what_alembic_reports_is_left_to_alembic(files: Files) -> None:
    with written(files) as root:
        directory = alembic(root, files)
        answer, *_, told = outcome(directory.get_heads)
        try:
            graph = RevisionGraph(index(root, files).scan())
        except NeedsMap:
            return
        assert answer == "answer"
        assert told == []
        assert graph.heads() == tuple(directory.get_heads())


FILES = ("orphan", "legacy", "legacy by name", "syntax", "raises")


@pytest.mark.parametrize("defect", [d for d in DEFECTS if d not in FILES])
def test_each_defect_is_left_to_alembic(defect: str) -> None:
    pair = [File("a1a1"), File("b1b1", ("a1a1",))]
    with pytest.raises(NeedsMap):
        graph_of(*spoil(pair[0], pair, defect), pair[1])


def test_each_revision_comes_after_what_it_needs() -> None:
    graph = graph_of(
        File("tip", ("left", "right")),
        File("left", ("root",)),
        File("right", ("root",), depends=("other",)),
        File("other", labels=("side",)),
        File("last", ("tip",), depends=("side",)),
        File("root"),
    )
    order = graph.pending(())
    assert sorted(order) == ["last", "left", "other", "right", "root", "tip"]
    for revision in order:
        before = order[: order.index(revision)]
        assert graph.ancestors([revision]) - {revision} <= set(before)
    assert graph.pending(("tip",)) == ["last"]
    assert graph.followers("other") == ("right", "last")
    assert graph.children("other") == ()


LINE = [File("aaaa1", ()), File("aaaa2", ("aaaa1",)), File("aaaa3", ("aaaa2",))]


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ("base", "heads", ["aaaa3", "aaaa2", "aaaa1"]),
        (None, "head", ["aaaa3", "aaaa2", "aaaa1"]),
        ("base", "aaaa2", ["aaaa2", "aaaa1"]),
        ("aaaa2", "heads", ["aaaa3", "aaaa2"]),
        ("aaaa2", "aaaa2", ["aaaa2"]),
        ("base", "base", []),
    ],
)
def test_a_line_is_walked_as_alembic_walks_it(
    tmp_path: Path, base: str | None, head: str, expected: list[str]
) -> None:
    files = Files(tuple(LINE[::-1]))
    files.write(tmp_path)
    graph, directory = (
        RevisionGraph(index(tmp_path, files).scan()),
        alembic(tmp_path, files),
    )
    assert [record.revision for record in graph.walk(base, head)] == expected
    theirs = directory.walk_revisions(base, head)  # type: ignore[arg-type]
    assert [script.revision for script in theirs] == expected


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ("aaaa3", "aaaa2"),
        ("aaaa1", "base"),
        ("base", "nowhere"),
        ("base", "aaaa3-1"),
        ("base", "aaaa1@head"),
    ],
)
def test_a_walk_that_goes_nowhere_is_left_to_alembic(base: str, head: str) -> None:
    with pytest.raises(NeedsMap):
        graph_of(*LINE).walk(base, head)


@pytest.mark.parametrize(
    "extra",
    [
        File("bbbb1"),
        File("bbbb1", ("aaaa2",)),
        File("bbbb1", ("aaaa3",), depends=("aaaa1",)),
    ],
)
def test_branches_are_walked_by_alembic(extra: File) -> None:
    with pytest.raises(NeedsMap):
        graph_of(*LINE, extra).walk()


def test_an_empty_history_has_answers_too() -> None:
    graph = graph_of()
    assert graph.heads() == graph.bases() == graph.real_heads() == ()
    assert graph.resolve("head") == graph.resolve("heads") == ()
    assert list(graph.walk()) == []
    assert graph.current(()) == set()


def test_a_file_that_has_to_be_executed_needs_alembic(tmp_path: Path) -> None:
    record = RevisionRecord("a", (), (), (), "", "a.py")
    with pytest.raises(NeedsMap):
        RevisionGraph(FolderScan((record, UnreadFile("b.py"))))
    with pytest.raises(NeedsMap):
        RevisionGraph(FolderScan((record,), ("a.py",)))
    graph = RevisionGraph(FolderScan((record,)))
    assert "a" in graph
    assert "b" not in graph
    with pytest.raises(NeedsMap):
        graph.record("b")
