"""The script directory of an app, made on request or when the app is set up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment.locations import Locations, locate, make_directory
from ..settings import load

if TYPE_CHECKING:
    from flask import Flask

    from ..environment.objects import Environment

SEVERAL = "script_several.py.mako"
"""The template with one function for each database."""


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


def make(environment: Environment, *, package: bool = False) -> list[Path]:
    """Create the script directory of an app.

    :param environment: The app's environment; an app context must be active.
    :param package: Whether to add an empty ``__init__.py`` to each folder.
    :return: What was created.
    """
    from .invocation import invoked

    with invoked(environment, "mkdir", package=package) as call:
        several = len(environment.databases()) > 1
        made = _make(environment.locations, several, package)
        call.data = {"created": [str(path) for path in made]}
        return made


def _make(locations: Locations, several: bool, package: bool = False) -> list[Path]:
    template = SEVERAL if several else "script.py.mako"
    return make_directory(locations, template, package=package)
