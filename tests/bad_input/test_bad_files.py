"""Revision files that are broken, or make no history together."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from apps import version_rows, write_revision, write_table_revision
from sandbox import Sandbox, accepted, refused, told
from terminal import clean

HeldBack = Callable[[], AbstractContextManager[None]]

HEAD = 'revision = "bbbb2"\ndown_revision = "aaaa1"\n'
BODY = "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"


def text(content: str | bytes) -> Callable[[Path], None]:
    """Return what writes the file."""
    data = content if isinstance(content, bytes) else content.encode()
    return lambda path: (path.write_bytes(data), None)[1]


def revision_text(
    revision: str = "'bbbb2'", down: str = "'aaaa1'", more: str = "", body: str = BODY
) -> Callable[[Path], None]:
    return text(f"revision = {revision}\ndown_revision = {down}\n{more}\n{body}")


BROKEN: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "syntax-error": (text(HEAD + "def upgrade(:\n"), ["line 3"]),
    "open-quote": (text(HEAD + "'''\n"), ["line 3"]),
    "indentation": (text(HEAD + "def upgrade():\npass\n"), ["line 4"]),
    "latin-1": (text((HEAD + "size = 'Größe'\n" + BODY).encode("latin-1")), ["utf-8"]),
    "utf-16": (text((HEAD + BODY).encode("utf-16")), []),
    "unknown-encoding": (text("# -*- coding: nosuch -*-\n" + HEAD), ["nosuch"]),
    "null-bytes": (text(HEAD + "\0" + BODY), ["null"]),
    "no-revision": (text('down_revision = "aaaa1"\n' + BODY), ["'revision'"]),
    "no-down-revision": (text('revision = "bbbb2"\n' + BODY), ["'down_revision'"]),
    "empty": (text(""), ["'revision'"]),
    "stray": (text("def helper():\n    return 1\n"), ["'revision'"]),
    "id-int": (revision_text("2"), ["'revision'"]),
    "id-none": (revision_text("None"), ["'revision'"]),
    "id-list": (revision_text("['bbbb2']"), ["'revision'"]),
    "id-bytes": (revision_text("b'bbbb2'"), ["'revision'"]),
    "id-empty": (revision_text("''"), ["id"]),
    "id-quote": (revision_text('"bb\'bb"'), ["bb'bb"]),
    "id-double-quote": (revision_text("'bb\"bb'"), ['bb"bb']),
    "id-line-break": (revision_text("'bb\\nbb'"), ["bb\\nbb"]),
    "id-semicolon": (revision_text("'bb;bb'"), ["bb;bb"]),
    "id-backslash": (revision_text(r"'bb\\bb'"), ["bb\\\\bb"]),
    "id-at": (revision_text("'bb@bb'"), ["'bb@bb'", "@"]),
    "id-plus": (revision_text("'bb+bb'"), ["'bb+bb'", "+"]),
    "id-minus": (revision_text("'bb-bb'"), ["'bb-bb'", "-"]),
    "id-head": (revision_text("'head'"), ["'head'"]),
    "id-base": (revision_text("'base'"), ["'base'"]),
    "down-int": (revision_text(down="1"), ["down_revision"]),
    "down-unknown": (revision_text(down="'gone'"), ["'gone'"]),
    "down-one-unknown": (revision_text(down="('aaaa1', 'gone')"), ["'gone'"]),
    "down-itself": (revision_text(down="'bbbb2'"), ["bbbb2", "itself"]),
    "down-twice": (revision_text(down="('aaaa1', 'aaaa1')"), ["aaaa1"]),
    "down-set-of-int": (revision_text(down="(1, 2)"), ["down_revision"]),
    "down-empty": (revision_text(down="''"), ["empty", "down_revision"]),
    "down-one-empty": (revision_text(down="('aaaa1', '')"), ["empty", "down_revision"]),
    "depends-unknown": (revision_text(more="depends_on = 'gone'"), ["'gone'"]),
    "depends-itself": (revision_text(more="depends_on = 'bbbb2'"), ["bbbb2", "itself"]),
    "depends-int": (revision_text(more="depends_on = 1"), ["depends_on"]),
    "label-taken": (revision_text(more="branch_labels = 'default'"), ["'default'"]),
    "label-is-id": (revision_text(more="branch_labels = 'aaaa1'"), ["'aaaa1'"]),
    "label-own-id": (revision_text(more="branch_labels = 'bbbb2'"), ["'bbbb2'"]),
    "label-int": (revision_text(more="branch_labels = 1"), ["branch_labels"]),
    "link-to-nowhere": (lambda path: path.symlink_to("nowhere.py"), []),
    "link-to-itself": (lambda path: path.symlink_to(path.name), []),
}


FAILING: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "missing-module": (
        text("import no_such_module\n" + HEAD + BODY),
        ["'no_such_module'"],
    ),
    "missing-name": (text("from os import nosuch\n" + HEAD + BODY), ["nosuch"]),
    "relative-import": (text("from . import nosuch\n" + HEAD + BODY), ["relative"]),
    "sys.exit": (text("import sys\nsys.exit(0)\n" + HEAD + BODY), ["exit"]),
    "sys.exit-1": (text("import sys\nsys.exit('stop')\n" + HEAD + BODY), ["exit"]),
    "raises": (
        text("raise RuntimeError('no way')\n" + HEAD + BODY),
        ["no way", "line 1"],
    ),
    "asserts": (text("assert False\n" + HEAD + BODY), ["AssertionError"]),
    "recursion": (text("def f(): f()\nf()\n" + HEAD + BODY), ["RecursionError"]),
}
"""What shows when the file is executed, which only a run of it needs."""


@pytest.mark.parametrize("kind", FAILING)
def test_a_file_that_fails_stops_before_anything_runs(
    sandbox: Sandbox, kind: str
) -> None:
    make, says = FAILING[kind]
    write_table_revision(sandbox.migrations, "aaaa1", labels="default")
    path = sandbox.migrations / "bbbb2_broken.py"
    make(path)
    refused(sandbox, "upgrade", code=3, says=[path.name, *says])
    accepted(sandbox, "heads")
    accepted(sandbox, "upgrade", "aaaa1")


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("line", ["upgrade", "heads", "revision --empty message"])
def test_a_broken_file_is_named(sandbox: Sandbox, kind: str, line: str) -> None:
    make, says = BROKEN[kind]
    write_table_revision(sandbox.migrations, "aaaa1", labels="default")
    path = sandbox.migrations / "bbbb2_broken.py"
    make(path)
    refused(sandbox, *line.split(), code=3, says=[path.name, *says])


@pytest.mark.parametrize("function", ["upgrade", "downgrade"])
@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "no function {}()"),
        ("{} = None", "no function {}()"),
        ("{} = 'text'", "no function {}()"),
        ("class {}: pass", None),
    ],
)
def test_a_missing_function_stops_before_anything_runs(
    sandbox: Sandbox, function: str, body: str, says: str | None
) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    path = write_table_revision(sandbox.migrations, "bbbb2", "aaaa1")
    if function == "downgrade":
        accepted(sandbox, "upgrade")
    source = path.read_text()
    whole = source.replace(f"def {function}(", "def other(")
    path.write_text(f"{whole}\n{body.format(function)}\n")
    words = [function] if function == "upgrade" else [function, "base"]
    if says is None:
        assert sandbox.db(*words).code == 0  # a class can be called too
        return
    refused(sandbox, *words, code=3, says=[path.name, says.format(function)])


def test_a_function_that_wants_arguments_is_named(sandbox: Sandbox) -> None:
    path = write_table_revision(sandbox.migrations, "aaaa1")
    path.write_text(path.read_text().replace("upgrade(**arguments)", "upgrade(what)"))
    app = sandbox.app()
    before = sandbox.state()
    outcome = sandbox.db("upgrade", app=app)
    assert outcome.code == 3
    assert path.name in outcome.err
    assert "what" in outcome.err
    assert "Traceback" not in outcome.text
    assert sandbox.state() == before


def chained(folder: Path, *pairs: tuple[str, str | None]) -> None:
    for revision, down in pairs:
        write_table_revision(folder, revision, down)


@pytest.mark.parametrize(
    ("head", "line", "kind"),
    [
        ("async def", "pass", "a coroutine"),
        ("def", "yield", "a generator"),
        ("async def", "yield", "a generator"),
    ],
    ids=["async", "yield", "async-yield"],
)
@pytest.mark.parametrize("command", ["upgrade", "downgrade"])
def test_a_function_that_does_not_run_when_called_is_named(
    sandbox: Sandbox, command: str, head: str, line: str, kind: str
) -> None:
    """Python would call it, do nothing of it, and the revision would count as run."""
    write_table_revision(sandbox.migrations, "aaaa1")
    body = f"{head} {command}():\n    {line}\n"
    other = "downgrade" if command == "upgrade" else "upgrade"
    revision_text(body=f"{body}def {other}():\n    pass\n")(
        sandbox.migrations / "bbbb2_.py"
    )
    if command == "downgrade":
        accepted(sandbox, "upgrade")
    outcome = sandbox.db(command)
    assert outcome.code == 3
    clean(outcome)
    assert f"its {command}() is {kind}: nothing in it was run." in outcome.err
    assert f"Write def {command}()" in outcome.err
    assert version_rows(sandbox.url) == (set() if command == "upgrade" else {"bbbb2"})


@pytest.mark.parametrize("line", ["upgrade", "current", "log", "revision --empty m"])
def test_two_files_with_one_id_are_named(sandbox: Sandbox, line: str) -> None:
    write_table_revision(sandbox.migrations, "aaaa1", name="one.py")
    write_table_revision(sandbox.migrations, "aaaa1", name="two.py")
    says = ["'aaaa1'", "one.py", "two.py"]
    refused(sandbox, *line.split(), code=3, says=says)


@pytest.mark.parametrize("line", ["upgrade", "current", "log", "revision --empty m"])
def test_a_cycle_is_named(sandbox: Sandbox, line: str) -> None:
    chained(sandbox.migrations, ("aaaa1", None), ("bbbb2", "dddd4"))
    chained(sandbox.migrations, ("cccc3", "bbbb2"), ("dddd4", "cccc3"))
    says = ["bbbb2", "cccc3", "dddd4", "cycle"]
    outcome = refused(sandbox, *line.split(), code=3, says=says)
    assert "aaaa1" not in outcome.err


def test_a_cycle_of_all_files_is_named(sandbox: Sandbox) -> None:
    chained(sandbox.migrations, ("aaaa1", "bbbb2"), ("bbbb2", "aaaa1"))
    refused(sandbox, "upgrade", code=3, says=["aaaa1", "bbbb2", "cycle"])


def test_a_cycle_of_dependencies_is_named(sandbox: Sandbox) -> None:
    write_revision(sandbox.migrations, "aaaa1", depends="bbbb2")
    write_revision(sandbox.migrations, "bbbb2", depends="aaaa1")
    refused(sandbox, "upgrade", code=3, says=["aaaa1", "bbbb2", "cycle"])


def test_a_deleted_parent_is_named(chain: Sandbox) -> None:
    (chain.migrations / "alpha2_.py").unlink()
    refused(chain, "upgrade", code=3, says=["betas3_.py", "'alpha2'"])


@pytest.mark.parametrize(
    "kind", ["folder", "link-to-folder", "dotfile", "text", "editor", "compiled"]
)
def test_what_is_no_revision_is_left_alone(sandbox: Sandbox, kind: str) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    folder = sandbox.migrations
    if kind == "folder":
        (folder / "bbbb2_folder.py").mkdir()
    elif kind == "link-to-folder":
        (folder / "bbbb2_link.py").symlink_to("..")
    elif kind == "dotfile":
        (folder / ".#bbbb2_lock.py").symlink_to("somebody@somewhere.123")
    else:
        name = {"text": "notes.txt", "editor": "bbbb2_.py~", "compiled": "bbbb2.pyc"}
        (folder / name[kind]).write_bytes(b"\0not a revision")
    accepted(sandbox, "upgrade")
    assert version_rows(sandbox.url) == {"aaaa1"}


def test_a_missing_function_of_a_revision_that_is_not_run_does_not_matter(
    chain: Sandbox,
) -> None:
    path = chain.migrations / "alpha1_.py"
    path.write_text(path.read_text().replace("def upgrade(", "def other("))
    accepted(chain, "upgrade")
    assert version_rows(chain.url) == {"betas5"}


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("line", ["upgrade", "heads", "revision --empty message"])
def test_what_may_not_be_read_is_named(
    open_sandbox: Sandbox, held_back: HeldBack, kind: str, line: str
) -> None:
    path = write_table_revision(open_sandbox.migrations, "aaaa1")
    app = open_sandbox.app()
    before = open_sandbox.state()
    closed = path if kind == "file" else open_sandbox.migrations
    closed.chmod(0)
    with held_back():
        outcome = open_sandbox.db(*line.split(), app=app)
    closed.chmod(0o777)
    told(outcome, 3, [closed.name, "ermission"])
    assert open_sandbox.state() == before


def test_a_file_in_a_broken_folder_is_named(sandbox: Sandbox) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    loop = sandbox.migrations / "versions"
    os.symlink("versions", loop)
    accepted(sandbox, "heads")
