"""Whether revision files make a history: said by file, before Alembic builds a map.

Alembic warns where an id is there twice and fails with a ``KeyError`` where a parent
is missing; both are errors that a person has to mend.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import HistoryError, InvalidRevisionId, RevisionFileError

if TYPE_CHECKING:
    from alembic.script import Script

_UNSAFE = re.compile(r"[\x00-\x1f\x7f'\"`;\\]")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f@+\-:'\"`/\\;]|\s")
_WORDS = frozenset({"head", "heads", "base", "current", "none"})


def check_history(scripts: Iterable[Script]) -> None:
    """Refuse files that make no history.

    :param scripts: Every revision, before a map is built of them.
    :raises HistoryError: Naming the files and what to mend.
    """
    by_id: dict[str, Script] = {}
    labels: set[str] = set()
    for script in scripts:
        if not script.revision or _UNSAFE.search(script.revision):
            raise HistoryError(
                f"The revision file {script.path} has the id {script.revision!r}, "
                "which cannot be written to a version table safely.",
                "Give it an id of letters, digits and underscores.",
            )
        if script.revision in by_id:
            raise HistoryError(
                f"Two files have the id {script.revision!r}: "
                f"{by_id[script.revision].path} and {script.path}.",
                "Give one of them another id, and those that follow it too.",
            )
        by_id[script.revision] = script
        labels.update(script.branch_labels)
    for script in by_id.values():
        _check_parents(script, by_id.keys() | labels)


def _check_parents(script: Script, known: Iterable[str]) -> None:
    named = (*_several(script.down_revision), *_several(script.dependencies))
    missing = [parent for parent in named if parent not in known]
    if missing:
        raise HistoryError(
            f"{script.path} follows {', '.join(map(repr, missing))}, which no file "
            "has.",
            "Get the missing file back, or mend down_revision or depends_on.",
        )


def _several(value: object) -> tuple[str, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


def unusable(path: Path, error: BaseException) -> RevisionFileError:
    """Return the error for a file that cannot be read or executed.

    :param path: The file.
    :param error: What happened.
    """
    if isinstance(error, SyntaxError):
        return RevisionFileError(
            f"The revision file {path} does not compile: {error.msg}, line "
            f"{error.lineno}.",
            "Mend the file.",
        )
    if isinstance(error, SystemExit):
        return RevisionFileError(
            f"The revision file {path} calls sys.exit() when it is imported.",
            "Remove the call.",
        )
    if isinstance(error, ModuleNotFoundError):
        return RevisionFileError(
            f"The revision file {path} imports {error.name!r}, which is not installed.",
            "Install it or remove the import.",
        )
    text = str(error)
    if "Could not determine revision id" in text or isinstance(error, TypeError):
        return RevisionFileError(
            f"{path} is not a revision: it has no usable 'revision' id.",
            "Set revision = '...' in it, or move the file out of the folder.",
        )
    if isinstance(error, AttributeError) and "down_revision" in text:
        return RevisionFileError(
            f"The revision file {path} has no 'down_revision'.",
            "Set it to the id of the parent, or to None for a base.",
        )
    return RevisionFileError(
        f"The revision file {path} cannot be loaded: {type(error).__name__}: {text}.",
        "Mend the file.",
    )


def check_id(text: str, known: Iterable[str], width: int = 32) -> None:
    """Refuse an id for a new revision that would make trouble later.

    :param text: The id.
    :param known: The ids and labels that are taken.
    :param width: How many characters the version column holds.
    :raises InvalidRevisionId: With the rule that it breaks.
    """
    if not text:
        raise InvalidRevisionId("The revision id is empty.", "Give another one.")
    bad = _FORBIDDEN.search(text) or (None if text.isprintable() else text)
    if bad or text.startswith("."):
        raise InvalidRevisionId(
            f"The revision id {text!r} holds characters that are not allowed.",
            "Use letters, digits and underscores only.",
        )
    if len(text) > width:
        raise InvalidRevisionId(
            f"The revision id {text!r} has {len(text)} characters, but the version "
            f"column holds {width}.",
            "Use a shorter id.",
        )
    if text.lower() in _WORDS:
        raise InvalidRevisionId(
            f"The revision id {text!r} means something else to Alembic.",
            "Use another id.",
        )
    if text in known:
        raise InvalidRevisionId(
            f"The revision id {text!r} is taken.", "Use another id."
        )


def check_label(label: str, known: Iterable[str]) -> None:
    """Refuse a branch label that would make trouble later.

    :param label: The label.
    :param known: The ids and labels that are taken.
    :raises InvalidRevisionId: With the rule that it breaks.
    """
    if not label or _FORBIDDEN.search(label.replace("-", "_")):
        raise InvalidRevisionId(
            f"The branch label {label!r} is empty or holds characters that are not "
            "allowed.",
            "Use letters, digits, underscores and hyphens only.",
        )
    if label.lower() in _WORDS or label in known:
        raise InvalidRevisionId(
            f"The branch label {label!r} is taken.", "Use another label."
        )
