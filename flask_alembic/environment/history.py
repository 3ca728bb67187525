"""The script directory, built from the index: Alembic's answers without its reading.

Alembic executes every revision file to learn the history. Here the index tells it,
and a file is executed when its revision runs, is shown or is asked for its module.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import Revision
from alembic.util import CommandError, load_python_file, to_tuple, warn

from .index import Index, Record, Scan, Unread
from .revision_map import HistoryMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.config import Config


_REFUSED = re.compile("[@+:-]")
# What one version of Alembic or another does not allow in an id.

_INITIALIZED = vars(Revision("a", None)).keys() == {
    "revision",
    "down_revision",
    "dependencies",
    "_orig_branch_labels",
    "branch_labels",
}
# Whether Alembic's Revision is what LazyScript knows how to fill.


class LazyScript(Script):
    """A revision whose file is executed when its module is asked for.

    :param record: What the index tells of it.
    :param forget: Called when the file turns out to be another one.

    .. versionadded:: 4.0
    """

    def __init__(self, record: Record, forget: Callable[[], object]) -> None:
        self._record = record
        self._forget = forget
        self._module: ModuleType | None = None
        self.path = record.path
        # Script's own initializer takes everything from the module; Revision's, which
        # checks the identifiers, costs as much as the whole index.
        if _is_sound(record):
            self.revision = record.revision
            self.down_revision = record.down_revision
            self.dependencies = record.dependencies
            self._orig_branch_labels = record.branch_labels
            self.branch_labels = set(record.branch_labels)
        else:
            Revision.__init__(
                self,
                record.revision,
                record.down_revisions,
                record.depends_on,
                record.branch_labels,
            )

    @property
    def module(self) -> ModuleType:  # type: ignore[override]
        """The executed file.

        :raises CommandError: When it names other identifiers than those that the
            history was built from.
        """
        if self._module is None:
            folder, name = os.path.split(self.path)
            module = load_python_file(folder, name)
            if not _matches(module, self._record):
                self._forget()
                raise CommandError(
                    f"The revision file {self.path} has other identifiers than when "
                    "the history was read. Run the command again."
                )
            self._module = module
        return self._module

    @property
    def doc(self) -> str:
        """The first paragraph of the docstring."""
        return self._record.doc

    @property
    def longdoc(self) -> str:
        """The whole docstring."""
        return self._record.longdoc


def _is_sound(record: Record) -> bool:
    """Tell whether Alembic's Revision would find nothing to refuse."""
    id_ = record.revision
    return not (
        not _INITIALIZED
        or _REFUSED.search(id_)
        or id_ in record.down_revisions
        or id_ in record.depends_on
    )


def _matches(module: ModuleType, record: Record) -> bool:
    """Tell whether a module is the one that the history was built from."""
    found = (
        getattr(module, "revision", None),
        to_tuple(getattr(module, "down_revision", None), default=()),
        to_tuple(getattr(module, "branch_labels", None), default=()),
        to_tuple(getattr(module, "depends_on", None), default=()),
    )
    return found == record[:4]


class History(ScriptDirectory):
    """Alembic's script directory, with an index.

    It takes the arguments of :class:`alembic.script.ScriptDirectory`.

    .. versionadded:: 4.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._adopt()

    @classmethod
    def from_config(cls, config: Config) -> History:
        """Return the history of a configuration.

        :param config: It needs ``script_location``.
        :raises CommandError: When there is none, or no such folder.
        """
        # Alembic's own names the class that it makes, and how it reads its
        # configuration changes with its version.
        history = cls.__new__(cls)
        vars(history).update(vars(ScriptDirectory.from_config(config)))
        history._adopt()
        return history

    def _adopt(self) -> None:
        self._index: Index | None = None
        self._scan: Scan | None = None
        self.revision_map = HistoryMap(self._load_scripts)

    @property
    def index(self) -> Index:
        """The index that this history reads; another one may be set to share it."""
        if self._index is None:
            self._index = Index(
                # Alembic's list of absolute paths: ``version_locations`` may name
                # packages, and may be empty.
                [os.fspath(location) for location in self._version_locations],
                recursive=self.recursive_version_locations,
                sourceless=self.sourceless,
            )
        return self._index

    @index.setter
    def index(self, index: Index) -> None:
        self._index = index

    def refresh(self) -> bool:
        """See what happened to the revision files since the last call.

        Each file is asked for its size and time of change. When one is new, changed
        or gone, the next question is answered from a new map of revisions, and no
        module that was executed before is used again.

        :return: Whether anything changed.

        .. versionadded:: 4.0
        """
        if self._scan is None or self.index.scan() is self._scan:
            return False
        self._scan = None
        self.revision_map = HistoryMap(self._load_scripts)
        return True

    def _load_revisions(self) -> Iterator[Script]:
        # Where Alembic's own map would look; ours asks for the list itself.
        return iter(self._load_scripts())

    def _load_scripts(self) -> list[Script]:
        scan = self.index.scan()
        for path in scan.repeated:
            # In Alembic's words.
            warn(
                f"File {path} loaded twice! ignoring. "
                "Please ensure version_locations is unique."
            )
        scripts: list[Script] = []
        for found in scan.scripts:
            if isinstance(found, Record):
                scripts.append(self._trust(found))
            elif (script := self._execute(found)) is not None:
                scripts.append(script)
        self._scan = scan
        return scripts

    def _trust(self, record: Record) -> Script:
        """Make a revision of what the index tells."""
        return LazyScript(record, self.index.forget)

    def _execute(self, unread: Unread) -> Script | None:
        """Let Alembic read a file in its own way, with its own errors.

        Its method is the only place that knows legacy names and compiled files. It
        has one name before version 1.16 and another since.
        """
        if hasattr(Script, "_from_path"):
            return Script._from_path(self, Path(unread.path))
        from_filename: Any = getattr(Script, "_from_filename")  # noqa: B009
        script: Script | None = from_filename(self, *os.path.split(unread.path))
        return script
