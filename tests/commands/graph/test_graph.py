"""The history as a graph: its data, and each way to draw it."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
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
from flask_sqlalchemy import SQLAlchemy

from flask_alembic.commands.graph import text as text_graph
from flask_alembic.commands.graph.labels import briefly
from flask_alembic.commands.graph.operation_words import operations_in_words
from flask_alembic.hooks.history_graph import HistoryGraph, Node

CREATED = "\n\nCreate Date: 2026-01-02 03:04:05.000006\n"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path, models=no_models)


@pytest.fixture
def branched(app: Flask) -> Flask:
    """Two branches that are merged, and one that is not, at the middle."""
    folder = migrations_of(app)
    write_table_revision(folder, "root", message=f"the beginning{CREATED}")
    write_table_revision(folder, "left", "root", labels="west")
    write_table_revision(folder, "right", "root")
    write_revision(folder, "both", ["left", "right"], message="join them")
    write_table_revision(folder, "aside", "root", message='a "quoted" <b>&</b> #1;')
    assert run_db(app, "upgrade", "left").exit_code == 0
    return app


def two_databases(db: SQLAlchemy) -> None:
    """Define a table in each of two databases."""
    sa.Table("here", db.metadatas[None], sa.Column("id", sa.Integer, primary_key=True))

    class There(db.Model):  # type: ignore[name-defined,misc]
        __bind_key__ = "other"
        id = sa.Column(sa.Integer, primary_key=True)


def many(app: Flask, count: int) -> None:
    """Write a history of that many with a branch and a merge in each ten."""
    folder = migrations_of(app)
    ids = [f"r{number:04d}" for number in range(count)]
    write_table_revision(folder, ids[0])
    for number in range(1, count):
        last = number % 10
        down: Any = ids[number - 1]
        if last == 5:
            down = ids[number - 3]
        elif last == 7:
            down = [ids[number - 1], ids[number - 3]]
        write_table_revision(folder, ids[number], down, message=f"step {number}")


def graph_of(app: Flask, **options: Any) -> HistoryGraph:
    with app.app_context():
        return extension_of(app).graph(**options)


def node(graph: HistoryGraph, revision: str) -> Node:
    return next(one for one in graph.nodes if one.revision == revision)


# Data ---------------------------------------------------------------------------


def test_each_revision_says_what_it_is(branched: Flask) -> None:
    graph = graph_of(branched)
    root = node(graph, "root")
    assert (root.doc, root.path) == ("the beginning", "migrations/root_.py")
    assert root.date == "2026-01-02 03:04:05.000006"
    assert root.operations == ("create table t_root",)
    assert node(graph, "left").labels == ("west",)
    assert node(graph, "right").labels == ()
    assert node(graph, "both").down_revisions == ("left", "right")
    assert {one.revision for one in graph.nodes if one.is_head} == {"both", "aside"}


def test_operations_can_be_left_out(branched: Flask) -> None:
    graph, bare = graph_of(branched), graph_of(branched, operations=False)
    assert [one.operations for one in bare.nodes] == [()] * 5
    assert [replace(one, operations=()) for one in graph.nodes] == list(bare.nodes)
    assert text_graph.draw(graph) == text_graph.draw(bare)


def test_each_revision_comes_before_what_it_follows(branched: Flask) -> None:
    places = {one.revision: at for at, one in enumerate(graph_of(branched).nodes)}
    assert len(places) == 5
    assert places["both"] < min(places["left"], places["right"])
    assert max(places.values()) == places["root"]


def test_states_are_those_of_the_database(branched: Flask) -> None:
    graph = graph_of(branched)
    states = {one.revision: one.states["default"] for one in graph.nodes}
    assert states == {
        "root": "applied",
        "left": "current",
        "right": "pending",
        "both": "pending",
        "aside": "pending",
    }
    assert graph.databases == {"default": ("left",)}
    assert node(graph, "left").at == ("default",)


def test_without_databases_none_is_asked(tmp_path: Path) -> None:
    app = make_app(tmp_path, "sqlite:////nowhere/at/all.db", models=no_models)
    write_chain(migrations_of(app), "a1", "b2")
    assert [one.state for one in graph_of(app, state=False).nodes] == ["none", "none"]
    found = run_db(app, "graph", "--no-databases")
    assert found.exit_code == 0
    assert "b2" in found.output
    assert run_db(app, "graph").exit_code == 3


def test_several_databases_stand_in_different_places(tmp_path: Path) -> None:
    binds = {"other": f"sqlite:///{tmp_path / 'other.db'}"}
    app = make_app(
        tmp_path,
        models=two_databases,
        SQLALCHEMY_BINDS=binds,
        ALEMBIC={"databases": "*"},
    )
    write_chain(migrations_of(app), "a1", "b2", "c3")
    assert run_db(app, "upgrade", "b2", "--database", "default").exit_code == 0
    assert run_db(app, "upgrade", "a1", "--database", "other").exit_code == 0
    graph = graph_of(app)
    assert [one.state for one in graph.nodes] == ["pending", "partly", "applied"]
    assert node(graph, "b2").states == {"default": "current", "other": "pending"}
    assert "[default: current, other: pending]" in run_db(app, "graph").output
    assert set(graph_of(app, databases=["other"]).databases) == {"other"}


def test_an_id_without_a_file_is_told_and_nothing_is_guessed(app: Flask) -> None:
    write_chain(migrations_of(app), "a1", "b2")
    assert run_db(app, "upgrade").exit_code == 0
    (migrations_of(app) / "b2_.py").unlink()
    graph = graph_of(app)
    assert graph.unknown == {"default": ("b2",)}
    assert [one.states for one in graph.nodes] == [{"default": "unknown"}]
    assert "no revision file matches b2" in run_db(app, "graph").output


def test_no_file_is_executed(app: Flask) -> None:
    folder = migrations_of(app)
    write_chain(folder, "a1", "b2")
    marker = folder / "executed"
    source = (folder / "b2_.py").read_text("utf-8")
    (folder / "b2_.py").write_text(f"{source}\nopen({str(marker)!r}, 'w').close()\n")
    assert len(graph_of(app).nodes) == 2
    assert not marker.exists()


def test_files_that_only_executing_tells_are_there_too(app: Flask) -> None:
    folder = migrations_of(app)
    write_chain(folder, "a1", "b2")
    path = write_revision(folder, "c3", "b2", labels="late", depends="a1")
    path.write_text(path.read_text("utf-8").replace("'c3'", "'c' + '3'"))
    graph = graph_of(app)
    assert [one.revision for one in graph.nodes] == ["c3", "b2", "a1"]
    assert node(graph, "c3").labels == ("late",)
    assert node(graph, "c3").depends_on == ("a1",)


def test_a_dependency_named_by_a_label_is_followed(app: Flask) -> None:
    folder = migrations_of(app)
    write_table_revision(folder, "a1", labels="first")
    write_table_revision(folder, "b2", labels="second", depends="first")
    assert run_db(app, "upgrade", "b2").exit_code == 0
    graph = graph_of(app)
    assert node(graph, "b2").depends_on == ("a1",)
    assert [one.state for one in graph.nodes] == ["applied", "applied"]
    assert "-.->" in run_db(app, "graph", "--format", "mermaid").output
    assert "style=dashed" in run_db(app, "graph", "--format", "dot").output


# Operations ---------------------------------------------------------------------

SOURCE = """
from alembic import op as o
import sqlalchemy as sa

