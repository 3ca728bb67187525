"""Messages: whatever is typed stays text, in a file that compiles and says it."""

from __future__ import annotations

import ast

import pytest
from apps import version_rows
from sandbox import Sandbox, accepted, refused

ATTACKS = {
    "close": '"""\nopen("pwned", "w")\n"""',
    "close-same-line": '"""; open("pwned", "w"); """',
    "close-escaped": '\\"""; open("pwned", "w"); """',
    "close-twice-escaped": '\\\\"""; open("pwned", "w"); """',
    "four-quotes": '""""; open("pwned", "w"); """"',
    "single-quotes": "'''\nopen('pwned', 'w')\n'''",
    "line-continued": '\\\n"""\nopen("pwned", "w")\n"""',
    "mako-expression": '${open("pwned", "w")}',
    "mako-block": '<% open("pwned", "w") %>',
    "mako-line": '\n% for x in [open("pwned", "w")]:\n% endfor\n',
    "coding": '# -*- coding: utf-7 -*-\n+ACIAIgAi-; open("pwned", "w")',
    "form-feed": '\x0c"""; open("pwned", "w")',
}
ODD = {
    "double-quotes": 'say "hello"',
    "only-quotes": '"""',
    "ends-with-quote": 'the "end"',
    "begins-with-quote": '"begin" it',
    "triple-single": "'''a'''",
    "backslash": "C:\\new\\table",
    "ends-with-backslash": "the end\\",
    "only-backslash": "\\",
    "unicode-name": "\\N{no such name}",
    "bad-escape": "\\x \\u12 \\U1234 \\N",
    "newline": "one\ntwo",
    "carriage-return": "one\rtwo\r\nthree",
    "many-lines": "one\n\n    two\n\nthree\n",
    "tab": "one\ttwo",
    "percent": "100% %s %(name)s %%",
    "braces": "{0} {name} {{}} ${nosuch} $name",
    "mako-comment": "## not a comment\n<%doc>nor this</%doc>",
    "emoji": "🚀 launch \N{FAMILY}",
    "right-to-left": "\u202eabc\u2066",
    "line-separators": "one\u2028two\u2029three\x85four",
    "accents": "Größe, naïve, 日本語",
    "combining": "e\u0301",
    "lone-surrogate": "bytes \udcff\udc80 that are not UTF-8",
    "null": "a\0b",
    "escape-codes": "\x1b[31mred\x1b[0m \x07",
    "byte-order-mark": "\ufeffmark",
    "long": "long " * 2000,
    "one-long-word": "x" * 10_000,
    "spaces-around": "  padded  ",
    "option": "--empty",
    "path": "../../etc/passwd",
    "url": "https://example.org/?a=b&c=d",
    "hash": "# comment",
    "colon": "Revises: nothing",
}


@pytest.mark.sample(8)
@pytest.mark.parametrize("kind", [*ATTACKS, *ODD])
def test_a_message_stays_text(
    sandbox: Sandbox, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = {**ATTACKS, **ODD}[kind]
    monkeypatch.chdir(sandbox.folder)
    accepted(sandbox, "revision", "--empty", "-m", message)
    (path,) = sandbox.migrations.glob("*.py")
    assert len(path.name.encode()) < 100
    docstring = ast.get_docstring(ast.parse(path.read_bytes()), clean=False)
    assert docstring is not None
    assert docstring.startswith(message.encode("utf-8", "backslashreplace").decode())
    for line in ("upgrade", "log", "show head", "current -v", "downgrade base --yes"):
        accepted(sandbox, *line.split())
    assert not list(sandbox.folder.rglob("pwned"))
    assert version_rows(sandbox.url) == set()


@pytest.mark.parametrize("message", ["", " ", "\n\t"])
@pytest.mark.parametrize("option", [["-m"], []])
def test_an_empty_message_is_refused(
    sandbox: Sandbox, message: str, option: list[str]
) -> None:
    refused(sandbox, "revision", "--empty", *option, message, code=2, says="message")


def test_a_merge_says_what_was_typed(fork: Sandbox) -> None:
    message = 'join """ and \\N{} and \udcff'
    accepted(fork, "merge", "-m", message)
    (path,) = set(fork.migrations.glob("*.py")) - {
        fork.migrations / f"{name}_.py" for name in ("root", "left", "right")
    }
    docstring = ast.get_docstring(ast.parse(path.read_bytes()), clean=False)
    assert docstring is not None
    assert docstring.startswith(message.encode("utf-8", "backslashreplace").decode())
    accepted(fork, "upgrade")


def test_messages_that_make_one_file_name_do_not_overwrite(sandbox: Sandbox) -> None:
    """A template of names without the id gives the same name twice."""
    config = {"ALEMBIC": {"file_template": "%(slug)s"}}
    accepted(sandbox, "revision", "--empty", "add users", **config)
    refused(
        sandbox,
        "revision",
        "--empty",
        "add users",
        code=3,
        says=["add_users.py", "already"],
        **config,
    )
