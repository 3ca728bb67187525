"""``flask_alembic.runtime.error_translation``: foreign errors in one sentence each."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script.revision import Revision, RevisionMap
from alembic.util import CommandError
from sqlalchemy import exc

from flask_alembic.errors import (
    AlembicError,
    ConfigurationError,
    DatabaseError,
    HistoryError,
    RevisionNotFound,
    ScriptLocationError,
    UsageError,
)
from flask_alembic.hooks.redaction import first_line, hide_passwords, shown
from flask_alembic.runtime.error_translation import translate, translated


def revisions(*pairs: tuple[str, str | None]) -> RevisionMap:
    return RevisionMap(lambda: [Revision(id_, down) for id_, down in pairs])


CHAIN = [("aaaa1", None), ("aaaa2", "aaaa1"), ("aaaa3", "aaaa2")]
FORK = [*CHAIN, ("bbbb3", "aaaa2")]


def engine(url: str, **options: Any) -> object:
    return sa.create_engine(url, **options)


RAISED: dict[str, tuple[Callable[[], object], type[AlembicError], str]] = {
    "several-heads": (
        lambda: revisions(*FORK).get_revision("head"),
        UsageError,
        "several heads.*'head'",
    ),
    "cycle": (
        lambda: revisions(("aaaa1", "aaaa2"), ("aaaa2", "aaaa1")).heads,
        HistoryError,
        "cycle.*aaaa1",
    ),
    "unknown": (
        lambda: revisions(*CHAIN).get_revision("nosuch"),
        RevisionNotFound,
        "nosuch",
    ),
    "ambiguous": (
        lambda: revisions(*CHAIN).get_revision("aaaa"),
        RevisionNotFound,
        "aaaa",
    ),
    "range": (
        lambda: list(revisions(*FORK).iterate_revisions("aaaa3", "bbbb3")),
        UsageError,
        "bbbb3 is not an ancestor of aaaa3",
    ),
    "too-far": (
        lambda: list(revisions(*CHAIN).iterate_revisions("+9", "aaaa1")),
        RevisionNotFound,
        "9",
    ),
    "too-far-down": (
        lambda: list(
            revisions(*CHAIN).iterate_revisions(
                "aaaa1", "-9", select_for_downgrade=True
            )
        ),
        RevisionNotFound,
        "9",
    ),
    "bad-url": (lambda: engine("nothing"), ConfigurationError, "URL"),
    "unknown-dialect": (
        lambda: engine("postgres://me:secret@h/d"),
        ConfigurationError,
        "'postgres'",
    ),
    "foreign-key": (
        lambda: (
            sa.Table("a", sa.MetaData(), sa.Column("b", sa.ForeignKey("no.id")))
            .foreign_keys.pop()
            .column
        ),
        ConfigurationError,
        "'no'",
    ),
    "refused": (
        lambda: sa.create_engine("sqlite://").connect().exec_driver_sql("SELEC"),
        DatabaseError,
        "SELEC",
    ),
    "missing-file": (
        lambda: Path("/no/such").read_bytes(),
        ScriptLocationError,
        "/no/such",
    ),
    "missing-module": (
        lambda: __import__("no_such_module"),
        ConfigurationError,
        "'no_such_module'",
    ),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", RAISED)
def test_what_a_library_raises_is_said_with_advice(kind: str) -> None:
    work, expected, says = RAISED[kind]
    with pytest.raises(expected) as caught, translated():
        work()
    assert re.search(says, caught.value.message)
    assert caught.value.advice
    assert caught.value.message.endswith(".")
    assert not caught.value.message.endswith("..")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Target database is not up to date.", UsageError),
        ("Path doesn't exist: /no/such.  Please use the 'init' command", AlembicError),
        ("Can't proceed with --autogenerate option; no MetaData", ConfigurationError),
        ("Anything else", UsageError),
    ],
)
def test_what_alembics_commands_say_gets_advice(
    text: str, expected: type[AlembicError]
) -> None:
    told = translate(CommandError(text))
    assert isinstance(told, expected)
    assert told.advice


def test_the_cause_of_a_command_error_counts() -> None:
    script = revisions(*CHAIN)
    try:
        script.get_revision("nosuch")
    except Exception as cause:
        error = CommandError("in other words")
        error.__cause__ = cause
    assert isinstance(translate(error), RevisionNotFound)


def test_our_own_errors_and_bugs_pass_as_they_are() -> None:
    own = UsageError("a", "b")
    with pytest.raises(UsageError) as caught, translated():
        raise own
    assert caught.value is own
    with pytest.raises(ZeroDivisionError), translated():
        1 / 0  # noqa: B018
    assert translate(ZeroDivisionError()) is None


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo"), "one"),
        (ValueError("\n\n  one  \n"), "one"),
        (ValueError("the end."), "the end"),
        (ValueError(), "ValueError"),
        (ValueError(""), "ValueError"),
        (OSError(errno.ENOENT, "No such file", "/no"), "/no: No such file"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (Exception(1045, "Access denied"), "Access denied (1045)"),
        (ValueError("x" * 900), "x" * 500),
        (ValueError("postgresql://me:secret@h/d"), "postgresql://me:***@h/d"),
        (None, ""),
    ],
)
def test_the_first_line_is_what_is_said(error: BaseException | None, line: str) -> None:
    assert first_line(error) == line


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("mysql://me:secret@h/d", "mysql://me:***@h/d"),
        ("mysql://me:se@cret@h/d", "mysql://me:***@h/d"),
        ("mysql://me:se/cret@h/d", "mysql://me:***@h/d"),
        ("mysql://me@azure:secret@h/d", "mysql://me@azure:***@h/d"),
        ("mysql://:secret@h/d", "mysql://:***@h/d"),
        ("two a://b:secret@h c://d:secret@h", "two a://b:***@h c://d:***@h"),
        ("pg://h/d?user=me&password=secret&x=1", "pg://h/d?user=me&password=***&x=1"),
        ("host=h password=secret port=1", "host=h password=*** port=1"),
        ("mysql://me@h:3306/d", "mysql://me@h:3306/d"),
        ("sqlite:///app.db", "sqlite:///app.db"),
        ("https://example.org:80/a", "https://example.org:80/a"),
    ],
)
def test_passwords_are_hidden(text: str, hidden: str) -> None:
    assert hide_passwords(text) == hidden


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "'a'"),
        ("a'b", '"a\'b"'),
        ("a\nb", "'a\\nb'"),
        ("\x1b[31m", "'\\x1b[31m'"),
        ("\udcff", "'\\udcff'"),
        ("x" * 90, f"'{'x' * 80}'..."),
        (5, "'5'"),
        ("größe", "'größe'"),
    ],
)
def test_a_text_is_shown_on_one_line(text: object, expected: str) -> None:
    assert shown(text) == expected


def test_an_integrity_error_hides_its_parameters() -> None:
    error = exc.IntegrityError("INSERT", {"p": "secret"}, Exception("duplicate key"))
    told = translate(error)
    assert told is not None
    assert "duplicate key" in told.message
    assert "secret" not in str(told)
