"""Text for people: revisions, plans, tables."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from ..hooks.redaction import headline
from .output import echo
from .status_line import width_of

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
        f"{readable(headline(script.doc))}"
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
    from ..script.irreversible_mark import irreversible

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
        ("Irreversible", _irreversible(irreversible(script))),
        ("Path", str(script.path)),
    ]
    lines = [f"{name}: {value}" for name, value in rows if value]
    return "\n".join(
        [*lines, "", textwrap.indent(readable(script.longdoc), "    "), ""]
    )


def _irreversible(mark: bool | str) -> str:
    """Return what ``show`` says of a mark; empty for none."""
    if isinstance(mark, str):
        return readable(" ".join(mark.split()))
    return "yes" if mark else ""


def irreversible_mark(mark: bool | str) -> str:
    """Return what follows a revision that cannot be reverted; empty for others.

    :param mark: Whether its file says so, or the reason that it gives.
    """
    if not mark:
        return ""
    reason = f": {_irreversible(mark)}" if isinstance(mark, str) else ""
    return f" (irreversible{reason})"


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
    doc = headline(step.doc)
    doc = f", {readable(doc)}" if doc else ""
    path = f"  {step.path.name}" if step.path else ""
    mark = irreversible_mark(step.irreversible)
    return f"{step.direction} {step.revision}{database}{doc}{mark}{path}"


def outcome(result: RunResult) -> str:
    """Return one line with the result of a run.

    :param result: The result.
    """
    done = result.applied or result.tried
    command, count = result.run.operation, counted(len(done), "revision")
    if not done:
        up_to_date = "up to date " if command == "upgrade" else ""
        return _heads(result, f"already {up_to_date}at")
    if result.run.mode == "dry-run":
        verb = {"upgrade": "applied", "downgrade": "reverted", "stamp": "stamped"}
        heads = _heads(result, "still at")
        return f"Dry run: {count} {verb[command]}, then rolled back; {heads}"
    verb = {"upgrade": "Applied", "downgrade": "Reverted", "stamp": "Stamped"}
    heads = _heads(result, "now at")
    return f"{verb[command]} {count} in {result.elapsed:.2f} s; {heads}"


def _heads(result: RunResult, at: str) -> str:
    heads = {name: ", ".join(ids) or "base" for name, ids in result.heads_after.items()}
    if len(heads) == 1:
        text = f"{at} {next(iter(heads.values()))}"
        is_done = result.applied or result.tried
        return text if is_done else text[0].upper() + text[1:]
    return "; ".join(f"{name} {at} {ids}" for name, ids in heads.items())


_RULES: Final = (
    (re.compile(r"^(\s*):param (\w+):", re.MULTILINE), r"\1\2:"),
    (re.compile(r"^(\s*):return:", re.MULTILINE), r"\1Result:"),
    (re.compile(r"^(\s*)\.\. versionadded:: (\S+)", re.MULTILINE), r"\1Since \2."),
    (re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`"), r"\1"),
    (re.compile(r"``([^`]+)``"), r"\1"),
)


def plain(text: str) -> str:
    """Return a docstring without the markup that Sphinx reads.

    :param text: The docstring.
    """
    for pattern, shown in _RULES:
        text = pattern.sub(shown, text)
    return text


def show(
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    colours: Sequence[str] = (),
) -> None:
    """Write rows under the names of their columns.

    :param header: The names of the columns.
    :param rows: The cells.
    :param colours: The colour of each row, for a terminal.
    """
    lines = table(header, rows).splitlines()
    width = terminal_width()
    if width is not None and max(map(len, lines)) > width:
        _show_blocks(header, rows, colours)
        return
    echo(lines[0], bold=True)
    for line, colour in zip_longest(lines[1:], colours):
        echo(line, fg=colour)


def _show_blocks(
    header: Sequence[str], rows: Sequence[Sequence[object]], colours: Sequence[str]
) -> None:
    widest = max(map(len, header))
    for number, (row, colour) in enumerate(zip_longest(rows, colours)):
        if number:
            echo()
        for name, cell in zip(header, row, strict=True):
            echo(f"{name.ljust(widest)}  {cell}", fg=colour)


def terminal_width() -> int | None:
    """Return how many columns stdout has; ``None`` where it is no terminal.

    A pipe and a file get whole lines, whatever terminal is behind them.
    """
    return width_of(sys.stdout) if sys.stdout.isatty() else None
