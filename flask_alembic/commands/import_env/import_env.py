"""Read an ``env.py`` and an ``alembic.ini``, and say what each part becomes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ScriptLocationError, UsageError
from ...hooks.redaction import shown
from ...runtime.invocation import invoked
from .app_facts import facts_of
from .env_reader import EnvReader
from .ini_file import IniFile, read_ini, read_pyproject
from .ini_reader import IniReader
from .item import NO_COUNTERPART, UNKNOWN, EnvItem
from .python_source import PythonSource
from .settings_module import SettingsModule

if TYPE_CHECKING:
    from ...runtime.environment import Environment

DEFAULT_NAME = "migration_settings"
"""What the module is called where it is not written to a file."""


@dataclass(frozen=True, slots=True)
class ImportEnvResult:
    """What an ``env.py`` and an ``alembic.ini`` become.

    .. versionadded:: 4.0
    """

    files: tuple[Path, ...]
    """The files that were read, ``env.py`` first."""

    items: tuple[EnvItem, ...]
    """Each part of them, in the order of the files."""

    settings: str
    """A module with the settings, functions and hooks; empty if nothing has to be set."""

    written: Path | None = None
    """The file that the module was written to."""

    @property
    def ok(self) -> bool:
        """Whether each part was recognised and has a counterpart, or needs none."""
        return not self.remaining

    @property
    def remaining(self) -> tuple[EnvItem, ...]:
        """The parts that need a person."""
        return tuple(
            item for item in self.items if item.verdict in (NO_COUNTERPART, UNKNOWN)
        )


def import_env(
    environment: Environment,
    folder: str | os.PathLike[str] | None = None,
    *,
    write: Path | None = None,
    check: bool = False,
) -> ImportEnvResult:
    """Return what each part of an ``env.py`` and ``alembic.ini`` becomes.

    Nothing of them is executed, and no database is connected.

    :param environment: The app's environment; an app context must be active.
    :param folder: The folder that holds ``env.py`` or ``alembic.ini``; by default the
        folder of revisions, or what an ``alembic.ini`` here names.
    :param write: A new file for the module.
    :param check: Whether the report is not ok where parts need a person.
    :raises UsageError: When there is no such folder, no ``env.py``, or ``write`` exists.
    :raises ConfigurationError: When a file cannot be read.
    :raises ScriptLocationError: When ``write`` cannot be written.
    """
    given = None if folder is None else str(folder)
    with invoked(
        environment,
        "import-env",
        folder=given,
        write=None if write is None else str(write),
        check=check,
    ) as call:
        if write is not None and os.path.lexists(write):
            raise UsageError(f"{write} is there already.", "Name another file.")
        result = _read(environment, folder, write)
        if write is not None and result.settings:
            _write(write, result.settings)
        call.ok = result.ok or not check
        call.data = {
            "files": [str(path) for path in result.files],
            "items": list(result.items),
            "settings": result.settings,
            "written": str(result.written) if result.written else None,
        }
        return result


def _read(
    environment: Environment,
    folder: str | os.PathLike[str] | None,
    write: Path | None,
) -> ImportEnvResult:
    facts = facts_of(environment)
    env, ini = _find(facts.script if folder is None else Path(folder), folder is None)
    source = PythonSource(env)
    module = SettingsModule(source, ini)
    items: list[EnvItem] = []
    if ini is not None:
        items += IniReader(ini, env.parent, module, facts).read()
    elif os.path.realpath(env.parent) != os.path.realpath(facts.script):
        items.append(_location(module, env, facts.root))
    items = EnvReader(source, module, facts).read() + items
    files = (env,) if ini is None else (env, ini.path)
    text = ""
    if not module.is_empty:
        name = DEFAULT_NAME if write is None else write.stem
        name = name if name.isidentifier() else DEFAULT_NAME
        text = module.render(name, [os.path.relpath(path) for path in files])
    written = write if text else None
    return ImportEnvResult(files, tuple(items), text, written)


def _location(module: SettingsModule, env: Path, root: Path) -> EnvItem:
    """Return the item for a folder that the app does not find by itself."""
    path = Path(os.path.relpath(env.parent, root)).as_posix()
    module.options["script_location"] = repr(path)
    module.options["relative_to"] = repr("root")
    return EnvItem(
        env.name,
        1,
        1,
        "the folder",
        "setting",
        "from the folder of the app",
        'ALEMBIC["script_location"]',
    )


def _find(folder: Path, is_default: bool) -> tuple[Path, IniFile | None]:
    """Return the ``env.py`` and the configuration that belongs to it."""
    if not is_default and not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UsageError(
            f"{shown(folder)} {what}.", "Name the folder that holds env.py."
        )
    places = [folder]
    if is_default:
        places += [Path(), Path("migrations"), Path("alembic")]
    for place in places:
        if (place / "env.py").is_file():
            return place / "env.py", _configuration_of(place)
        ini = _configuration(place)
        location = ini.main.get("script_location") if ini is not None else None
        if ini is not None and location and ":" not in location:
            env = ini.path.parent / location / "env.py"
            if env.is_file():
                return Path(os.path.relpath(env)), ini
    raise UsageError(
        f"There is no env.py in {folder}.",
        "Name the folder of Flask-Migrate or Alembic: flask db import-env FOLDER.",
    )


def _configuration(folder: Path) -> IniFile | None:
    if (folder / "alembic.ini").is_file():
        return read_ini(folder / "alembic.ini")
    if (folder / "pyproject.toml").is_file():
        return read_pyproject(folder / "pyproject.toml")
    return None


def _configuration_of(folder: Path) -> IniFile | None:
    """Return the configuration in a folder of revisions, or above where it names it."""
    own = _configuration(folder)
    if own is not None:
        return own
    above = folder.resolve().parent
    ini = _configuration(above)
    if ini is None or not ini.is_readable:
        return ini
    location = ini.main.get("script_location", "")
    is_its = os.path.realpath(above / location) == os.path.realpath(folder)
    return ini if is_its else None


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already.", "Name another file.") from None
    except OSError as error:
        raise ScriptLocationError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Name a file in a folder that you may write to.",
        ) from error
