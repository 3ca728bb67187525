"""Whether the rows of a version table can be understood, asked before anything else."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import HistoryError
from ..hooks.redaction import shown

if TYPE_CHECKING:
    from alembic.script import Script

    from ..script.loader import AppScriptDirectory


def require_known_revisions(
    scripts: AppScriptDirectory, database: str, heads: Sequence[Any]
) -> None:
    """Refuse a database whose version table cannot be understood.

    :param scripts: The history.
    :param database: The name of the database.
    :param heads: The ids in its version table; rows may hold anything.
    :raises HistoryError: With the rows and what to do.
    """
    unknown = unknown_heads(scripts, heads)
    if unknown and scripts.left_out:
        raise HistoryError(
            f"The database {database!r} is at {', '.join(unknown)}, which matches no "
            f"revision file in {scripts.dir}, and {'; '.join(scripts.left_out)}.",
            "The plugin may provide the revision: run the command with the plugin "
            "enabled (flask db plugins lists all).",
        )
    if unknown:
        raise HistoryError(
            f"The database {database!r} is at {', '.join(unknown)}, which matches no "
            f"revision file in {scripts.dir}.",
            "It may come from newer code or another branch: restore the missing file. If "
            "the tables match a revision you have, write that one into the version "
            "table: flask db stamp --purge REVISION",
        )
    found = conflicting_rows(scripts, heads)
    if found is not None:
        raise HistoryError(
            f"The version table of database {database!r} holds {found[0]}.",
            "Write the revision that the tables match: flask db stamp --purge "
            f"{found[1]}",
        )


def conflicting_rows(
    scripts: AppScriptDirectory, heads: Sequence[Any]
) -> tuple[str, str] | None:
    """Return which rows exclude each other in words, and the one that comes last.

    :param scripts: The history.
    :param heads: The ids in a version table; each has a file.
    :return: ``None`` when all of them make sense together.
    """
    if len(heads) < 2:
        return None
    doubled = sorted({head for head in heads if heads.count(head) > 1})
    if doubled:
        return f"{doubled[0]!r} twice", doubled[0]
    included = {head: _ancestors(scripts, head) & set(heads) for head in heads}
    tip = max(heads, key=lambda head: len(included[head]))
    if not included[tip]:
        return None
    rows = ", ".join(map(repr, sorted(included[tip])))
    return f"{tip!r} and also {rows}, which it includes", tip


def _ancestors(scripts: AppScriptDirectory, revision: str) -> set[str]:
    """Return the parents of a revision, theirs and so on, without dependencies."""
    found: set[str] = set()
    todo = [revision]
    while todo:
        parents = set(_parents(scripts.get_revision(todo.pop()))) - found
        found |= parents
        todo += parents
    return found


def unknown_heads(scripts: AppScriptDirectory, heads: Iterable[Any]) -> list[str]:
    """Return those ids that no revision file has.

    :param scripts: The history.
    :param heads: Ids from a version table; rows may hold anything.
    """
    return unknown_rows(scripts.known_ids(), heads)


def unknown_rows(known: Container[object], heads: Iterable[Any]) -> list[str]:
    """Return those ids that are not known, as they are shown.

    :param known: Every id that a revision file has.
    :param heads: Ids from a version table; rows may hold anything.
    """
    return [_row(head) for head in heads if head not in known]


def _row(head: Any) -> str:
    if head is None:
        return "a row that is NULL"
    return shown(head) if str(head) else "an empty row"


def _parents(script: Script) -> tuple[str, ...]:
    down = script.down_revision
    return (down,) if isinstance(down, str) else tuple(down or ())
