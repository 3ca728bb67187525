"""What a plugin must look like, checked when it is registered.

pluggy accepts much that fails later or never runs: a class instead of an
instance, a misspelled hook, a default argument (passed or not depending on
pluggy's version), a coroutine that nobody awaits. Here each is refused at once,
with a message that says what to do.
"""

from __future__ import annotations

import difflib
import inspect
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from .errors import PluginError
from .markers import PROJECT, RULES, has_signal, kind_of

Specs = Mapping[str, Callable[..., object]]

logger = logging.getLogger("flask_alembic.hooks")


def implementations(plugin: object) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Find what a plugin marks with ``hookimpl``.

    :param plugin: A module or an instance.
    :return: The attribute's name, the function and the marker's options.
    """
    is_module = inspect.ismodule(plugin)
    for attribute in dir(plugin):
        if not is_module and isinstance(
            inspect.getattr_static(plugin, attribute, None), property
        ):
            continue
        function = getattr(plugin, attribute, None)
        if not inspect.isroutine(function):
            continue
        options = getattr(function, f"{PROJECT}_impl", None)
        if isinstance(options, dict):
            yield attribute, function, options


def validate(plugin: object, name: str, specs: Specs) -> tuple[str, ...]:
    """Refuse a plugin that would not work.

    :param plugin: What is about to be registered.
    :param name: What to call it in messages.
    :param specs: Every spec function by name.
    :return: The names of the hooks that it implements, sorted.
    :raises PluginError: With what is wrong and what to do.
    """
    if inspect.isclass(plugin):
        raise PluginError(
            f"Plugin {name!r} is a class.",
            f"Register an instance: did you forget the parentheses of {name}()?",
        )
    try:
        hash(plugin)
    except TypeError:
        raise PluginError(
            f"Plugin {name!r} cannot be hashed.",
            "If it is a dataclass, declare it with @dataclass(eq=False).",
        ) from None
    found = list(implementations(plugin))
    if not found:
        raise PluginError(
            f"Plugin {name!r} implements no hook.",
            "Mark its functions with @hookimpl; flask db hooks lists the names.",
        )
    _warn_of_unmarked(plugin, name, specs, {attribute for attribute, _, _ in found})
    for attribute, function, options in found:
        hook = options.get("specname") or attribute
        if hook not in specs:
            if options.get("optionalhook"):
                continue
            raise PluginError(f"Plugin {name!r} {_unknown(hook, specs)}", _REMEDY)
        _check(name, hook, function, options, specs[hook])
    return _names(found)


def hook_names(plugin: object) -> tuple[str, ...]:
    """Return the names of the hooks that a plugin implements, sorted.

    :param plugin: A module or an instance.
    """
    return _names(implementations(plugin))


def _names(found: Iterable[tuple[str, Any, dict[str, Any]]]) -> tuple[str, ...]:
    names = {options.get("specname") or name for name, _, options in found}
    return tuple(sorted(names))


def _warn_of_unmarked(
    plugin: object, name: str, specs: Specs, marked: Collection[str]
) -> None:
    """Log what looks like a listener and is none, for want of the marker.

    Only names of signals: nothing else is called ``before_upgrade``.
    """
    for hook in specs.keys() - marked:
        # Other names, such as configure, a plugin may have for itself.
        if has_signal(specs[hook]) and inspect.isroutine(getattr(plugin, hook, None)):
            logger.warning(
                "Plugin %r: %s is not called, because it is not marked with @hookimpl.",
                name,
                hook,
            )


_REMEDY = (
    "Fix the name, or mark it @hookimpl(optionalhook=True) if it belongs to a "
    "newer Flask-Alembic."
)


def _unknown(hook: str, specs: Specs) -> str:
    near = difflib.get_close_matches(hook, specs, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"implements {hook!r}, which is not a hook{hint}"


def _check(
    name: str,
    hook: str,
    function: Callable[..., object],
    options: Mapping[str, Any],
    spec: Callable[..., object],
) -> None:
    """Check one implementation against its spec."""
    where = f"Plugin {name!r}, {hook}"
    plain = inspect.unwrap(function)
    if inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain):
        raise PluginError(
            f"{where}: a coroutine is never awaited.", "Write it with plain def."
        )
    if options.get("hookwrapper"):
        raise PluginError(
            f"{where}: old-style wrappers (hookwrapper=True) are not supported.",
            "Use @hookimpl(wrapper=True) and return the result.",
        )
    if options.get("wrapper"):
        if not RULES[kind_of(spec)].wrappers:
            raise PluginError(
                f"{where}: a hook of kind {kind_of(spec)!r} takes no wrappers.",
                "Implement it as a plain function.",
            )
        if not inspect.isgeneratorfunction(plain):
            raise PluginError(
                f"{where}: a wrapper must yield once.",
                "Write: result = yield, and at the end: return result.",
            )
    elif inspect.isgeneratorfunction(plain) and kind_of(spec) != "collect":
        # Calling it would run none of its lines: a guard would always agree.
        wraps = RULES[kind_of(spec)].wrappers
        raise PluginError(
            f"{where}: it yields, but is not marked as a wrapper.",
            "Mark it @hookimpl(wrapper=True)." if wraps else "Take out the yield.",
        )
    _check_arguments(where, function, spec)


def _check_arguments(
    where: str, function: Callable[..., object], spec: Callable[..., object]
) -> None:
    known = list(inspect.signature(spec).parameters)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            raise PluginError(
                f"{where}: {str(parameter)!r} cannot be passed.",
                f"Take any of these by name: {', '.join(known)}.",
            )
        if parameter.default is not inspect.Parameter.empty:
            raise PluginError(
                f"{where}: argument {parameter.name!r} has a default.",
                "Remove it: pluggy's versions disagree on whether it is passed.",
            )
        if parameter.name not in known:
            near = difflib.get_close_matches(parameter.name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise PluginError(
                f"{where}: there is no argument {parameter.name!r}.{hint}",
                f"It may take: {', '.join(known)}.",
            )
