"""``app.config`` and the extension's arguments: wrong types, names and values."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from apps import plain_models, write_table_revision
from flask import Flask
from sandbox import SECRET, Sandbox, accepted, refused

from flask_alembic import Alembic

SETTINGS: dict[str, tuple[Any, str | list[str]]] = {
    "not-a-dict": ("migrations", ["ALEMBIC", "dict", "str"]),
    "a-list": ([("script_location", "x")], ["ALEMBIC", "dict", "list"]),
    "true": (True, ["ALEMBIC", "dict", "bool"]),
    "key-not-text": ({1: "x"}, ["ALEMBIC", "1"]),
    "location-int": ({"script_location": 5}, ["script_location", "5"]),
    "location-empty": ({"script_location": ""}, ["script_location", "''"]),
    "location-blank": ({"script_location": "  "}, ["script_location", "'  '"]),
    "location-list": ({"script_location": ["a"]}, ["script_location", "['a']"]),
    "location-bytes": ({"script_location": b"a"}, ["script_location", "b'a'"]),
    "location-null": ({"script_location": "a\0b"}, ["script_location", "null"]),
    "relative-to": ({"relative_to": "here"}, ["relative_to", "'here'", "'root'"]),
    "relative-to-true": ({"relative_to": True}, ["relative_to", "True"]),
    "versions-int": ({"version_locations": 5}, ["version_locations", "5"]),
    "versions-triple": (
        {"version_locations": [("a", "b", "c")]},
        ["version_locations", "('a', 'b', 'c')"],
    ),
    "versions-none": ({"version_locations": [None]}, ["version_locations", "None"]),
    "versions-empty": ({"version_locations": [""]}, ["version_locations", "''"]),
    "versions-pair-empty": (
        {"version_locations": [("users", "")]},
        ["version_locations", "('users', '')"],
    ),
    "versions-label": (
        {"version_locations": [("a@b", "x")]},
        ["version_locations", "'a@b'"],
    ),
    "versions-label-empty": (
        {"version_locations": [("", "x")]},
        ["version_locations", "''"],
    ),
    "databases-int": ({"databases": 5}, ["databases", "5"]),
    "databases-unknown": ({"databases": ["nosuch"]}, ["'nosuch'", "'default'"]),
    "databases-empty-name": ({"databases": [""]}, ["databases", "''"]),
    "databases-none-left": ({"databases": []}, ["databases", "[]"]),
    "databases-twice": ({"databases": ["default", "default"]}, ["databases", "twice"]),
    "lock-false-text": ({"lock": "false"}, ["lock", "'false'", "True or False"]),
    "lock-int": ({"lock": 0}, ["lock", "0"]),
    "lock-by-database": ({"lock": {"default": "no"}}, ["lock", "'no'"]),
    "lock-of-no-database": ({"lock": {"nosuch": False}}, ["lock", "'nosuch'"]),
    "timeout-text": ({"lock_timeout": "60"}, ["lock_timeout", "'60'"]),
    "timeout-negative": ({"lock_timeout": -1}, ["lock_timeout", "-1"]),
    "timeout-true": ({"lock_timeout": True}, ["lock_timeout", "True"]),
    "timeout-nan": ({"lock_timeout": float("nan")}, ["lock_timeout", "nan"]),
    "timeout-infinite": ({"lock_timeout": float("inf")}, ["lock_timeout", "inf"]),
    "connect-text": ({"connect_timeout": "5s"}, ["connect_timeout", "'5s'"]),
    "ddl-list": ({"ddl_lock_timeout": [5]}, ["ddl_lock_timeout", "[5]"]),
    "statement-text": ({"statement_timeout": "no"}, ["statement_timeout", "'no'"]),
    "retries-float": ({"lock_retries": 1.5}, ["lock_retries", "1.5"]),
    "retries-negative": ({"lock_retries": -1}, ["lock_retries", "-1"]),
    "journal-text": ({"journal": "off"}, ["journal", "'off'"]),
    "protected-text": ({"protected": "false"}, ["protected", "'false'"]),
    "protected-int": ({"protected": 1}, ["protected", "1"]),
    "real-text": ({"real_transactions": "true"}, ["real_transactions", "'true'"]),
    "twophase-text": ({"twophase": "False"}, ["twophase", "'False'"]),
    "misspelled-ours": ({"lock_timout": 5}, ["'lock_timout'", "'lock_timeout'"]),
    "misspelled-location": (
        {"script_locaton": "x"},
        ["'script_locaton'", "'script_location'"],
    ),
    "misspelled-plural": (
        {"version_location": ["x"]},
        ["'version_location'", "'version_locations'"],
    ),
    "misspelled-case": ({"Lock_Timeout": 5}, ["'Lock_Timeout'", "'lock_timeout'"]),
    "misspelled-alembic": ({"file_templat": "x"}, ["'file_templat'", "file_template"]),
    "misspelled-dict": (
        {"lock_timout": {"default": 5}},
        ["'lock_timout'", "'lock_timeout'"],
    ),
    "misspelled-context": (
        {"compare_type": True},
        ["'compare_type'", "ALEMBIC_CONTEXT"],
    ),
    "option-object": ({"file_template": object()}, ["file_template", "object"]),
    "option-set": ({"timezone": {"UTC"}}, ["timezone", "UTC"]),
    "slug-text": ({"truncate_slug_length": "long"}, ["truncate_slug_length", "'long'"]),
    "slug-negative": ({"truncate_slug_length": -1}, ["truncate_slug_length", "-1"]),
    "encoding": ({"output_encoding": "nosuch"}, ["output_encoding", "'nosuch'"]),
    "encoding-int": ({"output_encoding": 8}, ["output_encoding", "8"]),
    "timezone": ({"timezone": "Nowhere/Town"}, ["timezone", "Nowhere/Town"]),
    "recursive-text": (
        {"recursive_version_locations": "maybe"},
        ["recursive_version_locations", "'maybe'"],
    ),
    "sourceless-text": ({"sourceless": "maybe"}, ["sourceless", "'maybe'"]),
    "file-template-name": (
        {"file_template": "%(nosuch)s"},
        ["file_template", "nosuch"],
    ),
    "file-template-open": ({"file_template": "%(rev"}, ["file_template", "'%(rev'"]),
    "file-template-up": (
        {"file_template": "../%(rev)s"},
        ["file_template", "'../%(rev)s'"],
    ),
    "file-template-absolute": (
        {"file_template": "/tmp/%(rev)s"},
        ["file_template", "'/tmp/%(rev)s'"],
    ),
    "file-template-folder": (
        {"file_template": "%(year)d/%(rev)s"},
        ["file_template", "recursive_version_locations"],
    ),
    "file-template-empty": ({"file_template": ""}, ["file_template", "''"]),
    "section-object": ({"post_write_hooks": {"hooks": object()}}, ["post_write_hooks"]),
    "hook-without-type": (
        {"post_write_hooks": {"hooks": "black"}},
        ["post_write_hooks", "black.type"],
    ),
}


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("line", ["current", "revision --empty message"])
def test_a_wrong_setting_is_named(sandbox: Sandbox, kind: str, line: str) -> None:
    given, says = SETTINGS[kind]
    write_table_revision(sandbox.migrations, "aaaa1")
    refused(sandbox, *line.split(), code=3, says=says, ALEMBIC=given)


@pytest.mark.parametrize(
    ("hook", "says"),
    [
        ({"type": "nosuch"}, "'nosuch'"),
        ({"type": "console_scripts", "entrypoint": "nosuch"}, "nosuch"),
        ({"type": "console_scripts"}, "entrypoint"),
        ({"type": "exec", "executable": "/no/such"}, "/no/such"),
        ({"type": "exec"}, "executable"),
        ({"type": "module", "module": "nosuch_module"}, "module"),
    ],
)
def test_a_wrong_post_write_hook_leaves_no_file(
    sandbox: Sandbox, hook: dict[str, str], says: str
) -> None:
    section = {"hooks": "black", **{f"black.{key}": hook[key] for key in hook}}
    config = {"ALEMBIC": {"post_write_hooks": section}}
    line = ["revision", "--empty", "message"]
    refused(sandbox, *line, code=3, says=[says, "post_write_hooks"], **config)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"ALEMBIC_HOOKS_STRICT": "false"}, ["ALEMBIC_HOOKS_STRICT", "'false'"]),
        ({"ALEMBIC_PLUGINS": "slack"}, ["ALEMBIC_PLUGINS", "'slack'"]),
        ({"ALEMBIC_PLUGINS": ["nosuch"]}, ["ALEMBIC_PLUGINS", "'nosuch'"]),
        ({"ALEMBIC_PLUGINS": 5}, ["ALEMBIC_PLUGINS", "5"]),
        ({"ALEMBIC_PLUGINS_REQUIRED": ["nosuch"]}, ["'nosuch'"]),
        ({"ALEMBIC_PLUGINS_REQUIRED": "nosuch"}, ["ALEMBIC_PLUGINS_REQUIRED"]),
        ({"ALEMBIC_PLUGINS_DISABLED": "nosuch"}, ["ALEMBIC_PLUGINS_DISABLED"]),
    ],
)
def test_a_wrong_key_about_plugins_is_named(
    sandbox: Sandbox, config: dict[str, Any], says: list[str]
) -> None:
    write_table_revision(sandbox.migrations, "aaaa1")
    outcome = sandbox.db("upgrade", **config)
    assert outcome.code == 3, outcome.text
    assert "Traceback" not in outcome.text
    for part in says:
        assert part in outcome.err
    assert "t_aaaa1" not in sandbox.state()["<database>"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"truncate_slug_length": 5}, "mess"),
        (
            {
                "file_template": "%(year)d/%(rev)s_%(slug)s",
                "recursive_version_locations": True,
            },
            "message",
        ),
        ({"file_template": "%(year)d_%(rev)s"}, "20"),
        ({"file_template": "%%(rev)s_%%(slug)s"}, "message"),
        ({"output_encoding": "latin-1"}, "message"),
        ({"timezone": "UTC"}, "message"),
        ({"sourceless": "false", "recursive_version_locations": "True"}, "message"),
        ({"sourceless": False, "my.own.key": "100%"}, "message"),
        ({"my_section": {"a": 1, "b": "50%"}, "script_location": None}, "message"),
        (
            {"lock_timeout": 0, "connect_timeout": None, "lock": {"default": True}},
            "message",
        ),
    ],
)
def test_a_right_setting_is_taken(
    sandbox: Sandbox, given: dict[str, Any], expected: str
) -> None:
    accepted(sandbox, "revision", "--empty", "message", ALEMBIC=given)
    (path,) = sandbox.migrations.rglob("*.py")
    assert expected in path.name
    accepted(sandbox, "upgrade", ALEMBIC=given)


def plain_app(sandbox: Sandbox, **extension: Any) -> Flask:
    app = Flask("shop", root_path=str(sandbox.folder))
    app.config["ALEMBIC_PLUGINS"] = ()
    Alembic(app, **extension)
    return app


ARGUMENTS: dict[str, tuple[dict[str, Any], str | list[str]]] = {
    "nothing": ({}, ["No database", "engines="]),
    "no-engine": ({"metadatas": plain_models()}, ["engine", "'default'"]),
    "metadata-class": (
        {"metadatas": sa.MetaData, "engines": sa.create_engine("sqlite://")},
        ["metadatas['default']", "MetaData"],
    ),
    "metadata-text": (
        {"metadatas": "models", "engines": sa.create_engine("sqlite://")},
        ["metadatas['default']", "'models'"],
    ),
    "metadata-model": (
        {"metadatas": {"a": [object()]}, "engines": sa.create_engine("sqlite://")},
        ["metadatas['a']"],
    ),
    "engine-url": (
        {"engines": f"postgresql://me:{SECRET}@localhost/x"},
        ["engines['default']", "str"],
    ),
    "engine-class": ({"engines": {"a": sa.Engine}}, ["engines['a']"]),
    "engine-other-name": (
        {
            "metadatas": {"a": plain_models()},
            "engines": {"b": sa.create_engine("sqlite://")},
        },
        ["'a'", "'b'"],
    ),
    "names-int": ({"engines": {5: sa.create_engine("sqlite://")}}, ["engines", "5"]),
}


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_a_wrong_argument_of_the_extension_is_named(
    sandbox: Sandbox, kind: str
) -> None:
    arguments, says = ARGUMENTS[kind]
    app = plain_app(sandbox, **arguments)
    refused(sandbox, "current", code=3, says=says, app=app)
