"""Whether revision files make a history: said by file, before Alembic builds a map.

Alembic warns where an id is there twice and fails with a ``KeyError`` where a parent
is missing; both are errors that a person has to fix.
"""

from __future__ import annotations

import itertools
import os
import re
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import HistoryError, RevisionFileError
from ..hooks.redaction import first_line, shown
from .graph import NeedsMap
from .identifiers import is_usual
from .irreversible_mark import IRREVERSIBLE, mark_of
from .records import FolderScan, RevisionRecord

if TYPE_CHECKING:
    from alembic.script import Script

_UNSAFE = re.compile(r"[\x00-\x1f\x7f'\"`;\\]")
_SYMBOLS = frozenset({"head", "heads", "base"})
_FIX = "Fix down_revision or depends_on in it."


def check_history(scripts: Iterable[Script]) -> None:
    """Refuse files that make no history.

    :param scripts: Every revision, before a map is built of them.
    :raises HistoryError: Naming the files and what to fix.
    """
    by_id: dict[str, Script] = {}
    by_label: dict[str, Script] = {}
    for script in scripts:
        id_ = script.revision
        if not id_ or _UNSAFE.search(id_) or id_ in _SYMBOLS:
            raise HistoryError(
                f"The revision file {script.path} has the id {id_!r}, which means "
                "something else to Alembic or to a database.",
                "Give it an id of letters, digits and underscores.",
            )
        if id_ in by_id:
            raise HistoryError(
                f"Two files have the id {id_!r}: {by_id[id_].path} and {script.path}.",
                "Give one of them another id, and those that follow it too.",
            )
        by_id[id_] = script
        for label in script.branch_labels:
            if label in by_label:
                raise _label_taken(label, by_label[label], script)
            by_label[label] = script
    for label in by_label.keys() & by_id.keys():
        raise _label_taken(label, by_id[label], by_label[label])
    known = by_id.keys() | by_label.keys()
    for script in by_id.values():
        _check_parents(script, known)


def sound(scan: FolderScan) -> FolderScan:
    """Return a scan of which every record may be trusted without a map.

    Whatever :func:`check_history` would look at twice is left to it.

    :param scan: What the index found.
    :raises NeedsMap: When a record is unusual.
    """
    for record in scan.scripts:
        if not isinstance(record, RevisionRecord):
            raise NeedsMap("a file has to be executed")
        usual = is_usual(record.revision)
        if not usual or len(set(record.down_revisions)) < len(record.down_revisions):
            raise NeedsMap(f"{record.path} is unusual")
    return scan


def _label_taken(label: str, one: Script, other: Script) -> HistoryError:
    return HistoryError(
        f"{label!r} is the branch label of {other.path}, but {one.path} has that name "
        "already."
        if one is not other
        else f"{label!r} is both the id and a branch label in {other.path}.",
        "Rename the label, or remove it.",
    )


def _check_parents(script: Script, known: Set[str]) -> None:
    for value in (script.down_revision, script.dependencies):
        if not value:
            continue
        named = (value,) if isinstance(value, str) else tuple(value)
        missing = [parent for parent in named if parent not in known]
        if missing:
            raise HistoryError(
                f"{script.path} follows {', '.join(map(repr, missing))}, which no file "
                "has.",
                "Get the missing file back, or fix down_revision or depends_on.",
            )
        if len(set(named)) < len(named):
            raise HistoryError(
                f"{script.path} names a revision twice: {', '.join(map(repr, named))}.",
                _FIX,
            )


def cycle_found(scripts: Iterable[Script], ids: Iterable[str]) -> HistoryError:
    """Return the error for files that follow each other, each with what it follows.

    :param scripts: Every revision.
    :param ids: Those from which Alembic has found no way to a base.
    """
    by_id = {script.revision: script for script in scripts}
    labels = {label: id_ for id_, each in by_id.items() for label in each.branch_labels}
    parents = {
        id_: [
            labels.get(name, name)
            for names in (script.down_revision, script.dependencies)
            for name in ((names,) if isinstance(names, str) else names or ())
        ]
        for id_, script in by_id.items()
    }
    way = [min(ids)]
    # Whatever leads to a base is left out, so that the way comes back to itself.
    rest = _without_bases(parents)
    if way[0] not in rest:
        way = [min(rest)]
    while way.count(way[-1]) < 2:
        way.append(min(each for each in parents[way[-1]] if each in rest))
    cycle = way[way.index(way[-1]) :]
    links = [f"{one} follows {other}" for one, other in itertools.pairwise(cycle)]
    return HistoryError(
        f"The revision files form a cycle: {', '.join(links)}.",
        "Fix down_revision or depends_on in one of them: "
        f"{', '.join(sorted(by_id[id_].path for id_ in cycle[1:]))}.",
    )


def _without_bases(parents: Mapping[str, Collection[str]]) -> set[str]:
    """Return the revisions from which no way leads to a base."""
    rest = set(parents)
    while ends := {id_ for id_ in rest if rest.isdisjoint(parents[id_])}:
        rest -= ends
    return rest


