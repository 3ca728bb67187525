"""The plugins that ``app.config`` names: which are wanted, switched off, required."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .errors import PluginError
from .loading import Candidate

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
