"""The annotations of the public API: no ``Any``, but where it cannot be avoided."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

MODULES = (
    "flask_alembic",
    "flask_alembic.backends",
    "flask_alembic.cli",
    "flask_alembic.cli.base",
    "flask_alembic.errors",
    "flask_alembic.health",
    "flask_alembic.hooks",
    "flask_alembic.hooks.specs",
    "flask_alembic.new_revisions",
    "flask_alembic.results",
    "flask_alembic.revision_files",
    "flask_alembic.sandbox",
    "flask_alembic.signals",
    "flask_alembic.testing",
)
"""The public modules, as the page "API" of the docs names them."""

GENERIC = re.compile(r"\b(Column|TypeEngine)\[Any\]")
"""Types of SQLAlchemy, whose parameter says nothing to whoever gets them."""

JSON = "what JSON can hold, as deep as it goes"
OPTIONS = "the options of any command, those of plugins too"
DIFFS = "differences as Alembic gives them"
ROWS = "values and rows as the driver gives them"
TYPES = "types and arguments of SQLAlchemy and its drivers"

EXCEPTIONS = {
    "Backend.connect_args(return)": TYPES,
    "Backend.enum_of(return)": TYPES,
    "Backend.enum_of(type_)": TYPES,
    "Backend.read(parameters)": ROWS,
    "Backend.read(return)": ROWS,
    "Backend.render_type(type_)": TYPES,
    "Backend.stored_column(return)": TYPES,
    "Backend.without_making(type_)": TYPES,
    "CheckResult.diffs": DIFFS,
    "Command.options": OPTIONS,
    "DatabaseStatus.fields": "what plugins add by name",
    "MigrationDatabase.execute(return)": ROWS,
    "MigrationDatabase.rows(return)": ROWS,
    "RecordedSignal.arguments": "the arguments of any signal",
    "Report.data": JSON,
    "Report.diffs": DIFFS,
    "RevisionRequest.options": OPTIONS,
    "Run.options": OPTIONS,
    "json_schema(return)": JSON,
}
"""Where ``Any`` stands in the public API, and why."""


def public() -> Iterator[tuple[str, Any]]:
    """Yield each public function and class once, with its name."""
    seen: set[int] = set()
    for name in MODULES:
        module = importlib.import_module(name)
        own = [
            key
            for key, value in vars(module).items()
            if not key.startswith("_") and getattr(value, "__module__", "") == name
        ]
        for key in getattr(module, "__all__", own):
            value = getattr(module, key)
            if id(value) not in seen and (
                inspect.isclass(value) or inspect.isfunction(value)
            ):
                seen.add(id(value))
                yield key, value


def annotations(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the annotations of a function or of the public members of a class."""
    if inspect.isfunction(value):
        signature = inspect.signature(value)
        for parameter in signature.parameters.values():
            yield f"{name}({parameter.name})", str(parameter.annotation)
        yield f"{name}(return)", str(signature.return_annotation)
        return
    for part in value.__mro__:
        if not part.__module__.startswith("flask_alembic"):
            continue
        for field, annotation in vars(part).get("__annotations__", {}).items():
            if not field.startswith("_"):
                yield f"{part.__name__}.{field}", str(annotation)
        made = {"__init__"} - (
            {"__init__"} if dataclasses.is_dataclass(part) else set()
        )
        for member, found in vars(part).items():
            function = found.fget if isinstance(found, property) else found
            function = getattr(function, "__func__", function)
            is_public = not member.startswith("_") or member in made
            if is_public and inspect.isfunction(function):
                yield from annotations(f"{part.__name__}.{member}", function)


def test_the_public_api_has_no_any() -> None:
    everything = {
        where: annotation
        for name, value in public()
        for where, annotation in annotations(name, value)
    }
    assert len(everything) > 500
    loose = {
        where
        for where, annotation in everything.items()
        if re.search(r"\bAny\b", GENERIC.sub("", annotation))
    }
    assert loose == set(EXCEPTIONS)


def test_everything_public_is_annotated() -> None:
    missing = [
        where
        for name, value in public()
        for where, annotation in annotations(name, value)
        if annotation == str(inspect.Parameter.empty)
        and not where.endswith(("(self)", "(cls)", "__init__(return)"))
    ]
    assert missing == []
