"""``flask_alembic.config``: ``app.config`` as one typed object."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import pytest
from alembic.runtime.environment import EnvironmentContext

from flask_alembic.config import CONTEXT_KEYS, OPTION_KEYS, READERS, Settings, load
from flask_alembic.config.alembic_options import is_true
from flask_alembic.config.model import PER_DATABASE
from flask_alembic.errors import ConfigurationError


def loaded(**keys: Any) -> Settings:
    return load({"ALEMBIC": keys})


def test_nothing_configured_gives_the_defaults() -> None:
    assert load({}) == Settings()
    assert load({"ALEMBIC": None, "ALEMBIC_CONTEXT": None}) == Settings()
    assert load({"ALEMBIC": {}, "SQLALCHEMY_ECHO": 1}) == Settings()


def test_every_setting_of_ours_has_a_field_and_a_reader() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert set(READERS) == fields - {"options", "sections", "context"}
    assert set(PER_DATABASE) <= set(READERS)
    assert not set(PER_DATABASE) & {
        "protected",
        "revision_index",
        "twophase",
        "databases",
    }


def test_the_names_of_arguments_are_alembics() -> None:
    """A newer Alembic takes more of them: add them to the known names."""
    known = set(inspect.signature(EnvironmentContext.configure).parameters)
    assert known - {"self", "kw"} <= CONTEXT_KEYS


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("script_location", "migrations", "migrations"),
        ("script_location", Path("a", "b"), "a/b"),
        ("script_location", None, None),
        ("relative_to", "root", "root"),
        ("relative_to", None, None),
        ("version_locations", "a, b", ((None, "a"), (None, "b"))),
        ("version_locations", "a\nb", ((None, "a"), (None, "b"))),
        ("version_locations", ["a", Path("b")], ((None, "a"), (None, "b"))),
        ("version_locations", [("x", "a"), ["y", "b"]], (("x", "a"), ("y", "b"))),
        ("version_locations", [], ()),
        ("databases", "a, b", ("a", "b")),
        ("databases", "*", ("*",)),
        ("databases", ["a"], ("a",)),
        ("databases", None, None),
        ("lock", False, False),
        ("lock", {"a": False}, {"a": False}),
        ("lock_timeout", 5, 5.0),
        ("lock_timeout", 0, 0.0),
        ("statement_timeout", None, None),
        ("connect_timeout", {"a": 1, "b": None}, {"a": 1.0, "b": None}),
        ("lock_retries", 0, 0),
        ("journal", {"a": False}, {"a": False}),
        ("protected", True, True),
        ("revision_index", False, False),
    ],
)
def test_a_setting_is_read(key: str, value: Any, expected: Any) -> None:
    assert getattr(loaded(**{key: value}), key) == expected


def test_other_keys_are_options_and_sections_as_text() -> None:
    settings = loaded(
        timezone="UTC",
        truncate_slug_length=20,
        sourceless=True,
        recursive_version_locations=False,
        prepend_sys_path=["a", "b"],
        my_own=1.5,
        my_list=("a", "b"),
        my_section={"a": True, "b": 2},
    )
    assert settings.options == {
        "timezone": "UTC",
        "truncate_slug_length": "20",
        "sourceless": "true",
        "recursive_version_locations": "false",
        "prepend_sys_path": "a:b",
        "my_own": "1.5",
        "my_list": "a, b",
    }
    assert settings.sections == {"my_section": {"a": "true", "b": "2"}}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"ALEMBIC": {"lock_timout": 1}}, "lock_timeout"),
        ({"ALEMBIC": {"LOCK": True}}, "lock"),
        ({"ALEMBIC": {"compare_type": True}}, "ALEMBIC_CONTEXT"),
        ({"ALEMBIC_CONTEXT": {"script_location": "a"}}, "belongs in ALEMBIC"),
        ({"ALEMBIC_CONTEXT": {"include_objects": 1}}, "include_object"),
        ({"ALEMBIC_CONTEX": {}}, "ALEMBIC_CONTEXT"),
        ({"ALEMBIC_PLUGIN": []}, "ALEMBIC_PLUGINS"),
        ({"ALEMBIC_HOOK_STRICT": True}, "ALEMBIC_HOOKS_STRICT"),
    ],
)
def test_a_name_that_would_do_nothing_is_refused(
    config: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        load(config)
    assert caught.value.exit_code == 3
    assert caught.value.advice


@pytest.mark.parametrize(
    "config",
    [
        {"ALEMBIC": {"my_own": 1, "url": "x", "tag": "y"}},
        {"ALEMBIC": {"sqlalchemy.url": "sqlite://"}},
        {"ALEMBIC_SLACK": {"url": "x"}, "ALEMBIC_LINT": {}, "ALEMBIC_AUDIT": 5},
        {"ALEMBIC_CONTEXT": {"my_own": 1, "another": "x"}},
        {5: "not ours", "alembic": 5},
    ],
)
def test_names_of_others_are_left_alone(config: dict[Any, Any]) -> None:
    load(config)


@pytest.mark.parametrize("key", ["compare_type", "render_as_batch", "include_schemas"])
@pytest.mark.parametrize(
    ("value", "expected"), [(1, True), (0, False), (True, True), (None, None)]
)
def test_a_flag_for_alembic_is_a_bool(key: str, value: Any, expected: Any) -> None:
    assert load({"ALEMBIC_CONTEXT": {key: value}}).context == {key: expected}


def test_a_function_of_the_app_is_called_as_it_is() -> None:
    def include(*args: Any, **arguments: Any) -> Any:
        return args, arguments

    context = load({"ALEMBIC_CONTEXT": {"include_object": include}}).context
    assert context["include_object"](1, a=2) == ((1,), {"a": 2})


def test_a_function_of_the_app_that_fails_is_named_without_passwords() -> None:
    def include(*args: Any) -> bool:
        raise ValueError("postgresql://me:secret@h/d\nmore")

    context = load({"ALEMBIC_CONTEXT": {"a": {"include_object": include}}}).context
    with pytest.raises(ConfigurationError, match="include_object") as caught:
        context["a"]["include_object"]()
    assert "ValueError" in caught.value.message
    assert "secret" not in str(caught.value)
    assert "more" not in str(caught.value)


def test_a_setting_may_differ_by_database() -> None:
    settings = loaded(lock={"a": False}, lock_timeout={"b": 5}, lock_retries=7)
    assert [settings.of("lock", name) for name in "ab"] == [False, True]
    assert [settings.of("lock_timeout", name) for name in "ab"] == [60.0, 5.0]
    assert [settings.of("lock_retries", name) for name in "ab"] == [7, 7]
    assert settings.names_of_databases() == {
        "a": "ALEMBIC['lock']",
        "b": "ALEMBIC['lock_timeout']",
    }


def test_an_argument_may_differ_by_database() -> None:
    settings = load(
        {
            "ALEMBIC_CONTEXT": {
                "compare_type": True,
                "template_args": {"x": 1},
                "a": {"compare_type": False, "include_schemas": True},
            }
        }
    )
    shared = {"compare_type": True, "template_args": {"x": 1}}
    assert settings.context_for("b") == shared
    assert settings.context_for("a") == {
        **shared,
        "compare_type": False,
        "include_schemas": True,
    }
    assert settings.names_of_databases() == {"a": "ALEMBIC_CONTEXT"}


@pytest.mark.parametrize(
    "template",
    ["%(rev)s", "%%(rev)s_%%(slug)s", "%(year)d_%(month).2d_%(day).2d-%(rev)s", "x"],
)
def test_a_file_template_is_taken(template: str) -> None:
    assert loaded(file_template=template).options["file_template"] == template


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("%(no)s", "'no'"),
        ("%(rev", "cannot be filled in"),
        ("../%(rev)s", "inside"),
        ("a/../../%(rev)s", "inside"),
        ("/%(rev)s", "inside"),
        (" ", "inside"),
        ("%(year)d/%(rev)s", "folders below"),
    ],
)
def test_a_file_template_that_will_not_do_is_refused(template: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        loaded(file_template=template)


@pytest.mark.parametrize("text", ["true", "True", " yes ", "on", "1", "t", "Y"])
def test_what_switches_an_option_on(text: str) -> None:
    assert is_true(text)


@pytest.mark.parametrize("text", ["false", "no", "off", "0", "", None])
def test_what_does_not(text: str | None) -> None:
    assert not is_true(text)


def test_the_options_that_are_checked_are_known() -> None:
    assert {"timezone", "file_template", "sourceless"} <= OPTION_KEYS