def upgrade():
    o.create_table("author", sa.Column("id", sa.Integer))
    o.add_column("book", sa.Column("isbn", sa.String(13)), schema="shop")
    o.alter_column("book", "title", existing_type=sa.Text(), nullable=False)
    with o.batch_alter_table("order", schema=None) as batch:
        batch.add_column(sa.Column("paid", sa.Boolean))
        batch.alter_column("sum", new_column_name="total")
        batch.drop_column("old")
        batch.create_index(batch.f("ix_paid"), ["paid"])
        batch.create_foreign_key("fk", "author", ["a"], ["id"])
        batch.drop_constraint("uq", type_="unique")
    o.create_index(o.f("ix_isbn"), "book", ["isbn"])
    o.rename_table("a", new_table_name="b")
    o.execute(sa.text("CREATE USER x   PASSWORD 'secret'"))
    o.create_foreign_key(None, "book", "author", ["a"], ["id"])
    connection = o.get_bind()
    for name in ("x", "y"):
        o.drop_table(name)
        o.execute(f"DELETE FROM {name} WHERE code = 'a'")
    if connection:
        o.bulk_insert(sa.table("author"), [])
    o.sync_enum_values("public", "kind")

def downgrade():
    o.drop_table("author")
"""


def test_operations_are_said_in_words() -> None:
    assert operations_in_words(SOURCE.encode()) == (
        "create table author",
        "add column book.isbn",
        "alter column book.title: nullable",
        "add column order.paid",
        "alter column order.sum: name",
        "drop column order.old",
        "create index ix_paid on order",
        "create foreign key fk from order to author",
        "drop constraint uq on order",
        "create index ix_isbn on book",
        "rename table a to b",
        "run SQL: CREATE USER x PASSWORD …",
        "create foreign key (unnamed) from book to author",
        "drop table name (in a loop)",
        "run SQL: DELETE FROM {…} WHERE code = … (in a loop)",
        "insert rows into author (on a condition)",
        "sync enum values public",
    )


def test_operations_for_each_database_are_said_with_its_name() -> None:
    source = (
        b"from alembic import op\n"
        b"def upgrade(engine_name): globals()[engine_name]()\n"
        b"def upgrade_users(): op.drop_table('a')\n"
    )
    assert operations_in_words(source) == ("users: drop table a",)


@pytest.mark.parametrize("source", [b"def upgrade(:", b"\0", b"", b"x = 1"])
def test_a_source_without_operations_has_none(source: bytes) -> None:
    assert operations_in_words(source) == ()


# Text, Mermaid, dot -------------------------------------------------------------


def test_the_text_is_drawn_like_a_log(branched: Flask) -> None:
    lines = run_db(branched, "graph").stdout.splitlines()
    assert lines == [
        "○  both join them (head) [pending]",
        "├─╮",
        "● │  left left (west) <- default",
        "│ ○  right right [pending]",
        '│ │ ○  aside a "quoted" <b>&</b> #1; (head) [pending]',
        "├─┴─╯",
        "●  root the beginning",
    ]


def test_one_line_has_no_lines_beside_it(app: Flask) -> None:
    write_chain(migrations_of(app), "a1", "b2")
    assert run_db(app, "graph").stdout.splitlines() == [
        "○  b2 b2 (head) [pending]",
        "○  a1 a1 [pending]",
    ]


def test_messages_are_shortened_to_a_narrow_terminal(branched: Flask) -> None:
    found = graph_of(branched)
    lines = [line.text for line in text_graph.draw(found, width=46)]
    assert max(map(len, lines)) == 46
    assert lines[4] == '│ │ ○  aside a "quoted" <b>&… (head) [pending]'
    assert lines[2] == "● │  left left (west) <- default"


def test_a_terminal_gets_what_fits_and_a_pipe_all(
    branched: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = '│ │ ○  aside a "quoted" <b>&</b> #1; (head) [pending]'
    assert long in run_db(branched, "graph").stdout
    monkeypatch.setattr(
        "flask_alembic.commands.graph.picture.terminal_width", lambda: 46
    )
    assert long not in run_db(branched, "graph").stdout


def test_many_databases_are_counted(tmp_path: Path) -> None:
    names = [f"db{number}" for number in range(6)]
    binds = {name: f"sqlite:///{tmp_path}/{name}.db" for name in names}
    app = make_app(tmp_path, SQLALCHEMY_BINDS=binds, ALEMBIC={"databases": "*"})
    write_chain(migrations_of(app), "a1", "a2")
    run_db(app, "upgrade", "a1")
    run_db(app, "upgrade", "--database", "db1")
    said = run_db(app, "graph").stdout.splitlines()
    assert said[0] == "◐  a2 a2 (head) [6 pending, 1 current]"
    newest, oldest = graph_of(app).nodes
    assert briefly(newest) == "here: db1"
    assert briefly(oldest) == "here: default, db0, db2, db3, db4, db5"


def test_a_terminal_without_the_signs_gets_others(branched: Flask) -> None:
    drawn = text_graph.draw(graph_of(branched), text_graph.ASCII)
    text = "\n".join(line.text for line in drawn)
    assert text.isascii()
    assert "\n|-.\n* |  left" in text


def test_every_edge_of_a_large_history_is_a_line_of_the_text(app: Flask) -> None:
    many(app, 500)
    lines = text_graph.draw(graph_of(app, state=False))
    assert sum(bool(line.state) for line in lines) == 500
    joins = sum(line.text.count("╯") + line.text.count("┴") for line in lines)
    forks = sum(line.text.count("╮") + line.text.count("┬") for line in lines)
    assert (forks, joins) == (50, 50)


def test_mermaid_keeps_texts_and_edges(branched: Flask) -> None:
    lines = run_db(branched, "graph", "--format", "mermaid").stdout.splitlines()
    assert lines[0] == "flowchart TD"
    assert sum(" --> " in line for line in lines) == 5
    named = dict(re.findall(r'(r\d+)\["<b>(\w+)</b>', "\n".join(lines)))
    assert sorted(named.values()) == ["aside", "both", "left", "right", "root"]
    aside = next(line for line in lines if "<b>aside</b>" in line)
    assert "a #34;quoted#34; #60;b#62;#38;#60;/b#62; #35;1#59;<br>pending" in aside


def test_mermaid_is_told_to_draw_more_than_it_would(app: Flask) -> None:
    many(app, 500)
    first = run_db(app, "graph", "--format", "mermaid").stdout.splitlines()[0]
    assert first == '%%{init: {"maxEdges": 549}}%%'


def test_dot_quotes_what_it_is_given(branched: Flask) -> None:
    text = run_db(branched, "graph", "--format", "dot").stdout
    assert text.startswith('digraph "shop" {')
    assert r"a \"quoted\" <b>&</b> #1;\npending" in text
    assert text.count(" -> ") == 5
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=text.encode(), check=True)


def test_the_report_holds_the_graph(branched: Flask) -> None:
    document = json.loads(run_db(branched, "graph", "--format", "json").stdout)
    assert document["command"] == "graph"
    assert document["data"]["databases"] == {"default": ["left"]}
    root = document["data"]["revisions"][-1]
    assert root["revision"] == "root"
    assert root["states"] == {"default": "applied"}
    assert root["operations"] == ["create table t_root"]


def test_a_wrong_format_is_refused(branched: Flask) -> None:
    found = run_db(branched, "graph", "--format", "png")
    assert found.exit_code == 2
    assert "There is no format 'png'" in found.output
    assert "table, text, mermaid, dot, svg, html, json, jsonl" in found.output
    assert run_db(branched, "current", "--format", "mermaid").exit_code == 2


# Files --------------------------------------------------------------------------


def test_a_drawing_is_written_to_a_file(branched: Flask, tmp_path: Path) -> None:
    target = tmp_path / "history.mmd"
    target.write_text("old")
    arguments = ("graph", "--format", "mermaid", "--output", str(target))
    found = run_db(branched, *arguments)
    assert found.exit_code == 0
    assert found.stdout == ""
    assert target.read_text("utf-8").startswith("flowchart TD\n")
    assert "5 revisions" in found.output
    assert not list(tmp_path.glob("*.tmp"))
    assert not list(tmp_path.glob(".*.tmp"))


def test_text_is_written_to_a_file_too(branched: Flask, tmp_path: Path) -> None:
    run_db(branched, "graph", "-o", str(tmp_path / "history.txt"))
    assert "├─┴─╯" in (tmp_path / "history.txt").read_text("utf-8")


def test_a_file_that_cannot_be_written_is_told(branched: Flask, tmp_path: Path) -> None:
    target = str(tmp_path / "missing" / "history.dot")
    found = run_db(branched, "graph", "--format", "dot", "-o", target)
    assert found.exit_code == 2
    assert "cannot be written" in found.output


@pytest.mark.parametrize(
    "words",
    [("--format", "json", "-o", "x.json"), ("--no-databases", "--database", "default")],
)
def test_options_that_exclude_each_other(branched: Flask, words: list[str]) -> None:
    assert run_db(branched, "graph", *words).exit_code == 2
    assert not Path("x.json").exists()


# SVG and HTML -------------------------------------------------------------------


class Page(HTMLParser):
    """What a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id") or tag

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def data(self) -> Any:
        return json.loads(self.texts["data"])


