"""Putting a chain of revisions on top of a head: one literal in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask_alembic.hooks import AlembicError
from flask_alembic.revision_files import read, write

from .branches import branches
from .errors import NothingToRebase, RebaseRefused
from .graph import parents
from .head_file import load, write_all
from .moves import Move, check_databases, plan

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory
    from flask import Flask

    from flask_alembic import Alembic


def prepare(app: Flask, name: str | None, onto: str | None) -> Move:
    """Find out what to move, and refuse where it is not safe.

    :param app: The application; its context is active.
    :param name: The late revision; ``None`` to ask the conflict that git left.
    :param onto: The head to follow; ``None`` for the other one of the branch.
    :raises NothingToRebase: When everything is in its place.
    :raises RebaseRefused: With the reason; nothing is written.
    """
    alembic: Alembic = app.extensions["alembic"]
    history = alembic.script_directory
    late = _named(history, name if name is not None else _from_conflict(history))
    move = plan(history, late, _named(history, onto) if onto is not None else None)
    # Refuses what cannot be rewritten, before a database is asked.
    read(Path(move.first.path)).changed({"down_revision": move.onto.revision})
    check_databases(history, alembic.current(), move)
    return move


def _named(history: ScriptDirectory, name: str) -> Script:
    script = history.get_revision(name)
    if script is None:
        raise RebaseRefused(f"{name!r} is no revision.", "Name one by its id.")
    return script


def _from_conflict(history: ScriptDirectory) -> str:
    """Return the later one of two heads, as the conflict in a ``HEAD`` file tells."""
    from .git import later_side

    several = [branch for branch in branches(history) if len(branch.heads) > 1]
    if not several:
        raise NothingToRebase("Each branch has one head: nothing to rebase.")
    ids = [head.revision for head in several[0].heads]
    file = load(Path(history.dir, several[0].file_name))
    side = later_side(Path(history.dir))
    if len(several) == 1 and side is not None and file is not None and file.conflict:
        found = getattr(file.conflict, side)
        if len(ids) == 2 and {*file.conflict.ours, *file.conflict.theirs} == {*ids}:
            return str(found[0])
    raise RebaseRefused(
        f"The branch {several[0].name!r} has several heads: {', '.join(ids)}.",
        "Name the one that comes later: "
        + " or ".join(f"flask db rebase {id_}" for id_ in ids),
    )


def perform(app: Flask, move: Move) -> list[Path]:
    """Rewrite the file, see that the history is as it should be, write ``HEAD``.

    :param app: The application; its context is active.
    :param move: What :func:`prepare` returned.
    :return: The files that changed.
    :raises RebaseRefused: When the history would be another one than expected; the
        file is then as it was.
    """
    alembic: Alembic = app.extensions["alembic"]
    path = Path(move.first.path)
    file = read(path)
    before = path.read_bytes()
    write(path, file.changed({"down_revision": move.onto.revision}))
    try:
        _require(alembic, move)
    except BaseException:
        write(path, before)
        raise
    history = alembic.script_directory
    return [path, *write_all(Path(history.dir), branches(history))]


def _require(alembic: Alembic, move: Move) -> None:
    """Load the history anew and compare it with what was meant."""
    try:
        history = alembic.script_directory
        moved = history.get_revision(move.first.revision)
        heads = history.get_heads()
    except AlembicError as error:
        raise RebaseRefused(
            f"{move.first.path} would break the history: {error.message}",
            "Change it by hand; it is as it was.",
        ) from error
    if parents(moved) != (move.onto.revision,) or move.onto.revision in heads:
        raise RebaseRefused(
            f"{move.first.path} sets down_revision in a way that cannot be rewritten.",
            "Change it by hand; it is as it was.",
        )
