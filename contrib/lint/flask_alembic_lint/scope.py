"""Which revisions are looked at: all, those after the baseline, pending, changed."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask_alembic.hooks import PluginError

from .changed import changed_files
from .linting import Linter
from .revision import RevisionSource

if TYPE_CHECKING:
    from alembic.script import Script
    from flask import Flask

    from flask_alembic.hooks import LintTarget


class Scope:
    """What is looked at during one command.

    :param app: The application.
    :param linter: Looks at revisions; it has the settings.
    :param dialects: Per database: the name of its dialect.
    """

    def __init__(self, app: Flask, linter: Linter, dialects: dict[str, str]) -> None:
        self.app = app
        self.linter = linter
        self.subject = linter.subject
        self.dialects = dialects
        self._made: dict[str, frozenset[str]] = {}

    @property
    def _extension(self) -> Any:
        return self.app.extensions["alembic"]

    def includes(self, target: LintTarget) -> bool:
        """Return whether a revision is looked at.

        :param target: The revision. One that is not written yet always is.
        """
        if target.path is None:
            return True
        if target.revision in self.baseline:
            return False
        only = self.subject.settings.only
        return only == "all" or target.revision in self.chosen

    @functools.cached_property
    def baseline(self) -> frozenset[str]:
        """The revisions of ``since`` and all before them."""
        return self._ancestors(self.subject.settings.since, "ALEMBIC_LINT['since']")

    @functools.cached_property
    def chosen(self) -> frozenset[str]:
        """The revisions that are pending or changed, as the settings ask for."""
        if self.subject.settings.only == "pending":
            return self._pending()
        if self.subject.settings.only == "changed":
            return self._changed()
        return frozenset()

    @functools.cached_property
    def _history(self) -> list[Script]:
        """All revisions in the order in which they run."""
        return list(self._extension.script_directory.walk_revisions())[::-1]

    def _ancestors(self, revisions: tuple[str, ...], where: str) -> frozenset[str]:
        """Return revisions and all that they build upon.

        :param revisions: Their ids, or names such as ``heads``.
        :param where: What named them, for the message.
        """
        from alembic.util import CommandError

        script = self._extension.script_directory
        found: set[str] = set()
        for revision in revisions:
            try:
                for each in script.walk_revisions("base", revision):
                    found.add(each.revision)
            except CommandError as error:
                raise PluginError(
                    f"{where} names {revision!r}, which is no revision: {error}.",
                    "Name one that `flask db log` lists.",
                ) from error
        return frozenset(found)

    def _pending(self) -> frozenset[str]:
        everything = {script.revision for script in self._history}
        everywhere = set(everything)
        for database in self.dialects or {"default": ""}:
            here = self._extension.current(databases=[database])
            heads = tuple(script.revision for script in here)
            everywhere &= self._ancestors(heads, "The database")
        return frozenset(everything - everywhere)

    def _changed(self) -> frozenset[str]:
        paths = {script.revision: Path(script.path) for script in self._history}
        changed = changed_files(
            {path.parent for path in paths.values()},
            self.subject.settings.changed_since,
        )
        return frozenset(
            revision for revision, path in paths.items() if path.resolve() in changed
        )

    @functools.cached_property
    def is_unread(self) -> bool:
        """Whether nothing could be looked at in any revision after the baseline."""
        for script in self._history:
            if script.revision not in self.baseline:
                path = Path(script.path)
                text = path.read_text("utf-8", errors="replace")
                source = RevisionSource(script.revision, text, path)
                if not self.linter.is_unread(source, self.dialects):
                    return False
        return True

    def fresh(self, target: LintTarget) -> frozenset[str]:
        """Return the tables that earlier revisions of the same set create.

        Pending revisions run together, and so do those of one change; what they
        create holds no rows when a later one of them alters it.

        :param target: The revision.
        """
        made: frozenset[str] = frozenset()
        if target.path is None or self.subject.settings.only == "all":
            return made
        for script in self._history:
            if script.revision == target.revision:
                break
            if script.revision in self.chosen:
                made |= self._created(script.revision, Path(script.path))
        return made

    def _created(self, revision: str, path: Path) -> frozenset[str]:
        if revision not in self._made:
            source = RevisionSource(revision, path.read_text("utf-8"), path)
            self._made[revision] = self.linter.created_tables(source, self.dialects)
        return self._made[revision]
