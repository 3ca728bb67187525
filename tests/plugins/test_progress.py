"""What is seen of a run at work: on a real terminal, in a pipe, as JSON lines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from apps import (
    make_app,
    migrations_of,
    run_db,
    tables,
    url_of,
    version_rows,
    write_chain,
    write_revision,
)
from databases import MakeDatabase
from flask import Flask
from terminals import Terminal

import flask_alembic
from flask_alembic import hookimpl, progress
from flask_alembic.cli.status_line import ERASE, fitting
from flask_alembic.hooks import ProgressEvent
from flask_alembic.plugins import progress as cli_progress
from flask_alembic.plugins.progress import sql_shown
from flask_alembic.runtime import progress as runtime_progress
from flask_alembic.runtime.progress import displayed

pytestmark = pytest.mark.costly

APP = """
    import logging, sys
    sys.path.insert(0, {tests!r})
    from pathlib import Path
    from apps import make_app

    {more}

    def create_app():
        return make_app(Path({folder!r}), **{config!r})
"""
FLASK_DB = (sys.executable, "-m", "flask", "--app", "shop", "db")

Start = Callable[..., Terminal]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


def write_app(folder: Path, more: str = "", **config: Any) -> Mapping[str, str]:
    """Write the app as a module; what the environment needs to find it."""
    source = dedent(APP).format(
        tests=str(Path(__file__).parents[1]),
        folder=str(folder),
        more=more,
        config=config,
    )
    (folder / "shop.py").write_text(source, "utf-8")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start ``flask db WORDS`` on a terminal of its own."""
    opened: list[Terminal] = []

    def start(
        *words: str,
        environment: Mapping[str, str] | None = None,
        columns: int = 100,
        more: str = "",
        **config: Any,
    ) -> Terminal:
        wanted = {**write_app(tmp_path, more, **config), **(environment or {})}
        opened.append(Terminal([*FLASK_DB, *words], tmp_path, wanted, columns=columns))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def waiting_for(path: Path) -> list[str]:
    """Return the body of a revision that goes on when a file is there."""
    return [
        "import pathlib, time",
        f"while not pathlib.Path({str(path)!r}).exists():",
        "    time.sleep(0.02)",
    ]


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d\d s", "N s", text)


# The live line ------------------------------------------------------------------


def test_a_live_line_is_drawn_and_erased(
    app: Flask, tmp_path: Path, start: Start
) -> None:
    go = tmp_path / "go"
    write_chain(migrations_of(app), "a1")
    body = [
        "from flask_alembic import progress",
        "progress(1500, 20000)",
        *waiting_for(go),
    ]
    write_revision(migrations_of(app), "b2", "a1", body, message="move the data")
    terminal = start("upgrade")
    drawn = re.compile(
        r"\r\[default\] 2/2 upgrade b2, move the data: 1500 of 20000 \(8%\) \d:\d\d(?: of \d:\d\d)?\x1b"
    )
    terminal.until(drawn.search)
    go.touch()
    assert terminal.end() == 0
    assert ERASE in terminal.raw[terminal.raw.rindex("1500") :]
    assert [without_times(line) for line in terminal.lines] == [
        "[default] 1/2 upgrade a1, a1  a1_.py (N s)",
        "[default] 2/2 upgrade b2, move the data  b2_.py (N s)",
        "Applied 2 revisions in N s; now at b2",
        "",
    ]


@pytest.mark.parametrize(("typed", "code", "left"), [("n", 1, {"a1"}), ("y", 0, set())])
def test_a_person_is_asked_before_a_downgrade(
    app: Flask, start: Start, typed: str, code: int, left: set[str]
) -> None:
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    terminal = start("downgrade", "base")
    terminal.until(lambda raw: "Continue? [y/N]" in raw)
    assert "These revisions will be reverted; data may be lost:" in terminal.raw
    assert "a1" in terminal.raw
    os.write(terminal.master, f"{typed}\n".encode())
    assert terminal.end() == code
    assert version_rows(url_of(app)) == left


