"""The hook ``graph_formats``: drawings that a plugin brings, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import make_app, migrations_of, run_db, write_chain
from flask import Flask
from plugging import Implementing, app_with

from flask_alembic.hooks import GraphFormat

pytestmark = pytest.mark.filterwarnings("error")


def ids(graph: Any) -> str:
    return "\n".join(node.revision for node in graph.nodes)


def failing(graph: Any) -> str:
    raise OSError("the disk is full")


def number(graph: Any) -> Any:
    return 5


def app_drawing(folder: Path, *formats: Any) -> Flask:
    app = app_with(folder, graph_formats=lambda: list(formats))
    write_chain(migrations_of(app), "a1", "b2")
    return app


def test_hook_graph_formats(tmp_path: Path) -> None:
    app = app_drawing(tmp_path, GraphFormat("ids", ids))
    result = run_db(app, "graph", "--format", "ids")
    assert (result.exit_code, result.stdout) == (0, "b2\na1\n")
    assert run_db(app, "graph", "--format", "ids", "-o", f"{tmp_path}/x").exit_code == 0
    assert (tmp_path / "x").read_text() == "b2\na1\n"
    assert run_db(app, "current", "--format", "ids").exit_code == 2


def test_a_format_of_a_plugin_is_listed_where_one_is_wrong(tmp_path: Path) -> None:
    app = app_drawing(tmp_path, GraphFormat("ids", ids))
    result = run_db(app, "graph", "--format", "png")
    assert result.exit_code == 2
    assert "table, text, mermaid, dot, svg, html, ids, json, jsonl" in result.stderr


def test_operations_are_read_only_for_a_format_that_shows_them(tmp_path: Path) -> None:
    def operations(graph: Any) -> str:
        return str([len(node.operations) for node in graph.nodes])

    app = app_drawing(
        tmp_path,
        GraphFormat("with", operations),
        GraphFormat("without", operations, operations=False),
    )
    assert run_db(app, "graph", "--format", "with").stdout == "[1, 1]\n"
    assert run_db(app, "graph", "--format", "without").stdout == "[0, 0]\n"


def test_ours_are_a_plugin_that_can_be_disabled(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["graph_formats"])
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "graph").exit_code == 0
    result = run_db(app, "graph", "--format", "svg")
    assert result.exit_code == 2
    assert "Use one of: table, json, jsonl" in result.stderr


def test_text_is_a_format(tmp_path: Path) -> None:
    app = app_drawing(tmp_path)
    target = tmp_path / "graph.txt"
    assert run_db(app, "graph", "-o", str(target)).exit_code == 0
    shown = run_db(app, "graph", "--format", "text").stdout
    assert "a1" in shown
    assert target.read_text("utf-8") == shown


@pytest.mark.parametrize(
    ("offered", "message"),
    [
        ("ids", "is not a GraphFormat"),
        (GraphFormat("svg", ids), "'graph_formats' and 'Implementing' both offer"),
        (GraphFormat("table", ids), "offers the format 'table', which is built in"),
        (GraphFormat("json", ids), "both offer the format 'json'"),
        (GraphFormat("x", failing), "draw the history as x"),
        (GraphFormat("x", number), "drew the history as int"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, offered: Any, message: str
) -> None:
    app = app_drawing(tmp_path, offered)
    result = run_db(app, "graph", "--format", "x")
    assert result.exit_code == 3, result.output
    assert "lugin" in result.stderr
    assert "Implementing" in result.stderr
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_two_plugins_with_one_format_are_refused(tmp_path: Path) -> None:
    plugins = [
        Implementing(graph_formats=lambda: [GraphFormat("ids", ids)]) for _ in range(2)
    ]
    app = make_app(tmp_path, extension={"plugins": plugins})
    write_chain(migrations_of(app), "a1")
    result = run_db(app, "graph", "--format", "ids")
    assert result.exit_code == 3
    assert (
        "'Implementing' and 'Implementing_2' both offer the format 'ids'"
        in " ".join(result.stderr.split())
    )
