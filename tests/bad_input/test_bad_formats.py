"""Refusals in machine formats: a document on stdout, the same exit code."""

from __future__ import annotations

import json

import pytest
from apps import write_table_revision
from sandbox import SECRET, Sandbox

REFUSED = [
    ("upgrade nosuch", 2, "'nosuch'"),
    ("upgrade +10", 2, "+10"),
    ("current --database nosuch", 2, "'nosuch'"),
    ("merge", 2, "nothing to merge"),
    ("revision --empty --rev-id ../evil message", 2, "'../evil'"),
    ("show nosuch", 2, "'nosuch'"),
    ("upgrade --plan --sql", 2, "--plan"),
    ("revision --empty", 2, "message"),
]


@pytest.mark.parametrize(("line", "code", "says"), REFUSED)
@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_a_refusal_is_a_document(
    chain: Sandbox, line: str, code: int, says: str, name: str
) -> None:
    app = chain.app()
    before = chain.state()
    outcome = chain.db(*line.split(), "--format", name, app=app)
    assert outcome.code == code, outcome.text
    assert outcome.err == ""
    document = json.loads(
        outcome.out.strip().splitlines()[-1] if name == "jsonl" else outcome.out
    )
    assert document["ok"] is False
    assert document["exit_code"] == code
    assert says in document["error"]["message"]
    assert document["error"]["advice"]
    assert chain.state() == before


def test_a_wrong_setting_is_said_as_text(sandbox: Sandbox) -> None:
    """The formats of plugins cannot be asked for, so there is none to say it in."""
    write_table_revision(sandbox.migrations, "aaaa1")
    outcome = sandbox.db("upgrade", "--format", "json", ALEMBIC_PLUGINS="slack")
    assert outcome.code == 3
    assert outcome.err.count("Error: ") == 1


def test_an_unexpected_error_is_a_document_too(
    chain: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_alembic import Alembic

    def broken(self: Alembic, *args: object, **options: object) -> None:
        raise ZeroDivisionError(f"postgresql://me:{SECRET}@h/d")

    monkeypatch.setattr(Alembic, "current", broken)
    outcome = chain.db("current", "--format", "json")
    assert outcome.code == 3
    message = json.loads(outcome.out)["error"]["message"]
    assert "ZeroDivisionError" in message
    assert SECRET not in outcome.text
    shown = chain.db("current", "--format", "json", "--traceback")
    assert "Traceback" in shown.err
    assert SECRET not in shown.text


@pytest.mark.parametrize("line", ["current", "upgrade", "show nosuch"])
def test_an_unknown_format_is_said_as_text(chain: Sandbox, line: str) -> None:
    before = chain.state()
    outcome = chain.db(*line.split(), "--format", "nosuch")
    assert outcome.code == 2
    assert outcome.out == ""
    assert "'nosuch'" in outcome.err
    assert "json" in outcome.err
    after = chain.state()
    after.pop("migrations/script.py.mako", None)
    before.pop("migrations/script.py.mako", None)
    assert after == before