def test_what_a_revision_writes_does_not_tear_it(
    app: Flask, tmp_path: Path, start: Start
) -> None:
    """A print, half a line, a log line of a handler that was there before."""
    go, on = tmp_path / "go", tmp_path / "on"
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            "import logging, sys",
            *waiting_for(go),
            "print('printed', 1)",
            "logging.getLogger('shop').warning('logged')",
            "print('on stderr', file=sys.stderr)",
            "print('half', end='', flush=True)",
            "time.sleep(0.5)",
            "print(' a line')",
            *waiting_for(on),
        ],
        message="talks",
    )
    more = "logging.basicConfig(format='%(levelname)s %(message)s')"
    terminal = start("upgrade", more=more)
    terminal.until(lambda raw: "1/1 upgrade a1, talks" in raw)
    go.touch()
    terminal.until(lambda raw: "1/1" in raw.partition(" a line")[2])
    on.touch()
    assert terminal.end() == 0
    assert [without_times(line) for line in terminal.lines] == [
        "printed 1",
        "WARNING logged",
        "on stderr",
        "half a line",
        "[default] 1/1 upgrade a1, talks  a1_.py (N s)",
        "Applied 1 revision in N s; now at a1",
        "",
    ]


def test_several_databases_share_one_line(tmp_path: Path, start: Start) -> None:
    go = tmp_path / "go"
    write_revision(
        tmp_path / "migrations",
        "a1",
        None,
        ["if 'stats' in str(context.get_bind().engine.url):"]
        + [f"    {line}" for line in waiting_for(go)],
    )
    terminal = start(
        "upgrade",
        SQLALCHEMY_BINDS={"stats": f"sqlite:///{tmp_path}/stats.db"},
        ALEMBIC={"databases": "*"},
    )
    terminal.until(lambda raw: "\r[stats] 2/2 upgrade a1" in raw)
    go.touch()
    assert terminal.end() == 0
    assert [line.split()[0] for line in terminal.lines if line] == [
        "[default]",
        "[stats]",
        "Applied",
    ]


def test_a_narrow_terminal_keeps_the_numbers(
    app: Flask, tmp_path: Path, start: Start
) -> None:
    go = tmp_path / "go"
    body = ["from flask_alembic import progress", "progress(1, 4)", *waiting_for(go)]
    write_revision(migrations_of(app), "a1", None, body, message="数据 " * 30)
    terminal = start("upgrade", columns=50)
    terminal.until(lambda raw: re.search(r": 1 of 4 \(25%\) \d:\d\d\x1b", raw))
    go.touch()
    assert terminal.end() == 0
    drawn = re.findall(r"\r(\[[^\r\n]*?)\x1b\[K", terminal.raw)
    assert drawn
    assert [fitting(line, 49) for line in drawn] == drawn


def test_an_interrupt_leaves_no_line(app: Flask, tmp_path: Path, start: Start) -> None:
    body = waiting_for(tmp_path / "never")
    write_revision(migrations_of(app), "a1", None, body, message="for ever")
    terminal = start("upgrade")
    terminal.until(lambda raw: "1/1 upgrade a1, for ever" in raw)
    os.kill(terminal.process.pid, signal.SIGINT)
    assert terminal.end() == 130
    assert terminal.lines[0].startswith("Error: Upgrade of a1 (for ever) failed")
    assert version_rows(url_of(app)) == set()


@pytest.mark.parametrize(
    ("words", "environment"),
    [(["upgrade", "--quiet"], {}), (["upgrade"], {"TERM": "dumb"})],
    ids=["quiet", "dumb"],
)
def test_no_live_line_where_none_is_wanted(
    app: Flask, start: Start, words: list[str], environment: dict[str, str]
) -> None:
    body = ["import time", "time.sleep(0.5)"]
    write_revision(migrations_of(app), "a1", None, body)
    terminal = start(*words, environment=environment)
    assert terminal.end() == 0
    assert "\x1b[K" not in terminal.raw
    assert "Applied 1 revision" in terminal.raw


def test_a_debugger_is_not_drawn_over(app: Flask, tmp_path: Path, start: Start) -> None:
    write_revision(migrations_of(app), "a1", None, ["breakpoint()", "pass"])
    terminal = start("upgrade")
    terminal.until(lambda raw: "(Pdb) " in raw)
    before = len(terminal.raw)
    os.write(terminal.master, b"import time; time.sleep(0.6)\n")
    terminal.until(lambda raw: raw.count("(Pdb) ") == 2)
    assert "1/1" not in terminal.raw[before:]
    os.write(terminal.master, b"c\n")
    assert terminal.end() == 0


def test_scratch_databases_are_seen_on_the_line(
    app: Flask, tmp_path: Path, start: Start
) -> None:
    go = tmp_path / "go"
    write_revision(migrations_of(app), "a1", None, waiting_for(go))
    terminal = start("drift")
    terminal.until(lambda raw: "\r[default] 1/1 building a1" in raw)
    go.touch()
    assert terminal.end() == 1  # the models' tables are in no revision
    assert "building" not in "".join(terminal.lines)
    assert terminal.lines[0].startswith("Database 'default' at base")


# Plain lines --------------------------------------------------------------------


