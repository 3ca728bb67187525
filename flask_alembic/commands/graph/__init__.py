"""Ways to draw the history: what plugins give through the hook ``graph_formats``.

The modules here are those of the built-in plugin; one that nobody asks for is not
imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...hooks.history_graph import HistoryGraph
    from ...hooks.payloads import GraphFormat
    from ...runtime.environment import Environment

HOOK = "graph_formats"


def formats_of(environment: Environment) -> dict[str, tuple[str, GraphFormat]]:
    """Return every way to draw the history, each with the plugin that offers it.

    :param environment: The app's environment.
    :raises HookError: When what a plugin offers cannot be used.
    """
    from ...cli.output import formats_of as report_formats
    from ...hooks import specs

    formats: dict[str, tuple[str, GraphFormat]] = {}
    taken = {"table": "", **{n: p for n, (p, _) in report_formats(environment).items()}}
    answers = environment.hooks.collect(specs.graph_formats)
    records = environment.registry.record
    # Ours come first, as they are listed in messages.
    answers.sort(key=lambda answer: records(answer[0]).source != "core")
    for plugin, offered in answers:
        for each in offered:
            _require_usable(environment, plugin, each, taken)
            taken[each.name] = plugin
            formats[each.name] = (plugin, each)
    return formats


def _require_usable(
    environment: Environment, plugin: str, offered: Any, taken: dict[str, str]
) -> None:
    """Refuse what is no format, or has a name that is taken."""
    from ...errors import HookError
    from ...hooks.payloads import GraphFormat

    who = environment.registry.describe(plugin)
    if not isinstance(offered, GraphFormat):
        raise HookError(
            f"{who} gave {offered!r} to {HOOK}, which is not a GraphFormat.",
            "Return flask_alembic.hooks.GraphFormat(name, render).",
            plugin=plugin,
            hook=HOOK,
        )
    if offered.name in taken:
        other = taken[offered.name]
        raise HookError(
            f"Plugins {other!r} and {plugin!r} both offer the format {offered.name!r}."
            if other
            else f"{who} offers the format {offered.name!r}, which is built in.",
            "Disable one of them." if other else "Give the format another name.",
            plugin=plugin,
            hook=HOOK,
        )


def draw(environment: Environment, graph: HistoryGraph, format: GraphFormat) -> str:
    """Draw the history.

    :param environment: The app's environment.
    :param graph: The history.
    :param format: One of :func:`formats_of`.
    :raises ConfigurationError: When the library for it is missing.
    :raises HookError: When the plugin that offers it fails.

    .. versionadded:: 4.0
    """
    from ...errors import AlembicError, HookError
    from ...hooks.dispatcher import FAILURES, FIX
    from ...hooks.redaction import redacted

    plugin = formats_of(environment)[format.name][0]
    who = environment.registry.describe(plugin)
    try:
        text = format.render(graph)
    except AlembicError:
        raise
    except FAILURES as error:
        raise HookError(
            f"{who} failed to draw the history as {format.name}: {redacted(error)}.",
            FIX,
            plugin=plugin,
            hook=HOOK,
        ) from error
    if not isinstance(text, str):
        raise HookError(
            f"{who} drew the history as {type(text).__name__}, which is not text.",
            FIX,
            plugin=plugin,
            hook=HOOK,
        )
    return text
