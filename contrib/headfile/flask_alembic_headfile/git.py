"""What git is in the middle of, read from its folder: no git needs to be installed.

Only the side of a conflict that comes later may be rewritten: the other one is
likely to be in production already.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal

Side = Literal["ours", "theirs"]

TRUNKS: Final = frozenset({"main", "master", "trunk", "develop", "development"})
"""Branches that are deployed: what is on one of them was there first."""

_REPLAYING: Final = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD")
_MERGED: Final = re.compile(r"Merge (?:remote-tracking )?branch '(?:.*/)?([^/']+)'")


def later_side(folder: Path) -> Side | None:
    """Return which side of a conflict is the later one.

    While commits are replayed it is theirs, the commit at hand. While a trunk is
    merged into whatever is checked out, as ``git pull`` does, it is ours. While
    something else is merged into a trunk, it is theirs.

    :param folder: A folder of the work tree.
    :return: ``None`` when git is in the middle of nothing, or does not tell.
    """
    git = _git_folder(folder)
    if git is None:
        return None
    if any((git / name).exists() for name in _REPLAYING):
        return "theirs"
    if not (git / "MERGE_HEAD").exists():
        return None
    merged = _MERGED.match(_text(git / "MERGE_MSG"))
    into = _text(git / "HEAD").removeprefix("ref: refs/heads/")
    if into not in TRUNKS or (merged and merged[1] in TRUNKS):
        return "ours"
    return "theirs" if merged else None


def _git_folder(folder: Path) -> Path | None:
    """Return git's own folder; in a linked work tree a file says where it is."""
    for parent in (folder, *folder.parents):
        git = parent / ".git"
        if git.is_dir():
            return git
        if git.is_file():
            return parent / _text(git).removeprefix("gitdir:").strip()
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