@pytest.fixture
def layout() -> None:
    if not os.environ.get("CI"):
        pytest.importorskip("igraph", reason="the extra 'graph' is not installed")


@pytest.mark.parametrize("format", ["svg", "html"])
def test_without_the_library_it_says_what_to_install(
    branched: Flask, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    found = run_db(branched, "graph", "--format", format)
    assert found.exit_code == 3
    assert 'pip install "Flask-Alembic[graph]"' in found.output
    assert run_db(branched, "graph", "--format", "mermaid").exit_code == 0


@pytest.mark.usefixtures("layout")
def test_svg_is_well_formed_and_holds_everything(branched: Flask) -> None:
    text = run_db(branched, "graph", "--format", "svg").stdout
    root = ElementTree.fromstring(text.encode())
    space = {"svg": "http://www.w3.org/2000/svg"}
    boxes = root.findall("svg:g", space)
    assert sorted(box.attrib["data-id"] for box in boxes) == [
        "aside",
        "both",
        "left",
        "right",
        "root",
    ]
    assert len(root.findall("svg:path", space)) == 5
    assert "href" not in text


@pytest.mark.usefixtures("layout")
def test_no_box_lies_on_another_at_five_hundred(app: Flask) -> None:
    from flask_alembic.commands.graph.layout import HEIGHT, WIDTH, laid_out

    many(app, 500)
    graph = graph_of(app, state=False)
    layout = laid_out(graph)
    places = sorted(layout.places.values(), key=lambda place: (place[1], place[0]))
    assert len(places) == 500
    for (x, y), (next_x, next_y) in itertools.pairwise(places):
        assert next_x - x >= WIDTH if next_y == y else next_y - y >= HEIGHT
    for route in layout.routes:
        assert layout.places[route.child][1] < layout.places[route.parent][1]
        heights = [y for _, y in route.points]
        assert heights == sorted(heights)
    assert len(layout.routes) == 549


@pytest.mark.usefixtures("layout")
def test_the_page_needs_no_network_and_no_text_breaks_out(app: Flask) -> None:
    folder = migrations_of(app)
    evil = "</script><script>alert(1)</script><!-- {{data}} &amp;"
    write_table_revision(folder, "a1", message=evil)
    text = run_db(app, "graph", "--format", "html").stdout
    page = Page(text)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 2
    assert not {"link", "img", "iframe"} & set(tags)
    for tag, attributes in page.tags:
        assert not {"src", "href", "onload"} & set(attributes), tag
    assert page.data()["revisions"][0]["doc"] == evil
    assert "default-src 'none'" in text


@pytest.mark.usefixtures("layout")
def test_the_page_says_all_of_each_revision(branched: Flask) -> None:
    page = Page(run_db(branched, "graph", "--format", "html").stdout)
    one = next(each for each in page.data()["revisions"] if each["id"] == "root")
    assert one["date"] == "2026-01-02 03:04:05.000006"
    assert one["file"] == "migrations/root_.py"
    assert one["states"] == {"default": "applied"}
    assert one["operations"] == ["create table t_root"]
    boxes = [attributes for tag, attributes in page.tags if "data-id" in attributes]
    assert len(boxes) == 5


@pytest.mark.usefixtures("layout")
def test_a_history_without_revisions_has_a_page(app: Flask) -> None:
    migrations_of(app).mkdir(exist_ok=True)
    assert run_db(app, "graph").stdout == ""
    page = Page(run_db(app, "graph", "--format", "html").stdout)
    assert page.data()["revisions"] == []


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.usefixtures("layout")
@pytest.mark.skipif(
    not CHROMIUM and not os.environ.get("CI"),
    reason="no chromium here; the document itself is tested above",
)
@pytest.mark.parametrize("size", ["1400,900", "420,800"])
def test_a_browser_shows_the_page(app: Flask, tmp_path: Path, size: str) -> None:
    assert CHROMIUM, "install chromium where CI is set"
    many(app, 500)
    assert run_db(app, "upgrade", "r0300").exit_code == 0
    target = tmp_path / "history.html"
    assert run_db(app, "graph", "--format", "html", "-o", str(target)).exit_code == 0
    driven = target.read_text("utf-8").replace(
        "</body>",
        """<script>
        const field = document.getElementById("search");
        field.value = "t_r0123";
        field.dispatchEvent(new Event("input"));
        field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter"}));
        const before = at.k;
        document.getElementById("nearer").click();
        document.body.dataset.zoomed = String(at.k > before);
        document.body.dataset.searchable = String(field.offsetWidth > 100);
        document.getElementById("whole").click();
        const row = document.querySelector(".node.pending .id");
        document.body.dataset.afar = getComputedStyle(row).display;
        </script></body>""",
    )
    target.write_text(driven, "utf-8")
    shown = Page(_dumped(target, tmp_path / "profile", size))
    body = dict(next(attributes for tag, attributes in shown.tags if tag == "body"))
    assert body["data-ready"] == "500"
    assert body["data-zoomed"] == "true"
    assert body["data-searchable"] == "true"
    assert body["data-afar"] == "none", "an id that nobody can read is in the way"
    assert shown.texts["count"].startswith("1 of 500")
    assert "r0123" in shown.texts["h2"]
    chosen = [
        attributes.get("data-id")
        for _, attributes in shown.tags
        if "node" in (words := (attributes.get("class") or "").split())
        and "chosen" in words
    ]
    assert chosen == ["r0123"]


def _dumped(page: Path, profile: Path, size: str) -> str:
    """Return the document as it is after its script has run in a browser."""
    done = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={profile}",
            f"--window-size={size}",
            "--virtual-time-budget=5000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return done.stdout.decode("utf-8")


@pytest.mark.parametrize("format", ["table", "text", "mermaid", "dot", "html", "json"])
def test_a_file_may_lack_branch_labels(app: Flask, format: str) -> None:
    folder = migrations_of(app)
    write_chain(folder, "a1")
    (folder / "c3.py").write_text(
        "down = 'a1'\nrevision = 'c3'\ndown_revision = down\ndef upgrade(): pass\n"
    )
    answer = run_db(app, "graph", "--format", format)
    assert (answer.exit_code, "c3" in answer.stdout) == (0, True), answer.output


@pytest.fixture
def one_away(tmp_path: Path) -> Flask:
    """Two databases, one of which is at the head and the other one is away."""
    away = f"sqlite:///{tmp_path}/missing/away.db"
    app = make_app(
        tmp_path,
        models=two_databases,
        SQLALCHEMY_BINDS={"other": away},
        ALEMBIC={"databases": "*"},
    )
    write_chain(migrations_of(app), "a1", "b1")
    assert run_db(app, "upgrade", "--database", "default").exit_code == 0
    return app


@pytest.mark.parametrize("format", ["table", "text", "dot", "html"])
def test_a_database_that_is_away_hides_no_other(one_away: Flask, format: str) -> None:
    answer = run_db(one_away, "graph", "--format", format)
    assert answer.exit_code == 3
    assert "b1" in answer.stdout
    assert "other: " in answer.stderr
    assert "Cannot be read: database other." in answer.stderr


def test_a_database_that_is_away_is_named_in_the_report(one_away: Flask) -> None:
    answer = run_db(one_away, "graph", "--format", "json")
    report = json.loads(answer.stdout)
    assert (answer.exit_code, report["exit_code"], report["ok"]) == (3, 3, False)
    assert list(report["data"]["errors"]) == ["other"]
    states = {each["revision"]: each["states"] for each in report["data"]["revisions"]}
    assert states["b1"] == {"default": "current", "other": "unknown"}
    with one_away.app_context():
        graph = extension_of(one_away).graph()
    assert (graph.databases, [*graph.errors]) == ({"default": ("b1",)}, ["other"])


def test_a_single_database_that_is_away_is_an_error(one_away: Flask) -> None:
    answer = run_db(one_away, "graph", "--database", "other")
    assert (answer.exit_code, answer.stdout) == (3, "")
