"""``app.config["ALEMBIC_AUDIT"]`` turned into one checked object."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask_alembic.hooks import AlembicError

if TYPE_CHECKING:
    from flask import Flask

KEYS: Final = frozenset(
    ["app_version", "changed", "commit", "schema", "table", "user", "write"]
)
"""The keys of ``ALEMBIC_AUDIT``."""

TABLE: Final = "alembic_audit"
"""What the table is called where ``table`` says nothing."""

CHANGED: Final = ("error", "warning", "info", "off")
"""What ``changed`` may be."""


class SettingsError(AlembicError):
    """``ALEMBIC_AUDIT`` holds something unusable.

    .. versionadded:: 4.0
    """


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the history is kept and what is written into it.

    .. versionadded:: 4.0
    """

    table: str = TABLE
    """The name of the table, in each database."""

    schema: str | None = None
    """Its schema, which has to exist; the connection's own by default."""

    write: bool = True
    """Whether rows are written; ``False`` only reads the table and hides it from
    autogenerate."""

    user: str = ""
    """Who runs it; the user of the operating system by default."""

    app_version: str = ""
    """The version of the app; ``app.config["VERSION"]`` by default."""

    commit: str = ""
    """The git commit; found in the environment or in ``.git`` by default."""

    changed: str = "error"
    """How much a changed file matters: ``error``, ``warning``, ``info``, ``off``."""


def load(app: Flask) -> Settings | None:
    """Read and check the settings.

    :param app: The application.
    :return: ``None`` where the audit is off.
    :raises SettingsError: When a key or a value cannot be used.
    """
    given = app.config.get("ALEMBIC_AUDIT")
    if given is None or given is False:
        return None
    if given is True:
        return Settings()
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"ALEMBIC_AUDIT must be True, False or a dict, not {given!r}.",
            "Write ALEMBIC_AUDIT = True.",
        )
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            known = f"There are: {', '.join(sorted(KEYS))}."
            raise SettingsError(
                f"ALEMBIC_AUDIT has the unknown key {key!r}.",
                f"Did you mean {near[0]!r}?" if near else known,
            )
    return Settings(
        table=_identifier(given, "table") or TABLE,
        schema=_identifier(given, "schema"),
        write=_flag(given, "write"),
        user=_text(given, "user"),
        app_version=_text(given, "app_version"),
        commit=_text(given, "commit"),
        changed=_choice(given, "changed"),
    )


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(key, value, "text")
    return value.strip()


def _identifier(given: Mapping[str, Any], key: str) -> str | None:
    """Return a name that every database takes without quotes."""
    value = _text(given, key)
    if value and not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", value):
        raise _wrong(key, value, "up to 63 small letters, digits and _")
    return value or None


def _flag(given: Mapping[str, Any], key: str) -> bool:
    value = given.get(key, True)
    if not isinstance(value, bool):
        raise _wrong(key, value, "True or False")
    return value


def _choice(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key, "error")
    if value not in CHANGED:
        raise _wrong(key, value, f"one of {', '.join(CHANGED)}")
    return str(value)


def _wrong(key: str, value: object, expected: str) -> SettingsError:
    return SettingsError(
        f"ALEMBIC_AUDIT[{key!r}] must be {expected}, not {value!r}.",
        "Fix app.config.",
    )
