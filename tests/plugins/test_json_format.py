"""What every command writes in JSON is what the schema in the package says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
from apps import (
    make_app,
    migrations_of,
    run_db,
    second_connection,
    url_of,
    write_chain,
    write_revision,
    write_table_revision,
)
from databases import MakeDatabase
from flask import Flask

from flask_alembic.builtin import builtin_commands
from flask_alembic.hooks import OutputFormat, Report, hookimpl
from flask_alembic.hooks.payloads import ProgressKind
from flask_alembic.plugins import progress as cli_progress
from flask_alembic.plugins.json_format import VERSION, schema

pytestmark = pytest.mark.costly

COMMANDS: dict[str, list[Sequence[str]]] = {
    "adopt": [("--no-stamp",)],
    "branches": [()],
    "check": [()],
    "current": [(), ("--check-heads",)],
    "doctor": [(), ("--fix",)],
    "downgrade": [("--yes",), ("--plan",), ("a2:a1", "--sql"), ("--dry-run", "--yes")],
    "drift": [()],
    "prove": [(), ("--all",)],
    "edit": [("head",)],
    "graph": [(), ("--no-databases",)],
    "heads": [(), ("--check",)],
    "history": [(), ("-i",)],
    "hooks": [(), ("before_upgrade",)],
    "import-env": [("{folder}/old",), ("{folder}/old", "--check")],
    "init": [(), ("-t", "multidb")],
    "lint": [()],
    "list-templates": [()],
    "log": [(), ("-i",), ("-r", "a1:")],
    "merge": [("heads",)],
    "migrate": [("-m", "more", "--force")],
    "mkdir": [(), ("--package",)],
    "new-plugin": [("shout", "--into", "{folder}")],
    "plan": [()],
    "plugins": [()],
    "revision": [("more", "--force"), ("more", "--empty")],
    "show": [(), ("--sql",)],
    "squash": [(":a2",), (":a2", "--keep", "old")],
    "stamp": [("a1",), ("a1", "--plan"), ("a1:a2", "--sql")],
    "status": [(), ("--models",)],
    "upgrade": [(), ("--plan",), ("--sql",), ("--dry-run",), ("-vv",)],
    "wait": [("--timeout", "0"), ("--for", "database")],
}
CASES = [(name, words) for name, several in COMMANDS.items() for words in several]


def strict(part: Any) -> Any:
    """Let every object have only the fields that are described.

    Others must not rely on that: fields are added without a new version.
    """
    if isinstance(part, list):
        return [strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {
        key: value if key in {"if", "then"} else strict(value)
        for key, value in part.items()
    }
    if part.get("type") == "object" and "properties" in part:
        made["additionalProperties"] = False
    return made


STRICT = strict(schema())


def validate(document: Any, name: str = "report") -> None:
    jsonschema.validate(
        document,
        {**STRICT, "anyOf": [{"$ref": f"#/$defs/{name}"}]},
        cls=jsonschema.Draft202012Validator,
    )
    if name == "report" and document["data"] is not None:
        # Through "then" above too, but with a message that says what is wrong.
        data = f"data_{document['command'].replace('-', '_')}"
        assert data in STRICT["$defs"], f"{data} is not described"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An app one revision behind, with a model that is in no revision."""
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1", "a2", "a3")
    assert run_db(app, "upgrade", "a2").exit_code == 0
    return app


def write_env(folder: Path) -> None:
    """Write what ``import-env`` reads."""
    (folder / "old").mkdir()
    (folder / "old" / "env.py").write_text("launch(1)\n")


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$defs"]["report"]["properties"]["version"] == {
        "const": VERSION,
        "description": "The version of this description. Fields are added without a "
        "new one.",
    }


def test_every_command_is_tested() -> None:
    assert set(COMMANDS) == set(builtin_commands())


