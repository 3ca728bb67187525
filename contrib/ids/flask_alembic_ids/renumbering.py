"""A revision whose id is taken gets another one, on top of those that keep theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from flask_alembic.revision_files import RevisionFile, Value, several, write

from .errors import RenumberError
from .sequence import parse
from .wishes import Strategy, Wish


@dataclass(frozen=True, slots=True)
class Renumbered:
    """A revision that got another id.

    .. versionadded:: 1.0
    """

    old: RevisionFile
    """The file as it was."""

    path: Path
    """The file as it is called now."""

    revision: str
    """Its id now."""

    parent: str
    """What it follows now."""


def renumber(
    file: RevisionFile,
    files: Sequence[RevisionFile],
    strategy: Strategy,
    onto: str | None = None,
) -> Renumbered:
    """Give a revision a new id and put it on top of the branch.

    Only the file itself changes: its identifiers, the lines of the docstring that
    repeat them, and its name where that begins with the id.

    :param file: One of several files that have one id.
    :param files: Every revision file, this one too.
    :param strategy: What makes the new id.
    :param onto: The id to follow; the head of the branch by default.
    :raises RenumberError: When it is not clear what to do; nothing is written.
    :raises RevisionFileError: When the file cannot be written.
    """
    others = [other for other in files if other.path != file.path]
    if file.revision not in {other.revision for other in others}:
        raise RenumberError(
            f"{file.path.name} is the only file with the id {file.revision!r}.",
            "There is nothing to fix.",
        )
    if len(file.parents) > 1:
        raise RenumberError(
            f"{file.path.name} merges {' and '.join(file.parents)}.",
            "Delete it, renumber the others, and run flask db merge again.",
        )
    parent = _parent(file, others, onto)
    revision = strategy(
        Wish(
            now=datetime.now(timezone.utc),
            known=frozenset(other.revision for other in files),
            message=file.message,
            line=parse(file.revision)[0] or "",
        )
    )
    values: dict[str, Value] = {"revision": revision, "down_revision": parent}
    if "branch_labels" in file.literals:
        values.update(_labels(file, others))
    content = file.changed(values)
    target = _renamed(file, revision)
    write(file.path, content)
    if target != file.path:
        file.path.rename(target)
    return Renumbered(file, target, revision, parent)


def _parent(
    file: RevisionFile, others: Sequence[RevisionFile], onto: str | None
) -> str:
    """Return the id to follow: the only tip above the file that keeps the id."""
    known = {other.revision for other in others}
    if onto is not None:
        if onto not in known:
            raise RenumberError(
                f"There is no revision {onto!r}.", "Give the whole id to --onto."
            )
        return onto
    tips = _tips(file.revision, others)
    if len(tips) != 1:
        raise RenumberError(
            f"The branch of {file.revision} has "
            + (f"several heads: {', '.join(tips)}." if tips else "no head."),
            "Say which one to follow with --onto.",
        )
    return tips[0]


def _tips(start: str, files: Iterable[RevisionFile]) -> list[str]:
    """Return the ids that nothing follows, among those that follow an id."""
    children: dict[str, set[str]] = {}
    for file in files:
        for parent in file.parents:
            children.setdefault(parent, set()).add(file.revision)
    seen = {start}
    todo = [start]
    while todo:
        new = children.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return sorted(id_ for id_ in seen if id_ not in children)


def _labels(file: RevisionFile, others: Iterable[RevisionFile]) -> dict[str, Value]:
    """Return the branch labels without those that another revision gives.

    Two people who both made the first revision of a branch both gave its label.
    """
    taken = {
        label
        for other in others
        if "branch_labels" in other.literals
        for label in several(other.literals["branch_labels"].value)
    }
    own = several(file.literals["branch_labels"].value)
    left = tuple(label for label in own if label not in taken)
    return {} if left == own else {"branch_labels": left or None}


def _renamed(file: RevisionFile, revision: str) -> Path:
    """Return the file's new name; the same where it does not begin with the id."""
    name = file.path.name
    if not name.startswith(file.revision):
        return file.path
    target = file.path.with_name(revision + name[len(file.revision) :])
    if target.exists():
        raise RenumberError(f"The file {target} is there already.", "Move it away.")
    return target
