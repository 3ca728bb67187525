"""A history as it would be with other files: drafted, built and proved beside it."""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...environment.history import History
from ...environment.scripts import Scripts, open_scripts
from ...environment.soundness import check_history
from ...errors import ScriptLocationError
from ...settings.options import is_true

if TYPE_CHECKING:
    from alembic.script import Script

    from ...environment.objects import Environment


class Rewritten(Scripts):
    """A history without some of its files, and with those of one more folder."""

    _hidden: frozenset[str] = frozenset()

    @classmethod
    def of(cls, scripts: Scripts, hidden: Iterable[Script] = ()) -> Rewritten:
        """Return a history without some revisions.

        :param scripts: The history that there is, opened with the further folder.
        :param hidden: The revisions to leave out.
        """
        rewritten = cls.__new__(cls)
        vars(rewritten).update(vars(scripts))
        rewritten._hidden = frozenset(script.path for script in hidden)
        rewritten._adopt()
        return rewritten

    def _load_scripts(self) -> list[Script]:
        # Not Scripts' own: it would miss what is hidden and refuse the history.
        found = [
            script
            for script in History._load_scripts(self)
            if script.path not in self._hidden
        ]
        check_history(found)
        self._ids = frozenset(script.revision for script in found)
        self._added = set()
        return found


class Desk:
    """A folder for drafts, and the history with what lies in it.

    :param scripts: The history, opened with the folder.
    :param folder: The folder; it is gone at the end.
    """

    def __init__(self, scripts: Scripts, folder: Path) -> None:
        self._scripts = scripts
        self.folder = folder

    def history(self, hidden: Iterable[Script] = ()) -> Rewritten:
        """Return the history without some revisions, with the drafts that there are.

        :param hidden: The revisions to leave out.
        """
        return Rewritten.of(self._scripts, hidden)


@contextmanager
def desk(environment: Environment, folder: Path) -> Iterator[Desk]:
    """Give a desk to draft revisions on.

    :param environment: The app's environment.
    :param folder: The folder of revisions that a draft will go to. The desk is in it,
        hidden, so that formatters find the settings of the project; or elsewhere, if
        folders below it are read too.
    :raises ScriptLocationError: When nothing can be written there.
    """
    options = environment.settings.options
    recursive = is_true(options.get("recursive_version_locations"))
    place = None if recursive else folder
    try:
        drafts = Path(tempfile.mkdtemp(prefix=".draft-", dir=place))
    except OSError as error:
        raise ScriptLocationError(
            f"{folder} cannot be written to: {error.strerror or error}.",
            "Make the folder writable.",
        ) from error
    try:
        clone = copy.copy(environment)
        locations = environment.locations
        others = (*locations.others, (None, drafts))
        clone._made = {
            **environment._made,
            "locations": replace(locations, others=others),
        }
        clone._made.pop("index", None)
        clone._made.pop("graph", None)
        yield Desk(open_scripts(clone, None), drafts)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
