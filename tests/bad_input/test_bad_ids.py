"""Ids of new revisions: from ``--rev-id`` and from ``rev_id()``."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
from apps import extension_of, version_rows, write_table_revision
from sandbox import Sandbox, accepted, refused

WRONG = {
    "up": ("../../evil", "'../../evil'"),
    "absolute": ("/tmp/evil", "'/tmp/evil'"),
    "windows": ("C:\\evil", "evil"),
    "dot": (".", "'.'"),
    "dots": ("..", "'..'"),
    "hidden": (".hidden", "'.hidden'"),
    "quote": ("a'b", "a'b"),
    "double-quote": ('a"b', 'a"b'),
    "backtick": ("a`b", "a`b"),
    "semicolon": ("a;b", "'a;b'"),
    "sql": ("'; DROP TABLE t_aaaa1; --", "DROP"),
    "line-break": ("a\nb", "'a\\nb'"),
    "tab": ("a\tb", "'a\\tb'"),
    "null": ("a\0b", "'a\\x00b'"),
    "escape-code": ("\x1b[31m", "'\\x1b[31m'"),
    "space": ("a b", "'a b'"),
    "no-break-space": ("a\xa0b", "'a\\xa0b'"),
    "line-separator": ("a\u2028b", "'a\\u2028b'"),
    "zero-width": ("a\u200bb", "'a\\u200bb'"),
    "surrogate": ("a\udcffb", "'a\\udcffb'"),
    "at": ("a@b", "'a@b'"),
    "plus": ("a+1", "'a+1'"),
    "minus": ("a-1", "'a-1'"),
    "colon": ("a:b", "'a:b'"),
    "braces": ("${1}", "'${1}'"),
    "percent": ("a%(rev)s", "'a%(rev)s'"),
    "star": ("*", "'*'"),
    "empty": ("", "empty"),
    "blank": ("  ", "'  '"),
    "head": ("head", "'head'"),
    "heads": ("heads", "'heads'"),
    "base": ("base", "'base'"),
    "current": ("current", "'current'"),
    "upper-case": ("HEAD", "'HEAD'"),
    "none": ("None", "'None'"),
    "33-characters": ("x" * 33, ["33", "32"]),
    "300-characters": ("x" * 300, ["300", "32"]),
    "existing": ("aaaa1", ["'aaaa1'", "taken"]),
    "upper-and-lower-case": ("AAAA1", ["'AAAA1'", "'aaaa1'", "case only"]),
    "label": ("users", ["'users'", "taken"]),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_id_is_refused(sandbox: Sandbox, kind: str) -> None:
    given, says = WRONG[kind]
    write_table_revision(sandbox.migrations, "aaaa1", labels="users")
    line = ["revision", "--empty", "--rev-id", given, "message"]
    refused(sandbox, *line, code=2, says=says)


@pytest.mark.parametrize("kind", ["up", "absolute", "line-break", "existing", "head"])
@pytest.mark.parametrize("command", ["revision", "merge"])
def test_a_wrong_id_of_the_app_is_refused(
    fork: Sandbox, kind: str, command: str
) -> None:
    given, says = WRONG[kind]
    write_table_revision(fork.migrations, "aaaa1", "left")
    app = fork.app()
    extension_of(app).rev_id = lambda: given  # type: ignore[method-assign]
    line = ["merge", "-m", "m"] if command == "merge" else ["revision", "--empty", "m"]
    if command == "revision":
        line += ["-p", "aaaa1"]
    refused(fork, *line, code=2, says=says, app=app)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "rev_id"),
        ("", "empty"),
        (b"bytes", "b'bytes'"),
        (["a"], "['a']"),
        (object(), "object"),
        (datetime.datetime(2026, 1, 2), "2026-01-02"),
        (-5, "'-5'"),
        (1e300, "1e+300"),
    ],
    ids=["none", "empty", "bytes", "list", "object", "datetime", "negative", "huge"],
)
def test_what_is_no_id_is_refused(sandbox: Sandbox, answer: Any, says: str) -> None:
    app = sandbox.app()
    extension_of(app).rev_id = lambda: answer  # type: ignore[method-assign]
    refused(sandbox, "revision", "--empty", "message", code=2, says=says, app=app)


@pytest.mark.parametrize("answer", [1700000000.123456, 7, "2026_01_02", "x" * 32, "ä"])
def test_what_can_be_an_id_is_taken(sandbox: Sandbox, answer: Any) -> None:
    app = sandbox.app()
    extension_of(app).rev_id = lambda: answer  # type: ignore[method-assign]
    accepted(sandbox, "revision", "--empty", "message", app=app)
    accepted(sandbox, "upgrade", app=app)
    assert version_rows(sandbox.url) == {str(answer)}


def test_a_rev_id_that_raises_is_named(sandbox: Sandbox) -> None:
    def broken() -> str:
        raise RuntimeError("no ids today")

    app = sandbox.app()
    extension_of(app).rev_id = broken  # type: ignore[method-assign]
    says = ["rev_id", "no ids today"]
    refused(sandbox, "revision", "--empty", "message", code=3, says=says, app=app)


def test_two_revisions_in_one_second_do_not_share_an_id(sandbox: Sandbox) -> None:
    app = sandbox.app()
    extension_of(app).rev_id = lambda: int(time.time() // 3600)  # type: ignore
    accepted(sandbox, "revision", "--empty", "one", app=app)
    says = [str(int(time.time() // 3600))[:3], "taken", "again"]
    refused(sandbox, "revision", "--empty", "two", code=2, says=says, app=app)
    accepted(sandbox, "upgrade", app=app)


def test_ids_made_by_default_differ(sandbox: Sandbox) -> None:
    for number in range(5):
        accepted(sandbox, "revision", "--empty", f"number {number}")
    assert len(list(sandbox.migrations.glob("*.py"))) == 5
    accepted(sandbox, "upgrade")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_an_id_wider_than_the_column_is_refused_before_anything_runs(
    sandbox: Sandbox, make_database: Any, kind: str
) -> None:
    wide = Sandbox(sandbox.folder, make_database(kind))
    long = "x" * 40
    write_table_revision(wide.migrations, "aaaa1")
    write_table_revision(wide.migrations, long, "aaaa1")
    for line in (["upgrade"], ["upgrade", "--plan"], ["stamp"], ["upgrade", "--sql"]):
        refused(wide, *line, code=3, says=[long, "40", "32"])
    accepted(wide, "upgrade", "aaaa1")
    refused(wide, "upgrade", code=3, says=[long, "40", "32"])
    accepted(wide, "heads")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_wider_column_takes_a_longer_id(
    sandbox: Sandbox, make_database: Any, kind: str
) -> None:
    import sqlalchemy as sa

    wide = Sandbox(sandbox.folder, make_database(kind))
    long = "x" * 40
    write_table_revision(wide.migrations, "aaaa1")
    accepted(wide, "upgrade")
    engine = sa.create_engine(wide.url)
    change = (
        "ALTER COLUMN version_num TYPE"
        if kind == "postgresql"
        else ("MODIFY version_num")
    )
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE alembic_version {change} VARCHAR(64)")
    engine.dispose()
    write_table_revision(wide.migrations, long, "aaaa1")
    accepted(wide, "upgrade")
    assert version_rows(wide.url) == {long}


def test_a_database_without_widths_takes_a_longer_id(sandbox: Sandbox) -> None:
    write_table_revision(sandbox.migrations, "x" * 40)
    accepted(sandbox, "upgrade")
    assert version_rows(sandbox.url) == {"x" * 40}
