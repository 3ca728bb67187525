"""What each key of an ``alembic.ini`` becomes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ...config import OPTION_KEYS, READERS
from ...config.alembic_options import is_true
from .app_facts import AppFacts
from .ini_file import MAIN, IniFile
from .item import NO_COUNTERPART, NOT_NEEDED, SETTING, UNKNOWN, EnvItem, Verdict
from .settings_module import SettingsModule, is_secret

_UNNEEDED: Final = {
    "sqlalchemy.url": "the app has the URL",
    "prepend_sys_path": "flask finds the app",
    "revision_environment": "every command has the app",
    "path_separator": "version_locations is a list here",
    "version_path_separator": "version_locations is a list here",
}
_DEFAULTS: Final = {
    "output_encoding": "utf-8",
    "sourceless": "false",
    "recursive_version_locations": "false",
    "truncate_slug_length": "40",
    "timezone": "",
}
_NUMBERS: Final = frozenset({"truncate_slug_length"})
_FLAGS: Final = frozenset({"sourceless", "recursive_version_locations"})
_LOGGING: Final = re.compile(
    r"(?:loggers|handlers|formatters|(?:logger|handler|formatter)_.+)"
)


class IniReader:
    """Reads one configuration file.

    :param ini: The file.
    :param folder: The folder of revisions.
    :param module: What is proposed; it is filled.
    :param facts: What is known of the app.
    """

    def __init__(
        self, ini: IniFile, folder: Path, module: SettingsModule, facts: AppFacts
    ) -> None:
        self.ini = ini
        self.folder = folder
        self.module = module
        self.facts = facts
        self.names = re.split(r"[,\s]+", ini.main.get("databases", "").strip())

    def read(self) -> Iterator[EnvItem]:
        """Yield what each key becomes, and each section that has one meaning."""
        if not self.ini.is_readable:
            reason = "Run it with Python 3.11 or newer, which reads this file."
            yield self._item(MAIN, "", "[tool.alembic]", UNKNOWN, reason)
            return
        for section, keys in self.ini.sections.items():
            if section == MAIN:
                for key, value in keys.items():
                    yield self._main(key, value)
            elif _LOGGING.fullmatch(section):
                yield self._section(
                    section, NOT_NEEDED, "logging stays as the app has it"
                )
            else:
                yield from self._other(section)

    def _item(
        self,
        section: str,
        key: str,
        what: str,
        verdict: Verdict,
        reason: str,
        by: str = "",
    ) -> EnvItem:
        line = self.ini.line(section, key)
        last = line
        if not key:
            last = max(
                [
                    line,
                    *(
                        self.ini.line(section, each)
                        for each in self.ini.sections.get(section, ())
                    ),
                ]
            )
        return EnvItem(self.ini.path.name, line, last, what, verdict, reason, by)

    def _section(
        self, section: str, verdict: Verdict, reason: str, by: str = ""
    ) -> EnvItem:
        return self._item(section, "", f"[{section}]", verdict, reason, by)

    # The main section ----------------------------------------------------------

    def _main(self, key: str, value: str) -> EnvItem:
        def item(verdict: Verdict, reason: str, by: str = "") -> EnvItem:
            return self._item(MAIN, key, key, verdict, reason, by)

        name = f'ALEMBIC["{key}"]'
        if key in _UNNEEDED:
            return item(NOT_NEEDED, _UNNEEDED[key])
        if key == "script_location":
            return self._script_location()
        if key == "version_locations":
            return self._version_locations(value)
        if key == "databases":
            self.module.options[key] = repr([each for each in self.names if each])
            reason = "The app needs an engine under each name: SQLALCHEMY_BINDS."
            return item(SETTING, reason, name)
        if is_secret((key, value)):
            reason = (
                "There is a password in it: read it from the environment in the app."
            )
            return item(NO_COUNTERPART, reason)
        if value.strip().lower() == _DEFAULTS.get(key, None) or (
            key in _FLAGS and not is_true(value)
        ):
            return item(NOT_NEEDED, "it is so by default")
        if key in READERS:
            reason = f"{name} has another meaning here. Give it another name."
            return item(NO_COUNTERPART, reason)
        self.module.options[key] = self._value(key, value)
        known = key in OPTION_KEYS
        return item(SETTING, "" if known else "alembic.config has it", name)

    def _value(self, key: str, value: str) -> str:
        if key in _FLAGS:
            return repr(is_true(value))
        if key in _NUMBERS and value.strip().isdecimal():
            return str(int(value))
        return repr(value)

    def _relative(self, path: str | Path) -> str:
        """Return a path from the folder of the app, the same on each machine."""
        try:
            relative = os.path.relpath(path, self.facts.root)
        except ValueError:  # another drive
            return str(path)
        return Path(relative).as_posix()

    def _script_location(self) -> EnvItem:
        if _is_same(self.folder, self.facts.script):
            return self._item(
                MAIN,
                "script_location",
                "script_location",
                NOT_NEEDED,
                "the app finds it",
            )
        self.module.options["script_location"] = repr(self._relative(self.folder))
        self.module.options["relative_to"] = repr("root")
        return self._item(
            MAIN,
            "script_location",
            "script_location",
            SETTING,
            "from the folder of the app",
            'ALEMBIC["script_location"]',
        )

    def _version_locations(self, value: str) -> EnvItem:
        separator = self.ini.main.get(
            "path_separator", self.ini.main.get("version_path_separator", "")
        )
        pattern = {
            "os": re.escape(os.pathsep),
            ":": ":",
            ";": ";",
            "space": r"\s+",
            "newline": r"\n",
        }.get(separator.strip(), r"[,\s]+")
        here = self.ini.path.resolve().parent
        parts = [part.strip() for part in re.split(pattern, value) if part.strip()]
        own = self.folder / "versions"
        paths = [
            part
            if ":" in part and not os.path.isabs(part)
            else self._relative(here / part)
            for part in parts
            if not _is_same(here / part, own)
        ]
        key = "version_locations"
        if not paths:
            return self._item(MAIN, key, key, NOT_NEEDED, "the app finds it")
        self.module.options[key] = repr(paths)
        self.module.options["relative_to"] = repr("root")
        if "script_location" not in self.module.options and not _is_same(
            self.facts.root / "migrations", self.facts.script
        ):
            self.module.options["script_location"] = repr(
                self._relative(self.facts.script)
            )
        return self._item(
            MAIN, key, key, SETTING, "from the folder of the app", f'ALEMBIC["{key}"]'
        )

    # Other sections ------------------------------------------------------------

    def _other(self, section: str) -> Iterator[EnvItem]:
        keys = self.ini.sections[section]
        if section == "DEFAULT":
            yield self._section(
                section, NOT_NEEDED, "its values are filled in where they are used"
            )
            return
        if "script_location" in keys:
            reason = (
                "Another environment (-n): make one more extension, with another "
                "command_name, and settings of its own."
            )
            yield self._section(section, NO_COUNTERPART, reason)
            return
        secret = [key for key, value in keys.items() if is_secret((key, value))]
        rest = {key: value for key, value in keys.items() if key not in secret}
        for key in secret:
            what = f"[{section}] {key}"
            if key.endswith("url"):
                reason = "the app has the URL"
                yield self._item(section, key, what, NOT_NEEDED, reason)
            else:
                reason = "There is a password in it: read it from the environment."
                yield self._item(section, key, what, NO_COUNTERPART, reason)
        if not rest:
            if not secret:
                yield self._section(section, NOT_NEEDED, "it is empty")
            return
        self.module.options[section] = repr(rest)
        reason = "" if section == "post_write_hooks" else "alembic.config has it"
        yield self._section(section, SETTING, reason, f'ALEMBIC["{section}"]')


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
