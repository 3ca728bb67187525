"""``app.config["ALEMBIC_METRICS"]`` turned into one checked object."""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .errors import SettingsError

if TYPE_CHECKING:
    from flask import Flask

KEYS: Final = frozenset(
    [
        "job",
        "labels",
        "opentelemetry",
        "password",
        "pushgateway",
        "revisions",
        "textfile",
        "timeout",
        "username",
    ]
)
"""The keys of ``ALEMBIC_METRICS``."""

OWN_LABELS: Final = frozenset(
    ["app", "command", "database", "direction", "job", "outcome", "revision"]
)
"""The labels that the metrics have anyway."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is exported, and where to.

    .. versionadded:: 4.0
    """

    opentelemetry: bool = False
    """Whether there are spans, exported as the app has set up OpenTelemetry."""

    textfile: str = ""
    """A ``.prom`` file in the folder of node_exporter's textfile collector."""

    pushgateway: str = ""
    """The address of a Prometheus Pushgateway."""

    username: str = ""
    """For a Pushgateway that asks who it is."""

    password: str = field(default="", repr=False)
    """For a Pushgateway that asks who it is."""

    job: str = "flask_alembic"
    """The ``job`` label at the Pushgateway."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Further labels of every metric, such as the environment."""

    revisions: bool = False
    """Whether each revision of the last run has a metric of its own."""

    timeout: float = 5.0
    """What the Pushgateway may cost at most, in seconds."""

    @property
    def exports_metrics(self) -> bool:
        """Whether there are metrics."""
        return bool(self.textfile or self.pushgateway)


def load(app: Flask) -> Settings | None:
    """Read and check the settings.

    :param app: The application.
    :return: ``None`` where nothing is to be exported.
    :raises SettingsError: When a key or a value cannot be used.
    """
    given = app.config.get("ALEMBIC_METRICS")
    if not given:
        return None
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"ALEMBIC_METRICS must be a dict, not {type(given).__name__}.",
            "Write ALEMBIC_METRICS = {'opentelemetry': True}.",
        )
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            known = f"There are: {', '.join(sorted(KEYS))}."
            raise SettingsError(
                f"ALEMBIC_METRICS has the unknown key {key!r}.",
                f"Did you mean {near[0]!r}?" if near else known,
            )
    address, username, password = _gateway(given)
    settings = Settings(
        opentelemetry=_flag(given, "opentelemetry"),
        textfile=_path(given),
        pushgateway=address,
        username=username,
        password=password,
        job=_text(given, "job") or "flask_alembic",
        labels=_labels(given),
        revisions=_flag(given, "revisions"),
        timeout=_seconds(given),
    )
    return settings if settings.opentelemetry or settings.exports_metrics else None


def _gateway(given: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return address, user and password; the last two may stand in the address."""
    username, password = _text(given, "username"), _text(given, "password")
    address = _text(given, "pushgateway")
    if not address:
        return "", username, password
    # Taken apart by hand: an error of urllib's would show the password.
    match = re.fullmatch(r"(https?://)(?:([^:@/]*):([^@/]*)@)?([^@\s]+)", address)
    if match is None:
        raise SettingsError(
            "ALEMBIC_METRICS['pushgateway'] is not an address.",
            "Write it like 'http://pushgateway:9091'.",
        )
    scheme, user, secret, rest = match.groups()
    return scheme + rest, username or user or "", password or secret or ""


def _path(given: Mapping[str, Any]) -> str:
    value = given.get("textfile")
    if value is None or value == "":
        return ""
    if not isinstance(value, (str, os.PathLike)):
        raise _wrong("textfile", "a path", value)
    path = str(os.fspath(value))
    if not path.endswith(".prom"):
        # The collector reads no other files.
        raise _wrong("textfile", "a path that ends in .prom", path)
    return path


def _labels(given: Mapping[str, Any]) -> dict[str, str]:
    value = given.get("labels") or {}
    if not isinstance(value, Mapping):
        raise _wrong("labels", "a dict", value)
    for name in value:
        if not isinstance(name, str) or not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            raise _wrong("labels", "a dict whose keys are names of labels", name)
        if name in OWN_LABELS:
            raise SettingsError(
                f"ALEMBIC_METRICS['labels'] has {name!r}, which every metric has.",
                "Take another name.",
            )
    return {name: str(text) for name, text in value.items()}


def _flag(given: Mapping[str, Any], key: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise _wrong(key, "True or False", value)
    return value


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        # Not the value: it may be a secret.
        raise _wrong(key, "text", type(value))
    return value.strip()


def _seconds(given: Mapping[str, Any]) -> float:
    value = given.get("timeout", 5.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong("timeout", "a number of seconds", value)
    if not (math.isfinite(value) and value > 0):
        raise _wrong("timeout", "more than 0 seconds", value)
    return float(value)


def _wrong(key: str, expected: str, value: object) -> SettingsError:
    return SettingsError(
        f"ALEMBIC_METRICS[{key!r}] must be {expected}, not {value!r}.",
        "Fix app.config.",
    )
