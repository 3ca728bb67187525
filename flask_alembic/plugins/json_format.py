"""Reports as plain lists and dicts, and as JSON.

The shape is documented in ``docs/json.rst`` and described by :func:`schema`, under
:data:`VERSION`. Fields are added
without a new version; one that is renamed or removed gets a new one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import AlembicError
from ..hooks.markers import hookimpl
from ..hooks.payloads import (
    OutputFormat,
    Report,
    Run,
    RunResult,
    Stash,
    Step,
    StepResult,
)
from ..hooks.redaction import hide_passwords
from ..script.irreversible_mark import irreversible

if TYPE_CHECKING:
    from alembic.script import Script

VERSION: Final = 1
"""The version of the JSON documents."""


@hookimpl(trylast=True)
def output_formats() -> list[OutputFormat]:
    """Give ``json`` and ``jsonl``."""
    return [
        OutputFormat("json", as_json, "one JSON document"),
        OutputFormat("jsonl", as_jsonl, "one JSON object a line"),
    ]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the documents and of the lines of ``jsonl``.

    Fields are added without a new :data:`VERSION`, so whoever reads the documents
    lets unknown ones pass.

    .. versionadded:: 4.0
    """
    path = Path(__file__).with_name("report.schema.json")
    described: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return described


def as_json(report: Report) -> str:
    """Return a report as one indented JSON document.

    :param report: How a command ended.
    """
    return json.dumps(document(report), indent=2, default=str)


def as_jsonl(report: Report) -> str:
    """Return a report as one line of JSON.

    :param report: How a command ended.
    """
    return json.dumps({"event": "report", **document(report)}, default=str)


def document(report: Report) -> dict[str, Any]:
    """Return a report as what JSON can hold.

    :param report: How a command ended.
    """
    return {
        "version": VERSION,
        "command": report.command.name,
        "options": plain(report.command.options),
        "ok": report.ok,
        "exit_code": report.exit_code,
        "error": error(report.error),
        "run": run(report.run),
        "result": result(report.result),
        "revisions": [script(revision) for revision in report.scripts],
        "problems": plain(report.problems),
        "diffs": {
            name: [str(plain(diff)) for diff in diffs]
            for name, diffs in report.diffs.items()
        },
        "data": plain(report.data),
        "hook_failures": plain(report.hook_failures),
        "warnings": list(report.warnings),
        "elapsed": round(report.elapsed, 6),
    }


def error(raised: BaseException | None) -> dict[str, Any] | None:
    """Return an error as what JSON can hold.

    :param raised: What stopped a command.
    """
    if raised is None:
        return None
    if isinstance(raised, AlembicError):
        message, advice = raised.message, raised.advice
    else:
        message, advice = str(raised), ""
    return {
        "type": type(raised).__name__,
        "message": hide_passwords(message),
        "advice": advice,
    }


def script(one: Script) -> dict[str, Any]:
    """Return a revision as what JSON can hold.

    :param one: The revision.
    """
    down = one.down_revision or ()
    depends = one.dependencies or ()
    return {
        "revision": one.revision,
        "down_revisions": [down] if isinstance(down, str) else list(down),
        "depends_on": [depends] if isinstance(depends, str) else list(depends),
        "branch_labels": sorted(one.branch_labels),
        "doc": one.doc,
        "path": str(one.path),
        "irreversible": irreversible(one),
        "is_head": one.is_head,
        "is_base": one.is_base,
        "is_branch_point": one.is_branch_point,
        "is_merge_point": one.is_merge_point,
    }


def step(one: Step) -> dict[str, Any]:
    """Return a step as what JSON can hold.

    :param one: The step.
    """
    return {
        "revision": one.revision,
        "down_revisions": list(one.down_revisions),
        "direction": one.direction,
        "doc": one.doc,
        "path": str(one.path) if one.path else None,
        "database": one.database,
        "irreversible": one.irreversible,
    }


def run(one: Run | None) -> dict[str, Any] | None:
    """Return a run as what JSON can hold.

    :param one: The run.
    """
    if one is None:
        return None
    return {
        "id": one.id,
        "operation": one.operation,
        "target": one.target,
        "mode": one.mode,
        "plan": [step(planned) for planned in one.plan],
        "heads": {name: list(ids) for name, ids in one.heads.items()},
    }


def result(one: RunResult | None) -> dict[str, Any] | None:
    """Return what a run did as what JSON can hold.

    :param one: The result.
    """
    if one is None:
        return None
    return {
        "applied": [_step_result(applied) for applied in one.applied],
        "tried": [_step_result(tried) for tried in one.tried],
        "heads_before": {name: list(ids) for name, ids in one.heads_before.items()},
        "heads_after": {name: list(ids) for name, ids in one.heads_after.items()},
        "not_started": [step(planned) for planned in one.not_started],
        "failure": plain(one.failure),
        "sql": one.sql,
        "elapsed": round(one.elapsed, 6),
    }


def _step_result(one: StepResult) -> dict[str, Any]:
    return {
        **step(one.step),
        "elapsed": round(one.elapsed, 6),
        "statements": one.statements,
    }


def plain(value: Any) -> Any:
    """Turn payloads, paths and collections into what JSON can hold.

    :param value: Anything.
    """
    if isinstance(value, Step):
        return step(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name))
            for field in fields(value)
            if not isinstance(getattr(value, field.name), Stash)
        }
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Iterable):
        return [plain(part) for part in value]
    return repr(value)
