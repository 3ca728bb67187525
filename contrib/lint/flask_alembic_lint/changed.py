"""Which files git says are new or different."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from flask_alembic.hooks import PluginError


def changed_files(folders: Iterable[Path], since: str) -> frozenset[Path]:
    """Return the files that differ from where a branch was left, or are untracked.

    :param folders: Folders whose repositories are asked.
    :param since: The branch or commit to compare with.
    :raises PluginError: When there is no repository, or no such branch.
    """
    found: set[Path] = set()
    if since.startswith("-"):
        raise _unknown(since, "that is an option")
    for top in {_git(folder, "rev-parse", "--show-toplevel") for folder in folders}:
        root = Path(top.strip())
        base = _git(root, "merge-base", since, "HEAD", about=since).strip()
        differing = _git(root, "diff", "--name-only", "--diff-filter=d", "-z", base)
        untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
        for name in (*differing.split("\0"), *untracked.split("\0")):
            if name:
                found.add((root / name).resolve())
    return frozenset(found)


def _git(folder: Path, *arguments: str, about: str = "") -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PluginError(
            f"git cannot be asked which revisions changed: {error}.",
            "Install git, or set ALEMBIC_LINT['only'] = 'all'.",
        ) from error
    if done.returncode != 0:
        told = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise _unknown(about, told)
    return done.stdout


def _unknown(since: str, told: str) -> PluginError:
    return PluginError(
        f"git cannot tell what changed since {since or 'the last commit'}: {told}.",
        "Fetch that branch (CI often clones without it), or set "
        "ALEMBIC_LINT['changed_since'] to one that is there.",
    )
