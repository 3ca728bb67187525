"""Which plugins there are for one app, where they come from and in what order.

Call order: the plugins of the app, then entry points (in the order of
``ALEMBIC_PLUGINS``, else by name), then the default behaviour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeVar

from pluggy import HookImpl, PluginManager

from . import discovery as loading
from . import specs
from .discovery import Candidate
from .errors import PluginError
from .markers import PROJECT
from .redaction import redacted
from .signals import spec_functions
from .validation import hook_names, validate

T = TypeVar("T")


def plugin_name(plugin: object) -> str:
    """Return what a plugin object is called by default: its module or class.

    :param plugin: A module or an instance.
    """
    return str(getattr(plugin, "__name__", None) or type(plugin).__name__)


def accepted(
    plugin: object,
    name: str,
    known: Sequence[tuple[str, object]],
    reserved: Collection[str] = (),
) -> str:
    """Return the name for a plugin object, which no other one has.

    :param plugin: A module or an instance.
    :param name: What to call it; a number is added where that is taken.
    :param known: Pairs of name and plugin that there are.
    :param reserved: Names that only built-in plugins have.
    :raises PluginError: When it is wrong, or there already.
    """
    validate(plugin, name, spec_functions())
    if any(each is plugin for _, each in known):
        raise PluginError(f"Plugin {name!r} is registered twice.", "Register it once.")
    taken = {*reserved, *(each for each, _ in known)}
    number, unique = 2, name
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


_REQUIREMENT = re.compile(r"\s*([\w.-]+)\s*(?:>=\s*([\w.+!-]+)\s*)?", re.ASCII)


class Requirement(NamedTuple):
    """An entry of ``ALEMBIC_PLUGINS_REQUIRED``."""

    name: str
    """The name of the plugin or of its distribution."""

    least: str
    """The lowest version that will do; empty for any."""


def names(key: str, config: Mapping[str, Any]) -> list[str]:
    """Return the names that a key of ``app.config`` lists.

    :param key: The key.
    :param config: ``app.config``.
    :raises PluginError: When it holds something else than a list.
    """
    value = config.get(key) or ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise PluginError(
            f"{key} must be a list of names, not {value!r}.",
            f"Write {key} = [{str(value)!r}].",
        )
    return [str(name) for name in value]


def requirements(config: Mapping[str, Any]) -> list[Requirement]:
    """Return what ``ALEMBIC_PLUGINS_REQUIRED`` asks for.

    :param config: ``app.config``.
    :raises PluginError: When an entry is not understood.
    """
    found: list[Requirement] = []
    for text in names("ALEMBIC_PLUGINS_REQUIRED", config):
        match = _REQUIREMENT.fullmatch(text)
        if match is None:
            raise PluginError(
                f"ALEMBIC_PLUGINS_REQUIRED holds {text!r}, which is not understood; "
                "nothing was run.",
                "Write 'name' or 'name>=1.2'.",
            )
        found.append(Requirement(match[1], match[2] or ""))
    return found


def is_named(wanted: Iterable[str], name: str, distribution: str) -> bool:
    """Return whether a plugin is meant by one of some names.

    :param wanted: Names as somebody wrote them.
    :param name: The name of the plugin.
    :param distribution: The distribution that it comes with; may be empty.
    """
    known = {normal(name), normal(distribution or name)}
    return any(normal(one) in known for one in wanted)


def normal(name: str) -> str:
    """Return a name as package indexes compare it: ``My_Plugin`` is ``my-plugin``.

    :param name: The name of a plugin or distribution.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def in_order(
    wanted: Sequence[str], installed: Sequence[Candidate]
) -> tuple[Candidate, ...]:
    """Return the plugins that are wanted, in the order in which they are named.

    :param wanted: What ``ALEMBIC_PLUGINS`` lists: plugins or distributions.
    :param installed: What there is.
    :raises PluginError: When a name stands for none.
    """
    chosen: dict[Candidate, None] = {}
    missing: list[str] = []
    for name in wanted:
        exact = [one for one in installed if one.name == name]
        found = exact or [
            one for one in installed if is_named([name], one.name, one.distribution)
        ]
        chosen.update(dict.fromkeys(found))
        if not found:
            missing.append(name)
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise PluginError(
            f"ALEMBIC_PLUGINS names {', '.join(map(repr, missing))}, which {verb} not "
            "installed.",
            "Install it or take it out of the list.",
        )
    return tuple(chosen)


def is_there(name: str, installed: Sequence[Candidate]) -> bool:
    """Return whether a plugin or distribution of that name is installed.

    :param name: As ``ALEMBIC_PLUGINS`` lists it.
    :param installed: What there is.
    """
    return any(is_named([name], each.name, each.distribution) for each in installed)


def release(version: str) -> tuple[int, ...]:
    """Return the numbers at the start of a version, to compare it by.

    :param version: As in ``1.2.0rc1``, which gives ``(1, 2)``.
    """
    numbers: list[int] = []
    for part in version.split("."):
        digits = re.match(r"[0-9]*", part)
        assert digits is not None
        if digits[0]:
            numbers.append(int(digits[0]))
        if digits[0] != part:
            break
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


