"""What ``flask db import-env`` prints."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING, Final

from ...cli.text import counted, readable
from .item import COPIED, NO_COUNTERPART, NOT_NEEDED, SETTING, UNKNOWN

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report
    from .item import EnvItem

_TITLES: Final = {
    NOT_NEEDED: ("Not needed here", None),
    SETTING: ("Set by a key or a hook", "green"),
    NO_COUNTERPART: ("No counterpart", "yellow"),
    UNKNOWN: ("Not recognised", "red"),
}
_CODE_LINES: Final = 12


def show_import_env(report: Report, writer: Writer) -> None:
    """Write what each part becomes, by verdict, and then the settings.

    :param report: Its ``data`` holds ``items``, ``settings`` and ``written``.
    :param writer: What writes.
    """
    items: list[EnvItem] = report.data["items"]
    for verdict, (title, colour) in _TITLES.items():
        chosen = [item for item in items if item.verdict == verdict]
        if not chosen:
            continue
        writer.line(f"{title} ({len(chosen)})", bold=True, fg=colour)
        if verdict == NOT_NEEDED:
            _show_reasons(chosen, writer)
        else:
            _show_parts(chosen, writer)
        writer.line()
    remaining = [item for item in items if item.verdict in (NO_COUNTERPART, UNKNOWN)]
    writer.line(
        f"{counted(len(items), 'part')}, {len(remaining) or 'none'} of them for a person."
    )
    _show_settings(report, writer)


def _show_reasons(items: list[EnvItem], writer: Writer) -> None:
    """Write each reason with the parts that it is given for."""
    reasons: dict[str, list[str]] = {}
    for item in items:
        part = f"{readable(item.what)} ({_place(item)})"
        reasons.setdefault(item.reason, []).append(part)
    for reason, parts in reasons.items():
        writer.line(f"  {readable(reason)}:")
        for line in textwrap.wrap("; ".join(parts), 84, break_long_words=False):
            writer.line(f"      {line}")


def _show_parts(items: list[EnvItem], writer: Writer) -> None:
    copied = [item for item in items if item.reason == COPIED]
    if copied:
        names = "; ".join(f"{readable(item.what)} ({_place(item)})" for item in copied)
        writer.line("  Copied into the module, because others need it:")
        for line in textwrap.wrap(names, 84, break_long_words=False):
            writer.line(f"      {line}")
    for item in items:
        if item not in copied:
            _show(item, writer)


def _place(item: EnvItem) -> str:
    last = f"-{item.last_line}" if item.last_line > item.line else ""
    return f"{item.file}:{item.line}{last}"


def _show(item: EnvItem, writer: Writer) -> None:
    key = f" -> {item.key}" if item.key else ""
    place = _place(item)
    writer.line(f"  {place:<16} {readable(item.what)}{key}")
    if item.reason:
        writer.line(f"  {'':<16} {readable(item.reason)}")
    if item.verdict in (NO_COUNTERPART, UNKNOWN) and item.code:
        shown = textwrap.dedent(item.code).splitlines()
        for line in shown[:_CODE_LINES]:
            writer.line(f"  {'':<16}   {readable(line)}", dim=True)
        if len(shown) > _CODE_LINES:
            writer.line(f"  {'':<16}   ...", dim=True)


def _show_settings(report: Report, writer: Writer) -> None:
    written, settings = report.data["written"], report.data["settings"]
    if written:
        writer.line(
            f"Wrote {os.path.relpath(written)}, whose first lines say how to use it."
        )
    elif settings:
        writer.line("\nThe settings, as a module (--write FILE writes it):\n")
        for line in settings.splitlines():
            writer.line(line)
    else:
        writer.line("Nothing has to be set.")
