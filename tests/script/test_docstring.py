"""``flask_alembic.script.renderer``: any message as text in a docstring."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_alembic.script.renderer import escape, skeleton

# Everything a str can hold, quotes and backslashes more often than by chance.
MESSAGES = st.text(
    st.one_of(
        st.sampled_from("\"'\\\n\r\t\0\x85\u2028 Nxu{}#"),
        st.characters(),
        st.characters(categories=["Cs"]),
    )
)


def read_back(source: str) -> object:
    """Return the docstring of a file with that text, which compiles."""
    compile(source.encode(), "revision.py", "exec")
    return ast.literal_eval(ast.parse(source.encode()).body[0].value)  # type: ignore


def as_text(message: str) -> str:
    """Return a message with what stands for bytes that are not UTF-8."""
    return message.encode("utf-8", "backslashreplace").decode()


@given(MESSAGES)
def test_any_message_is_read_back_between_double_quotes(message: str) -> None:
    text = as_text(message)
    assert read_back(f'"""{escape(message)}"""') == text
    assert read_back(f'"""{escape(message)}\n\nmore\n"""') == f"{text}\n\nmore\n"


@given(MESSAGES)
def test_any_message_is_read_back_between_single_quotes(message: str) -> None:
    assert read_back(f"'''{escape(message)}'''") == as_text(message)


@given(MESSAGES)
def test_any_message_is_one_statement(message: str) -> None:
    source = f'"""{escape(message)}"""\nrevision = "a"\n'
    assert skeleton(source.encode()) == skeleton(b'"""m"""\nrevision = "a"\n')


@pytest.mark.parametrize(
    ("message", "escaped"),
    [
        ("add users", "add users"),
        ("Größe 日本 🚀", "Größe 日本 🚀"),
        ('it\'s "quoted" here', 'it\'s "quoted" here'),
        ("one\ntwo\tthree", "one\ntwo\tthree"),
        ('"""', r"\"\"\""),
        ("'''", r"\'\'\'"),
        ('the "end"', 'the "end\\"'),
        ("C:\\new", "C:\\\\new"),
        ("a\rb", r"a\x0db"),
        ("a\0b", r"a\x00b"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u2028", r"\u2028"),
        ("\udcff", r"\\udcff"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_only_what_matters_is_escaped(message: str, escaped: str) -> None:
    assert escape(message) == escaped


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('"""a"""\nx = 1', '"""b"""\nx = 2', True),
        ("x = 'a'", 'x = "b"', True),
        ("x = u'a'", "x = 'b'", True),
        ("x = f(1, 'a')", "x = f(2, 'b')", True),
        ("# a", "# b", True),
        ("x = 1", "y = 1", False),
        ("x = 'a'", "x = a", False),
        ("x = 'a'", "x = f'{a}'", False),
        ("'a'", "'a'\nimport os", False),
    ],
)
def test_a_skeleton_is_what_is_left_without_constants(
    one: str, other: str, same: bool
) -> None:
    assert (skeleton(one) == skeleton(other)) is same


def test_a_skeleton_heeds_the_encoding_that_a_comment_names() -> None:
    hidden = b"# coding: utf-7 +AAo-import os\n"
    assert skeleton(hidden) != skeleton(b"# coding: utf-7\n")


def test_what_does_not_compile_has_no_skeleton() -> None:
    with pytest.raises(SyntaxError):
        skeleton("def (")
