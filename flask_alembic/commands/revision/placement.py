"""Where a new revision goes: its parents, its labels and its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ...hooks.redaction import shown
from ...script.identifiers import check_label
from ...script.targets import SYMBOLS, missing, require

if TYPE_CHECKING:
    from ...script.loader import AppScriptDirectory
    from ...script.locations import Locations

DEFAULT_BRANCH = "default"
"""The branch of revisions for which none was named."""


@dataclass(frozen=True, slots=True)
class RevisionPlacement:
    """Where a new revision goes."""

    parents: tuple[str, ...]
    """The ids of its parents; empty for a new base."""

    labels: tuple[str, ...]
    """The labels it carries."""

    folder: Path
    """The folder it is written to."""

    depends_on: tuple[str, ...] = ()
    """What it depends on beside its parents."""


def resolve_placement(
    scripts: AppScriptDirectory,
    locations: Locations,
    *,
    branch: str = DEFAULT_BRANCH,
    parent: Any = "head",
    splice: bool = False,
    depend: Any = None,
    label: Any = None,
    path: Any = None,
) -> RevisionPlacement:
    """Find the place of a new revision.

    A branch that has no revision yet begins a new base and gets its label. Where no
    branch is named and the history was made without the label ``default``, the new
    revision follows the only head.

    :param scripts: The history.
    :param locations: The folders.
    :param branch: The independent branch to work on.
    :param parent: The parents: ids, ``head``, ``heads``, ``base``; one or a list.
    :param splice: Whether a parent may have children already.
    :param depend: The revisions to depend on, one or a list.
    :param label: The labels to apply, one or a list.
    :param path: The folder to write to.
    :raises UsageError: When a parent is ambiguous or is not a head.
    """
    labels = _several(label)
    taken = scripts.labels() | scripts.known_ids()
    if branch not in taken:
        check_label(branch, ())
    known_branch = scripts.has_revision(branch)
    if parent == "head" and known_branch:
        parents = _ids(scripts, f"{branch}@head")
    elif parent == "head" and (branch != DEFAULT_BRANCH or not scripts.known_ids()):
        parents = ()
        labels = labels if branch in labels else (branch, *labels)
    elif parent == "head":
        parents = _only_head(scripts, locations)
        if not parents:
            labels = labels if branch in labels else (branch, *labels)
    else:
        parents = _parents(scripts, parent)
        if branch != DEFAULT_BRANCH and not known_branch and branch not in labels:
            labels = (branch, *labels)
    if not splice:
        _require_heads(scripts, parents)
    for number, one in enumerate(labels):
        check_label(one, taken | set(labels[:number]))
    return RevisionPlacement(
        parents,
        labels,
        _folder(scripts, locations, branch, parents, path),
        tuple(_dependency(scripts, one) for one in _several(depend)),
    )


def _several(value: Any) -> tuple[Any, ...]:
    if value is None or value == "" or value == ():
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, (list, tuple, set)) else (value,)


def _ids(scripts: AppScriptDirectory, name: Any) -> tuple[str, ...]:
    if hasattr(name, "revision"):
        return (str(name.revision),)
    text = str(name).strip()
    require(scripts, text)
    found = scripts.get_revisions(text)
    return tuple(script.revision for script in found if script is not None)


def _parents(scripts: AppScriptDirectory, parent: Any) -> tuple[str, ...]:
    names = _several(parent)
    if not names:
        raise UsageError("The parent is empty.", "Name a revision, or 'base'.")
    parents: list[str] = []
    for name in names:
        found = _ids(scripts, name)
        if not found and str(name).strip() not in SYMBOLS:
            raise missing(scripts, str(name).strip())
        parents += found
    if len(set(parents)) != len(parents):
        twice = next(one for one in parents if parents.count(one) > 1)
        raise UsageError(f"The parent {twice} is named twice.", "Name it once.")
    return tuple(parents)


def _only_head(scripts: AppScriptDirectory, locations: Locations) -> tuple[str, ...]:
    """Return the head of the app's own history; none if only packages have one.

    A branch with a folder of its own goes its own way: a revision for which no branch
    was named must not be written into an installed package.
    """
    apart = {path.resolve() for label, path in locations.others if label}
    heads = [
        head
        for head in scripts.get_heads()
        if Path(scripts.get_revision(head).path).parent.resolve() not in apart
    ]
    if len(heads) > 1:
        raise UsageError(
            f"There are several heads ({', '.join(sorted(heads))}), so it is not clear "
            "which one the new revision follows.",
            "Name a --branch or --parent, or join them with flask db merge first.",
        )
    return tuple(heads)


def _require_heads(scripts: AppScriptDirectory, parents: Sequence[str]) -> None:
    for parent in parents:
        script = scripts.get_revision(parent)
        if script is not None and not script.is_head:
            raise UsageError(
                f"{parent} has a child already.",
                "Use --splice to branch off there, or follow the head.",
            )


def _dependency(scripts: AppScriptDirectory, name: Any) -> str:
    if hasattr(name, "revision"):
        return str(name.revision)
    found = _ids(scripts, name)
    if len(found) != 1:
        raise UsageError(
            f"{shown(name)} names {len(found)} revisions to depend on.",
            "Name each by its id.",
        )
    script = scripts.get_revision(found[0])
    # A label stays a label: it moves with its branch.
    return str(name) if str(name) in script.branch_labels else found[0]


def _folder(
    scripts: AppScriptDirectory,
    locations: Locations,
    branch: str,
    parents: Sequence[str],
    path: Any,
) -> Path:
    """Return the folder: as asked, the branch's own, the parent's, the default."""
    if path:
        wanted = Path(path)
        candidates = [
            known
            for known in locations.paths
            if known in {wanted, locations.script / wanted, Path.cwd() / wanted}
            or known.name == str(path)
        ]
        if not candidates:
            raise UsageError(
                f"{shown(path)} is not one of the folders that revisions are read from: "
                f"{', '.join(map(str, locations.paths))}.",
                "Add it to ALEMBIC['version_locations'].",
            )
        return candidates[0]
    own = locations.of_branch(branch)
    if own is not None:
        return own
    for parent in parents:
        folder = Path(scripts.get_revision(parent).path).parent
        for known in locations.paths:
            if known == folder or known.resolve() == folder.resolve():
                return known
    return locations.versions
