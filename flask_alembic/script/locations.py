"""Where the revisions are: folders found, told apart and made, without Alembic."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Location, Settings
from ..errors import ConfigurationError, ScriptLocationError
from .atomic_write import replace
from .existing_folder import beside_package
from .files import REVISION

if TYPE_CHECKING:
    from flask import Flask


TEMPLATES = Path(__file__).parent.parent / "templates"
"""Where the templates for revision files are."""


@dataclass(frozen=True, slots=True)
class Locations:
    """The folders of one app's revisions, as absolute paths.

    .. versionadded:: 4.0
    """

    script: Path
    """The script directory: it holds ``script.py.mako``."""

    versions: Path
    """Where revisions without a branch folder of their own go."""

    others: tuple[tuple[str | None, Path], ...] = ()
    """Further folders, each with its branch."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every folder that holds revisions, without doubles."""
        return tuple(dict.fromkeys([self.versions, *(path for _, path in self.others)]))

    def of_branch(self, branch: str) -> Path | None:
        """Return the folder of a branch, if it has one.

        :param branch: The branch's label.
        """
        return dict((label, path) for label, path in self.others if label).get(branch)

    @property
    def is_foreign(self) -> bool:
        """Whether the folder was laid out by Alembic or Flask-Migrate."""
        return self.versions != self.script


def locate(
    app: Flask, settings: Settings, folders: Sequence[Location] | None = None
) -> Locations:
    """Find the folders of an app's revisions.

    :param app: The application.
    :param settings: What its configuration says.
    :param folders: Further folders of revisions, each with its branch; those of the
        settings by default.
    :raises ConfigurationError: When ``package:path`` names no package.
    """
    written = settings.script_location
    if written is None:
        script = _default(app, settings)
    else:
        script = resolve(app, settings, written)
    if folders is None:
        folders = settings.version_locations
    others = tuple((branch, resolve(app, settings, path)) for branch, path in folders)
    return Locations(script, _versions(script), others)


def _default(app: Flask, settings: Settings) -> Path:
    script = Path(app.root_path, "migrations")
    if settings.relative_to is not None or script.exists():
        return script
    return Path(beside_package(app, "migrations") or script)


def resolve(app: Flask, settings: Settings, path: str) -> Path:
    """Turn a location as written into an absolute path.

    Absolute paths and ``package:path`` are taken as they are. A relative path
    starts at the instance folder; if nothing is there and something is under the
    app's root path, where released versions put it, it starts there.

    :param app: The application.
    :param settings: Its ``relative_to`` pins where relative paths start.
    :param path: The location as written.
    """
    if os.path.isabs(path):
        return Path(os.path.normpath(path))
    if ":" in path:
        return _resource(path)
    instance = Path(os.path.normpath(Path(app.instance_path, path)))
    root = Path(os.path.normpath(Path(app.root_path, path)))
    if settings.relative_to == "root":
        return root
    if settings.relative_to is not None or instance.exists():
        return instance
    return root if root.exists() else Path(beside_package(app, path) or instance)


def resolve_for_alembic(app: Flask, settings: Settings, path: str) -> Path:
    """Turn a location into an absolute path as Alembic does.

    A relative path starts at the working directory.

    :param app: The application.
    :param settings: Its settings.
    :param path: The location, as Alembic's configuration has it.
    """
    is_resource = ":" in path and not os.path.isabs(path)
    return resolve(app, settings, path if is_resource else os.path.abspath(path))


def split_locations(text: str, separator: str | None) -> list[str]:
    """Split a list of locations as Alembic did before version 1.16.

    :param text: The list.
    :param separator: ``version_path_separator``: ``os``, ``space``, ``newline``, ``:``
        or ``;``; commas and spaces without it.
    """
    characters = {"os": os.pathsep, "space": " ", "newline": "\n"}
    if separator is None:
        parts = text.replace(",", " ").split(" ")
    else:
        parts = text.split(characters.get(separator, separator))
    return [part.strip() for part in parts if part.strip()]


def relocated(own: Locations, script: Path, paths: Sequence[Path]) -> Locations:
    """Return the folders that a subclass of the extension gives.

    :param own: The folders without it; they tell which branch one belongs to.
    :param script: The script directory.
    :param paths: Every folder of revisions; empty for that of the script directory.
    """
    versions = _versions(script)
    if script == own.script:
        versions = own.versions
    if paths and versions not in paths:
        versions = script if script in paths else paths[0]
    branches = {path: branch for branch, path in own.others}
    others = ((branches.get(path), path) for path in paths if path != versions)
    return Locations(script, versions, tuple(others))