def test_in_a_pipe_there_are_plain_lines(app: Flask, tmp_path: Path) -> None:
    write_chain(migrations_of(app), "a1", "a2")
    done = subprocess.run(
        [*FLASK_DB, "upgrade"],
        cwd=tmp_path,
        env={**os.environ, **write_app(tmp_path), "TERM": "xterm"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert without_times(done.stderr).splitlines() == [
        "[default] 1/2 upgrade a1, a1  a1_.py (N s)",
        "[default] 2/2 upgrade a2, a2  a2_.py (N s)",
    ]
    assert without_times(done.stdout) == "Applied 2 revisions in N s; now at a2\n"


def test_the_helper_speaks_rarely_in_a_pipe(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = [
        "from flask_alembic import progress",
        "for done in range(1001):",
        "    progress(done, 1000)",
    ]
    write_revision(migrations_of(app), "a1", None, body)
    assert len(run_db(app, "upgrade").stderr.splitlines()) == 1
    run_db(app, "downgrade")
    monkeypatch.setattr(cli_progress, "RARELY", 0.0)
    lines = run_db(app, "upgrade").stderr.splitlines()
    assert len(lines) == 1002
    assert lines[250] == "[default] 1/1 a1: 250 of 1000 (25%) after 0:00"


def test_a_long_step_is_named_in_a_pipe(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a log of a build server, in which nothing else is seen of it."""
    monkeypatch.setattr(cli_progress, "RARELY", 0.0)
    monkeypatch.setattr(cli_progress, "TICK", 0.01)
    log = tmp_path / "log"

    def write(text: str) -> None:
        with log.open("a") as stream:
            stream.write(f"{text}\n")

    monkeypatch.setattr(cli_progress, "note", write)
    body = [
        "import pathlib, time",
        f"while 'running for' not in pathlib.Path({str(log)!r}).read_text():",
        "    time.sleep(0.01)",
    ]
    log.touch()
    write_revision(migrations_of(app), "a1", None, body)
    assert run_db(app, "upgrade").exit_code == 0
    assert log.read_text().splitlines()[0] == (
        "[default] 1/1 upgrade a1, a1  a1_.py: running for 0:00"
    )


def test_quiet_leaves_the_result(app: Flask) -> None:
    write_chain(migrations_of(app), "a1")
    result = run_db(app, "upgrade", "--quiet")
    assert result.stderr == ""
    assert result.stdout.startswith("Applied 1 revision")


def test_verbose_names_files_and_transactions(app: Flask) -> None:
    write_chain(migrations_of(app), "a1")
    lines = run_db(app, "upgrade", "-v").stderr.splitlines()
    assert [without_times(line) for line in lines] == [
        "[default] 1 revision, one transaction for all.",
        "[default] 1/1 upgrade a1, a1  a1_.py",
        f"    {migrations_of(app) / 'a1_.py'}",
        "[default] 1/1 a1 took N s, 1 statement",
        "[default] Committed 1 revision.",
    ]


def test_quiet_and_verbose_exclude_each_other(app: Flask) -> None:
    result = run_db(app, "upgrade", "-q", "-v")
    assert result.exit_code == 2
    assert "exclude each other" in result.stderr


def test_very_verbose_shows_statements_without_parameters(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    app = make_app(tmp_path, make_database(kind))
    body = [
        "op.create_table('secret', sa.Column('word', sa.String(20)))",
        "op.get_bind().execute(sa.text('INSERT INTO secret VALUES (:word)'),",
        "    {'word': 'sesame'})",
    ]
    write_revision(migrations_of(app), "a1", None, body)
    result = run_db(app, "upgrade", "-vv")
    assert result.exit_code == 0, result.stderr
    assert "    CREATE TABLE secret (\n" in result.stderr
    assert "    INSERT INTO secret VALUES (" in result.stderr
    assert "    INSERT INTO alembic_version" in result.stderr
    assert "sesame" not in result.output
    assert "CREATE TABLE" not in run_db(app, "stamp", "base", "-v").output


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("ALTER ROLE x PASSWORD 'it''s'", "ALTER ROLE x PASSWORD '***'"),
        ("SET PASSWORD = 'abc'", "SET PASSWORD = '***'"),
        ("CREATE USER x IDENTIFIED BY 'abc'", "CREATE USER x IDENTIFIED BY '***'"),
        ("SELECT 'postgresql://a:b@c/d'", "SELECT 'postgresql://a:***@c/d'"),
        ("\nSELECT 1 \n\n  ,2\n", "SELECT 1\n  ,2"),
        ("SELECT '\x1b[2J'", "SELECT '\\x1b[2J'"),
    ],
)
def test_passwords_in_statements_are_masked(sql: str, shown: str) -> None:
    assert sql_shown(sql) == shown


def test_a_closed_pipe_does_not_stop_a_migration(app: Flask, tmp_path: Path) -> None:
    """``flask db upgrade 2>&1 | head -1`` must not roll anything back."""
    write_chain(migrations_of(app), *(f"a{number}" for number in range(20)))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        subprocess.run(
            [*FLASK_DB, "upgrade"],
            cwd=tmp_path,
            env={**os.environ, **write_app(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=writing,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert version_rows(url_of(app)) == {"a19"}


# JSON lines ---------------------------------------------------------------------


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_events_are_written_as_they_happen(app: Flask, tmp_path: Path) -> None:
    go = tmp_path / "go"
    write_chain(migrations_of(app), "a1")
    write_revision(migrations_of(app), "b2", "a1", waiting_for(go))
    process = subprocess.Popen(
        [*FLASK_DB, "upgrade", "--format", "jsonl"],
        cwd=tmp_path,
        env={**os.environ, **write_app(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    events = []
    assert process.stdout is not None
    with process, process.stdout as stdout:
        for line in stdout:
            events.append(json.loads(line)["event"])
            if events.count("started") == 2:
                go.touch()  # it was flushed, or this is never reached
        assert process.wait(60) == 0
    assert events == [
        "planned",
        "database_started",
        "started",
        "finished",
        "started",
        "finished",
        "applied",
        "applied",
        "committed",
        "report",
    ]


def test_the_helper_is_an_event(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    body = ["from flask_alembic import progress", "progress(5, 10)", "progress(6)"]
    write_revision(migrations_of(app), "a1", None, body)
    monkeypatch.setattr(cli_progress, "OFTEN", 0.0)
    stdout = run_db(app, "upgrade", "--format", "jsonl").stdout
    reached = [one for one in objects(stdout) if one["event"] == "progress"]
    assert [(one["done"], one["of"]) for one in reached] == [(5, 10), (6, None)]
    assert reached[0]["step"]["revision"] == "a1"


def test_statements_are_events_on_request(app: Flask) -> None:
    write_chain(migrations_of(app), "a1")
    plain = objects(run_db(app, "upgrade", "--format", "jsonl").stdout)
    assert "statement" not in {one["event"] for one in plain}
    run_db(app, "downgrade")
    told = objects(run_db(app, "upgrade", "--format", "jsonl", "-vv").stdout)
    sent = [one["text"] for one in told if one["event"] == "statement"]
    assert any("CREATE TABLE t_a1" in text for text in sent)


def test_nothing_is_applied_that_a_rollback_undid(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> None:
    url = make_database(kind)
    app = make_app(tmp_path, url)
    write_chain(migrations_of(app), "a1")
    write_revision(migrations_of(app), "a2", "a1", "raise RuntimeError")
    told = objects(run_db(app, "upgrade", "--format", "jsonl").stdout)
    applied = {one["step"]["revision"] for one in told if one["event"] == "applied"}
    assert applied == version_rows(url)
    assert [one["event"] for one in told].count("finished") == 1


# The helper ---------------------------------------------------------------------


def test_the_helper_is_public() -> None:
    assert flask_alembic.progress is progress
    assert "progress" in flask_alembic.__all__


def test_the_helper_is_harmless_where_nobody_watches(app: Flask) -> None:
    progress(1, 2)
    with displayed():
        progress(1, 2)
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            "from flask_alembic import progress",
            "progress(1, 0)",
            "progress(-1, 'many')",
            "progress(float('nan'), 3)",
            "progress(5, 3)",
        ],
    )
    with app.app_context():
        result = app.extensions["alembic"].upgrade()
    assert result.ok
    assert run_db(app, "downgrade").exit_code == 0
    assert run_db(app, "upgrade", "--sql").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0


def test_odd_numbers_are_shown_somehow(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_progress, "RARELY", 0.0)
    numbers = ["1, 0", "-1, 'many'", "float('nan'), 3", "5, 3", "None, None", "2.5"]
    body = ["from flask_alembic import progress"]
    body += [f"progress({each})" for each in numbers]
    write_revision(migrations_of(app), "a1", None, body)
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    said = re.findall(r"a1: (.*) after", result.stderr)
    assert said == [
        "1 of 0",
        "-1 of many",
        "nan of 3 (nan%)",
        "5 of 3 (100%)",
        "None done",
        "2.5 done",
    ]


def test_the_helper_works_under_alembics_own_command(tmp_path: Path) -> None:
    body = [
        "from flask_alembic import progress",
        "progress(1, 2)",
        "op.create_table('made', sa.Column('id', sa.Integer))",
    ]
    write_revision(tmp_path / "scripts" / "versions", "a1", None, body)
    (tmp_path / "scripts" / "env.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import context\n"
        f"engine = sa.create_engine('sqlite:///{tmp_path}/app.db')\n"
        "with engine.connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n",
        "utf-8",
    )
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = scripts\n", "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "alembic.config", "upgrade", "head"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert tables(f"sqlite:///{tmp_path}/app.db") == {"made"}


# The hook -----------------------------------------------------------------------


class Listening:
    """A plugin that keeps every event."""

    def __init__(self) -> None:
        self.events: list[ProgressEvent] = []

    @hookimpl
    def progress(self, event: ProgressEvent) -> None:
        self.events.append(event)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def test_a_plugin_gets_every_event_in_order(tmp_path: Path) -> None:
    plugin = Listening()
    app = make_app(tmp_path, extension={"plugins": [plugin]})
    body = ["from flask_alembic import progress", "progress(1, 2)", "progress(2, 2)"]
    write_chain(migrations_of(app), "a1")
    write_revision(migrations_of(app), "b2", "a1", [*body, "op.execute('SELECT 1')"])
    with app.app_context():
        result = app.extensions["alembic"].upgrade()
    kinds = plugin.kinds()
    assert [kind for kind in kinds if kind != "statement"] == [
        "planned",
        "database_started",
        "started",
        "finished",
        "started",
        "progress",
        "progress",
        "finished",
        "applied",
        "applied",
        "committed",
    ]
    texts = [event.text for event in plugin.events if event.kind == "statement"]
    assert "SELECT 1" in texts
    reached = [event for event in plugin.events if event.kind == "progress"]
    assert [(event.done, event.of, event.number) for event in reached] == [
        (1, 2, 2),
        (2, 2, 2),
    ]
    assert {event.run_id for event in plugin.events} == {result.run.id}
    assert {event.database for event in plugin.events[1:]} == {"default"}


@pytest.mark.parametrize(
    "words", [(), ("-q",), ("--format", "json"), ("--format", "jsonl"), ("-vv",)]
)
def test_a_plugin_gets_the_same_whatever_the_terminal_shows(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    plugin = Listening()
    app = make_app(tmp_path, extension={"plugins": [plugin]})
    write_chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade", *words).exit_code == 0
    assert [kind for kind in plugin.kinds() if kind != "statement"] == [
        "planned",
        "database_started",
        "started",
        "finished",
        "applied",
        "committed",
    ]
    assert "statement" in plugin.kinds()


def test_statements_for_a_plugin_are_not_shown(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"plugins": [Listening()]})
    write_chain(migrations_of(app), "a1")
    result = run_db(app, "upgrade", "--format", "jsonl")
    events = {each["event"] for each in objects(result.stdout)}
    assert "statement" not in events
    assert "finished" in events


def test_a_plugin_that_fails_is_named_once(tmp_path: Path) -> None:
    class Failing:
        @hookimpl
        def progress(self) -> None:
            raise ValueError("no")

    app = make_app(tmp_path, extension={"plugins": [Failing()]})
    write_chain(migrations_of(app), "a1")
    result = run_db(app, "upgrade", "--format", "json")
    assert result.exit_code == 0
    failures = json.loads(result.stdout)["hook_failures"]
    assert [(one["hook"], one["plugin"]) for one in failures] == [
        ("progress", "Failing")
    ]
    assert version_rows(url_of(app)) == {"a1"}


def test_steps_are_logged_and_not_shown_without_the_display(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["progress"])
    write_chain(migrations_of(app), "a1")
    with caplog.at_level("INFO", "flask_alembic.runtime"):
        result = run_db(app, "upgrade")
    assert result.exit_code == 0
    assert "1/1" not in result.stderr
    assert "Running upgrade of a1, a1" in caplog.messages


def test_what_happens_often_is_sent_only_where_somebody_listens(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision that reports each row costs nothing then."""
    sent: list[str] = []

    def notified(hooks: Any, event: ProgressEvent) -> None:
        sent.append(event.kind)

    monkeypatch.setattr(runtime_progress, "notify", notified)
    body = ["from flask_alembic import progress", "progress(1, 2)"]
    write_revision(migrations_of(app), "a1", None, body)
    with app.app_context():
        app.extensions["alembic"].upgrade()
    assert sent == []
    assert run_db(app, "downgrade").exit_code == 0
    assert run_db(app, "upgrade").exit_code == 0
    assert sent == ["progress"]
