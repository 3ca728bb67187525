"""Ids and branch labels for new revisions: those that would make trouble later."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import InvalidRevisionId
from ..hooks.redaction import shown

WIDTH = 32
"""How many characters the column of Alembic's version table holds."""

_ID = re.compile(r"\w[\w.]*")
_LABEL = re.compile(r"\w[\w.-]*")
# What Alembic would read as a revision and a number of steps from it.
_STEPS = re.compile(r"\d+|.*-\d+")
_WORDS = frozenset({"head", "heads", "base", "current", "none"})


def is_usual(text: str) -> bool:
    """Return whether an id holds nothing that could mean something else.

    :param text: The id of a revision that is there already.
    """
    return bool(_ID.fullmatch(text)) and text.lower() not in _WORDS


def check_id(text: str, known: Iterable[str], width: int = WIDTH) -> None:
    """Refuse an id for a new revision that would make trouble later.

    :param text: The id.
    :param known: The ids and labels that are taken.
    :param width: How many characters the version column holds.
    :raises InvalidRevisionId: With the rule that it breaks.
    """
    if not text:
        raise InvalidRevisionId("The revision id is empty.", "Give another one.")
    if not _ID.fullmatch(text):
        raise InvalidRevisionId(
            f"The revision id {shown(text)} holds characters that are not allowed.",
            "Use letters, digits and underscores only.",
        )
    if len(text) > width:
        raise InvalidRevisionId(
            f"The revision id {shown(text)} has {len(text)} characters, but the "
            f"version column holds {width}.",
            "Use a shorter id.",
        )
    if text.lower() in _WORDS:
        raise InvalidRevisionId(
            f"The revision id {text!r} means something else to Alembic.",
            "Use another id.",
        )
    alike = [one for one in known if one.casefold() == text.casefold()]
    if text in alike:
        raise InvalidRevisionId(
            f"The revision id {text!r} is taken.",
            "Use another id, or try again if it was made from the time.",
        )
    if alike:
        raise InvalidRevisionId(
            f"The revision id {text!r} differs from {alike[0]!r} in upper and lower "
            "case only: MySQL, MariaDB and some file systems take them for one.",
            "Use another id.",
        )


def check_label(label: str, known: Iterable[str]) -> None:
    """Refuse a branch label that would make trouble later.

    :param label: The label.
    :param known: The ids and labels that are taken.
    :raises InvalidRevisionId: With the rule that it breaks.
    """
    if not label:
        raise InvalidRevisionId("The branch label is empty.", "Give another one.")
    if not _LABEL.fullmatch(label):
        raise InvalidRevisionId(
            f"The branch label {shown(label)} holds characters that are not allowed.",
            "Use letters, digits, underscores and hyphens only.",
        )
    if label.lower() in _WORDS or _STEPS.fullmatch(label):
        raise InvalidRevisionId(
            f"The branch label {shown(label)} would be read as a revision or as a "
            "number of steps.",
            "Use another label.",
        )
    if label in known:
        raise InvalidRevisionId(
            f"The branch label {label!r} is taken.", "Use another label."
        )
