"""Checking the keys of ``alembic.ini`` that Alembic itself would trip over late."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Mapping
from typing import Final

from ..errors import ConfigurationError
from .fields import wrong

_TRUE: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "n", "f", "0", ""})

# What Alembic fills into file_template: alembic.script.ScriptDirectory.
_NAME: Final = {
    "rev": "rev",
    "slug": "slug",
    "epoch": 1,
    "year": 2000,
    "month": 1,
    "day": 1,
    "hour": 1,
    "minute": 1,
    "second": 1,
}


def check_options(options: Mapping[str, str]) -> None:
    """Refuse values of the ``[alembic]`` section that cannot be used.

    :param options: The options as text.
    :raises ConfigurationError: With the option and what it should hold.
    """
    for key, (is_right, expected) in _CHECKS.items():
        if key in options and not is_right(options[key]):
            raise wrong(f"ALEMBIC[{key!r}]", options[key], expected)
    template = options.get("file_template")
    if template is not None:
        _check_file_template(template, options)


def is_true(value: str | None) -> bool:
    """Return whether an option is switched on.

    :param value: Its text; ``None`` when it is not set.
    """
    return (value or "").strip().lower() in _TRUE


def _is_flag(value: str) -> bool:
    return value.strip().lower() in _TRUE | _FALSE


def _is_length(value: str) -> bool:
    return value.strip().isdecimal()


def _is_encoding(value: str) -> bool:
    try:
        codecs.lookup(value)
    except (LookupError, ValueError):
        return False
    return True


def _is_timezone(value: str) -> bool:
    from zoneinfo import ZoneInfo

    for name in (value, value.upper()):
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            continue
        return True
    return not value


_CHECKS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "output_encoding": (_is_encoding, "an encoding that Python knows"),
    "recursive_version_locations": (_is_flag, "True or False"),
    "revision_environment": (_is_flag, "True or False"),
    "sourceless": (_is_flag, "True or False"),
    "timezone": (_is_timezone, "a time zone that this system knows"),
    "truncate_slug_length": (_is_length, "a whole number, 0 or more"),
}


def _check_file_template(template: str, options: Mapping[str, str]) -> None:
    """Refuse a template that fails, or that leads out of the folder."""
    key = "ALEMBIC['file_template']"
    try:
        name = template.replace("%%", "%") % _NAME
    except KeyError as error:
        raise ConfigurationError(
            f"{key} is {template!r}, but there is no {error.args[0]!r} to fill in.",
            f"Use some of: {', '.join(_NAME)}.",
        ) from error
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{key} is {template!r}, which cannot be filled in: {error}.",
            "Write it as in '%(rev)s_%(slug)s'.",
        ) from error
    path = os.path.normpath(name)
    if not name.strip() or os.path.isabs(path) or path.split(os.sep)[0] == os.pardir:
        raise wrong(key, template, "a name inside the folder of revisions")
    recursive = is_true(options.get("recursive_version_locations"))
    if os.sep in path and not recursive:
        raise ConfigurationError(
            f"{key} is {template!r}, but revisions in folders below are not read.",
            "Set ALEMBIC['recursive_version_locations'] = True.",
        )


def check_hooks(section: Mapping[str, str]) -> None:
    """Refuse post-write hooks that would fail once the file is written.

    :param section: The ``[post_write_hooks]`` section.
    :raises ConfigurationError: When a hook has no type.
    """
    names = section.get("hooks", "").replace(",", " ").split()
    for name in names:
        if f"{name}.type" not in section:
            raise ConfigurationError(
                f"ALEMBIC['post_write_hooks'] lists the hook {name!r}, but has no "
                f"{f'{name}.type'!r}.",
                f"Set it, for instance to 'console_scripts', or take {name!r} out.",
            )
