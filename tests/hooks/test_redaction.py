"""No password in any text that says what happened."""

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
    write_revision,
)
from plugging import Implementing

from flask_alembic.hooks import Report
from flask_alembic.hooks.redaction import hide_parameters, hide_secrets

SECRET = "S3cr3tPw"


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER ROLE r PASSWORD 'S3cr3tPw'",
        "ALTER ROLE r ENCRYPTED PASSWORD E'S3cr3tPw'",
        "ALTER ROLE r WITH PASSWORD\n  $$S3cr3tPw$$",
        "ALTER ROLE r PASSWORD $tag$S3cr3tPw$tag$ VALID UNTIL '2030-01-01'",
        "ALTER ROLE r PASSWORD 'a''S3cr3tPw'",
        "ALTER ROLE r PASSWORD 'S3cr3tPw",
        "CREATE USER u IDENTIFIED BY 'S3cr3tPw'",
        'CREATE USER u IDENTIFIED BY "S3cr3tPw"',
        "CREATE USER u IDENTIFIED BY 'a\\'S3cr3tPw'",
        "CREATE USER u IDENTIFIED BY PASSWORD '*S3cr3tPw'",
        "CREATE USER u IDENTIFIED WITH mysql_native_password BY 'S3cr3tPw'",
        "CREATE USER u IDENTIFIED VIA ed25519 USING PASSWORD('S3cr3tPw')",
        "ALTER USER u IDENTIFIED BY 'x' REPLACE 'S3cr3tPw'",
        "SET PASSWORD FOR u@localhost = PASSWORD('S3cr3tPw')",
        "SET PASSWORD FOR 'u'@'localhost' = 'S3cr3tPw'",
        "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='S3cr3tPw'",
        "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'a', password 'S3cr3tPw')",
        "SELECT dblink('host=h password=S3cr3tPw user=u')",
        "CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:S3cr3tPw@h/d'",
        """INSERT INTO settings VALUES ('{"password": "S3cr3tPw"}')""",
        """INSERT INTO settings VALUES ('{\\"api_key\\": \\"S3cr3tPw\\"}')""",
        "UPDATE settings SET smtp_password = 'S3cr3tPw'",
        "SELECT set_config('app.secret', 'x', false), secret => 'S3cr3tPw'",
    ],
)
def test_secrets_in_statements(sql: str) -> None:
    assert SECRET not in hide_secrets(sql)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE users (password VARCHAR(50) DEFAULT 'x', name VARCHAR)",
        'ALTER TABLE "user" ADD COLUMN "password" "my_type"',
        "COMMENT ON COLUMN users.password IS 'a hash'",
        "unrecognized token: 'abc'",
        "Unknown column 'password' in 'field list'",
        'password authentication failed for user "postgres"',
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert hide_secrets(text) == text


def test_parameters_of_an_error() -> None:
    text = "Error: no\n[SQL: SELECT ?]\n[parameters: ('S3cr3tPw',\n 'b')]\n(Background"
    assert hide_parameters(text) == (
        "Error: no\n[SQL: SELECT ?]\n[parameters: ***]\n(Background"
    )


def test_no_report_shows_a_password(tmp_path: Path, database_url: str) -> None:
    reports: list[Report] = []
    app = make_app(tmp_path, database_url, models=no_models)
    extension_of(app).register(
        Implementing(after_command=lambda report: reports.append(report))
    )
    body = [
        "with op.get_context().autocommit_block():",
        "    op.execute(\"CREATE TABLE t (password VARCHAR(9) DEFAULT 'a')\")",
        f"    op.execute(\"INSERT INTO t VALUES ('a') /* password '{SECRET}' */\")",
        f"op.execute(\"ALTER ROLE nosuch PASSWORD '{SECRET}'\")",
    ]
    write_revision(migrations_of(app), "a1", None, body)
    for words in (["upgrade", "-vv", "--traceback"], ["upgrade", "--format", "json"]):
        result = run_db(app, *words)
        assert result.exit_code == 3
        assert SECRET not in result.output
        assert SECRET not in result.stderr
    failed = reports[0].result
    assert failed is not None
    assert failed.failure is not None
    assert SECRET not in repr(failed)
    assert any("INSERT INTO t" in sql for sql in failed.failure.in_effect)
    assert "'***'" in str(failed.failure.statement)


def test_a_traceback_shows_no_parameters(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url, models=no_models)
    body = [
        "insert = sa.text('INSERT INTO no_such_table VALUES (:word)')",
        "op.get_bind().execute(insert, {'word': 'S3cr3t' + 'Pw'})",
    ]
    write_revision(migrations_of(app), "a1", None, body)
    result = run_db(app, "upgrade", "--traceback")
    assert "no_such_table" in result.stderr
    assert SECRET not in result.output + result.stderr
    assert "[parameters: ***]" in result.stderr
    document = json.loads(run_db(app, "upgrade", "--format", "json").stdout)
    assert SECRET not in json.dumps(document)
