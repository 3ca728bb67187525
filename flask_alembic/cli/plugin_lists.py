"""Plugins and hooks, listed at a terminal."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from ..errors import UsageError
from . import tables
from .base import get_extension
from .output import echo


def show_plugins(name: str | None = None) -> None:
    """Show every plugin, where it comes from and whether it is active.

    :param name: Only this one.
    :raises UsageError: When there is none of that name.
    """
    from ..commands.plugins import list_plugins

    found = get_extension()._do(list_plugins)
    names = [record.name for record in found]
    if name is not None and name not in names:
        raise _unknown("plugin", name, name, names)
    rows = [
        (
            record.name,
            record.origin or "-",
            record.source,
            record.status + (f": {record.reason}" if record.reason else ""),
            ", ".join(record.hooks) or "-",
        )
        for record in found
        if name in (None, record.name)
    ]
    tables.show(("Name", "Distribution", "Source", "Status", "Hooks"), rows)


def show_hooks(name: str | None = None) -> None:
    """Show the hooks: kind, arguments, signal and implementations in call order.

    :param name: Only this one, with its documentation.
    :raises UsageError: When there is none of that name.
    """
    from ..commands.plugins import list_hooks
    from .markup import plain

    described = get_extension()._do(list_hooks)
    if name is None:
        rows = [
            (h.name, h.kind, h.signal or "-", ", ".join(h.implementations) or "-")
            for h in described
        ]
        tables.show(("Name", "Kind", "Signal", "Implementations"), rows)
        return
    wanted = name.replace("-", "_")
    found = [hook for hook in described if hook.name == wanted]
    if not found:
        raise _unknown("hook", name, wanted, [hook.name for hook in described])
    hook = found[0]
    echo(f"{hook.name}({', '.join(hook.arguments)})")
    echo(f"Kind: {hook.kind}")
    echo(f"Signal: {hook.signal or 'none'}")
    echo(f"Implementations: {', '.join(hook.implementations) or 'none'}\n")
    echo(plain(hook.documentation))


def _unknown(what: str, name: str, wanted: str, known: Sequence[str]) -> UsageError:
    near = difflib.get_close_matches(wanted, known, 1)
    return UsageError(
        f"There is no {what} {name!r}.",
        f"Did you mean {near[0]!r}?" if near else f"flask db {what}s lists them.",
    )
