"""Reading the settings from ``app.config``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..config_defaults import is_set
from ..errors import ConfigurationError
from .alembic_options import check_hooks, check_options
from .context_options import check_context
from .fields import READERS, wrong
from .key_names import (
    CONTEXT_KEYS,
    OPTION_KEYS,
    refuse_misplaced,
    refuse_misspelled,
    refuse_misspelled_config,
)
from .model import Settings

_SECTIONS: Final = frozenset({"post_write_hooks"})
_KNOWN: Final = OPTION_KEYS | READERS.keys() | _SECTIONS
# Names that an alembic.ini may well use for something of its own.
_CONTEXT_ONLY: Final = CONTEXT_KEYS - _KNOWN - {"connection", "tag", "url"}


def load(config: Mapping[str, Any]) -> Settings:
    """Read the settings from ``app.config``.

    :param config: ``app.config``.
    :raises ConfigurationError: When a value has the wrong type or a key looks
        like a misspelled one.
    """
    refuse_misspelled_config(config)
    strict = config.get("ALEMBIC_HOOKS_STRICT", False)
    if not isinstance(strict, bool | None):
        raise wrong("app.config['ALEMBIC_HOOKS_STRICT']", strict, "True or False")
    ours: dict[str, Any] = {}
    options: dict[str, str] = {}
    sections: dict[str, Mapping[str, str]] = {}
    for key, value in _mapping(config, "ALEMBIC").items():
        if not is_set(value):
            continue
        refuse_misspelled("ALEMBIC", key, _KNOWN)
        if key in READERS:
            ours[key] = READERS[key](key, value)
        elif isinstance(value, Mapping):
            sections[key] = {
                str(name): _text(f"ALEMBIC[{key!r}][{str(name)!r}]", str(name), part)
                for name, part in value.items()
            }
        else:
            refuse_misplaced("ALEMBIC", key, _CONTEXT_ONLY, "ALEMBIC_CONTEXT")
            options[key] = _text(f"ALEMBIC[{key!r}]", key, value)
    check_options(options)
    check_hooks(sections.get("post_write_hooks", {}))
    context = check_context(_mapping(config, "ALEMBIC_CONTEXT"))
    return Settings(**ours, options=options, sections=sections, context=context)


def _mapping(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = config.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"app.config[{key!r}] must be a dict, not {type(value).__name__}.",
            f"Write app.config[{key!r}] = {{...}}.",
        )
    for name in value:
        if not isinstance(name, str):
            raise ConfigurationError(
                f"app.config[{key!r}] has the key {name!r}, which is not a string.",
                "Write the name of a setting.",
            )
    return value


def _text(where: str, key: str, value: object) -> str:
    """Return a value as it would stand in an ``alembic.ini``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float, Path)):
        return str(value)
    if isinstance(value, (list, tuple)):
        joiner = os.pathsep if key == "prepend_sys_path" else ", "
        return joiner.join(str(part) for part in value)
    raise wrong(where, value, "text, a number or a list of them")
