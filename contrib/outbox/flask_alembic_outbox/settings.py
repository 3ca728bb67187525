"""``app.config["ALEMBIC_OUTBOX"]`` turned into one checked object, and the receivers."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

from .errors import SettingsError

if TYPE_CHECKING:
    from flask import Flask

    from .message import Message

Receiver = Callable[["Flask", "Message"], object]
"""What takes messages. It raises to get the message once more later."""

KEYS: Final = frozenset(["deliver", "lease", "receivers", "schema", "table"])
"""The keys of ``ALEMBIC_OUTBOX``."""

TABLE: Final = "alembic_outbox"
"""What the table is called where ``table`` says nothing."""

GROUP: Final = "flask_alembic_outbox"
"""The group of entry points in which packages name what returns their receivers."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where messages are kept and who gets them.

    .. versionadded:: 4.0
    """

    table: str = TABLE
    """The name of the table, in each database."""

    schema: str | None = None
    """Its schema, which has to exist; the connection's own by default."""

    deliver: bool = True
    """Whether each run delivers when it has ended; else ``flask db outbox deliver`` does."""

    lease: float = 60.0
    """For how long a message belongs to the process that delivers it, in seconds."""

    receivers: Mapping[str, Any] = field(default_factory=dict)
    """Functions, or where they are: ``"package.module:function"``; by name."""


def load(app: Flask) -> Settings | None:
    """Read and check the settings.

    :param app: The application.
    :return: ``None`` where the outbox is off.
    :raises SettingsError: When a key or a value cannot be used.
    """
    given = app.config.get("ALEMBIC_OUTBOX")
    if given is None or given is False:
        return None
    if given is True:
        return Settings()
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"ALEMBIC_OUTBOX must be True, False or a dict, not {given!r}.",
            "Write ALEMBIC_OUTBOX = True.",
        )
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            known = f"Available: {', '.join(sorted(KEYS))}."
            raise SettingsError(
                f"ALEMBIC_OUTBOX has the unknown key {key!r}.",
                f"Did you mean {near[0]!r}?" if near else known,
            )
    return Settings(
        table=_identifier(given, "table") or TABLE,
        schema=_identifier(given, "schema"),
        deliver=_flag(given, "deliver"),
        lease=_seconds(given, "lease"),
        receivers=_receivers(given),
    )


def receivers_of(app: Flask, settings: Settings) -> dict[str, Receiver]:
    """Return who gets messages, by name: those of installed packages, and of the app.

    An entry point names a function that is given the app, and returns the receiver, or
    ``None`` where the app does not want it.

    :param app: The application.
    :param settings: The settings.
    :raises SettingsError: When one cannot be imported.
    """
    found: dict[str, Receiver | None] = {}
    for entry in entry_points(group=GROUP):
        if entry.name not in settings.receivers:
            found[entry.name] = _loaded(entry)(app)
    for name, value in settings.receivers.items():
        is_text = isinstance(value, str)
        found[name] = _loaded(EntryPoint(name, value, GROUP)) if is_text else value
    return {name: receive for name, receive in found.items() if receive is not None}


def _loaded(entry: EntryPoint) -> Callable[..., Any]:
    name = entry.name
    try:
        function: Callable[..., Any] = entry.load()
    except Exception as error:
        raise SettingsError(
            f"The receiver {name!r} ({entry.value}) cannot be imported: "
            f"{type(error).__name__}: {error}.",
            f"Fix it, or set ALEMBIC_OUTBOX['receivers'][{name!r}] to None.",
        ) from error
    if not callable(function):
        raise _wrong(f"receivers'][{name!r}", entry.value, "a function")
    return function


def _receivers(given: Mapping[str, Any]) -> Mapping[str, Any]:
    value = given.get("receivers", {})
    if not isinstance(value, Mapping):
        raise _wrong("receivers", value, "a dict of functions by name")
    for name, receiver in value.items():
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]{1,40}", name):
            raise _wrong("receivers", name, "a dict with short names")
        is_path = isinstance(receiver, str) and re.fullmatch(r"[\w.]+:[\w.]+", receiver)
        if receiver is not None and not callable(receiver) and not is_path:
            expected = "a function or 'module:function'"
            raise _wrong(f"receivers'][{name!r}", receiver, expected)
    return value


def _identifier(given: Mapping[str, Any], key: str) -> str | None:
    """Return a name that every database takes without quotes."""
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", value):
        raise _wrong(key, value, "up to 63 small letters, digits and _")
    return value


def _flag(given: Mapping[str, Any], key: str) -> bool:
    value = given.get(key, True)
    if not isinstance(value, bool):
        raise _wrong(key, value, "True or False")
    return value


def _seconds(given: Mapping[str, Any], key: str) -> float:
    value = given.get(key, 60.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(key, value, "a number of seconds")
    if not (math.isfinite(value) and value > 0):
        raise _wrong(key, value, "more than 0 seconds")
    return float(value)


def _wrong(key: str, value: object, expected: str) -> SettingsError:
    return SettingsError(
        f"ALEMBIC_OUTBOX['{key}'] must be {expected}, not {value!r}.".replace(
            "]']", "]"
        ),
        "Fix app.config.",
    )