def _resource(path: str) -> Path:
    package, *parts = path.split(":")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise ConfigurationError(
            f"The location {path!r} names a package {package!r} that is not there.",
            "Install it, or write a path.",
        )
    return Path(folders[0], *parts)


def _versions(script: Path) -> Path:
    """Return the folder inside the script directory that holds the revisions.

    Alembic and Flask-Migrate keep them in ``versions``; Flask-Alembic keeps them
    in the script directory itself. Where both are there, revisions decide.
    """
    versions = script / "versions"
    if not versions.is_dir():
        return script
    laid_out_by_alembic = any(
        (script / name).exists() for name in ("env.py", "alembic.ini")
    )
    if laid_out_by_alembic or any(versions.glob("*.py")):
        return versions
    return script if any(map(_is_revision, script.glob("*.py"))) else versions


def _is_revision(path: Path) -> bool:
    try:
        return bool(REVISION.search(path.read_text("utf-8", errors="replace")))
    except OSError:
        return False


def make_directory(
    locations: Locations, template: str = "script.py.mako", *, package: bool = False
) -> list[Path]:
    """Create the script directory, its template and the branch folders.

    What is there already is left alone.

    :param locations: The folders.
    :param template: The name of the template to copy, in :data:`TEMPLATES`.
    :param package: Whether to add an empty ``__init__.py`` to each folder.
    :return: What was created.
    :raises ScriptLocationError: When something cannot be created.
    """
    made: list[Path] = []
    try:
        for folder in (locations.script, *locations.paths):
            if not folder.is_dir():
                folder.mkdir(parents=True)
                made.append(folder)
        target = locations.script / "script.py.mako"
        if not target.exists():
            replace(target, (TEMPLATES / template).read_bytes())
            made.append(target)
        if package:
            for folder in dict.fromkeys((locations.script, *locations.paths)):
                if not (folder / "__init__.py").exists():
                    replace(folder / "__init__.py", b"")
                    made.append(folder / "__init__.py")
    except OSError as error:
        raise ScriptLocationError(
            f"The script directory {locations.script} cannot be created: "
            f"{error.strerror or error}.",
            "Make the folder writable, or set ALEMBIC['script_location'].",
        ) from error
    return made


def write_template(locations: Locations, content: bytes) -> list[Path]:
    """Write what new revision files are made from, over what is there.

    :param locations: The folders.
    :param content: The template.
    :return: What was created.
    :raises ScriptLocationError: When it cannot be.
    """
    target = locations.script / "script.py.mako"
    try:
        locations.script.mkdir(parents=True, exist_ok=True)
        replace(target, content)
    except OSError as error:
        raise ScriptLocationError(
            f"{target} cannot be written: {error.strerror or error}.",
            "Make the folder writable, or set ALEMBIC['script_location'].",
        ) from error
    return [target]


def require_folders(locations: Locations) -> None:
    """Refuse folders that Alembic would take for empty ones.

    A further version location that is missing is an empty one: see
    :func:`missing_locations`.

    :param locations: The folders.
    :raises ScriptLocationError: When one is unreadable or no folder, or the script
        directory is missing.
    """
    for folder in dict.fromkeys((locations.script, *locations.paths)):
        is_main = folder in (locations.script, locations.versions)
        _require_folder(folder, is_main)


def missing_locations(locations: Locations) -> tuple[Path, ...]:
    """Return the further version locations that do not exist.

    A package may name a folder that it does not contain, as no wheel and no git clone
    has empty ones.

    :param locations: The folders.
    """
    others = dict.fromkeys(path for _, path in locations.others)
    return tuple(path for path in others if not os.path.lexists(path))


def _require_folder(folder: Path, is_main: bool) -> None:
    """Refuse a folder that Alembic would take for an empty one."""
    noun = "script directory" if is_main else "version location"
    try:
        with os.scandir(folder):
            return
    except FileNotFoundError:
        if not is_main and not os.path.lexists(folder):
            return
        what, advice = "does not exist", "Create it with: flask db init"
    except NotADirectoryError:
        what, advice = "is not a directory", "Move the file away, or fix the path."
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        advice = "Check its permissions."
    raise ScriptLocationError(f"The {noun} {folder} {what}.", advice)
