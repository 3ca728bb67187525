"""Revision files exchanged for another one: all of them or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...config.alembic_options import is_true
from ...errors import ScriptLocationError, UsageError
from ...script.loader import write_new

if TYPE_CHECKING:
    from alembic.script import Script

    from ...runtime.environment import Environment
    from .range import RevisionRange


def check_keep(
    environment: Environment, keep: Path | None, scripts: Sequence[Script]
) -> Path | None:
    """Return the folder for old files as an absolute path.

    :param environment: The app's environment.
    :param keep: The folder; relative ones are inside the script directory.
    :param scripts: The revisions whose files go there.
    :raises UsageError: When revisions are read from it, or files of those names are
        there.
    """
    if keep is None:
        return None
    locations = environment.locations
    folder = Path(os.path.normpath(Path(locations.script, keep)))
    options = environment.options
    recursive = is_true(options.get("recursive_version_locations"))
    for path in locations.paths:
        inside = folder.resolve().is_relative_to(path.resolve())
        if folder.resolve() == path.resolve() or (inside and recursive):
            raise UsageError(
                f"Revisions are read from {folder}, so the old files would stay in the "
                "history.",
                "Name another folder.",
            )
    taken = [
        Path(s.path).name for s in scripts if (folder / Path(s.path).name).exists()
    ]
    if taken:
        raise UsageError(
            f"There is a file {taken[0]} in {folder} already.", "Name another folder."
        )
    return folder


def replace_files(draft: Script, stretch: RevisionRange, keep: Path | None) -> Path:
    """Put a draft in the place of the files of a stretch.

    When anything fails, every file is put back. When the process is killed in the
    middle, the old files are in the folder that they are kept in, or in a hidden one
    beside them.

    :param draft: The draft.
    :param stretch: The revisions that it stands for.
    :param keep: Where to move the old files; they are removed without one.
    :return: The new file.
    :raises ScriptLocationError: When a file cannot be moved.
    """
    target = stretch.folder / Path(draft.path).name
    content = Path(draft.path).read_bytes()
    aside = keep or stretch.folder / f".squashed-{os.getpid()}"
    moved: list[tuple[Path, Path]] = []
    try:
        aside.mkdir(parents=True, exist_ok=keep is not None)
        for script in stretch.scripts:
            old = Path(script.path)
            new = (
                aside / f"{len(moved)}-{old.name}" if keep is None else aside / old.name
            )
            shutil.move(old, new)
            moved.append((old, new))
        write_new(target, content)
    except BaseException as error:
        for old, new in reversed(moved):
            shutil.move(new, old)
        if keep is None:
            shutil.rmtree(aside, ignore_errors=True)
        if isinstance(error, OSError):
            raise ScriptLocationError(
                f"The files could not be exchanged: {error.strerror or error}. They are "
                "as they were.",
                "Make the folders writable.",
            ) from error
        raise
    if keep is None:
        shutil.rmtree(aside, ignore_errors=True)
    return target
