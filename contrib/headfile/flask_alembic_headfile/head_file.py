"""A ``HEAD`` file: written, and read even where git has put a conflict into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask_alembic.revision_files import replace

from .branches import NAME, Branch
from .errors import FileError

COMMENT: Final = (
    "# The newest revision of this branch of history, kept by flask-alembic-headfile.\n"
    "# A merge conflict here means: two people added one. Run: flask db rebase\n"
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """What git has put between its markers.

    .. versionadded:: 1.0
    """

    ours: tuple[str, ...]
    """The ids on the side that was checked out."""

    theirs: tuple[str, ...]
    """The ids on the side that is merged or replayed."""


@dataclass(frozen=True, slots=True)
class HeadFile:
    """What a ``HEAD`` file says.

    .. versionadded:: 1.0
    """

    ids: tuple[str, ...] = ()
    """The ids outside of conflicts."""

    conflict: Conflict | None = None
    """The first conflict in it, if there is one."""


def text_for(branch: Branch) -> str:
    """Return what the file of a branch holds: a line for each head.

    :param branch: The branch.
    """
    lines = [f"{head.revision} {_words(head.doc)}".rstrip() for head in branch.heads]
    return COMMENT + "".join(f"{line}\n" for line in lines)


def _words(doc: str | None) -> str:
    """Return the first line of a message, without what a terminal would act on."""
    words = " ".join((doc or "").strip().partition("\n")[0].split())
    return "".join(letter for letter in words if letter.isprintable())


def parse(text: str) -> HeadFile:
    """Read what a file holds.

    :param text: Its content; line ends of any kind.
    """
    sides: dict[str, list[str]] = {"": [], "ours": [], "base": [], "theirs": []}
    side = ""
    for line in text.splitlines():
        marker = line[:7]
        if marker == "<<<<<<<":
            side = "ours"
        elif marker == "|||||||" and side == "ours":
            side = "base"
        elif marker == "=======" and side in {"ours", "base"}:
            side = "theirs"
        elif marker == ">>>>>>>" and side == "theirs":
            side = ""
        elif line.strip() and not line.startswith("# "):
            sides[side].append(line.split()[0])
    conflict = None
    if sides["ours"] or sides["theirs"] or side:
        conflict = Conflict(tuple(sides["ours"]), tuple(sides["theirs"]))
    return HeadFile(tuple(sides[""]), conflict)


def load(path: Path) -> HeadFile | None:
    """Read a file.

    :param path: Where it is.
    :return: ``None`` when there is none.
    :raises FileError: When it cannot be read.
    """
    try:
        return parse(path.read_text("utf-8", errors="replace"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(
            f"{path} cannot be read: {error.strerror or error}.",
            "Check its permissions.",
        ) from error


def files_in(folder: Path) -> list[Path]:
    """Return the ``HEAD`` files that were written to a folder, sorted.

    Another file of such a name is not one, unless it begins as ours do.

    :param folder: The script directory.
    """
    start = COMMENT.splitlines()[0].encode()
    found = [folder / NAME, *folder.glob(f"{NAME}.*")]
    return sorted(
        path for path in found if path.is_file() and path.read_bytes().startswith(start)
    )


def write_all(folder: Path, branches: list[Branch]) -> list[Path]:
    """Write the files of all branches and delete those of branches that are gone.

    :param folder: The script directory.
    :param branches: The branches of the history.
    :return: What was written or deleted; files that are right stay untouched.
    :raises FileError: When one cannot be written.
    """
    wanted = {folder / branch.file_name: text_for(branch) for branch in branches}
    changed: list[Path] = []
    for path, text in wanted.items():
        if _write(path, text.encode("utf-8", errors="replace")):
            changed.append(path)
    for path in files_in(folder):
        if path not in wanted:
            path.unlink()
            changed.append(path)
    return changed


def _write(path: Path, content: bytes) -> bool:
    """Write a file where it holds something else; return whether it did."""
    try:
        if path.exists() and path.read_bytes() == content:
            return False
        replace(path, content)
    except OSError as error:
        raise FileError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Make it a writable file, then run: flask db headfile",
        ) from error
    return True
