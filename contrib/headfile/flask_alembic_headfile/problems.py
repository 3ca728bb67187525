"""What is wrong with the ``HEAD`` files, for ``flask db check`` and ``lint``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask_alembic.hooks import Problem

from .branches import Branch, branches
from .head_file import HeadFile, files_in, load

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

REWRITE: Final = "If the history is as it should be, write it with: flask db headfile"


def problems(history: ScriptDirectory) -> Iterator[Problem]:
    """Yield every problem; each names the head of a branch as its revision.

    :param history: The history.
    """
    folder = Path(history.dir)
    found = branches(history)
    for branch in found:
        yield from _of_branch(branch, folder / branch.file_name)
    wanted = {branch.file_name for branch in found}
    for path in files_in(folder):
        if path.name not in wanted:
            yield Problem(
                "HEAD005",
                f"{path.name} is of a branch that has no revision.",
                "error",
                revision=found[0].heads[0].revision if found else None,
                path=path,
                advice=REWRITE,
            )


def _of_branch(branch: Branch, path: Path) -> Iterator[Problem]:
    first = branch.heads[0].revision

    def problem(code: str, message: str, advice: str) -> Problem:
        return Problem(code, message, "error", revision=first, path=path, advice=advice)

    ids = [head.revision for head in branch.heads]
    text = load(path)
    if text is not None and text.conflict is not None:
        # The two heads behind it are the same trouble.
        yield problem(
            "HEAD003", f"{path.name} holds a merge conflict.", "Run: flask db rebase"
        )
        return
    if len(ids) > 1:
        yield problem(
            "HEAD004",
            f"The branch {branch.name!r} has {len(ids)} heads: {', '.join(ids)}.",
            "Put the later one on top: "
            + " or ".join(f"flask db rebase {id_}" for id_ in ids),
        )
    if text is None:
        yield problem("HEAD001", f"{path.name} is missing.", REWRITE)
    elif sorted(text.ids) != ids:
        yield problem("HEAD002", _stale(path, text, ids), REWRITE)


def _stale(path: Path, text: HeadFile, ids: list[str]) -> str:
    said = ", ".join(text.ids) or "nothing"
    return f"{path.name} says {said}, but the history ends at {', '.join(ids)}."
