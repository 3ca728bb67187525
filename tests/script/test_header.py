"""Identifiers read from source: the ones that executing the file gives, or none."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample import examples

from flask_alembic.script import header as header_module
from flask_alembic.script.header import Header, read_header

HEAD = '''"""add users

Revision ID: abc
"""
from typing import Sequence, Union

# revision identifiers, used by Alembic.
revision: str = "abc"
down_revision: Union[str, Sequence[str], None] = "def"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None
'''
BODY = """

def upgrade() -> None:
    pass
"""


def executed(source: str) -> Header | None:
    """Return what Alembic finds in the module of a source."""
    module: Any = ModuleType("script")
    try:
        code = compile(source.encode(), "script.py", "exec", dont_inherit=True)
        exec(code, vars(module))
    except Exception:
        return None

    def names(name: str) -> tuple[str, ...]:
        value = getattr(module, name, None)
        if value is None or (name == "depends_on" and not value):
            return ()
        return (value,) if isinstance(value, str) else tuple(value)

    if not isinstance(getattr(module, "revision", None), str):
        return None
    return Header(
        module.revision,
        names("down_revision"),
        names("branch_labels"),
        names("depends_on"),
        (module.__doc__ or "").strip(),
        getattr(module, "irreversible", None) or False,
    )


def test_the_usual_file_is_read() -> None:
    header = read_header((HEAD + BODY).encode(), "script.py")
    assert header == Header("abc", ("def",), (), (), "add users\n\nRevision ID: abc")
    assert header == executed(HEAD + BODY)


HEAD_OF_ONE = "revision = 'a'\ndown_revision = None\n"

LITERAL = {
    "nothing but what is needed": "revision = 'a'\ndown_revision = None",
    "a tuple": "revision = 'a'\ndown_revision = ('b', 'c')",
    "a list": "revision = 'a'\ndown_revision = ['b']\nbranch_labels = ['x', 'y']",
    "a text in parts": "revision = ('a' 'b')\ndown_revision = None",
    "a docstring in parts": "'one' ' two'\nrevision = 'a'\ndown_revision = None",
    "an empty tuple": "revision = 'a'\ndown_revision = ()",
    "an empty dependency": HEAD_OF_ONE + "depends_on = ''",
    "a dependency that is false": HEAD_OF_ONE + "depends_on = False",
    "semicolons": "revision = 'a'; down_revision = None; depends_on = 'c'",
    "no docstring": "x = 1\n'no docstring'\nrevision = 'a'\ndown_revision = None",
    "bytes are no docstring": "b'bytes'\nrevision = 'a'\ndown_revision = None",
    "an indented docstring": "'''one\n\n    two\n      three\n\tfour\n  '''\n"
    "revision = 'a'\ndown_revision = None",
    "tabs in a docstring": "'''  one\ttwo  '''\nrevision = 'a'\ndown_revision = None",
    "outside ASCII": "'''Änderung'''\nrevision = 'ä'\ndown_revision = None",
    "an encoding": "# coding: latin-1\nrevision = 'a'\ndown_revision = None",
    "windows lines": "'''one\r\n\r\ntwo'''\r\nrevision = 'a'\r\ndown_revision = None",
    "named in a comment": HEAD + "# the revision before\n",
    "named in a function": HEAD + "def upgrade(revision=None):\n    revision = 1\n",
    "a lambda's own": HEAD + "f = lambda revision: (depends_on := revision)\n",
    "a class's own": HEAD + "class Table:\n    revision = 1\n",
    "another's, under another name": HEAD
    + "from alembic.command import revision as make\n",
    "an attribute": HEAD + "class A: pass\nA.revision = 1\n",
    "named in a text": HEAD + "x = 'revision'\n",
    "read again": HEAD + "y = revision + 'x'\n",
    "irreversible": HEAD + "irreversible = True\n",
    "irreversible with a reason": HEAD + "irreversible = 'drops\\nthe archive'\n",
    "irreversible with a reason in parts": HEAD + "irreversible = ('a' ' b')\n",
    "not irreversible": HEAD + "irreversible: bool = False\n",
    "not irreversible either": HEAD + "irreversible = None\n",
    "irreversible in a comment": HEAD + "# irreversible = True\n",
    "irreversible in a function": HEAD + "def f():\n    irreversible = True\n",
    "conditions about other things": HEAD
    + "try:\n    x = 1\nexcept Exception: x = 2\n",
}


@pytest.mark.parametrize("source", LITERAL.values(), ids=LITERAL)
def test_literals_are_read(source: str) -> None:
    header = read_header(source.encode(), "script.py")
    assert header is not None
    assert header == executed(source)


COMPUTED = {
    "assigned again": HEAD + "revision = 'z'\n",
    "assigned before": "revision = 'z'\n" + HEAD,
    "in a condition": HEAD + "if True:\n    revision = 'z'\n",
    "in a try": HEAD + "try:\n    depends_on = 'z'\nexcept Exception: pass\n",
    "in a loop": HEAD + "for revision in 'z': pass\n",
    "in a with": HEAD + "import io\nwith io.StringIO() as revision: pass\n",
    "by an import": HEAD + "from string import digits as revision\n",
    "by a plain import": HEAD + "import string as down_revision\n",
    "by a star": HEAD + "from string import *\n",
    "by a star elsewhere": HEAD
    + "try:\n    from string import*\nexcept ValueError: 1\n",
    "by a continued star": HEAD + "from string import \\\n *\n",
    "deleted": HEAD + "del branch_labels\n",
    "deleted before a comment": HEAD.replace("# revision identifiers", "#")
    + "del branch_labels# revision identifiers, used by Alembic.x\n",
    "added to": HEAD + "revision += 'z'\n",
    "together": HEAD + "x = depends_on = 'z'\n",
    "unpacked": HEAD + "revision, x = 'z', 1\n",
    "starred": HEAD + "*depends_on, x = 'zy'\n",
    "by a walrus": HEAD + "print(revision := 'z', end='')\n",
    "by a default": HEAD + "def f(x=(revision := 'z')): pass\n",
    "by a comprehension": HEAD + "[revision := x for x in 'z']\n",
    "by an annotation": "revision: (down_revision := 'z') = 'a'\ndown_revision = 'b'",
    "as a function": HEAD + "def revision(): pass\n",
    "as a class": HEAD + "class branch_labels: pass\n",
    "as an error": HEAD + "try: 1/0\nexcept Exception as revision: pass\n",
    "by matching": HEAD + "match 'z':\n    case revision: pass\n",
    "by matching more": HEAD + "match ['z']:\n    case [*depends_on]: pass\n",
    "by matching a rest": HEAD + "match {}:\n    case {**depends_on}: pass\n",
    "by a global": HEAD + "def f():\n    global revision\n    revision = 'z'\nf()\n",
    "by a class's global": HEAD + "class A:\n    global revision\n    revision = 'z'\n",
    "through globals": HEAD + "globals()['revision'] = 'z'\n",
    "through globals by another name": HEAD
    + "from builtins import globals as g\ng()['re' 'vision'] = 'z'\n",
    "through the modules by another name": HEAD
    + "from sys import modules as m\nm[__name__].revision = 'z'\n",
    "through anything of builtins": HEAD + "from builtins import compile as c\n",
    "through locals": HEAD + "locals()['revision'] = 'z'\n",
    "through vars": HEAD + "vars().update(revision='z')\n",
    "through exec": HEAD + 'exec("revi" "sion = \'z\'")\n',
    "through a function": HEAD + "def f(): 1\nf.__globals__['re' 'vision'] = 'z'\n",
    "through a frame": HEAD
    + "import sys\nsys._getframe().f_globals['re' 'vision'] = 'z'\n",
    "through a name in a text": HEAD
    + "def f(): 1\ngetattr(f, '__globals__')['re' 'vision'] = 'z'\n",
    "in other letters": HEAD + "ｒｅｖｉｓｉｏｎ = 'z'\n",
    "in other letters, in a loop": HEAD + "for ｒｅｖｉｓｉｏｎ in 'z': pass\n",
    "in another encoding": "# coding: utf-7\n" + HEAD + "+AHIAZQB2-ision = 'z'\n",
    "a list that changes": "revision = 'a'\ndown_revision = ['b']\n"
    "down_revision.append('z')\n",
    "a list that is handed on": "revision = 'a'\ndepends_on = ['b']\n"
    "down_revision = None\nx = depends_on\nx.append('z')\n",
    "the docstring": HEAD + "__doc__ = 'z'\n",
    "missing names on demand": "revision = 'a'\ndown_revision = None\n"
    "def __getattr__(name): return 'z'\n",
    "its encoding": HEAD + "_alembic_source_encoding = 'ascii'\n",
    "a call": "revision = str('a')\ndown_revision = None",
    "a format": "revision = f'{1}'\ndown_revision = None",
    "a sum": "revision = 'a' + 'b'\ndown_revision = None",
    "another name": "x = 'a'\nrevision = x\ndown_revision = None",
    "a set": "revision = 'a'\ndown_revision = {'b'}",
    "a number": "revision = 1\ndown_revision = None",
    "bytes": "revision = b'a'\ndown_revision = None",
    "none": "revision = None\ndown_revision = None",
    "irreversible by a number": HEAD + "irreversible = 1\n",
    "irreversible without a reason": HEAD + "irreversible = ' '\n",
    "irreversible by a list": HEAD + "irreversible = ['a']\n",
    "irreversible twice": HEAD + "irreversible = True\nirreversible = False\n",
    "irreversible in a condition": HEAD + "if True:\n    irreversible = True\n",
    "irreversible by a comparison": HEAD + "irreversible = 1 < 2\n",
    "irreversible by an import": HEAD + "from string import digits as irreversible\n",
    "several": "revision = ('a',)\ndown_revision = None",
    "empty": "revision = ''\ndown_revision = None",
    "an empty parent": "revision = 'a'\ndown_revision = ''",
    "a parent that is none": "revision = 'a'\ndown_revision = (None,)",
    "no parent": "revision = 'a'",
    "no revision": "down_revision = 'a'",
    "only annotated": "revision: str\ndown_revision: str = 'a'",
    "not Python": "revision = 'a'\ndown_revision = (",
    "a null byte": "revision = 'a'\ndown_revision = None\n\0",
    "nothing": "",
}


@pytest.mark.parametrize("source", COMPUTED.values(), ids=COMPUTED)
def test_anything_else_has_to_be_executed(source: str) -> None:
    assert read_header(source.encode(), "script.py") is None


def test_an_import_from_its_own_package_binds_one_name() -> None:
    header = read_header((HEAD + "from . import tables\n# revision\n").encode(), "x.py")
    assert header is not None
    assert header.revision == "abc"
    assert read_header((HEAD + "from . import revision\n").encode(), "x.py") is None


def test_a_plain_file_is_not_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walking takes many times as long as parsing: a history may have thousands."""
    monkeypatch.setattr(header_module, "_binds_once", pytest.fail)
    assert read_header((HEAD + BODY).encode(), "script.py") is not None


