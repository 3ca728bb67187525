"""Nothing secret is in any notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import MakeApp, Slack, db, write
from flask import Flask
from flask_alembic_slack.privacy import scrub
from flask_alembic_slack.text import bold, code, duration, listed, plain, quoted

INSERT = (
    "op.get_bind().execute(sa.text('INSERT INTO users (id, nosuch) VALUES (:i, :n)'), "
    "{'i': 4711, 'n': 'ann@example.com'})"
)


def test_parameters_are_not_told(make_app: MakeApp, slack: Slack, folder: Path) -> None:
    app = make_app({"url": slack.url})
    write(folder, "c3", "b2", upgrade=INSERT)
    assert db(app, "upgrade").exit_code == 3
    text = str(slack.message)
    assert "has no column named nosuch" in text
    assert "4711" not in text
    assert "ann@example.com" not in text
    assert "INSERT" not in text


def test_url_and_password_of_the_database_are_not_told(
    make_app: MakeApp, slack: Slack
) -> None:
    uri = "postgresql+psycopg://ann:hunter22@127.0.0.1:1/shop"
    app = make_app({"url": slack.url}, SQLALCHEMY_DATABASE_URI=uri)
    assert db(app, "upgrade").exit_code == 3
    assert "upgrade failed" in slack.words
    assert "hunter22" not in str(slack.message)
    assert "://" not in str(slack.message)


def test_errors_that_quote_the_url(
    make_app: MakeApp, slack: Slack, folder: Path
) -> None:
    app = make_app({"url": slack.url})
    write(
        folder,
        "c3",
        "b2",
        upgrade="raise OSError('cannot reach https://u:pw12345@host/x?token=abc99')",
    )
    db(app, "upgrade")
    assert "OSError: cannot reach [***]" in slack.words


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            "IntegrityError: Duplicate entry 'ann@x.org' for key 'email' (1062)",
            "IntegrityError: Duplicate entry '***' for key 'email' (1062)",
        ),
        (
            "DataError: Incorrect integer value: 'ann' for column `a`.`b`.`c` at row 1",
            "DataError: Incorrect integer value: '***' for column `a`.`b`.`c` at row 1",
        ),
        (
            "DataError: Truncated incorrect DOUBLE value: 'ann' (1292)",
            "DataError: Truncated incorrect DOUBLE value: '***' (1292)",
        ),
        (
            'InvalidTextRepresentation: invalid input syntax for type integer: "ann"',
            "InvalidTextRepresentation: invalid input syntax for type integer: '***'",
        ),
        (
            'invalid input value for enum mood: "ann"',
            "invalid input value for enum mood: '***'",
        ),
        (
            'value "99999999999" is out of range for type integer',
            "value '***' is out of range for type integer",
        ),
        (
            'date/time field value out of range: "2026-13-01"',
            "date/time field value out of range: '***'",
        ),
        ("FATAL: password=hunter2 host=x", "FATAL: password=*** host=x"),
        ("{'password': 'hunter2'}", "{'password': ***}"),
        ("at postgresql://a:b@c/d now", "at [***] now"),
        ('relation "users" already exists', 'relation "users" already exists'),
    ],
)
def test_values_in_the_words_of_servers(given: str, wanted: str) -> None:
    assert scrub(given, None, Flask("shop")) == wanted


def test_parameters_in_a_chain_of_errors() -> None:
    from sqlalchemy.exc import StatementError

    inner = StatementError("x", "SELECT", {"a": ["ann", 42], "b": b"bytes"}, None)
    outer = ValueError("y")
    outer.__cause__ = inner
    line = "ann is 42, not 421; bytes; annex"
    assert scrub(line, outer, Flask("shop")) == "*** is ***, not 421; ***; annex"


def test_text_cannot_break_out() -> None:
    assert plain("<!channel> & <@U1>\n\x1b[31m x") == (
        "&lt;!channel&gt; &amp; &lt;@U1&gt; [31m x"
    )
    assert quoted("``` rm -rf ```").count("`") == 6
    assert code("a`b").count("`") == 2
    assert bold("a*b").count("*") == 2
    assert plain("x" * 50, 10) == "x" * 9 + "…"


def test_lists_end_where_the_room_ends() -> None:
    lines = ["x" * 100] * 15
    assert listed(lines, 1000).splitlines()[-1] == "…and 6 more"
    assert len(listed(lines, 1000)) <= 1000
    assert listed(["a", "b"]) == "a\nb"


def test_durations_read_well() -> None:
    seconds = (0.0, 0.0234, 1.25, 61.4, 7322.0)
    assert [duration(one) for one in seconds] == [
        "under 10 ms",
        "23 ms",
        "1.2 s",
        "1 min 1 s",
        "2 h 2 min",
    ]