Source = Literal["app", "entry point", "core"]
Status = Literal["active", "disabled", "failed"]


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

    :param core: Pairs of name and built-in plugin, in call order.
    :param own: Pairs of name and plugin that the app gave, first one first.
    :param config: ``app.config``, for ``ALEMBIC_PLUGINS`` and its companions.
    :param load_installed: ``False`` leaves every entry point out.
    :param strict: ``False`` keeps the reason why no command may run as
        :attr:`refusal`, so that what can be looked at is shown.
    :raises PluginError: When a plugin of the app is wrong, a listed plugin is
        not installed or did not load, or a required one is missing, failed or too old.

    .. versionadded:: 4.0
    """

    def __init__(
        self,
        core: Sequence[tuple[str, object]],
        own: Sequence[tuple[str, object]] = (),
        config: Mapping[str, Any] | None = None,
        *,
        load_installed: bool = True,
        strict: bool = True,
    ) -> None:
        self.config = config or {}
        self.refusal: PluginError | None = None
        """Why no command may run that changes or reads a database."""
        self._named: set[Candidate] = set()
        self.specs = spec_functions()
        self.manager = PluginManager(PROJECT)
        self.manager.add_hookspecs(specs)
        self._reserved = {name for name, _ in core}
        self._disabled = names("ALEMBIC_PLUGINS_DISABLED", self.config)
        self._records: dict[str, PluginRecord] = {}
        self._noted: list[PluginRecord] = []
        self._order: dict[str, tuple[HookImpl, ...]] = {}
        for name, plugin in own:
            self._add_own(name, plugin)
        for candidate in self._chosen(load_installed):
            self._load(candidate)
        for name, plugin in core:
            self._add_own(name, plugin, "core")
        self._refuse(self._check_required)
        if strict and self.refusal is not None:
            raise self.refusal

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Every plugin, in call order; those that take no part come last."""
        return (*self._records.values(), *self._noted)

    @property
    def failed(self) -> tuple[PluginRecord, ...]:
        """The plugins that did not load, so that none of their hooks is called."""
        return tuple(record for record in self._noted if record.status == "failed")

    @property
    def left_out(self) -> tuple[PluginRecord, ...]:
        """The installed plugins that take no part for whatever reason."""
        return tuple(each for each in self._noted if each.source == "entry point")

    def _refuse(self, check: Callable[[], T]) -> T | None:
        """Keep the first reason why nothing may run."""
        try:
            return check()
        except PluginError as error:
            self.refusal = self.refusal or error
            return None

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
        return self.origin(record) if record else f"plugin {name!r}"

    def origin(self, record: PluginRecord) -> str:
        """Name a plugin for a message, whether it is active or not.

        :param record: What is known of it.
        """
        origin = f" ({record.origin})" if record.origin else ""
        return f"plugin {record.name!r}{origin}"

    def implementations(self, hook: str) -> tuple[HookImpl, ...]:
        """Return who implements a hook, in call order.

        Wrappers come first, the default behaviour last, but for the defaults that
        others start from, which are marked ``tryfirst``. In between, and among the
        wrappers: who is marked ``tryfirst``, who is not marked, who is marked
        ``trylast``, and in each of these in the order of the plugins.

        :param hook: The name of the hook.
        """
        if hook not in self._order:
            caller = getattr(self.manager.hook, hook)
            found = sorted(caller.get_hookimpls(), key=self._position)
            self._order[hook] = tuple(found)
        return self._order[hook]

    def _position(self, impl: HookImpl) -> tuple[bool, int, int, int]:
        """Return where an implementation stands.

        pluggy's own order will not do: what is marked ``trylast`` and registered
        after the default behaviour would be called after it, which is never where
        the default answers.
        """
        rank = 0 if impl.tryfirst else 2 if impl.trylast else 1
        place = list(self._records).index(impl.plugin_name)
        is_core = self._records[impl.plugin_name].source == "core"
        stage = 0 if not is_core else -1 if impl.tryfirst else 1
        return not impl.wrapper, stage, rank, place

    def _register(self, plugin: object, record: PluginRecord) -> None:
        if record.source == "core":  # our own tests have validated it
            hooks = hook_names(plugin)
        else:
            hooks = validate(plugin, record.name, self.specs)
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
        self._records[record.name] = replace(record, hooks=hooks)

    def _add_own(self, name: str, plugin: object, source: Source = "app") -> None:
        record = PluginRecord(name, source, "active")
        if is_named(self._disabled, name, ""):
            self._noted.append(_switched_off(record, "in ALEMBIC_PLUGINS_DISABLED"))
        else:
            self._register(plugin, record)

    def _load(self, candidate: Candidate) -> None:
        """Load an entry point, and keep the reason where that fails."""
        record = _record(candidate)
        if candidate.name in {*self._reserved, *self._records}:
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
            except Exception as error:  # an object that raises when it is looked at
                reason = redacted(error)
        self._noted.append(replace(record, status="failed", reason=reason))
        if candidate in self._named:
            self.refusal = self.refusal or PluginError(
                f"ALEMBIC_PLUGINS names {candidate.name!r}, which did not load: "
                f"{reason.rstrip('.')}; nothing was run.",
                "Fix it, or take it out of the list; flask db plugins shows all.",
            )

    def _chosen(self, load_installed: bool) -> list[Candidate]:
        """Return the entry points to load, in call order, noting the others."""
        installed = loading.candidates()
        wanted: Sequence[Candidate] = installed
        rescue = not load_installed or loading.left_out()
        if self.config.get("ALEMBIC_PLUGINS") is not None and not rescue:
            listed = names("ALEMBIC_PLUGINS", self.config)
            self._refuse(lambda: in_order(listed, installed))
            wanted = in_order([n for n in listed if is_there(n, installed)], installed)
            self._named = set(wanted)
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
                    "Install or fix it, or take it out of ALEMBIC_PLUGINS_REQUIRED.",
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
