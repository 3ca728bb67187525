"""``app.config["ALEMBIC_SLACK"]`` turned into one checked object."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .errors import SettingsError

if TYPE_CHECKING:
    from flask import Flask

EVENTS: Final = ("finished", "failed", "generated", "nothing")
"""What there are notices about; ``nothing`` is a run that had nothing to do."""

DEFAULT_EVENTS: Final = ("finished", "failed", "generated")
"""What is sent where ``notify`` says nothing."""

KEYS: Final = frozenset(
    [
        "app",
        "base_url",
        "by",
        "channel",
        "databases",
        "environment",
        "environments",
        "mention",
        "notify",
        "outbox",
        "retries",
        "timeout",
        "token",
        "url",
    ]
)
"""The keys of ``ALEMBIC_SLACK``."""


@dataclass(frozen=True, slots=True)
class Rule:
    """For which databases and environments there is a notice; ``None`` for all."""

    databases: frozenset[str] | None = None
    """The names of the databases."""

    environments: frozenset[str] | None = None
    """The names of the environments."""

    def allows(self, environment: str, databases: tuple[str, ...]) -> bool:
        """Return whether to send.

        :param environment: Where the app runs.
        :param databases: The databases that it is about; empty where none is known.
        """
        if self.environments is not None and environment not in self.environments:
            return False
        if self.databases is None or not databases:
            return True
        return not self.databases.isdisjoint(databases)

    def wants(self, database: str) -> bool:
        """Return whether a notice speaks of a database.

        :param database: Its name.
        """
        return self.databases is None or database in self.databases


@dataclass(frozen=True, slots=True)
class Settings:
    """Where notices go and what they are about.

    .. versionadded:: 4.0
    """

    app: str
    """What the app is called in notices."""

    url: str = field(default="", repr=False)
    """The incoming webhook; it is a secret."""

    token: str = field(default="", repr=False)
    """The bot token, as another way than the webhook."""

    channel: str = ""
    """Where the bot posts to."""

    base_url: str = ""
    """Another address of Slack's API, such as ``https://slack-gov.com/api/``."""

    environment: str = ""
    """Where the app runs: ``production``."""

    by: str = ""
    """Who runs it; the user and the host by default."""

    mention: str = ""
    """Whom a failure notifies, as Slack writes it: ``<!here>``, ``<@U012AB3CD>``."""

    timeout: float = 10.0
    """What a notice may cost at most, all tries and waits together, in seconds."""

    retries: int = 2
    """How often it is tried again."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    """What is told at all, and for what."""

    outbox: bool = False
    """Whether notices of runs that are done go through ``flask-alembic-outbox``."""


def load(app: Flask) -> Settings | None:
    """Read and check the settings.

    :param app: The application.
    :return: ``None`` where there is neither a ``url`` nor a ``token``: then nothing
        is ever sent.
    :raises SettingsError: When a key or a value cannot be used.
    """
    given = app.config.get("ALEMBIC_SLACK")
    if not given:
        return None
    if isinstance(given, str):
        given = {"url": given}
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"ALEMBIC_SLACK must be a dict, not {type(given).__name__}.",
            "Write ALEMBIC_SLACK = {'url': ...}.",
        )
    _check_keys("ALEMBIC_SLACK", given, KEYS)
    url, token = _text(given, "url"), _text(given, "token")
    if not url and not token:
        return None
    settings = Settings(
        app=_text(given, "app") or app.name,
        url=url,
        token=token,
        channel=_text(given, "channel"),
        base_url=_text(given, "base_url"),
        environment=_text(given, "environment"),
        by=_text(given, "by"),
        mention=_text(given, "mention"),
        timeout=_seconds(given),
        retries=_count(given),
        rules=_rules(given),
        outbox=_flag(given, "outbox"),
    )
    _check_whole(settings)
    _check_outbox(app, settings)
    return settings


def _check_whole(settings: Settings) -> None:
    """Check what settings mean to each other."""
    if settings.url and settings.token:
        raise SettingsError(
            "ALEMBIC_SLACK has both a url and a token.", "Keep one of them."
        )
    if settings.token and not settings.channel:
        raise SettingsError(
            "ALEMBIC_SLACK has a token, but no channel.",
            "Add the channel to post to: 'channel': '#deployments'.",
        )
    if settings.url and not settings.url.startswith(("https://", "http://")):
        raise SettingsError(
            "ALEMBIC_SLACK['url'] does not begin with https://.",
            "Copy the webhook's URL from the settings of your Slack app.",
        )
    asked = any(rule.environments is not None for rule in settings.rules.values())
    if asked and not settings.environment:
        raise SettingsError(
            "ALEMBIC_SLACK has environments, but does not say which one this is.",
            "Add 'environment': 'production', or whatever this one is called.",
        )


def _check_outbox(app: Flask, settings: Settings) -> None:
    """Refuse an outbox that nobody would write or empty."""
    if not settings.outbox:
        return
    plugins = app.extensions["alembic"].plugins
    if not any(each.name == "outbox" and each.status == "active" for each in plugins):
        raise SettingsError(
            "ALEMBIC_SLACK['outbox'] is on, and flask-alembic-outbox is not active.",
            "Run pip install flask-alembic-outbox; flask db plugins shows it.",
        )
    if not app.config.get("ALEMBIC_OUTBOX"):
        raise SettingsError(
            "ALEMBIC_SLACK['outbox'] is on, and ALEMBIC_OUTBOX is not set.",
            "Set ALEMBIC_OUTBOX = True.",
        )


def _rules(given: Mapping[str, Any]) -> dict[str, Rule]:
    """Return what to tell: ``notify``, with the limits for all under each one's own."""
    notify = given.get("notify")
    if notify is None:
        notify = DEFAULT_EVENTS
    if isinstance(notify, str):
        notify = [notify]
    if not isinstance(notify, Mapping):
        notify = dict.fromkeys(_several("notify", notify), True)
    _check_keys("ALEMBIC_SLACK['notify']", notify, frozenset(EVENTS))
    rules = {}
    for event, own in notify.items():
        if own is False or own is None:
            continue
        if own is True:
            own = {}
        if not isinstance(own, Mapping):
            raise _wrong(f"ALEMBIC_SLACK['notify'][{event!r}]", own, "True or a dict")
        limits = frozenset({"databases", "environments"})
        _check_keys(f"ALEMBIC_SLACK['notify'][{event!r}]", own, limits)
        rules[event] = Rule(
            **{key: _names(key, own.get(key, given.get(key))) for key in limits}
        )
    return rules


