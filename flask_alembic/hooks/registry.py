"""Which plugins there are for one app, where they come from and in what order.

Call order: the plugins of the app, then entry points (in the order of
``ALEMBIC_PLUGINS``, else by name), then the default behaviour. pluggy calls what
was registered last first, so registration goes the other way round.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pluggy import PluginManager

from . import loading, specs
from .errors import PluginError
from .loading import Candidate
from .markers import PROJECT
from .signals import spec_functions
from .validation import hook_names, validate

Source = Literal["app", "entry point", "core"]
Status = Literal["active", "disabled", "failed"]

CORE = "defaults"
"""The name of the plugin that holds the default behaviour."""


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What is known of one plugin.

    .. versionadded:: 4.0
    """

    name: str
    """The name it is registered under."""

    source: Source
    """Who brought it."""

    status: Status
    """Whether it takes part."""

    distribution: str = ""
    """The distribution it came with; empty for the app's own."""

    version: str = ""
    """The version of that distribution."""

    reason: str = ""
    """Why it is disabled or failed."""

    hooks: tuple[str, ...] = ()
    """The hooks it implements, sorted."""

    @property
    def origin(self) -> str:
        """The distribution and version, as in ``flask-alembic-slack 1.2``."""
        return f"{self.distribution} {self.version}".strip()


class Registry:
    """The plugins of one app, registered once and then frozen.

    :param core: The plugin that holds the default behaviour.
    :param own: Pairs of name and plugin that the app gave, first one first.
    :param config: ``app.config``, for ``ALEMBIC_PLUGINS`` and its companions.
    :param load_installed: ``False`` leaves every entry point out.
    :raises PluginError: When a plugin of the app is wrong, a listed plugin is
        not installed, or a required one is missing, failed or too old.

    .. versionadded:: 4.0
    """

    def __init__(
        self,
        core: object,
        own: Sequence[tuple[str, object]] = (),
        config: Mapping[str, Any] | None = None,
        *,
        load_installed: bool = True,
    ) -> None:
        self.config = config or {}
        self.specs = spec_functions()
        self.manager = PluginManager(PROJECT)
        self.manager.add_hookspecs(specs)
        self._records: dict[str, PluginRecord] = {}
        self._register(core, PluginRecord(CORE, "core", "active"))
        for candidate in reversed(self._chosen(load_installed)):
            self._load(candidate)
        for name, plugin in reversed(own):
            self._register(plugin, PluginRecord(name, "app", "active"))
        self._check_required()

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Every plugin, in call order; those that take no part come last."""
        ordered = [record for record in reversed(list(self._records.values()))]
        return tuple(sorted(ordered, key=lambda record: record.status != "active"))

    def record(self, name: str) -> PluginRecord:
        """Return what is known of the plugin of that name."""
        return self._records[name]

    def describe(self, name: str) -> str:
        """Name a plugin for a message, with its distribution if it has one.

        :param name: The name it is registered under.
        """
        record = self._records.get(name)
        origin = f" ({record.origin})" if record and record.origin else ""
        return f"plugin {name!r}{origin}"

    def _register(self, plugin: object, record: PluginRecord) -> None:
        validate(plugin, record.name, self.specs)
        if record.name in self._records or self.manager.is_registered(plugin):
            raise PluginError(
                f"Plugin {record.name!r} is registered twice.",
                "Remove one of the two registrations.",
            )
        try:
            self.manager.register(plugin, name=record.name)
        except ValueError as error:
            raise PluginError(
                f"Plugin {record.name!r} cannot be registered: {error}."
            ) from error
        self._records[record.name] = replace(record, hooks=hook_names(plugin))

    def _load(self, candidate: Candidate) -> None:
        record = PluginRecord(
            candidate.name,
            "entry point",
            "active",
            distribution=candidate.distribution,
            version=candidate.version,
        )
        plugin, reason = loading.load(candidate)
        if plugin is not None:
            try:
                self._register(plugin, record)
                return
            except PluginError as error:
                reason = str(error)
        self._note(replace(record, status="failed", reason=reason))

    def _note(self, record: PluginRecord) -> None:
        """Keep the record of a plugin that takes no part, under a free name."""
        name = record.name
        if name in self._records:
            name = f"{name} ({record.distribution})"
        self._records[name] = record

    def _chosen(self, load_installed: bool) -> list[Candidate]:
        """Return the entry points to load, in call order, noting the others."""
        if os.environ.get("FLASK_ALEMBIC_NO_PLUGINS", "") not in {"", "0"}:
            load_installed = False
        wanted = self.config.get("ALEMBIC_PLUGINS")
        disabled = _names("ALEMBIC_PLUGINS_DISABLED", self.config)
        if not load_installed:
            return []
        installed = loading.candidates()
        if wanted is not None:
            installed = _in_order(_names("ALEMBIC_PLUGINS", self.config), installed)
        chosen = []
        for candidate in installed:
            if {candidate.name, candidate.distribution} & set(disabled):
                self._note(_switched_off(candidate, "ALEMBIC_PLUGINS_DISABLED"))
            else:
                chosen.append(candidate)
        if wanted is not None:
            for candidate in loading.candidates():
                if candidate not in installed:
                    self._note(_switched_off(candidate, "not in ALEMBIC_PLUGINS"))
        return chosen

    def _check_required(self) -> None:
        for requirement in _names("ALEMBIC_PLUGINS_REQUIRED", self.config):
            name, _, least = (part.strip() for part in requirement.partition(">="))
            found = [
                record
                for record in self._records.values()
                if name in {record.name, record.distribution}
            ]
            active = [record for record in found if record.status == "active"]
            if not active:
                raise PluginError(
                    f"Required plugin {name!r} {_absence(found)}; nothing was run.",
                    "Install or mend it, or take it out of ALEMBIC_PLUGINS_REQUIRED.",
                )
            if least and loading.release(active[0].version) < loading.release(least):
                raise PluginError(
                    f"Required plugin {name!r} is version "
                    f"{active[0].version or 'unknown'}, but {least} or newer is "
                    "required; nothing was run.",
                    f"Upgrade {active[0].distribution or name}.",
                )


def _names(key: str, config: Mapping[str, Any]) -> Sequence[str]:
    value = config.get(key) or ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise PluginError(
            f"{key} must be a list of names, not {value!r}.",
            f"Write {key} = [{str(value)!r}].",
        )
    return [str(name) for name in value]


def _in_order(
    wanted: Sequence[str], installed: Iterable[Candidate]
) -> tuple[Candidate, ...]:
    by_name = {candidate.name: candidate for candidate in installed}
    by_name.update(
        {c.distribution: c for c in by_name.values() if c.distribution not in by_name}
    )
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise PluginError(
            f"ALEMBIC_PLUGINS names {', '.join(map(repr, missing))}, which is not "
            "installed.",
            "Install it or take it out of the list.",
        )
    return tuple(dict.fromkeys(by_name[name] for name in wanted))


def _switched_off(candidate: Candidate, reason: str) -> PluginRecord:
    return PluginRecord(
        candidate.name,
        "entry point",
        "disabled",
        distribution=candidate.distribution,
        version=candidate.version,
        reason=reason,
    )


def _absence(found: Sequence[PluginRecord]) -> str:
    if not found:
        return "is not installed"
    if found[0].status == "disabled":
        return f"is disabled ({found[0].reason})"
    return f"did not load ({found[0].reason})"
