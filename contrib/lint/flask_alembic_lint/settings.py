"""``app.config["ALEMBIC_LINT"]`` turned into one typed, validated object."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from flask_alembic.hooks import PluginError

from .servers import FAMILIES

if TYPE_CHECKING:
    from flask import Flask

    from flask_alembic.hooks import Severity

Only = Literal["all", "pending", "changed"]
"""Which revisions are looked at."""

LEVELS: Final = ("info", "warning", "error")
"""The severities, the mildest first."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the app says about linting.

    .. versionadded:: 1.0
    """

    since: tuple[str, ...] = ()
    """The baseline: these revisions and all before them are not looked at."""

    only: Only = "all"
    """``pending`` for those that a database lacks, ``changed`` for those that git
    says differ from ``changed_since``."""

    changed_since: str = "origin/main"
    """The branch or commit that ``changed`` compares with."""

    disable: frozenset[str] = frozenset()
    """Codes of rules that are off."""

    severity: Mapping[str, Severity] = field(default_factory=dict)
    """By code: another severity than the rule's own."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """By database or dialect: the version of the server."""

    small_tables: frozenset[str] = frozenset()
    """Tables that are always small: nothing about them takes long."""

    guard: bool | tuple[str, ...] = False
    """Whether findings refuse an upgrade: never, always, or in these environments."""

    guard_level: Severity = "error"
    """The mildest severity that refuses."""

    environment: str | None = None
    """Where the app runs; ``None`` asks the app, see :func:`environment_of`."""

    strict: bool = False
    """Whether errors keep a new revision from being written, and fail ``check``."""

    squawk: bool = False
    """Whether PostgreSQL's SQL is also given to squawk, where it is installed."""

    squawk_exclude: frozenset[str] = frozenset()
    """Names of squawk's rules that are left out."""

    id_length: int = 32
    """How many characters the version column takes."""

    rewrite: bool = False
    """Whether new revisions are written in the form that does not block."""

    docs_url: str = ""
    """Where ``docs/rules.rst`` is published; findings link to it."""


def load(config: Mapping[str, Any]) -> Settings:
    """Read the settings.

    :param config: ``app.config``.
    :raises PluginError: When a key is unknown or a value of the wrong kind.
    """
    given = config.get("ALEMBIC_LINT")
    given = {} if given is None else given
    if not isinstance(given, Mapping):
        raise PluginError(
            f"app.config['ALEMBIC_LINT'] must be a dict, not {type(given).__name__}.",
            "Write ALEMBIC_LINT = {...}.",
        )
    for key in given:
        if key not in READERS:
            near = difflib.get_close_matches(str(key), READERS, n=1)
            hint = (
                f"did you mean {near[0]!r}?"
                if near
                else "it knows " + ", ".join(READERS)
            )
            raise PluginError(
                f"ALEMBIC_LINT[{key!r}] is not a setting; {hint}", "Fix the name."
            )
    return Settings(**{key: READERS[key](key, value) for key, value in given.items()})


def require_versions(settings: Settings, dialects: Mapping[str, str]) -> None:
    """Refuse versions of what is neither a database of the app nor a dialect.

    :param settings: The settings.
    :param dialects: Per database of the app: the name of its dialect.
    :raises PluginError: When a name is unknown, or a version of MariaDB is given for
        another server.
    """
    allowed = dict.fromkeys((*dialects, *FAMILIES, *dialects.values()))
    for name, version in settings.versions.items():
        if name not in allowed:
            raise PluginError(
                f"ALEMBIC_LINT['versions'] has {name!r}, which is no database of this "
                "app and no dialect that the linter knows.",
                f"Use one of: {', '.join(allowed)}.",
            )
        dialect = dialects.get(name, name)
        if "mariadb" in version.lower() and dialect not in ("mysql", "mariadb"):
            raise PluginError(
                f"ALEMBIC_LINT['versions'] has {version!r} for {name!r}, whose dialect "
                f"is {dialect}.",
                "Give a version of MariaDB for the dialects mysql and mariadb only.",
            )


def environment_of(app: Flask, settings: Settings) -> str:
    """Return the name of the environment that an app runs in.

    :param app: The application.
    :param settings: Its settings.
    :return: The setting ``environment``; else ``app.config["ENV"]`` or the variable
        ``FLASK_ENV``; else ``testing``, ``development`` or ``production`` as the app
        says with ``TESTING`` and ``DEBUG``.
    """
    told = settings.environment or app.config.get("ENV") or os.environ.get("FLASK_ENV")
    if told:
        return str(told)
    if app.testing:
        return "testing"
    return "development" if app.debug else "production"


def _wrong(key: str, value: object, expected: str) -> PluginError:
    return PluginError(
        f"ALEMBIC_LINT[{key!r}] must be {expected}, not {value!r}.", "Fix app.config."
    )


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, value, "True or False")
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(key, value, "text")
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple, set, frozenset)) or not all(
        isinstance(each, str) and each for each in value
    ):
        raise _wrong(key, value, "text or a list of it")
    return tuple(value)


def _names(key: str, value: Any) -> frozenset[str]:
    return frozenset(_texts(key, value))


def _codes(key: str, value: Any) -> frozenset[str]:
    return frozenset(_code(key, each) for each in _texts(key, value))


def _code(key: str, code: str) -> str:
    """Return the code of a rule that there is, of ours, of the app or of squawk."""
    from .rules import RULES

    if code in RULES or code.startswith("squawk-"):
        return code
    near = difflib.get_close_matches(code.upper(), RULES, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise PluginError(
        f"ALEMBIC_LINT[{key!r}] has {code!r}, which is no rule.",
        f"{hint}`flask db lint-rules` lists the rules; codes of squawk begin with "
        "'squawk-'.",
    )


def _tables(key: str, value: Any) -> frozenset[str]:
    from .view import table_key

    return frozenset(table_key(table) for table in _texts(key, value))


def _mapping(key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _wrong(key, value, "a dict")
    return {str(name): str(each) for name, each in value.items()}


def _level(key: str, value: Any) -> Any:
    if value not in LEVELS:
        raise _wrong(key, value, "'error', 'warning' or 'info'")
    return value


def _levels(key: str, value: Any) -> dict[str, Any]:
    return {
        _code(key, code): _level(key, each)
        for code, each in _mapping(key, value).items()
    }


def _versions(key: str, value: Any) -> dict[str, str]:
    for each in _mapping(key, value):
        version = value[each]
        if not isinstance(version, str) or not re.search(r"\d", version):
            raise PluginError(
                f"ALEMBIC_LINT['versions'] has {version!r} for {each!r}, which is no "
                "version.",
                "Write it as text, like '15', '8.0.36' or '10.11-MariaDB'.",
            )
    return dict(value)


def _only(key: str, value: Any) -> Any:
    if value not in ("all", "pending", "changed"):
        raise _wrong(key, value, "'all', 'pending' or 'changed'")
    return value


def _guard(key: str, value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    if not value:
        raise _wrong(key, value, "True, False or names of environments")
    return _texts(key, value)


def _length(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(key, value, "a number of characters")
    return value


READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "since": _texts,
    "only": _only,
    "changed_since": _text,
    "disable": _codes,
    "severity": _levels,
    "versions": _versions,
    "small_tables": _tables,
    "guard": _guard,
    "guard_level": _level,
    "environment": _text,
    "strict": _flag,
    "squawk": _flag,
    "squawk_exclude": _names,
    "id_length": _length,
    "rewrite": _flag,
    "docs_url": _text,
}
"""What reads and checks each key."""