def test_a_python_without_docstrings_reads_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``python -OO``: executing the file gives none either."""
    for level, text in ((1, "add users\n\nRevision ID: abc"), (2, "")):
        flags = SimpleNamespace(optimize=level)
        monkeypatch.setattr(
            header_module,
            "sys",
            SimpleNamespace(flags=flags, version_info=sys.version_info),
        )
        namespace: dict[str, Any] = {}
        exec(compile(HEAD, "script.py", "exec", optimize=level), namespace)
        header = read_header(HEAD.encode(), "script.py")
        assert header is not None
        assert header.longdoc == (namespace.get("__doc__") or "").strip() == text


def test_what_is_nested_too_deeply_has_to_be_executed() -> None:
    source = HEAD + "x = " + "(" * 5000 + ")" * 5000
    assert read_header(source.encode(), "script.py") is None
    source = HEAD + "# revision\nx = " + "-" * 3000 + "1"
    assert read_header(source.encode(), "script.py") in (None, executed(source))


PARTS = [
    *(text.removeprefix(HEAD) for text in (*LITERAL.values(), *COMPUTED.values())),
    "revision = 'r1'\n",
    "down_revision = 'r0'\n",
    "branch_labels = ('one', 'two')\n",
    "depends_on: str = 'r5'\n",
    "'''a docstring'''\n",
    HEAD,
]


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("\n".join))
@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=examples(500),
    suppress_health_check=list(HealthCheck),
)
def test_what_is_read_is_what_executing_gives(source: str) -> None:
    header = read_header(source.encode(), "script.py")
    if header is not None:
        assert header == (executed(source) or header)
