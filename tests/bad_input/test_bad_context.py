"""``ALEMBIC_CONTEXT``: arguments of the wrong type, and names that do nothing."""

from __future__ import annotations

from typing import Any

import pytest
from apps import write_table_revision
from sandbox import Sandbox, refused

CONTEXT: dict[str, tuple[Any, str | list[str]]] = {
    "not-a-dict": ("x", ["ALEMBIC_CONTEXT", "dict"]),
    "key-not-text": ({None: 1}, ["ALEMBIC_CONTEXT", "None"]),
    "misspelled": ({"compare_typ": True}, ["'compare_typ'", "'compare_type'"]),
    "misspelled-object": (
        {"include_objects": lambda *a: True},
        ["'include_objects'", "'include_object'"],
    ),
    "compare-type-text": ({"compare_type": "false"}, ["compare_type", "'false'"]),
    "compare-type-int": ({"compare_type": 5}, ["compare_type", "5"]),
    "compare-default-text": (
        {"compare_server_default": "no"},
        ["compare_server_default", "'no'"],
    ),
    "batch-text": ({"render_as_batch": "false"}, ["render_as_batch", "'false'"]),
    "per-migration-text": (
        {"transaction_per_migration": "false"},
        ["transaction_per_migration", "'false'"],
    ),
    "schemas-text": ({"include_schemas": "false"}, ["include_schemas", "'false'"]),
    "include-object": ({"include_object": "users"}, ["include_object", "'users'"]),
    "include-name": ({"include_name": ["users"]}, ["include_name", "['users']"]),
    "render-item": ({"render_item": True}, ["render_item", "True"]),
    "directives": (
        {"process_revision_directives": "x"},
        ["process_revision_directives", "'x'"],
    ),
    "on-version-apply": ({"on_version_apply": 5}, ["on_version_apply", "5"]),
    "version-table-empty": ({"version_table": ""}, ["version_table", "''"]),
    "version-table-int": ({"version_table": 5}, ["version_table", "5"]),
    "version-table-null": ({"version_table": "a\0"}, ["version_table", "null"]),
    "version-schema": ({"version_table_schema": 5}, ["version_table_schema", "5"]),
    "version-pk": ({"version_table_pk": "false"}, ["version_table_pk", "'false'"]),
    "target-metadata": ({"target_metadata": 5}, ["target_metadata", "MetaData", "5"]),
    "upgrade-token": ({"upgrade_token": 5}, ["upgrade_token", "5"]),
    "template-args": ({"template_args": "x"}, ["template_args", "'x'"]),
    "dialect-opts": ({"dialect_opts": "x"}, ["dialect_opts", "'x'"]),
    "of-database": ({"default": {"compare_type": "no"}}, ["compare_type", "'no'"]),
    "of-database-misspelled": (
        {"default": {"compare_typ": True}},
        ["'compare_typ'", "'compare_type'"],
    ),
    "of-no-database": ({"nosuch": {"compare_type": True}}, ["'nosuch'", "'default'"]),
}


@pytest.mark.parametrize("kind", CONTEXT)
@pytest.mark.parametrize("line", ["current", "upgrade", "revision message"])
def test_a_wrong_context_argument_is_named(
    sandbox: Sandbox, kind: str, line: str
) -> None:
    given, says = CONTEXT[kind]
    write_table_revision(sandbox.migrations, "aaaa1")
    refused(sandbox, *line.split(), code=3, says=says, ALEMBIC_CONTEXT=given)
