"""What ``flask db plugins`` and ``flask db hooks`` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...cli.text import plain

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.manager import PluginRecord
    from ...hooks.payloads import Report
    from .plugin_list import HookRecord


def show_plugins(report: Report, writer: Writer) -> None:
    """Write plugins: where each comes from and whether it is active.

    :param report: Its ``data`` holds the ``plugins``.
    :param writer: What writes.
    """
    plugins: tuple[PluginRecord, ...] = report.data["plugins"]
    rows = [
        (
            plugin.name,
            plugin.origin or "-",
            plugin.source,
            plugin.status + (f": {plugin.reason}" if plugin.reason else ""),
            ", ".join(plugin.hooks) or "-",
        )
        for plugin in plugins
    ]
    writer.table(("Name", "Distribution", "Source", "Status", "Hooks"), rows)


def show_hooks(report: Report, writer: Writer) -> None:
    """Write hooks: kind, signal and implementations; of a single one everything.

    :param report: Its ``data`` holds the ``hooks``.
    :param writer: What writes.
    """
    hooks: tuple[HookRecord, ...] = report.data["hooks"]
    if report.command.options.get("name") is not None:
        _show_hook(hooks[0], writer)
        return
    rows = [
        (
            hook.name,
            hook.kind,
            hook.signal or "-",
            ", ".join(hook.implementations) or "-",
        )
        for hook in hooks
    ]
    writer.table(("Name", "Kind", "Signal", "Implementations"), rows)


def _show_hook(hook: HookRecord, writer: Writer) -> None:
    writer.line(f"{hook.name}({', '.join(hook.arguments)})")
    writer.line(f"Kind: {hook.kind}")
    writer.line(f"Signal: {hook.signal or 'none'}")
    writer.line(f"Implementations: {', '.join(hook.implementations) or 'none'}\n")
    writer.line(plain(hook.documentation))