def dependencies_of(module: ModuleType) -> Any:
    """Return ``depends_on`` of an executed file; ``None`` where Alembic sees none.

    An empty text, a tuple of it and ``False`` depend on nothing.

    :param module: The executed file.
    """
    value = getattr(module, "depends_on", None)
    return None if not value or value in (("",), [""]) else value


def check_identifiers(module: ModuleType, path: Path) -> None:
    """Refuse identifiers of other types than Alembic understands.

    What Alembic makes of them fails much later, without saying where. An empty
    ``depends_on`` becomes ``None``, as which Alembic treats it.

    :param module: The executed file.
    :param path: The file.
    :raises RevisionFileError: With the name and what it holds.
    """
    revision = getattr(module, "revision", None)
    if not isinstance(revision, str):
        raise _no_id(path)
    if hasattr(module, "depends_on"):
        vars(module)["depends_on"] = dependencies_of(module)
    for name in ("down_revision", "branch_labels", "depends_on"):
        value = getattr(module, name, None)
        several = value if isinstance(value, (tuple, list, set, frozenset)) else [value]
        if value is not None and not all(isinstance(one, str) for one in several):
            raise RevisionFileError(
                f"The revision file {path} has {name} = {shown(repr(value))[1:-1]}, "
                "which is neither text nor a tuple of it.",
                f"Fix {name} in it.",
            )
        if "" in several and name != "branch_labels":
            raise RevisionFileError(
                f"The revision file {path} has an empty {name}.",
                f"Set {name} to an id, or to None.",
            )

    try:
        mark_of(module)
    except TypeError:
        raise RevisionFileError(
            f"The revision file {path} has {IRREVERSIBLE} = "
            f"{shown(repr(getattr(module, IRREVERSIBLE)))[1:-1]}, which is neither "
            "True nor a reason.",
            f'Write {IRREVERSIBLE} = True, or {IRREVERSIBLE} = "why" on a line of its '
            "own.",
        ) from None


def _no_id(path: Path) -> RevisionFileError:
    return RevisionFileError(
        f"{path} is not a revision: it has no usable 'revision' id.",
        "Set revision = '...' in it, or move the file out of the folder.",
    )


def unusable(
    path: Path,
    error: BaseException,
    folders: Iterable[str] = (),
    *,
    is_new: bool = False,
) -> RevisionFileError:
    """Return the error for a file that cannot be read or executed.

    :param path: The file.
    :param error: What happened.
    :param folders: Where a link to the file may stand.
    :param is_new: Whether the file was written just now, and removed again.
    """
    if not is_new and not path.exists():
        links = (one for one in _links(folders) if os.path.realpath(one) == str(path))
        link = next(links, path)
        return RevisionFileError(
            f"The revision file {link} is a link to a file that is not there.",
            "Restore the file, or remove the link.",
        )
    text = first_line(error)
    line = line_in(path, error)
    if isinstance(error, SyntaxError):
        at = f", line {error.lineno}" if error.lineno else ""
        told = f"does not compile: {error.msg}{at}", "Fix the file."
    elif isinstance(error, SystemExit):
        told = "calls sys.exit() when it is imported", "Remove the call."
    elif isinstance(error, ModuleNotFoundError):
        told = (
            f"imports {error.name!r}, which is not installed",
            "Install it or remove the import.",
        )
    elif isinstance(error, OSError) and error.strerror and not line:
        told = f"cannot be read: {error.strerror}", "Check its permissions."
    elif type(error).__name__ in {"LoopDetected", "DependencyLoopDetected"}:
        told = f"names itself as what it follows ({text})", _FIX
    elif "not allowed in revision identifier" in text:
        told = (
            f"has an id that Alembic cannot use: {text}",
            "Give it an id of letters, digits and underscores.",
        )
    elif "other identifiers" in text:
        told = "changed while it was read", "Run the command again."
    elif isinstance(error, AttributeError) and "down_revision" in text:
        told = (
            "has no 'down_revision'",
            "Set it to the id of the parent, or to None for a base.",
        )
    elif "Could not determine revision id" in text or (
        isinstance(error, TypeError) and not line
    ):
        return _no_id(path)
    else:
        at = f", line {line}" if line else ""
        name = type(error).__name__
        said = name if text == name else f"{name}: {text}"
        told = f"cannot be loaded: {said}{at}", "Fix the file."
    return RevisionFileError(f"The revision file {path} {told[0]}.", told[1])


def line_in(path: Path, error: BaseException) -> int:
    """Return the line of a file at which it failed; 0 when that was elsewhere.

    :param path: The file.
    :param error: What was raised.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return next(
        (frame.lineno or 0 for frame in frames if frame.filename == str(path)), 0
    )


def _links(folders: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        try:
            yield from (path for path in Path(folder).iterdir() if path.is_symlink())
        except OSError:
            continue
