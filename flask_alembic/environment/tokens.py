"""The operations of a new revision, under the names by which templates ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import TemplateError

_KINDS = ("upgrades", "downgrades")


def with_tokens(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a template gets, so that either kind of template finds it.

    With one database its operations are ``upgrades``. A template for several asks for
    ``NAME_upgrades``, as Alembic's and Flask-Migrate's do; there the default database
    may have no name.

    :param arguments: What Alembic gives to a template.
    """
    given = dict(arguments)
    names = _databases(arguments)
    if len(names) == 1:
        for kind in _KINDS:
            for name in (*names, ""):
                given.setdefault(f"{name}_{kind}", given.get(kind))
    return given


def _databases(arguments: Mapping[str, Any]) -> list[str]:
    config = arguments.get("config")
    option = config.get_main_option("databases") if config is not None else None
    return [name.strip() for name in (option or "").split(",") if name.strip()]


def require_operations(
    template: Path, source: str, arguments: Mapping[str, Any]
) -> None:
    """Refuse a text that lacks operations: they would be lost without a word.

    :param template: The template.
    :param source: What it made.
    :param arguments: What Alembic gave to it.
    :raises TemplateError: When it leaves any out.
    """
    lines = _telling(source)
    for name, text in _operations(arguments):
        # A template may change lines; it is refused only when it has none of them.
        if not _telling(text) & lines:
            several = len(_databases(arguments)) > 1
            raise TemplateError(
                f"The template {template} leaves out the operations of {name!r}, so "
                "they would be lost; nothing was written.",
                "It is for one database. Another is for several: flask db init -t "
                "several"
                if several
                else "Let it write ${upgrades} and ${downgrades}.",
            )


def _telling(text: str) -> set[str]:
    """Return the lines of a text that are no comments and no closing brackets."""
    lines = {line.strip() for line in text.splitlines()}
    return {line for line in lines if len(line) > 2 and not line.startswith("#")}


def _operations(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and texts of what the revision does."""
    for name, text in arguments.items():
        is_code = name.endswith(_KINDS) and isinstance(text, str)
        if is_code and _telling(text) - {"pass"}:
            yield name, text
