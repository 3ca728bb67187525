"""Files that have one id, as two people made them and git merged them.

The history of such files cannot be loaded, so they are read one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flask_alembic.errors import RevisionFileError
from flask_alembic.revision_files import RevisionFile, read

if TYPE_CHECKING:
    from flask import Flask

    from flask_alembic import Alembic


def folders(app: Flask) -> tuple[Path, ...]:
    """Return the folders of revisions of an app.

    :param app: The application; its context is active.
    """
    alembic: Alembic = app.extensions["alembic"]
    # One path a line: that is how Flask-Alembic fills Alembic's configuration.
    written = alembic.config.get_main_option("version_locations") or ""
    return tuple(Path(line.strip()) for line in written.splitlines() if line.strip())


def read_all(places: Iterable[Path]) -> list[RevisionFile]:
    """Read every revision file; those that compute their id are left out.

    :param places: The folders.
    """
    files: list[RevisionFile] = []
    for path in sorted(path for folder in places for path in folder.rglob("*.py")):
        try:
            files.append(read(path))
        except RevisionFileError:
            continue
    return files


def collisions(files: Iterable[RevisionFile]) -> Mapping[str, list[RevisionFile]]:
    """Return the ids that several files have, with these files.

    :param files: Every revision file.
    """
    by_id: dict[str, list[RevisionFile]] = {}
    for file in files:
        by_id.setdefault(file.revision, []).append(file)
    return {id_: same for id_, same in sorted(by_id.items()) if len(same) > 1}


def commands(files: Iterable[RevisionFile]) -> list[str]:
    """Return the commands of which one fixes a collision.

    :param files: Files that have one id.
    """
    return [f"flask db renumber {file.path.name}" for file in files]


def advice(app: Flask) -> str:
    """Return what to do about files with one id.

    :param app: The application; its context is active.
    :return: Empty when there are none.
    """
    for same in collisions(read_all(folders(app))).values():
        return (
            "Keep the one that others have applied already and put the other one on "
            f"top: {', or '.join(commands(same))}"
        )
    return ""
