"""Text for people: revisions, plans, tables."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.script import Script

    from ..hooks.payloads import RunResult, Step


def readable(text: str) -> str:
    """Return a text without what a terminal would take for commands.

    A message may hold escape codes, and bytes that cannot be written at all.

    :param text: What somebody typed or a file says.
    """
    return "".join(
        character
        if character in "\n\t" or character.isprintable()
        else repr(character)[1:-1]
        for character in text
    )


def revision_line(script: Script) -> str:
    """Return a revision on one line: parents, id, labels, place and message.

    :param script: The revision.
    """
    labels = (
        f" ({', '.join(sorted(script.branch_labels))})" if script.branch_labels else ""
    )
    return (
        f"{_parents(script)} -> {script.revision}{labels}{_marks(script)}, "
        f"{readable(script.doc)}"
    )


def _parents(script: Script) -> str:
    down = script.down_revision
    if not down:
        return "<base>"
    return down if isinstance(down, str) else ", ".join(down)


def _marks(script: Script) -> str:
    marks = [
        ("head", script.is_head),
        ("branchpoint", script.is_branch_point),
        ("mergepoint", script.is_merge_point),
    ]
    return "".join(f" ({name})" for name, there in marks if there)


def revision_block(script: Script, mark: str = "") -> str:
    """Return a revision on several lines, as ``show`` and ``-v`` do.

    :param script: The revision.
    :param mark: What else to say behind its id.
    """
    depends = script.dependencies or ()
    rows = [
        ("Rev", f"{script.revision}{_marks(script)}{mark}"),
        ("Merges" if script.is_merge_point else "Parent", _parents(script)),
        ("Depends on", depends if isinstance(depends, str) else ", ".join(depends)),
        (
            "Branches into",
            ", ".join(sorted(script.nextrev)) if script.is_branch_point else "",
        ),
        ("Branch names", ", ".join(sorted(script.branch_labels))),
        ("Path", str(script.path)),
    ]
    lines = [f"{name}: {value}" for name, value in rows if value]
    return "\n".join(
        [*lines, "", textwrap.indent(readable(script.longdoc), "    "), ""]
    )


def revisions(scripts: Iterable[Script], verbose: bool = False) -> str:
    """Return several revisions.

    :param scripts: The revisions.
    :param verbose: Whether each gets several lines.
    """
    make = revision_block if verbose else revision_line
    return "\n".join(make(script) for script in scripts)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows in columns as wide as they need to be.

    :param header: The names of the columns.
    :param rows: The cells.
    """
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    :param number: How many.
    :param noun: What one of them is called.
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def steps(plan: Sequence[Step]) -> str:
    """Return the steps of a plan, one a line.

    :param plan: The steps.
    """
    several = len({step.database for step in plan}) > 1
    return "\n".join(
        f"{number}. {step_line(step, several)}" for number, step in enumerate(plan, 1)
    )


def step_line(step: Step, several: bool = False) -> str:
    """Return one step: direction, revision, message and file.

    :param step: The step.
    :param several: Whether the database has to be named.
    """
    database = f" [{step.database}]" if several else ""
    doc = f", {readable(step.doc)}" if step.doc else ""
    path = f"  {step.path.name}" if step.path else ""
    return f"{step.direction} {step.revision}{database}{doc}{path}"


def outcome(result: RunResult) -> str:
    """Return one line that says what a run did.

    :param result: What it did.
    """
    count = len(result.applied)
    if not count:
        return "Nothing to do: " + _heads(result)
    words = {"upgrade": "applied", "downgrade": "undone", "stamp": "stamped"}
    noun = "revision" if count == 1 else "revisions"
    verb = words[result.run.command]
    if result.run.mode == "dry-run":
        verb = f"tried ({verb}) and rolled back"
    return f"{count} {noun} {verb} in {result.elapsed:.2f} s: {_heads(result)}"


def _heads(result: RunResult) -> str:
    several = len(result.heads_after) > 1
    return "; ".join(
        (f"{name} " if several else "") + f"is at {', '.join(ids) or 'base'}"
        for name, ids in result.heads_after.items()
    )