@pytest.mark.sample(16)
@pytest.mark.parametrize(("name", "words"), CASES, ids=lambda part: str(part))
def test_every_command_writes_what_the_schema_says(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    words: Sequence[str],
) -> None:
    monkeypatch.setenv("EDITOR", "true")
    write_env(tmp_path)
    if name == "merge":
        write_table_revision(migrations_of(app), "b3", "a2")
    if name in {"check", "revision", "migrate", "squash"}:
        run_db(app, "upgrade")
    asked = [word.format(folder=tmp_path) for word in words]
    result = run_db(app, name, *asked, "--format", "json")
    assert result.exit_code in {0, 1}, result.output
    document = json.loads(result.stdout)
    validate(document)
    assert document["exit_code"] == result.exit_code


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_lines_too(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("EDITOR", "true")
    write_env(tmp_path)
    asked = [word.format(folder=tmp_path) for word in COMMANDS[name][0]]
    lines = run_db(app, name, *asked, "--format", "jsonl").stdout.splitlines()
    *events, last = map(json.loads, lines)
    for event in events:
        validate(event, f"event_{event['event']}")
    assert last["event"] == "report"
    validate(last)


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_what_plugins_add(tmp_path: Path, name: str) -> None:
    class Shouting:
        @hookimpl
        def output_formats(self) -> list[OutputFormat]:
            return [OutputFormat("shout", lambda report: report.command.name.upper())]

    app = make_app(tmp_path, extension={"plugins": [Shouting()]})
    write_env(tmp_path)
    write_chain(migrations_of(app), "a1", "a2", "a3")
    asked = [word.format(folder=tmp_path) for word in COMMANDS[name][0]]
    written = run_db(
        app, name, *asked, "--format", "shout", env={"EDITOR": "true"}
    ).stdout.strip()
    assert written == written.upper() != ""


def test_errors_are_documents(app: Flask) -> None:
    for words, code in (
        (("upgrade", "nosuch"), 2),
        (("show", "nosuch"), 2),
        (("adopt",), 0),
        (("status", "--check"), 1),
        (("heads", "--check"), 0),
    ):
        result = run_db(app, *words, "--format", "json")
        document = json.loads(result.stdout)
        validate(document)
        assert (result.exit_code, document["exit_code"]) == (code, code)
        assert (document["error"] is None) == (code == 0)


@pytest.fixture
def failed(
    kind: str, tmp_path: Path, make_database: MakeDatabase
) -> Iterator[Mapping[str, Any]]:
    """What is written of an upgrade that fails in the middle, as lines."""
    app = make_app(tmp_path, make_database(kind))
    write_chain(migrations_of(app), "a1")
    body = [
        "op.create_table('made', sa.Column('id', sa.Integer, primary_key=True))",
        "op.execute('ALTER TABLE nosuch ADD other INT')",
    ]
    write_revision(migrations_of(app), "b2", "a1", body)
    stdout = run_db(app, "upgrade", "--format", "jsonl").stdout
    *events, last = map(json.loads, stdout.splitlines())
    for event in events:
        validate(event, f"event_{event['event']}")
    validate(last)
    yield last
    with second_connection(url_of(app)) as connection:
        assert sa.inspect(connection)


@pytest.mark.one_database
def test_a_failure_is_described(failed: Mapping[str, Any], kind: str) -> None:
    failure = failed["result"]["failure"]
    assert failure["step"]["revision"] == "b2"
    assert bool(failure["in_effect"]) == (kind == "mariadb")


def test_findings_and_problems_are_described(app: Flask) -> None:
    write_revision(migrations_of(app), "A3", "a2", "pass")
    with second_connection(url_of(app)) as connection:
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('gone')"))
        connection.commit()
    for words in (("doctor",), ("doctor", "--fix"), ("check",), ("status",)):
        result = run_db(app, *words, "--format", "json")
        validate(json.loads(result.stdout))
    assert json.loads(run_db(app, "doctor", "--format", "json").stdout)["data"][
        "findings"
    ]


def test_adoption_and_drift_are_described(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_chain(migrations_of(app), "a1")
    with second_connection(url_of(app)) as connection:
        connection.execute(
            sa.text("CREATE TABLE t_a1 (id INTEGER NOT NULL PRIMARY KEY)")
        )
        connection.commit()
    for words in (("adopt", "--no-stamp"), ("adopt",), ("drift",)):
        document = json.loads(run_db(app, *words, "--format", "json").stdout)
        validate(document)
        assert document["data"]["databases"]


def test_every_moment_is_described(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    described = {
        name.removeprefix("event_")
        for name in schema()["$defs"]
        if name.startswith("event_")
    }
    assert described == set(ProgressKind.__args__)
    monkeypatch.setattr(cli_progress, "OFTEN", 0.0)
    body = ["from flask_alembic import progress", "progress(1, 2)", "progress(3)"]
    write_revision(migrations_of(app), "a4", "a3", body)
    for words in (["upgrade", "-vv"], ["drift"], ["downgrade", "-1", "-vv"]):
        stdout = run_db(app, *words, "--format", "jsonl").stdout
        *events, _ = map(json.loads, stdout.splitlines())
        assert events
        for event in events:
            validate(event, f"event_{event['event']}")


def test_a_report_of_a_plugins_command_is_one(tmp_path: Path) -> None:
    class Saying:
        @hookimpl
        def register_commands(self, cli: Any) -> None:
            cli.command("say")(lambda: None)

        @hookimpl
        def after_command(self, report: Report) -> None:
            assert report

    app = make_app(tmp_path, extension={"plugins": [Saying()]})
    document = json.loads(run_db(app, "say", "--format", "json").stdout)
    validate(document)
    assert document["command"] == "say"


@pytest.mark.parametrize("chosen", ["json", "jsonl"])
def test_what_a_revision_prints_is_not_between_the_documents(
    app: Flask, chosen: str
) -> None:
    body = ["print('from the revision')", "op.execute('SELECT 1')"]
    write_revision(migrations_of(app), "a4", "a3", body)
    result = run_db(app, "upgrade", "--format", chosen)
    for line in result.stdout.splitlines() if chosen == "jsonl" else [result.stdout]:
        assert json.loads(line)
    assert "from the revision" in result.stderr


@pytest.mark.parametrize("words", [("upgrade", "--sql"), ("show", "a4", "--sql")])
def test_what_a_revision_prints_is_not_between_the_sql(
    app: Flask, words: Sequence[str]
) -> None:
    body = ["print('from the revision')", "op.execute('SELECT 1')"]
    write_revision(migrations_of(app), "a4", "a3", body)
    for more in ((), ("--format", "json")):
        result = run_db(app, *words, *more)
        assert "SELECT 1" in result.stdout
        assert "from the revision" not in result.stdout
        assert "from the revision" in result.stderr
