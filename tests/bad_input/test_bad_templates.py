"""Templates that are missing, fail, or make what is no revision."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from apps import version_rows, write_table_revision
from sandbox import Sandbox, accepted, refused, told

HeldBack = Callable[[], AbstractContextManager[None]]

GOOD = '''"""${message}"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''

BROKEN = {
    "mako-syntax": ("% if True:\n" + GOOD, ["failed"]),
    "mako-tag": ("<%nosuch>\n" + GOOD, ["failed"]),
    "mako-expression": (GOOD + "${", ["failed"]),
    "mako-import": (GOOD + "<%namespace file='nosuch'/>", ["failed"]),
    "unknown-name": (GOOD + "${nosuch}", ["nosuch"]),
    "raises": (GOOD + "${1 / 0}", ["division"]),
    "python-syntax": (GOOD + "def (:\n", ["would not compile", "line"]),
    "merge-conflict": ("<<<<<<< HEAD\n" + GOOD, ["would not compile", "line 1"]),
    "unfinished": (GOOD.replace('"""', '"""', 1) + "'''", ["would not compile"]),
    "null": (GOOD + "${chr(0)}", ["would not compile"]),
    "empty": ("", ["'revision'"]),
    "no-id": (GOOD.replace("revision = ${repr(up_revision)}\n", "", 1), ["'revision'"]),
    "fixed-id": (GOOD.replace("${repr(up_revision)}", "'fixed'"), ["'fixed'"]),
    "no-parent": (GOOD.replace("down_revision = ", "other = "), ["'down_revision'"]),
    "other-parent": (
        GOOD.replace("${repr(down_revision)}", "'gone'"),
        ["'gone'"],
    ),
    "no-upgrade": (GOOD.replace("def upgrade", "def other"), ["upgrade()"]),
    "no-downgrade": (GOOD.replace("def downgrade", "def other"), ["downgrade()"]),
    "fails": (GOOD + "raise RuntimeError('no way')\n", ["no way"]),
    "missing-module": (GOOD + "import no_such_module\n", ["'no_such_module'"]),
    "exits-itself": (GOOD + "<% raise SystemExit(0) %>", ["failed", "sys.exit()"]),
    "exits": (GOOD + "raise SystemExit(0)\n", ["exit"]),
}


@pytest.fixture(params=["revision --empty message", "merge -m message"])
def line(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    """A command that writes a file."""
    line: str = request.param
    if line.startswith("merge"):
        write_table_revision(sandbox.migrations, "aaaa1")
        write_table_revision(sandbox.migrations, "bbbb2")
    return line


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_template_leaves_no_file(
    sandbox: Sandbox, line: str, kind: str
) -> None:
    source, says = BROKEN[kind]
    sandbox.migrations.mkdir(exist_ok=True)
    (sandbox.migrations / "script.py.mako").write_text(source)
    refused(sandbox, *line.split(), code=3, says=["script.py.mako", *says])
    accepted(sandbox, "heads")


def test_a_template_that_is_not_utf_8_is_named(sandbox: Sandbox, line: str) -> None:
    sandbox.migrations.mkdir(exist_ok=True)
    template = sandbox.migrations / "script.py.mako"
    template.write_bytes((GOOD + "# Größe\n").encode("latin-1"))
    refused(sandbox, *line.split(), code=3, says=["script.py.mako", "utf-8"])


def test_a_missing_template_is_named(sandbox: Sandbox, line: str) -> None:
    quiet = {"extension": {"run_mkdir": False}}
    sandbox.migrations.mkdir(exist_ok=True)
    says = ["script.py.mako", "missing", "flask db mkdir"]
    refused(sandbox, *line.split(), code=3, says=says, **quiet)
    accepted(sandbox, "mkdir", **quiet)
    accepted(sandbox, *line.split(), **quiet)


def test_a_folder_in_place_of_a_template_is_named(sandbox: Sandbox, line: str) -> None:
    (sandbox.migrations / "script.py.mako").mkdir(parents=True)
    refused(sandbox, *line.split(), code=3, says="script.py.mako")


def test_a_link_to_nowhere_is_named(sandbox: Sandbox, line: str) -> None:
    sandbox.migrations.mkdir(exist_ok=True)
    (sandbox.migrations / "script.py.mako").symlink_to("nowhere")
    quiet = {"extension": {"run_mkdir": False}}
    refused(sandbox, *line.split(), code=3, says="script.py.mako", **quiet)


def test_a_template_that_may_not_be_read_is_named(
    open_sandbox: Sandbox, held_back: HeldBack
) -> None:
    accepted(open_sandbox, "revision", "--empty", "one")
    app = open_sandbox.app()
    template = open_sandbox.migrations / "script.py.mako"
    template.chmod(0)
    before = sorted(open_sandbox.migrations.iterdir())
    with held_back():
        outcome = open_sandbox.db("revision", "--empty", "two", app=app)
    told(outcome, 3, ["script.py.mako", "ermission"])
    assert sorted(open_sandbox.migrations.iterdir()) == before


COMMENT = "# ${message}\n" + GOOD.replace("${message}", "")
CODE = GOOD.replace("${message}", "") + "about = '${message}'\n"
SINGLE = GOOD.replace('"""', "'''")
SAME_LINE = GOOD.replace('"""${message}"""', '"""${message}"""; x = 1')


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (COMMENT, "one\nraise SystemExit('executed')"),
        (COMMENT, "one\x0craise SystemExit('executed')\nimport os"),
        (CODE, "'; raise SystemExit('executed') #"),
        (CODE, "it's"),
        ("${message}\n" + GOOD, "raise SystemExit('executed')"),
        (COMMENT, "coding: utf-7 +AAo-import os"),
        (COMMENT, "coding: nosuch"),
        (
            GOOD
            + "# ${message.splitlines()[-1]}\n% for m in [message]:\n${m}\n% endfor",
            "import os",
        ),
    ],
)
def test_a_message_that_would_become_code_is_refused(
    sandbox: Sandbox, template: str, message: str
) -> None:
    sandbox.migrations.mkdir()
    (sandbox.migrations / "script.py.mako").write_text(template)
    refused(
        sandbox,
        "revision",
        "--empty",
        message,
        code=3,
        says=["The message would become code", "script.py.mako"],
    )


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (COMMENT, 'it\'s "quoted" \\ 100%'),
        (COMMENT, "one\rraise SystemExit('executed')"),
        (GOOD.replace("${message}", "${message.upper()}"), 'N\\N"""+X+"""'),
        (SINGLE, "it's '''quoted''' and ends with '"),
        (SAME_LINE, 'ends with "'),
        (SAME_LINE, "ends with \\"),
        (SAME_LINE, '"""'),
        (GOOD, "plain"),
        (CODE, "plain"),
    ],
)
def test_a_template_may_put_the_message_elsewhere(
    sandbox: Sandbox, template: str, message: str
) -> None:
    sandbox.migrations.mkdir()
    (sandbox.migrations / "script.py.mako").write_text(template)
    accepted(sandbox, "revision", "--empty", message)
    (path,) = sandbox.migrations.glob("*.py")
    module = ast.parse(path.read_text("utf-8"))
    if template not in (COMMENT, CODE):
        assert ast.get_docstring(module, clean=False) == message
    accepted(sandbox, "upgrade")
    assert len(version_rows(sandbox.url)) == 1
