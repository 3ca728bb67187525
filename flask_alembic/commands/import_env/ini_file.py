"""The keys of an ``alembic.ini``, or of ``[tool.alembic]`` in ``pyproject.toml``."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ...errors import ConfigurationError
from ...hooks.redaction import first_line

MAIN: Final = "alembic"
"""The section that Alembic reads by default."""


@dataclass(frozen=True, slots=True)
class IniFile:
    """What stands in a configuration file, interpolated."""

    path: Path
    """The file."""

    sections: Mapping[str, Mapping[str, str]]
    """By section: the values by key. Keys of ``[DEFAULT]`` are not repeated."""

    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Where each key stands; a section itself under the empty key."""

    is_readable: bool = True
    """``False`` where this Python has nothing that reads the file."""

    @property
    def main(self) -> Mapping[str, str]:
        """The keys of the section ``alembic``."""
        return self.sections.get(MAIN, {})

    def line(self, section: str, key: str = "") -> int:
        """Return where a key or a section stands; 1 if it is not known."""
        return self.lines.get((section, key), 1)


def read_ini(path: Path) -> IniFile:
    """Read an ``alembic.ini``.

    :param path: The file.
    :raises ConfigurationError: When it cannot be read.
    """
    text = _text(path)
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        # Not its text, which quotes the line: there may be a password in it.
        raise ConfigurationError(
            f"{path} is no valid configuration file"
            f"{_line_of(error)}: {type(error).__name__}.",
            "Fix the file, or name another folder.",
        ) from error
    defaults = dict(parser.defaults())
    names = {"here": str(path.resolve().parent), **defaults}
    sections = {
        name: {
            key: _interpolated(value, {**names, **dict(parser.items(name))})
            for key, value in parser.items(name)
            if key not in defaults or value != defaults[key]
        }
        for name in parser.sections()
    }
    if defaults:
        sections["DEFAULT"] = {
            key: _interpolated(value, names) for key, value in defaults.items()
        }
    return IniFile(path, sections, _find_lines(text))


def read_pyproject(path: Path) -> IniFile | None:
    """Read ``[tool.alembic]`` of a ``pyproject.toml``; ``None`` if there is none.

    :param path: The file.
    :raises ConfigurationError: When it cannot be read.
    """
    text = _text(path)
    if not re.search(r"^\s*\[+\s*tool\.alembic\b", text, re.MULTILINE):
        return None
    try:
        tomllib: Any = import_module("tomllib")
    except ImportError:  # before Python 3.11
        return IniFile(path, {}, is_readable=False)
    try:
        table = tomllib.loads(text).get("tool", {}).get("alembic", {})
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+)", str(error))
        raise ConfigurationError(
            f"{path} is no valid TOML{f' in line {where[1]}' if where else ''}.",
            "Fix the file, or name another folder.",
        ) from error
    names = {"here": str(path.resolve().parent)}
    sections: dict[str, dict[str, str]] = {MAIN: {}}
    for key, value in table.items():
        if key == "post_write_hooks":
            sections[key] = _hooks(value, names)
        else:
            sections[MAIN][key] = _interpolated(_plain(value), names)
    lines = {
        (section, key): line
        for section, keys in sections.items()
        for key in ("", *keys)
        for line, text_of in enumerate(text.splitlines(), 1)
        if re.match(rf"\s*{re.escape(key)}\s*=", text_of) and key
    }
    return IniFile(path, sections, lines)


def _hooks(value: Any, names: Mapping[str, str]) -> dict[str, str]:
    """Return the list of tables as the section of an ``alembic.ini``."""
    hooks = [dict(hook) for hook in value]
    section = {"hooks": ", ".join(str(hook["name"]) for hook in hooks)}
    for hook in hooks:
        name = hook.pop("name")
        section.update(
            {
                f"{name}.{key}": _interpolated(_plain(part), names)
                for key, part in hook.items()
            }
        )
    return section


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} cannot be read as text: {first_line(error)}.",
            "Write it in UTF-8.",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror or first_line(error)}.",
            "Name another folder.",
        ) from error


def _line_of(error: configparser.Error) -> str:
    line = getattr(error, "lineno", None)
    if line is None and isinstance(error, configparser.ParsingError):
        line = error.errors[0][0] if error.errors else None
    return f" in line {line}" if line else ""


def _interpolated(value: str, names: Mapping[str, str]) -> str:
    """Fill in ``%(name)s``, as Alembic's parser does, where the name is known."""

    def fill(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        name = match[1].lower()
        if name not in names or names[name] == value:
            return match[0]
        return _interpolated(names[name], {**names, name: match[0]})

    return re.sub(r"%%|%\(([^)]+)\)s", fill, value)


def _find_lines(text: str) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\[([^]]+)\]", line)
        if header:
            section = header[1]
            found.setdefault((section, ""), number)
            continue
        key = re.match(r"([^#;\s][^=:]*?)\s*[=:]", line)
        if key:
            found.setdefault((section, key[1].lower()), number)
    return found
