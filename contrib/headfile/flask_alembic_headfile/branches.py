"""The branches of history, each with its heads and the name of its ``HEAD`` file.

Heads that carry the same labels are of one branch. History without labels is the
branch ``default``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory

DEFAULT: Final = "default"
NAME: Final = "HEAD"

_INSTALLED: Final = {"site-packages", "dist-packages"}


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of history.

    .. versionadded:: 1.0
    """

    name: str
    """What tells it from the others: a label, or several joined by ``+``."""

    heads: tuple[Script, ...]
    """Its heads, sorted by id. More than one is what this package is against."""

    @property
    def file_name(self) -> str:
        """The name of its ``HEAD`` file."""
        return file_name(self.name)


def file_name(branch: str) -> str:
    """Return the name of the ``HEAD`` file of a branch.

    :param branch: The name of the branch; any character may be part of it.
    """
    return NAME if branch == DEFAULT else f"{NAME}.{quote(branch, safe='+')}"


def branches(history: ScriptDirectory) -> list[Branch]:
    """Return the branches of a history, the default one first.

    Those whose head is a file of an installed package are left out: nobody who works
    on this project adds a revision there.

    :param history: The history.
    """
    by_labels: dict[frozenset[str], list[Script]] = {}
    for id_ in history.get_heads():
        script = history.get_revision(id_)
        if is_ours(script.path):
            labels = frozenset(script.branch_labels) or frozenset({DEFAULT})
            by_labels.setdefault(labels, []).append(script)
    found: dict[str, Branch] = {}
    for labels in sorted(by_labels, key=lambda labels: (len(labels), sorted(labels))):
        name = _name(labels, found)
        heads = sorted(by_labels[labels], key=lambda script: script.revision)
        found[name] = Branch(name, tuple(heads))
    return sorted(found.values(), key=lambda one: (one.name != DEFAULT, one.name))


def _name(labels: Iterable[str], taken: Iterable[str]) -> str:
    """Return the first label that no branch with fewer labels is called by."""
    ordered = sorted(labels, key=lambda label: (label != DEFAULT, label))
    free = [label for label in ordered if label not in taken]
    return free[0] if free else "+".join(ordered)


def is_ours(path: str) -> bool:
    """Return whether a revision file belongs to the project.

    :param path: The file.
    """
    return _INSTALLED.isdisjoint(Path(path).parts)
