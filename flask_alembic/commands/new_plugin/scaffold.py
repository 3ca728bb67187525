"""A new plugin: a distribution of its own, written from the templates."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from ...errors import ScriptLocationError, UsageError
from ...runtime.invocation import invoked
from ...script.locations import TEMPLATES

if TYPE_CHECKING:
    from ...runtime.environment import Environment

PREFIX: Final = "flask-alembic-"
"""What the name of every distribution begins with."""

FILES: Final = {
    ".gitignore": "gitignore",
    "README.rst": "README.rst",
    "pyproject.toml": "pyproject.toml",
    "setup.cfg": "setup.cfg",
    "setup.py": "setup.py",
    "{package}/__init__.py": "package.py",
    "{package}/command.py": "command.py",
    "{package}/plugin.py": "plugin.py",
    "{package}/py.typed": "",
    "{package}/settings.py": "settings.py",
    "tests/conftest.py": "conftest.py",
    "tests/test_{package}.py": "test_plugin.py",
}
"""Every file of a plugin with its template in ``templates/plugin``; one is empty."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LONGEST = 40


def normalize(name: str) -> str:
    """Return the name of a plugin, whichever way it was typed.

    :param name: As in ``slack``, ``Slack``, ``flask_alembic_slack``.
    :return: As in ``slack``.
    :raises UsageError: When no package can be called by it.
    """
    plain = name.strip().lower().replace("_", "-").removeprefix(PREFIX)
    if not _NAME.fullmatch(plain) or len(plain) > _LONGEST:
        raise UsageError(
            f"A plugin cannot be called {name!r}.",
            f"Use letters, digits and hyphens, up to {_LONGEST}, with a letter first.",
        )
    return plain


def render(name: str) -> dict[str, str]:
    """Return the files of a new plugin: their text by their path in its folder.

    :param name: As :func:`normalize` returns it.
    """
    distribution = PREFIX + name
    package = distribution.replace("-", "_")
    values = {
        "name": name,
        "distribution": distribution,
        "package": package,
        "setting": "ALEMBIC_" + name.upper().replace("-", "_"),
        "underline": "=" * len(distribution),
    }
    return {
        path.format(package=package): _fill(template, values)
        for path, template in FILES.items()
    }


def _fill(template: str, values: dict[str, str]) -> str:
    if not template:
        return ""
    source = (TEMPLATES / "plugin" / f"{template}.tmpl").read_text("utf-8")
    return Template(source).substitute(values)


def new_plugin(
    environment: Environment,
    name: str,
    folder: Path,
    commands: Collection[str] = (),
) -> list[Path]:
    """Write a new plugin, all of it or nothing.

    :param environment: The app's environment.
    :param name: What it is called, with or without ``flask-alembic-``.
    :param folder: The folder to make its own folder in; it is made if need be.
    :param commands: The names of built-in commands, which the plugin's must not have.
    :return: The files that were written; the first one's parent is the new folder.
    :raises UsageError: When the name is invalid or taken, or the folder exists.
    :raises ScriptLocationError: When the folder cannot be written.
    """
    with invoked(environment, "new-plugin", plugin=name, folder=str(folder)) as call:
        plain = normalize(name)
        if plain in commands:
            raise UsageError(
                f"flask db {plain} already is a command, and the plugin would add one "
                "of the same name.",
                "Use another name.",
            )
        target = folder / (PREFIX + plain)
        if os.path.lexists(target):
            raise UsageError(f"{target} is there already.", "Use another name.")
        files = render(plain)
        _write(target, files)
        written = [target / path for path in files]
        call.data = {"created": [str(path) for path in written]}
        return written


def _write(target: Path, files: dict[str, str]) -> None:
    """Write a folder beside its target and rename it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".new-plugin-", dir=target.parent))
        try:
            # The folder of tempfile is for its owner only; this one is not.
            made = temporary / target.name
            for name, text in files.items():
                path = made / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8", newline="\n")
            made.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise ScriptLocationError(
            f"{target} cannot be written: {error.strerror or error}.",
            "Name a folder that you may write to with --into.",
        ) from error
