"""Migrated once for a session, copied for each test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..backends.server_for_tests import TestServer, own_url
from ..errors import AlembicError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ..backends.lookup import Backends
    from ..runtime.environment import Environment

Names = dict[str, str]
"""By database name: the name of the test database in its place."""

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


@dataclass
class Template:
    """A database for each of an app's, migrated to one target."""

    names: Names
    """Where they are; empty until they are made."""

    error: BaseException | None = None
    """Why they could not be made or migrated."""

    cannot_copy: bool = False
    """Whether something is in them that the place cannot copy."""


@dataclass
class Templates:
    """What a pytest session has made so far.

    :param folder: For databases that are files.

    .. versionadded:: 4.0
    """

    folder: Path
    places: dict[tuple[object, ...], TestServer] = field(default_factory=dict)
    templates: dict[tuple[object, ...], Template] = field(default_factory=dict)
    migrated: int = 0
    """How often an upgrade was run to make a template, or instead of a copy."""

    made: list[tuple[TestServer, str]] = field(default_factory=list)

    def places_of(
        self, engines: Mapping[str, Engine], backends: Backends
    ) -> dict[str, TestServer]:
        """Return where test databases for these engines are made.

        :param engines: By database name.
        :param backends: Those of the app.
        :raises ConfigurationError: When there is no way for one of them.
        """
        found = {}
        for name, engine in engines.items():
            backend = backends.backend_for(engine.dialect)
            key = (type(backend), *backend.test_server_key(own_url(engine)))
            if key not in self.places:
                self.places[key] = backend.test_server(engine, self.folder)
            self.places[key].use(engine)
            found[name] = self.places[key]
        return found

    @contextmanager
    def empty(self, places: Mapping[str, TestServer]) -> Iterator[Names]:
        """Give an empty database for each place, dropped at the end.

        :param places: By database name.
        """
        names: Names = {}
        try:
            for name, place in places.items():
                names[name] = place.create()
            yield names
        finally:
            _drop(places, names)

    @contextmanager
    def copied(
        self,
        key: tuple[object, ...],
        places: Mapping[str, TestServer],
        migrate: Callable[[Names], None],
    ) -> Iterator[Names]:
        """Give a migrated database for each place, dropped at the end.

        :param key: Tells one template from another.
        :param places: By database name.
        :param migrate: Runs the upgrade on databases that are empty.
        :raises BaseException: What the upgrade raised when the template was made.
        """
        key = (*key, *((name, id(place)) for name, place in places.items()))
        if key not in self.templates:
            self.templates[key] = Template({})
            self._make(self.templates[key], places, migrate)
        elif error := self.templates[key].error:
            raise _again(error)
        template = self.templates[key]
        if template.error is not None:
            raise template.error
        names: Names = {}
        try:
            for name, place in places.items():
                copy = None
                if not template.cannot_copy:
                    copy = place.copy(template.names[name])
                template.cannot_copy = template.cannot_copy or copy is None
                names[name] = copy or place.create()
            if template.cannot_copy:
                names = self._instead(places, names, migrate)
            yield names
        finally:
            _drop(places, names)

    def _make(
        self,
        template: Template,
        places: Mapping[str, TestServer],
        migrate: Callable[[Names], None],
    ) -> None:
        try:
            for name, place in places.items():
                template.names[name] = place.create()
                self.made.append((place, template.names[name]))
            self.migrated += 1
            migrate(template.names)
        except Exception as error:
            template.error = error

    def _instead(
        self,
        places: Mapping[str, TestServer],
        names: Names,
        migrate: Callable[[Names], None],
    ) -> Names:
        """Migrate empty databases, where one of the copies cannot be had."""
        _drop(places, names)
        names = {name: place.create() for name, place in places.items()}
        self.migrated += 1
        migrate(names)
        return names

    def close(self) -> None:
        """Drop the templates."""
        while self.made:
            place, name = self.made.pop()
            place.drop(name)


def _drop(places: Mapping[str, TestServer], names: Names) -> None:
    while names:
        name, made = names.popitem()
        places[name].drop(made)


def _again(error: BaseException) -> BaseException:
    """Return what the tests after the first one say: 500 need not tell it in full."""
    if not isinstance(error, AlembicError) or "\n" not in error.message:
        return error
    first = error.message.partition("\n")[0]
    return AlembicError(first, "The first test that needed the migrations says more.")


def fingerprint(environment: Environment) -> tuple[object, ...]:
    """Return what tells whether a template still fits an app.

    The files of its revisions with their times, and its settings.

    :param environment: The app's environment.
    """
    files: list[Any] = []
    for folder in environment.locations.paths:
        for path in sorted(folder.rglob("*.py")):
            stat = path.stat()
            files.append((str(path), stat.st_mtime_ns, stat.st_size))
    settings = [
        (name, _ADDRESS.sub("", repr(value)))
        for name, value in sorted(environment.app.config.items())
        if name.startswith("ALEMBIC")
    ]
    plugins = [(one.name, one.status) for one in environment.registry.records]
    return tuple(files), tuple(settings), tuple(plugins)
