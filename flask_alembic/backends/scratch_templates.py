"""Scratch databases that are kept: each holds the schema that a history builds.

A history of hundreds of revisions takes long to run. What it builds is kept as a
template, so that the next scratch database begins with it.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .scratch import PREFIX

if TYPE_CHECKING:
    from sqlalchemy import Engine

KEPT: Final = 3
"""How many templates of one project are kept: those that were used last."""

UNUSED: Final = 14 * 24 * 3600.0
"""After how long a template that nobody has used is dropped, in seconds."""

LEFT: Final = 3600.0
"""After how long a scratch database without sessions counts as left over, in seconds."""

_SCRATCH: Final = re.compile(re.escape(PREFIX) + r"([0-9a-f]{8})_[0-9a-f]{8}")


class TemplateGone(Exception):
    """A template cannot be used any more: somebody else has dropped or taken it."""


def age_of(name: str, now: float) -> float | None:
    """Return how old a scratch database is, in seconds.

    :param name: Its name.
    :param now: The time.
    :return: ``None`` when it is not the name of a scratch database.
    """
    match = _SCRATCH.fullmatch(name)
    return None if match is None else now - int(match[1], 16)


@dataclass(frozen=True, slots=True)
class Template:
    """A template that is kept.

    .. versionadded:: 4.0
    """

    key: str
    """What it was built from: a hash."""

    project: str
    """Whose it is: a hash."""

    name: str
    """The name of the database or file."""

    used: float
    """When it was used last, in seconds since the epoch."""


def stale(templates: list[Template], project: str, now: float) -> list[Template]:
    """Return the templates that are to be dropped.

    :param templates: All that there are.
    :param project: The project that works now; of others only old ones are dropped.
    :param now: The time.
    """
    own = [each for each in templates if each.project == project]
    own.sort(key=lambda each: each.used, reverse=True)
    return [
        each
        for each in templates
        if now - each.used > UNUSED or (each in own and own.index(each) >= KEPT)
    ]


class ScratchTemplates(ABC):
    """The templates of one kind of database, on one server or in one folder.

    A backend gives one with
    :meth:`~flask_alembic.backends.Backend.scratch_templates`. Several processes may
    use the same templates at the same time, and each may be killed at any time.

    :param project: Whose templates are made here: 8 hexadecimal digits.

    .. versionadded:: 4.0
    """

    def __init__(self, project: str) -> None:
        self.project = project

    @abstractmethod
    def server_version(self) -> str:
        """Return name and version of the server that scratch databases are on.

        :raises DatabaseError: When it cannot be reached.
        """

    @abstractmethod
    def templates(self) -> list[Template]:
        """Return the templates that are there, of every project."""

    @abstractmethod
    def take(self, key: str | None) -> AbstractContextManager[Engine]:
        """Give an engine for a scratch database that is gone at the end.

        :param key: The template that it begins with; ``None`` for an empty one.
        :raises TemplateGone: When there is no such template any more.
        :raises DatabaseError: When no database can be made.
        """

    @abstractmethod
    def keep(self, engine: Engine, key: str) -> bool:
        """Keep a scratch database as a template; nobody is connected to it any more.

        :param engine: What :meth:`take` gave; it is not used afterwards.
        :param key: What it is to be found by.
        :return: Whether there is such a template now.
        """

    @abstractmethod
    def drop(self, template: Template) -> None:
        """Drop a template, if it is still there.

        :param template: The template.
        """

    def leftovers(self) -> list[str]:
        """Return the scratch databases that killed processes have left."""
        return []

    def drop_leftover(self, name: str) -> None:  # noqa: B027 - none without leftovers
        """Drop a scratch database that was left.

        :param name: What :meth:`leftovers` gave.
        """

    def tidy(self) -> None:
        """Drop what is stale and what was left."""
        for template in stale(self.templates(), self.project, time.time()):
            self.drop(template)
        for name in self.leftovers():
            self.drop_leftover(name)


class FileTemplates(ScratchTemplates):
    """Templates that are files in a folder.

    :param project: Whose they are.
    :param folder: The folder; it is made when it is needed.

    .. versionadded:: 4.0
    """

    suffix = ".db"
    """What the name of a file ends with."""

    companions: tuple[str, ...] = ()
    """What the database appends to the name of a file for files beside it."""

    def __init__(self, project: str, folder: Path) -> None:
        super().__init__(project)
        self.folder = folder

    @abstractmethod
    def engine(self, path: Path) -> Engine:
        """Return an engine for a file.

        :param path: The file.
        """

    def _path(self, key: str) -> Path:
        return self.folder / f"{self.project}-{key}{self.suffix}"

    def templates(self) -> list[Template]:
        """Return the files in the folder."""
        found = []
        try:
            entries = list(os.scandir(self.folder))
        except OSError:
            return []
        for entry in entries:
            match = re.fullmatch(r"([0-9a-f]{8})-([0-9a-f]+)", Path(entry.name).stem)
            if match and entry.name.endswith(self.suffix):
                try:
                    used = entry.stat().st_mtime
                except OSError:
                    continue
                found.append(Template(match[2], match[1], entry.path, used))
        return found

    @contextmanager
    def take(self, key: str | None) -> Iterator[Engine]:
        """Give an engine for a copy in a temporary folder."""
        import tempfile

        with tempfile.TemporaryDirectory(prefix="flask-alembic-") as folder:
            path = Path(folder, f"scratch{self.suffix}")
            if key is not None:
                template = self._path(key)
                try:
                    shutil.copyfile(template, path)
                    os.utime(template)
                except OSError as error:
                    raise TemplateGone(str(template)) from error
            engine = self.engine(path)
            try:
                yield engine
            finally:
                engine.dispose()

    def keep(self, engine: Engine, key: str) -> bool:
        """Copy the file, all of it at once."""
        engine.dispose()
        path = str(engine.url.database)
        if any(os.path.exists(path + each) for each in self.companions):
            return False  # a part of the content is still beside it
        target = self._path(key)
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, beside)
            os.replace(beside, target)
        except OSError:
            beside.unlink(missing_ok=True)
            return False
        return True

    def drop(self, template: Template) -> None:
        """Remove the file."""
        _unlink(template.name)

    def leftovers(self) -> list[str]:
        """Return half-written files that are older than an hour."""
        now = time.time()
        try:
            entries = [e for e in os.scandir(self.folder) if e.name.startswith(".")]
            return [e.path for e in entries if now - e.stat().st_mtime > LEFT]
        except OSError:
            return []

    def drop_leftover(self, name: str) -> None:
        """Remove the file."""
        _unlink(name)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:  # somebody else was quicker, or Windows while it is open
        return
