"""Which revisions stand below and above others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory


def parents(script: Script) -> tuple[str, ...]:
    """Return the ids of the parents of a revision; empty for a base.

    :param script: The revision.
    """
    return _several(script.down_revision)


def below(
    history: ScriptDirectory, ids: Iterable[str], *, dependencies: bool = False
) -> set[str]:
    """Return revisions and all that they follow.

    :param history: The history.
    :param ids: Whole ids.
    :param dependencies: Whether what they depend on counts too.
    """
    seen: set[str] = set()
    todo = list(ids)
    while todo:
        id_ = todo.pop()
        if id_ in seen:
            continue
        seen.add(id_)
        script = history.get_revision(id_)
        todo += parents(script)
        if dependencies:
            # A dependency may be a label or the beginning of an id.
            names = _several(script.dependencies)
            todo += [history.get_revision(name).revision for name in names]
    return seen


def above(history: ScriptDirectory, ids: Iterable[str]) -> set[str]:
    """Return revisions and all that follow them.

    :param history: The history.
    :param ids: Whole ids.
    """
    seen: set[str] = set()
    todo = list(ids)
    while todo:
        id_ = todo.pop()
        if id_ not in seen:
            seen.add(id_)
            todo += history.get_revision(id_).nextrev
    return seen


def _several(value: str | Iterable[str] | None) -> tuple[str, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
