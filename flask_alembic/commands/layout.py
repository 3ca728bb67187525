"""The script directory of an app, made on request or when the app is set up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..environment.locations import (
    TEMPLATES,
    Locations,
    locate,
    make_directory,
    write_template,
)
from ..errors import Refused, UsageError
from ..settings import load

if TYPE_CHECKING:
    from flask import Flask

    from ..environment.objects import Environment

SINGLE: Final = "script.py.mako"
"""The template with one function for all databases, and how the file is called that
new revisions are made from."""

SEVERAL: Final = "script_several.py.mako"
"""The template with one function for each database."""


@dataclass(frozen=True, slots=True)
class Template:
    """What new revision files are made from.

    .. versionadded:: 4.0
    """

    name: str
    """What ``init --template`` takes."""

    file: str
    """The name of its file in the package."""

    about: str
    """What it is for."""

    is_used: bool = False
    """Whether the app's ``script.py.mako`` is this one, unchanged."""


TEMPLATE_NAMES: Final = (
    Template("single", SINGLE, "one upgrade() and one downgrade() for every database"),
    Template("several", SEVERAL, "a function for each database"),
)
"""The templates that come with the package."""

_ALIASES: Final = {
    **dict.fromkeys(("generic", "flask", "async", "aioflask"), "single"),
    **dict.fromkeys(("multidb", "flask-multidb", "aioflask-multidb"), "several"),
}
"""What Alembic and Flask-Migrate call them."""


def make_for_app(app: Flask, extension: Any) -> list[Path]:
    """Create the script directory while an app is set up, without Alembic.

    Folders that plugins bring are not known yet, and are theirs to make.

    :param app: The application.
    :param extension: Its ``metadatas`` and ``engines`` choose the template.
    :return: What was created.
    """
    settings = load(app.config)
    chosen = settings.databases
    counts = [
        len(value)
        for value in (chosen, extension.metadatas, extension.engines)
        if isinstance(value, (dict, tuple))
    ]
    several = chosen == ("*",) or bool(counts and counts[0] > 1)
    return _make(locate(app, settings), several)


def make(
    environment: Environment, *, package: bool = False, template: str | None = None
) -> list[Path]:
    """Create the script directory of an app.

    :param environment: The app's environment; an app context must be active.
    :param package: Whether to add an empty ``__init__.py`` to each folder.
    :param template: The name of a template, a file, or a folder that holds a
        ``script.py.mako``; what fits the number of databases by default.
    :return: What was created.
    :raises UsageError: When there is no such template.
    :raises Refused: When another one is there that somebody has changed.
    """
    from .invocation import invoked

    options = {"package": package, "template": template}
    with invoked(environment, "mkdir", **options) as call:
        chosen = None if template is None else find_template(template)
        made = _exchanged(environment.locations, chosen) if chosen is not None else []
        several = len(environment.databases()) > 1
        made += _make(environment.locations, several, package)
        call.data = {"created": [str(path) for path in made]}
        return made


def _make(locations: Locations, several: bool, package: bool = False) -> list[Path]:
    template = SEVERAL if several else SINGLE
    return make_directory(locations, template, package=package)


def _exchanged(locations: Locations, template: Path) -> list[Path]:
    """Put a template where new revision files are made from.

    One that is there is replaced only if it is as it came with the package: ``init_app``
    has written it already, as a rule.
    """
    target = locations.script / SINGLE
    wanted = template.read_bytes()
    if target.exists():
        there = target.read_bytes()
        if there == wanted:
            return []
        if there not in [(TEMPLATES / name).read_bytes() for name in (SINGLE, SEVERAL)]:
            raise Refused(
                f"{target} was changed, so it is not replaced.",
                "Move it away, and run it again.",
            )
    return write_template(locations, wanted)


def find_template(name: str) -> Path:
    """Return the file of a template.

    :param name: What :func:`list_templates` calls it, a name that Alembic or
        Flask-Migrate has for it, a file, or a folder that holds a ``script.py.mako``.
    :raises UsageError: When there is none.
    """
    known = {one.name: one for one in TEMPLATE_NAMES}
    plain = _ALIASES.get(name, name)
    if plain in known:
        return TEMPLATES / known[plain].file
    path = Path(name)
    for candidate in (path, path / SINGLE):
        if candidate.is_file():
            return candidate
    raise UsageError(
        f"There is no template {name!r}.",
        f"Use {' or '.join(known)}, or a file or folder of your own.",
    )


def list_templates(environment: Environment) -> list[Template]:
    """Return the templates that come with the package.

    :param environment: The app's environment; an app context must be active.
    """
    from .invocation import invoked

    with invoked(environment, "list-templates") as call:
        target = environment.locations.script / SINGLE
        there = target.read_bytes() if target.is_file() else b""
        found = [
            replace(one, is_used=there == (TEMPLATES / one.file).read_bytes())
            for one in TEMPLATE_NAMES
        ]
        call.data = {"templates": found, "path": target}
        return found
