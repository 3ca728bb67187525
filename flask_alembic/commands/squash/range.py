"""A stretch of the history that one revision can stand for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ...script.source_analysis import squashed_ids
from ...script.targets import one_script, require

if TYPE_CHECKING:
    from alembic.script import Script

    from ...script.loader import AppScriptDirectory


@dataclass(frozen=True, slots=True)
class RevisionRange:
    """Revisions in a line: each follows the one before it, and nothing else does."""

    scripts: tuple[Script, ...]
    """The revisions, the first one first."""

    after: tuple[Script, ...]
    """The revisions that come after or depend on the last one."""

    depends_on: tuple[str, ...] = ()
    """What they depend on outside of the stretch."""

    labels: tuple[str, ...] = ()
    """The branch labels that their files give."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(script.revision for script in self.scripts)

    @property
    def stands_for(self) -> tuple[str, ...]:
        """Their ids, and those of revisions that were squashed into them before."""
        ids = (
            id_
            for script in self.scripts
            for id_ in (*squashed_ids(script), script.revision)
        )
        return tuple(dict.fromkeys(ids))

    @property
    def last(self) -> str:
        """The id of the last one."""
        return self.ids[-1]

    @property
    def parents(self) -> tuple[str, ...]:
        """What the first one follows."""
        return _several(self.scripts[0].down_revision)

    def needed(self, scripts: AppScriptDirectory) -> tuple[str, ...]:
        """Return the revisions that have to be there before the first one.

        :param scripts: A history that has them.
        """
        names = (*self.parents, *self.depends_on)
        ids = tuple(
            dict.fromkeys(scripts.get_revision(name).revision for name in names)
        )
        below: set[str] = set()
        for id_ in ids:
            ancestors = scripts.iterate_revisions(id_, "base")
            below.update(each.revision for each in ancestors if each.revision != id_)
        return tuple(id_ for id_ in ids if id_ not in below)

    @property
    def folder(self) -> Path:
        """The folder of the last one."""
        return Path(self.scripts[-1].path).parent


def _several(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def parse_range(scripts: AppScriptDirectory, text: str) -> RevisionRange:
    """Return the stretch of a range.

    :param scripts: The history.
    :param text: ``FROM:TO``; without ``FROM`` from the base, without ``TO`` to the head.
    :raises UsageError: When it is no line, or what is inside is needed elsewhere.
    """
    lower, colon, upper = (part.strip() for part in text.partition(":"))
    if not colon:
        raise UsageError(
            f"{text!r} is not a range.", "Write FROM:TO; both ends are squashed."
        )
    last = one_script(scripts, upper or "head")
    first = None
    if lower not in ("", "base"):
        require(scripts, lower)
        first = one_script(scripts, lower).revision
    line = _line(scripts, first, last)
    if len(line) < 2:
        raise UsageError(
            f"{text} is a single revision, so there is nothing to squash.",
            "Name an earlier beginning.",
        )
    ids = {script.revision for script in line}
    _require_alone(scripts, line)
    depends: dict[str, None] = {}
    labels: dict[str, None] = {}
    for script in line:
        depends.update(dict.fromkeys(_several(script.dependencies)))
        # What the file itself gives; others have come along the branch.
        labels.update(dict.fromkeys(script._orig_branch_labels))
    return RevisionRange(
        tuple(line),
        tuple(_after(scripts, last.revision)),
        tuple(name for name in depends if name not in ids),
        tuple(labels),
    )


def _line(scripts: AppScriptDirectory, first: str | None, last: Script) -> list[Script]:
    """Walk down from the last revision to the first one."""
    line = [last]
    while line[-1].revision != first:
        parents = _several(line[-1].down_revision)
        if not parents and first is None:
            break
        if len(parents) != 1:
            what = "merges several" if parents else "begins the history"
            raise UsageError(
                f"{line[-1].revision} {what}, so there is no line from "
                f"{first or 'base'} to {last.revision}.",
                "Squash up to a merge and from it on by themselves."
                if parents
                else "Name a beginning that comes before the end.",
            )
        line.append(scripts.get_revision(parents[0]))
    return line[::-1]


def _require_alone(scripts: AppScriptDirectory, line: list[Script]) -> None:
    """Refuse when something outside follows or needs a revision of the middle."""
    inner = {script.revision: script for script in line[:-1]}
    labels = {
        label: script.revision
        for script in line[:-1]
        for label in script._orig_branch_labels
    }
    inside = {script.revision for script in line}
    for script in scripts.walk_revisions():
        if script.revision in inside:
            continue
        for name in (*_several(script.down_revision), *_several(script.dependencies)):
            if name in inner or name in labels:
                raise UsageError(
                    f"{script.revision} follows or depends on {name}, which would be "
                    "gone.",
                    "Squash up to that revision only.",
                )


def _after(scripts: AppScriptDirectory, last: str) -> list[Script]:
    """Return what comes after a revision, or depends on what does."""
    found: dict[str, Script] = {}
    everything = list(scripts.walk_revisions())
    gone, size = {last}, 0
    while size != len(gone):
        size = len(gone)
        for script in everything:
            needed = {
                *_several(script.down_revision),
                *(
                    scripts.get_revision(name).revision
                    for name in _several(script.dependencies)
                ),
            }
            if needed & gone and script.revision not in gone:
                gone.add(script.revision)
                found[script.revision] = script
    return list(found.values())
