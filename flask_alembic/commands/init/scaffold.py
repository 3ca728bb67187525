"""The script directory of an app, made on request or when the app is set up."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...config import load
from ...errors import HookError, Refused, UsageError
from ...script.locations import (
    TEMPLATES,
    Locations,
    locate,
    make_directory,
    write_template,
)

if TYPE_CHECKING:
    from flask import Flask

    from ...runtime.environment import Environment

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
    """Where its file is: a path, or ``package:path``."""

    path: Path = field(repr=False)
    """The file itself."""

    about: str
    """What it is for."""

    is_used: bool = False
    """Whether the app's ``script.py.mako`` is this one, unchanged."""


_ALIASES: Final = {
    **dict.fromkeys(("generic", "flask", "async", "aioflask"), "single"),
    **dict.fromkeys(("flask-multidb", "aioflask-multidb"), "multidb"),
}
"""What Alembic and Flask-Migrate call them."""

_DEPRECATED: Final = {"several": "multidb"}
"""Former names, and what they are called now."""

HOOK: Final = "revision_templates"


def make_for_app(app: Flask, extension: Any) -> list[Path]:
    """Create the script directory while an app is set up, without Alembic.

    Further version locations are not created: one that is missing may be misspelled,
    and those of plugins are not known yet.

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
    return _make(locate(app, settings, ()), several)


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
    from ...hooks import specs
    from ...runtime.invocation import invoked

    options = {"package": package, "template": template}
    with invoked(environment, "mkdir", **options) as call:
        chosen = None if template is None else find_template(environment, template)
        is_there = (environment.locations.script / SINGLE).exists()
        changed = _exchanged(environment, chosen) if chosen is not None else []
        several = len(environment.databases()) > 1
        made = changed + _make(environment.locations, several, package)
        if made:
            changed = changed if is_there else []
            call.hooks.event(
                specs.files_changed,
                command="mkdir",
                created=tuple(path for path in made if path not in changed),
                changed=tuple(changed),
                removed=(),
            )
        call.data = {"created": [str(path) for path in made]}
        return made


def _make(locations: Locations, several: bool, package: bool = False) -> list[Path]:
    template = SEVERAL if several else SINGLE
    return make_directory(locations, template, package=package)


def _exchanged(environment: Environment, template: Path) -> list[Path]:
    """Put a template where new revision files are made from.

    One that is there is replaced only if it is as a plugin gives it: ``init_app`` has
    written it already, as a rule.
    """
    locations = environment.locations
    target = locations.script / SINGLE
    wanted = template.read_bytes()
    if target.exists():
        there = target.read_bytes()
        if there == wanted:
            return []
        ours = [TEMPLATES / SINGLE, TEMPLATES / SEVERAL]
        others = [each.path for each in templates_of(environment).values()]
        if there not in [path.read_bytes() for path in (*ours, *others)]:
            raise Refused(
                f"{target} was changed, so it is not replaced.",
                "Move it away, and run it again.",
            )
    return write_template(locations, wanted)


def find_template(environment: Environment, name: str) -> Path:
    """Return the file of a template.

    :param environment: The app's environment.
    :param name: What :func:`list_templates` calls it, a name that Alembic or
        Flask-Migrate has for it, a file, or a folder that holds a ``script.py.mako``.
    :raises UsageError: When there is none.
    """
    known = templates_of(environment)
    if name in _DEPRECATED and name not in known:
        warnings.warn(
            f"The template {name!r} is called {_DEPRECATED[name]!r} now.",
            DeprecationWarning,
            stacklevel=2,
        )
        name = _DEPRECATED[name]
    plain = name if name in known else _ALIASES.get(name, name)
    if plain in known:
        return known[plain].path
    path = _file(Path(name))
    if path is not None:
        return path
    raise UsageError(
        f"There is no template {name!r}.",
        f"Use {' or '.join(known)}, or a file or folder of your own.",
    )


def _file(path: Path) -> Path | None:
    """Return the file that a path names, or the one in the folder that it names."""
    return next((each for each in (path, path / SINGLE) if each.is_file()), None)


def templates_of(environment: Environment) -> dict[str, Template]:
    """Return every template by name, ours first, then those of plugins.

    :param environment: The app's environment.
    :raises HookError: When what a plugin offers cannot be used.
    """
    from ...hooks import specs

    answers = environment.hooks.collect(specs.revision_templates)
    record = environment.registry.record
    answers.sort(key=lambda answer: record(answer[0]).source != "core")
    templates: dict[str, tuple[str, Template]] = {}
    for plugin, offered in answers:
        for each in offered:
            template = _template(environment, plugin, each)
            if template.name in templates:
                raise HookError(
                    f"Plugins {templates[template.name][0]!r} and {plugin!r} both "
                    f"offer the template {template.name!r}.",
                    "Disable one of them.",
                    plugin=plugin,
                    hook=HOOK,
                )
            templates[template.name] = (plugin, template)
    return {name: template for name, (_, template) in templates.items()}


def _template(environment: Environment, plugin: str, offered: Any) -> Template:
    """Return what a plugin offers, with its file."""
    from ...hooks.payloads import RevisionTemplate

    who = environment.registry.describe(plugin)
    if not isinstance(offered, RevisionTemplate):
        raise HookError(
            f"{who} gave {offered!r} to {HOOK}, which is not a RevisionTemplate.",
            "Return flask_alembic.hooks.RevisionTemplate(name, path).",
            plugin=plugin,
            hook=HOOK,
        )
    path = _resolved(str(offered.path))
    file = None if path is None else _file(path)
    if file is None:
        raise HookError(
            f"{who} offers the template {offered.name!r}, but there is no file "
            f"{str(offered.path)!r}.",
            "Give an absolute path or package:path, to a file or to a folder with a "
            f"{SINGLE}.",
            plugin=plugin,
            hook=HOOK,
        )
    return Template(offered.name, str(offered.path), file, offered.help)


def _resolved(text: str) -> Path | None:
    """Return the path that a plugin gives; ``None`` for a package that is missing."""
    package, colon, inside = text.partition(":")
    path = Path(text)
    if path.is_absolute() or not colon:
        return path if path.is_absolute() else None
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    folders = (spec.submodule_search_locations if spec else None) or ()
    return next((Path(folder, inside) for folder in folders), None)


def list_templates(environment: Environment) -> list[Template]:
    """Return the templates that there are, those of plugins included.

    :param environment: The app's environment; an app context must be active.
    """
    from ...runtime.invocation import invoked

    with invoked(environment, "list-templates") as call:
        target = environment.locations.script / SINGLE
        there = target.read_bytes() if target.is_file() else b""
        templates = [
            replace(template, is_used=there == template.path.read_bytes())
            for template in templates_of(environment).values()
        ]
        shown = [
            {
                "name": template.name,
                "file": template.file,
                "about": template.about,
                "is_used": template.is_used,
            }
            for template in templates
        ]
        call.data = {"templates": shown, "path": target}
        return templates
