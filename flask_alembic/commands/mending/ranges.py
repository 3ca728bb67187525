"""Revisions as people name several of them: ids, labels and ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...environment.translation import shown
from ...errors import UsageError
from ..targets import SYMBOLS, missing, require

if TYPE_CHECKING:
    from alembic.script import Script

    from ...environment.scripts import Scripts


def one_script(scripts: Scripts, name: Any) -> Script:
    """Return the one revision that a name stands for.

    :param scripts: The history.
    :param name: An id or its beginning, ``head``, a label, or a ``Script``.
    :raises UsageError: When it stands for several.
    :raises RevisionNotFound: When it stands for none.
    """
    found = _named(scripts, str(getattr(name, "revision", name)).strip())
    if len(found) != 1:
        raise UsageError(
            f"{shown(name)} names {len(found)} revisions.", "Name a single one."
        )
    return found[0]


def chosen_scripts(scripts: Scripts, names: Any = ()) -> list[Script]:
    """Return revisions in the order in which they run.

    :param scripts: The history.
    :param names: Names, one or a list, and ranges ``FROM:TO`` with both ends; all
        revisions for none.
    """
    several = names if isinstance(names, (list, tuple, set)) else [names]
    several = [one for one in several if one not in ("", None)]
    everything = list(scripts.walk_revisions())[::-1]
    if not several:
        return everything
    wanted: set[str] = set()
    for name in several:
        text = str(getattr(name, "revision", name)).strip()
        found = _range(scripts, text) if ":" in text else _named(scripts, text)
        wanted.update(script.revision for script in found)
    return [script for script in everything if script.revision in wanted]


def _named(scripts: Scripts, text: str) -> list[Script]:
    if not text:
        raise UsageError("The revision is empty.", "Name one by its id.")
    require(scripts, text)
    found = [script for script in scripts.get_revisions(text) if script is not None]
    if not found and text not in SYMBOLS:
        raise missing(scripts, text)
    return found


def _range(scripts: Scripts, text: str) -> list[Script]:
    lower, _, upper = (part.strip() for part in text.partition(":"))
    for name in (lower, upper):
        if name:
            require(scripts, name)
    return list(scripts.walk_revisions(base=lower or "base", head=upper or "heads"))
