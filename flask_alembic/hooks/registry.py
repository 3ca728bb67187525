"""Which plugins there are for one app, where they come from and in what order.

Call order: the plugins of the app, then entry points (in the order of
``ALEMBIC_PLUGINS``, else by name), then the default behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pluggy import HookImpl, PluginManager

from . import loading, specs
from .errors import PluginError
from .loading import Candidate
from .markers import PROJECT
from .requirements import in_order, is_named, names, release, requirements
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
        self._disabled = names("ALEMBIC_PLUGINS_DISABLED", self.config)
        self._records: dict[str, PluginRecord] = {}
        self._noted: list[PluginRecord] = []
        self._order: dict[str, tuple[HookImpl, ...]] = {}
        for name, plugin in own:
            self._add_own(name, plugin)
        for candidate in self._chosen(load_installed):
            self._load(candidate)
        self._register(core, PluginRecord(CORE, "core", "active"))
        self._check_required()

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Every plugin, in call order; those that take no part come last."""
        return (*self._records.values(), *self._noted)

    def record(self, name: str) -> PluginRecord:
        """Return what is known of the active plugin of that name.

        :param name: The name it is registered under.
        """
        return self._records[name]

    def describe(self, name: str) -> str:
        """Name a plugin for a message, with its distribution if it has one.

        :param name: The name it is registered under.
        """
        record = self._records.get(name)
        origin = f" ({record.origin})" if record and record.origin else ""
        return f"plugin {name!r}{origin}"

    def implementations(self, hook: str) -> tuple[HookImpl, ...]:
        """Return who implements a hook, in call order.

        Wrappers come first, the default behaviour last. In between, and among the
        wrappers: who is marked ``tryfirst``, who is not marked, who is marked
        ``trylast``, and in each of these in the order of the plugins.

        :param hook: The name of the hook.
        """
        if hook not in self._order:
            caller = getattr(self.manager.hook, hook)
            found = sorted(caller.get_hookimpls(), key=self._position)
            self._order[hook] = tuple(found)
        return self._order[hook]

    def _position(self, impl: HookImpl) -> tuple[bool, bool, int, int]:
        """Return where an implementation stands.

        pluggy's own order will not do: what is marked ``trylast`` and registered
        after the default behaviour would be called after it, which is never where
        the default answers.
        """
        rank = 0 if impl.tryfirst else 2 if impl.trylast else 1
        place = list(self._records).index(impl.plugin_name)
        return not impl.wrapper, impl.plugin_name == CORE, rank, place

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

    def _add_own(self, name: str, plugin: object) -> None:
        record = PluginRecord(name, "app", "active")
        if is_named(self._disabled, name, ""):
            self._noted.append(_switched_off(record, "in ALEMBIC_PLUGINS_DISABLED"))
        else:
            self._register(plugin, record)

    def _load(self, candidate: Candidate) -> None:
        """Load an entry point, and keep the reason where that fails."""
        record = _record(candidate)
        if candidate.name in {CORE, *self._records}:
            # Two packages, or one and the app, chose one name for two plugins.
            shown = candidate.distribution or "another distribution"
            record = replace(record, name=f"{candidate.name} ({shown})")
        plugin, reason = loading.load(candidate)
        if plugin is not None and self.manager.is_registered(plugin):
            self._noted.append(_switched_off(record, "registered already"))
            return
        if plugin is not None:
            try:
                self._register(plugin, record)
                return
            except PluginError as error:
                reason = str(error)
        self._noted.append(replace(record, status="failed", reason=reason))

    def _chosen(self, load_installed: bool) -> list[Candidate]:
        """Return the entry points to load, in call order, noting the others."""
        installed = loading.candidates()
        wanted: Sequence[Candidate] = installed
        rescue = not load_installed or loading.left_out()
        if self.config.get("ALEMBIC_PLUGINS") is not None and not rescue:
            wanted = in_order(names("ALEMBIC_PLUGINS", self.config), installed)
        chosen: list[Candidate] = []
        for candidate in dict.fromkeys((*wanted, *installed)):
            if rescue:
                reason = "left out by --no-plugins or FLASK_ALEMBIC_NO_PLUGINS"
            elif is_named(self._disabled, candidate.name, candidate.distribution):
                reason = "in ALEMBIC_PLUGINS_DISABLED"
            elif candidate not in wanted:
                reason = "not in ALEMBIC_PLUGINS"
            else:
                chosen.append(candidate)
                continue
            self._noted.append(_switched_off(_record(candidate), reason))
        return chosen

    def _check_required(self) -> None:
        for name, least in requirements(self.config):
            found = [
                record
                for record in self.records
                if is_named([name], record.name, record.distribution)
            ]
            active = [record for record in found if record.status == "active"]
            if not active:
                raise PluginError(
                    f"Required plugin {name!r} {_absence(found)}; nothing was run.",
                    "Install or mend it, or take it out of ALEMBIC_PLUGINS_REQUIRED.",
                )
            if least and not any(release(r.version) >= release(least) for r in active):
                raise PluginError(
                    f"Required plugin {name!r} is version "
                    f"{active[0].version or 'unknown'}, but {least} or newer is "
                    "required; nothing was run.",
                    f"Upgrade {active[0].distribution or name}.",
                )


def _record(candidate: Candidate) -> PluginRecord:
    return PluginRecord(
        candidate.name,
        "entry point",
        "active",
        distribution=candidate.distribution,
        version=candidate.version,
    )


def _switched_off(record: PluginRecord, reason: str) -> PluginRecord:
    return replace(record, status="disabled", reason=reason)


def _absence(found: Sequence[PluginRecord]) -> str:
    if not found:
        return "is not installed"
    if found[0].status == "disabled":
        return f"is disabled ({found[0].reason})"
    return f"did not load ({found[0].reason})"
