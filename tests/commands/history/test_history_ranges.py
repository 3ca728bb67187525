"""What log, history and heads say of ranges, databases and several heads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    write_chain,
    write_revision,
    write_table_revision,
)
from flask import Flask


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = make_app(tmp_path, models=no_models)
    write_chain(migrations_of(app), "a1", "a2", "a3", "a4")
    return app


def ids(text: str) -> list[str]:
    return [line.rpartition(", ")[2] for line in text.splitlines()]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a2:a3", ["a2", "a3"]),
        ("a3:", ["a3", "a4"]),
        (":a2", ["a1", "a2"]),
        (":", ["a1", "a2", "a3", "a4"]),
        ("current:", ["a2", "a3", "a4"]),
        ("base:head", ["a1", "a2", "a3", "a4"]),
        ("head-1:head", ["a3", "a4"]),
    ],
)
def test_a_range(app: Flask, written: str, found: list[str]) -> None:
    run_db(app, "upgrade", "a2")
    assert ids(run_db(app, "log", "-r", written).stdout) == found
    assert ids(run_db(app, "history", "-r", written).stdout) == found[::-1]


@pytest.mark.parametrize("words", [("log", "-i"), ("history", "-i")])
def test_where_the_database_is(app: Flask, words: tuple[str, ...]) -> None:
    run_db(app, "upgrade", "a2")
    marked = [
        line for line in run_db(app, *words).stdout.splitlines() if "(current)" in line
    ]
    assert marked == ["a1 -> a2 (current), a2"]
    assert "Rev: a2 (current)\n" in run_db(app, *words, "-v").stdout
    assert "(current" not in run_db(app, words[0]).stdout


def test_where_several_databases_are(tmp_path: Path) -> None:
    app = make_app(
        tmp_path,
        models=no_models,
        SQLALCHEMY_BINDS={"stats": f"sqlite:///{tmp_path}/stats.db"},
        ALEMBIC={"databases": "*"},
    )
    write_chain(migrations_of(app), "a1", "a2")
    run_db(app, "upgrade", "a1")
    run_db(app, "upgrade", "--database", "stats")
    assert run_db(app, "log", "-i").stdout.splitlines() == [
        "<base> -> a1 (current: default), a1",
        "a1 -> a2 (head) (current: stats), a2",
    ]
    document = json.loads(run_db(app, "log", "-i", "--format", "json").stdout)
    assert document["data"] == {"current": {"default": ["a1"], "stats": ["a2"]}}


@pytest.mark.parametrize("words", [("a1",), ("a1:a2:a3",), ("a1:", "--start", "a2")])
def test_what_is_no_range(app: Flask, words: tuple[str, ...]) -> None:
    result = run_db(app, "log", "-r", *words)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("name", "found"),
    [("head-1", "a3"), ("a1+2", "a3"), ("a4-3", "a1"), ("a2-0", "a2")],
)
def test_a_distance_names_a_revision(app: Flask, name: str, found: str) -> None:
    assert f"Rev: {found}" in run_db(app, "show", name).stdout


def test_a_distance_that_leads_nowhere(app: Flask) -> None:
    result = run_db(app, "show", "a1-1")
    assert result.exit_code == 2
    assert "a1 is the first revision" in result.stderr
    assert "a4 is the last revision" in run_db(app, "show", "head+1").stderr
    write_table_revision(migrations_of(app), "b3", "a2")
    assert "a3, b3 follow a2" in run_db(app, "show", "a2+1").stderr
    assert "2 revisions" in run_db(app, "log", "-r", "heads-1:").stderr


def test_one_head_is_right(app: Flask) -> None:
    result = run_db(app, "heads", "--check")
    assert (result.exit_code, ids(result.stdout)) == (0, ["a4"])


def test_several_heads_are_not(app: Flask) -> None:
    write_table_revision(migrations_of(app), "b4", "a3")
    assert run_db(app, "heads").exit_code == 0
    result = run_db(app, "heads", "--check")
    assert result.exit_code == 1
    assert ids(result.stdout) == ["a4", "b4"]
    assert "several heads (a4, b4)" in result.stderr
    assert "flask db merge a4 b4" in result.stderr
    document = json.loads(run_db(app, "heads", "--check", "--format", "json").stdout)
    assert (document["ok"], document["exit_code"]) == (False, 1)
    assert document["problems"][0]["code"] == "several-heads"


def test_a_head_for_each_labelled_branch_is_meant(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    write_revision(migrations_of(app), "a1", labels="shop")
    write_revision(migrations_of(app), "b1", labels="blog")
    assert run_db(app, "heads", "--check").exit_code == 0


def test_a_check_without_files_is_no_yes(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    result = run_db(app, "heads", "--check")
    assert result.exit_code == 2
    assert "no revision files" in result.stderr


@pytest.fixture
def branched(tmp_path: Path) -> Flask:
    """Two branches on one base."""
    app = make_app(tmp_path, models=no_models)
    folder = migrations_of(app)
    write_revision(folder, "a1")
    write_revision(folder, "b1", "a1", labels="blog")
    write_revision(folder, "b2", "b1")
    write_revision(folder, "c1", "a1", labels="shop")
    return app


@pytest.mark.parametrize(
    ("name", "found"),
    [("blog@-1", "b1"), ("blog@-2", "a1"), ("blog@+1", "a1"), ("blog@+3", "b2")],
)
def test_a_distance_counts_from_the_ends_of_a_branch(
    branched: Flask, name: str, found: str
) -> None:
    assert f"Rev: {found}" in run_db(branched, "show", name).stdout
    assert ids(run_db(branched, "log", "-r", f":{name}").stdout)[-1] == found
    with branched.app_context():
        alembic = extension_of(branched)
        assert [each.revision for each in alembic.show(name)] == [found]
        assert (
            f"alembic_version SET version_num='{found}'"
            in str(alembic.revision_sql(name))
            or found == "a1"
        )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("blog@-9", "leads past the end"),
        ("blog@+9", "leads past the end"),
        ("base@-1", "No such branch"),
        ("base@", "names no revision"),
        ("a1@-1", "2 heads (b2, c1)"),
        ("+1", "2 heads (b2, c1)"),
        ("nope@-1", "no revision or branch 'nope'"),
    ],
)
@pytest.mark.parametrize("words", [("show",), ("history", "-r"), ("log", "--start")])
def test_a_distance_that_cannot_be_counted_is_refused(
    branched: Flask, name: str, says: str, words: tuple[str, ...]
) -> None:
    name = f"{name}:" if "-r" in words else name
    answer = run_db(branched, *words, name)
    assert (answer.exit_code, says in answer.stderr) == (2, True), answer.stderr


@pytest.mark.parametrize(("name", "found"), [("-1", "a3"), ("+1", "a1"), ("+2", "a2")])
def test_a_bare_distance_counts_from_the_ends(
    app: Flask, name: str, found: str
) -> None:
    assert f"Rev: {found}\n" in run_db(app, "show", "--", name).stdout
    assert ids(run_db(app, "log", "-r", f"{name}:").stdout)[0] == found


def test_lists_have_one_line_for_a_revision(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    folder = migrations_of(app)
    write_revision(folder, "a1", message="First\nsecond line\n\nthird")
    write_revision(folder, "b1", "a1", message="\nRevision ID: b1\nRevises: a1\n")
    lists: dict[tuple[str, ...], list[str]] = {
        ("history",): ["a1 -> b1 (head), ", "<base> -> a1, First"],
        ("heads",): ["a1 -> b1 (head), "],
        ("plan",): ["1. upgrade a1, First  a1_.py", "2. upgrade b1  b1_.py"],
    }
    for words, lines in lists.items():
        assert run_db(app, *words).stdout.splitlines() == lines
    assert run_db(app, "status").stdout.splitlines()[-2:] == ["  a1  First", "  b1"]
    progress = run_db(app, "upgrade").stderr.splitlines()
    assert [line.partition("  ")[0] for line in progress[:2]] == [
        "[default] 1/2 upgrade a1, First",
        "[default] 2/2 upgrade b1",
    ]
    assert "second line\n" in run_db(app, "show", "a1").stdout
    report = json.loads(run_db(app, "show", "a1", "--format", "json").stdout)
    assert report["revisions"][0]["doc"] == "First\nsecond line"