def _names(key: str, value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset(_several(key, [value] if isinstance(value, str) else value))


def _several(key: str, value: Any) -> list[str]:
    collection = isinstance(value, (list, tuple, set, frozenset))
    if collection and all(isinstance(one, str) for one in value):
        return list(value)
    raise _wrong(f"ALEMBIC_SLACK[{key!r}]", value, "a list of names")


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        kind = type(value).__name__  # not the value: it may be a secret
        raise SettingsError(
            f"ALEMBIC_SLACK[{key!r}] must be text, not {kind}.", "Fix app.config."
        )
    return value.strip()


def _seconds(given: Mapping[str, Any]) -> float:
    value = given.get("timeout", 10.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong("ALEMBIC_SLACK['timeout']", value, "a number of seconds")
    if not (math.isfinite(value) and value > 0):
        raise _wrong("ALEMBIC_SLACK['timeout']", value, "more than 0 seconds")
    return float(value)


def _flag(given: Mapping[str, Any], key: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise _wrong(f"ALEMBIC_SLACK[{key!r}]", value, "True or False")
    return value


def _count(given: Mapping[str, Any]) -> int:
    value = given.get("retries", 2)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong("ALEMBIC_SLACK['retries']", value, "a whole number, 0 or more")
    return value


def _check_keys(where: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            there = f"There are: {', '.join(sorted(known))}."
            hint = f"Did you mean {near[0]!r}?" if near else there
            raise SettingsError(f"{where} has the unknown key {key!r}.", hint)


def _wrong(where: str, value: object, expected: str) -> SettingsError:
    return SettingsError(f"{where} must be {expected}, not {value!r}.", "Fix it.")
