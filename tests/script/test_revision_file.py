"""Identifiers replaced as literals, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_alembic.errors import RevisionFileError
from flask_alembic.script.revision_file import read, several, write

PLAIN = '''"""add users

Revision ID: {revision}
Revises: {down}
Create Date: 2026-07-31 14:25:30
"""

import sqlalchemy as sa

# The revision {revision} is what 0001 says: "0001".
revision = {quote}{revision}{quote}{comment}
down_revision = {literal}
branch_labels = None


def upgrade() -> None:
    revision = down_revision = "0001"  # names of its own
'''


def rewritten(path: Path, content: bytes, **values: str | None) -> bytes:
    path.write_bytes(content)
    write(path, read(path).changed(values))
    return path.read_bytes()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("old", ["0000", None])
def test_only_the_literals_and_their_lines_change(
    tmp_path: Path, newline: str, quote: str, bom: bytes, old: str | None
) -> None:
    def text(revision: str, down: str | None) -> bytes:
        filled = PLAIN.replace("what 0001", "what {0}").format(
            "0001",
            revision=revision,
            down=down or "",
            quote=quote,
            literal=f"{quote}{down}{quote}" if down else "None",
            comment="  # première",
        )
        return bom + filled.replace("\n", newline).encode()

    before = text("0001", old)
    wanted = text("0002", "0003").replace(b"revision 0002 is", b"revision 0001 is")
    made = rewritten(tmp_path / "r.py", before, revision="0002", down_revision="0003")
    assert made == wanted


@given(
    message=st.text(st.characters(codec="utf-8", exclude_characters='"\\\0\r')),
    id_=st.from_regex(r"[a-z0-9_]{1,32}", fullmatch=True),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_message_stays_as_it_is(tmp_path: Path, message: str, id_: str) -> None:
    body = f'"""{message}\n\nRevision ID: aa\nRevises: bb\n"""\n'
    source = f"{body}revision = 'aa'; down_revision = 'bb'\n"
    made = rewritten(
        tmp_path / "r.py", source.encode(), revision=id_, down_revision=id_
    )
    expected = f'"""{message}\n\nRevision ID: {id_}\nRevises: {id_}\n"""\n'
    expected += f"revision = '{id_}'; down_revision = '{id_}'\n"
    assert made.decode() == expected


def test_another_encoding_is_kept(tmp_path: Path) -> None:
    source = "# -*- coding: latin-1 -*-\nwörter = 'ü'; revision = 'é'\n"
    source += "down_revision = None\n"
    made = rewritten(tmp_path / "r.py", source.encode("latin-1"), revision="b")
    assert made.decode("latin-1") == source.replace("'é'", "'b'")


def test_tuples_lists_and_annotations(tmp_path: Path) -> None:
    source = (
        b"revision: str = 'c'\ndown_revision: tuple[str, ...] = [\n 'a',\n 'b',\n]\n"
    )
    path = tmp_path / "r.py"
    path.write_bytes(source)
    assert read(path).parents == ("a", "b")
    made = read(path).changed({"down_revision": ("x", "y")})
    assert made == b"revision: str = 'c'\ndown_revision: tuple[str, ...] = ('x', 'y')\n"
    assert read(path).changed({"down_revision": ("x",)}).endswith(b"= ('x',)\n")


def test_the_last_line_that_fits_is_the_one(tmp_path: Path) -> None:
    source = '"""about it\nRevises: a\n\nRevises: a\n"""\n'
    source += "revision = 'b'\ndown_revision = 'a'\n"
    made = rewritten(tmp_path / "r.py", source.encode(), down_revision="c")
    assert made.decode() == source.replace("\n\nRevises: a", "\n\nRevises: c").replace(
        "= 'a'", "= 'c'"
    )


@pytest.mark.parametrize(
    "line",
    [
        "down_revision = 'a' + 'b'",
        "down_revision = f'{revision}'",
        "down_revision = previous()",
        "down_revision = 'a'\ndown_revision = 'b'",
        "down_revision = 'a'\nif True:\n    down_revision = 'b'",
        "down_revision = 'a'\ndown_revision += 'b'",
        "down_revision = 'a'\nfor down_revision in 'bc': pass",
        "down_revision = 'a'\ndef f():\n    global down_revision\n    down_revision = 1",
        "down_revision = 'a'\nfrom os.path import *",
        "down_revision = 'a'\nimport os as down_revision",
        "down_revision = 'a'\ndef down_revision(): pass",
        "down_revision = 'a'\ntry: x()\nexcept E as down_revision: pass",
        "down_revision = 'a'\nmatch x:\n case down_revision: pass",
        "down_revision = 'a'\ndef f(x=(down_revision := 'b')): pass",
        "down_revision = 'a'\nimport down_revision.tables",
        "down_revision = 'a'\nglobal down_revision",
        "down_revision = other = 'a'",
        "down_revision, other = 'a', 'b'",
    ],
)
def test_what_is_computed_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.py"
    path.write_text(f"revision = 'r'\n{line}\n")
    with pytest.raises(RevisionFileError, match=r"computes '(down_)?revision'"):
        read(path)


@pytest.mark.parametrize(
    "line",
    [
        "from others import down_revision as other",
        "def f(down_revision): down_revision = 'b'",
        "class C:\n    down_revision = 'b'",
        "f = lambda down_revision: (revision := 1)",
        "other.down_revision = 'b'",
    ],
)
def test_names_of_others_do_no_harm(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.py"
    path.write_text(f"revision = 'r'\ndown_revision = 'a'\n{line}\n")
    assert read(path).parents == ("a",)


def test_what_is_no_revision_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.py"
    for content, sentence in (
        (b"x = 1\n", "has no 'revision'"),
        (b"revision = 'a'\n", "has no 'down_revision'"),
        (b"revision = ", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"revision = None\ndown_revision = None\n", "computes 'revision'"),
        (b"revision = " + b"-" * 100_000 + b"1\n", r"cannot be read: \w"),
    ):
        path.write_bytes(content)
        with pytest.raises(RevisionFileError, match=sentence):
            read(path)


def test_labels_and_dependencies_are_identifiers_too(tmp_path: Path) -> None:
    source = "revision = 'a'\ndown_revision = None\n"
    source += "branch_labels = ('x', 'y')\ndepends_on = 'c'\n"
    path = tmp_path / "r.py"
    made = rewritten(path, source.encode(), branch_labels="z", depends_on=None)
    assert made.decode() == source.replace("('x', 'y')", "'z'").replace("'c'", "None")
    assert several(read(path).literals["branch_labels"].value) == ("z",)
    assert several(read(path).literals["depends_on"].value) == ()


@pytest.mark.parametrize("line", ["", "depends_on = needed()\n"])
def test_what_is_no_literal_is_not_replaced(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.py"
    path.write_text(f"revision = 'a'\ndown_revision = None\n{line}")
    file = read(path)
    assert file.revision == "a"
    with pytest.raises(RevisionFileError, match="no 'depends_on' that is one literal"):
        file.changed({"depends_on": "b"})


@pytest.mark.parametrize(
    "value", ["a'", 'a"""; import os; """', "a\\", "a\nb", "a\0", ("a", "b'")]
)
@pytest.mark.parametrize("name", ["revision", "down_revision"])
def test_what_would_become_code_is_refused(
    tmp_path: Path, name: str, value: str | tuple[str, ...]
) -> None:
    path = tmp_path / "r.py"
    path.write_text(
        '"""x\n\nRevision ID: a\nRevises: b\n"""\nrevision = \'a\'\n'
        "down_revision = 'b'\n"
    )
    with pytest.raises(RevisionFileError, match="holds characters"):
        read(path).changed({name: value})


def test_nothing_that_would_not_compile_is_written(tmp_path: Path) -> None:
    path = tmp_path / "r.py"
    path.write_text("# coding: ascii\nrevision = 'a'\ndown_revision = None\n")
    with pytest.raises(RevisionFileError, match="would not compile"):
        read(path).changed({"revision": "é"})


def test_a_file_that_cannot_be_replaced_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(RevisionFileError, match="cannot be written"):
        write(path, b"x")
    assert list(tmp_path.iterdir()) == [path]
