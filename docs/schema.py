"""Write the JSON Schema of the documents of ``--format json``: ``python docs/schema.py``.

The fields of problems, failures and failed listeners come from the classes. The rest is
written here, and ``tests/test_docs.py`` holds real documents against it: a field that is
not in the schema fails there.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

DOCS = Path(__file__).parent
FILE = DOCS / "_static" / "report.schema.json"
sys.path.insert(0, str(DOCS.parent))

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
NULL: Schema = {"type": "null"}


def listed(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def by_name(values: Schema) -> Schema:
    """Return the schema of an object whose keys are names of databases."""
    return {"type": "object", "additionalProperties": values}


def ref(name: str) -> Schema:
    """Return a reference to one of the definitions."""
    return {"$ref": f"#/$defs/{name}"}


def maybe(schema: Schema) -> Schema:
    """Return the schema of what may be null."""
    return {"anyOf": [schema, NULL]}


def exactly(properties: dict[str, Schema]) -> Schema:
    """Return the schema of an object that has these fields, all of them."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def of_class(cls: Any) -> Schema:
    """Return the schema of a payload."""
    hints = get_type_hints(cls)
    return exactly({field.name: of_type(hints[field.name]) for field in fields(cls)})


def of_type(hint: Any) -> Schema:
    """Return the schema of the type of a field."""
    from flask_alembic.hooks import Step

    simple = {
        str: TEXT,
        int: INTEGER,
        float: NUMBER,
        bool: TRUTH,
        type(None): NULL,
        Path: TEXT,
        Step: ref("step"),
    }
    if hint in simple:
        return simple[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return listed(of_type(arguments[0]))
    if origin is Literal:
        return {"enum": list(arguments)}
    return {"anyOf": [of_type(one) for one in arguments]}


STEP = {
    "revision": TEXT,
    "down_revisions": listed(TEXT),
    "direction": TEXT,
    "doc": TEXT,
    "path": maybe(TEXT),
    "database": TEXT,
}


def schema() -> Schema:
    """Return the schema of one document."""
    from flask_alembic import hooks
    from flask_alembic.cli.documents import VERSION

    report = {
        "version": {"const": VERSION},
        "command": TEXT,
        "options": {"type": "object"},
        "ok": TRUTH,
        "exit_code": INTEGER,
        "error": maybe(exactly({"type": TEXT, "message": TEXT, "advice": TEXT})),
        "run": maybe(ref("run")),
        "result": maybe(ref("result")),
        "revisions": listed(ref("revision")),
        "problems": listed(ref("problem")),
        "diffs": by_name(listed(TEXT)),
        "data": {},
        "hook_failures": listed(ref("hook_failure")),
        "elapsed": NUMBER,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A report of flask db ... --format json",
        **exactly(report),
        "$defs": {
            "step": exactly(STEP),
            "applied": exactly({**STEP, "elapsed": NUMBER, "statements": INTEGER}),
            "run": exactly(
                {
                    "id": TEXT,
                    "command": {"enum": ["upgrade", "downgrade", "stamp"]},
                    "target": TEXT,
                    "mode": {"enum": ["online", "sql", "plan", "dry-run"]},
                    "plan": listed(ref("step")),
                    "heads": by_name(listed(TEXT)),
                }
            ),
            "result": exactly(
                {
                    "applied": listed(ref("applied")),
                    "heads_before": by_name(listed(TEXT)),
                    "heads_after": by_name(listed(TEXT)),
                    "not_started": listed(ref("step")),
                    "failure": maybe(ref("failure")),
                    "sql": maybe(TEXT),
                    "elapsed": NUMBER,
                }
            ),
            "revision": exactly(
                {
                    "revision": TEXT,
                    "down_revisions": listed(TEXT),
                    "depends_on": listed(TEXT),
                    "branch_labels": listed(TEXT),
                    "doc": TEXT,
                    "path": TEXT,
                    "is_head": TRUTH,
                    "is_base": TRUTH,
                    "is_branch_point": TRUTH,
                    "is_merge_point": TRUTH,
                }
            ),
            "problem": of_class(hooks.Problem),
            "failure": of_class(hooks.Failure),
            "hook_failure": of_class(hooks.HookFailure),
        },
    }


def text() -> str:
    """Return what the file holds."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
