"""Paths as those who read a report know them: relative to the repository."""

from __future__ import annotations

from pathlib import Path


def repository_path(path: Path) -> str:
    """Return a path relative to its repository, or to here, with forward slashes.

    :param path: The path of a file.
    """
    full = path.resolve()
    for folder in full.parents:
        if (folder / ".git").exists():
            return full.relative_to(folder).as_posix()
    try:
        return full.relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return full.as_posix()
