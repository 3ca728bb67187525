"""The documentation uses one word for one thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for pattern in (
        "*.rst",
        "docs/*.rst",
        "contrib/*/README.rst",
        "examples/README.rst",
        "examples/*/README.rst",
        "benchmarks/README.rst",
    )
    for path in ROOT.glob(pattern)
    if path.name != "LICENSE.rst"
)

WORDS = {
    r"mend(s|ed|ing)?": "fix",
    r"undo(es|ne|ing)?": "revert, roll back",
    r"(take|takes|taken|taking|took) back": "revert",
    r"at work": "running",
    r"(in|into) effect": "applied, committed",
    r"half (applied|done|in effect)": "partially applied",
    r"by other means": "outside these migrations",
    r"(go|goes|went|going|gone) on": "continue, resume",
    r"(is|are|was|were|be|gets?) told": "notified; is reported",
    r"tells (of|that|which|whether)": "reports",
    r"(leave|leaves|left|leaving) out": "skip, ignore, exclude",
    r"ends? with (exit code )?\d": "exits with",
    r"(has|have) to hold": "must pass",
    r"for ever": "forever",
    r"all the same": "nevertheless, still",
    r"(that|which) there (is|are)": "name the thing: available, existing",
    r"all there (is|are)": "all of them",
    r"(is|are|was|were) (not )?there": "exists, is missing",
    r"beside (the|a|an|it|its|our|your|their)": "next to",
    r"in other words than": "differently from",
    r"(stand|stands|stood) for": "replace, match",
    r"shall": "must, needs",
    r"turn(s|ed|ing)? (it |them )?(on|off)": "enable, disable",
    r"without a word": "silently",
    r"nobody (sees|knows|can tell)": "say what is unknown",
}
"""Each expression with what to write instead."""


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page, numbered, without code, literals and quotations.

    A literal block is what is indented below a line that ends with ``::``, whatever
    directive that is, except for directives whose content is text.
    """
    block = -1  # the indentation of the line that introduced a literal block
    for number, line in enumerate(text.splitlines(), 1):
        indent = len(line) - len(line.lstrip())
        if block >= 0 and (not line.strip() or indent > block):
            continue
        block = -1
        directive = re.match(r"\s*\.\. ([\w-]+)::", line)
        if directive:
            if directive[1] not in TEXT:
                block = indent
            continue
        if line.rstrip().endswith("::"):
            block = indent
        yield number, re.sub(r"``[^`]*``|`[^`]*`|\"[^\"]*\"", "#", line)


TEXT = ("list-table", "note", "warning", "confval", "versionadded", "versionchanged")
"""Directives whose content is text for people."""


def misused(text: str) -> Iterator[str]:
    """Yield a sentence for each word of :data:`WORDS` in a page."""
    lines = list(prose(text))
    whole = "\n".join(line for _, line in lines)
    for pattern, better in WORDS.items():
        spaced = pattern.replace(" ", r"\s+")
        for hit in re.finditer(rf"\b{spaced}\b", whole, re.I):
            number = lines[whole.count("\n", 0, hit.start())][0]
            yield f"{number}: {' '.join(hit[0].split())!r}: write {better}"


def test_misused_words_are_found_in_text_only() -> None:
    page = """\
Title
=====

The cause is
mended, and ``mend`` is "undone".

.. code-block:: console

    $ flask db mend

    at work

.. list-table::

    * - half applied

An example::

    undone

It goes
on.
"""
    assert list(misused(page)) == [
        "5: 'mended': write fix",
        "15: 'half applied': write partially applied",
        "21: 'goes on': write continue, resume",
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
@pytest.mark.sample("all")
def test_pages_use_the_vocabulary(path: Path) -> None:
    found = list(misused(path.read_text("utf-8")))
    assert not found, "\n".join([str(path.relative_to(ROOT)), *found])
