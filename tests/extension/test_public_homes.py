"""Where users and plugins import from; nothing documented is anywhere else."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import flask_alembic
from flask_alembic import cli, hooks, results, revision_files

ROOT = Path(flask_alembic.__file__).parents[1]

PRIVATE = re.compile(
    r"flask_alembic\.(?:commands|environment|dialects|settings|runtime|schema|script|config"
    r"|hooks\.(?:payloads|threads)|cli\.(?!(?:base|click|script)\b)(?P<cli>\w+))\b"
)
"""Modules that are free to move; names of the package ``flask_alembic.cli`` are not."""

LOGGERS = re.compile(r"logger\s+``flask_alembic\.\w+``")


@pytest.mark.parametrize("module", [results, revision_files, hooks, flask_alembic])
def test_every_exported_name_is_there(module: ModuleType) -> None:
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)
    assert module.__all__ == sorted(module.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        module.nothing  # noqa: B018


def test_every_result_of_a_method_is_exported() -> None:
    """As named by the annotations of the methods, which are strings."""
    ours = {name for name in results.__all__}
    returned: set[str] = set()
    for name, member in inspect.getmembers(flask_alembic.Alembic):
        if name.startswith("_"):
            continue
        function = member.fget if isinstance(member, property) else member
        returned |= set(re.findall(r"\w+", function.__annotations__.get("return", "")))
    known = {name: where for name, where in results._MODULES.items()}
    assert {name for name in returned if name in known} <= ours
    built = {"bool", "str", "None", "dict", "list", "tuple", "Path", "Iterator"}
    alembic = {
        *("Config", "EnvironmentContext", "MigrationContext", "MigrationScript"),
        *("Operations", "Script", "ScriptDirectory", "Connection", "AlembicDiff"),
    }
    assert returned - built - alembic - {"Environment"} <= ours


def test_results_cost_nothing_to_import() -> None:
    code = (
        "import flask_alembic.results, json, sys; print(json.dumps(list(sys.modules)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    loaded = set(json.loads(output))
    assert not loaded & {"alembic", "sqlalchemy", "pluggy", "mako"}
    assert not any(name.startswith("flask_alembic.runtime") for name in loaded)


def test_the_schema_is_at_the_root() -> None:
    assert "$defs" in flask_alembic.json_schema()


def is_module(match: re.Match[str]) -> bool:
    return isinstance(getattr(cli, match["cli"]), ModuleType)


def pages() -> list[Path]:
    found = [*ROOT.glob("docs/**/*.rst"), *ROOT.glob("docs/snippets/**/*.py")]
    found += [*ROOT.glob("docs/tutorial/**/*.py"), *ROOT.glob("*.rst")]
    return [path for path in found if "_build" not in path.parts]


def programs() -> list[Path]:
    found = [*ROOT.glob("examples/**/*.py"), *ROOT.glob("flask_alembic/templates/**/*")]
    for folder in ROOT.glob("contrib/*/flask_alembic_*"):
        found += folder.rglob("*.py")
    return [path for path in found if path.is_file()]


@pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="not a checkout")
def test_documents_and_plugins_name_public_homes_only() -> None:
    """The settings' names are listed from their module, which no reader sees."""
    found: dict[str, list[str]] = {}
    for path in [*pages(), *programs()]:
        text = LOGGERS.sub("", path.read_text("utf-8"))
        text = re.sub(r"^\.\. names-of::.*$", "", text, flags=re.M)
        named = [
            match.group()
            for match in PRIVATE.finditer(text)
            if not match["cli"] or not hasattr(cli, match["cli"]) or is_module(match)
        ]
        if named:
            found[str(path.relative_to(ROOT))] = named
    assert found == {}


@pytest.mark.parametrize(
    "name",
    [
        "Direction",
        "Mode",
        "Severity",
        "each_database",
        "engines_of",
        "in_thread",
        "on_connection",
    ],
)
def test_hooks_export_what_plugins_need(name: str) -> None:
    assert name in hooks.__all__
    assert getattr(importlib.import_module("flask_alembic.hooks"), name)
