"""What is refused when a plugin is registered, each with what to do."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from apps import extension_of, make_app
from plugging import Implementing, Wrapper

from flask_alembic import Alembic, hookimpl
from flask_alembic.errors import PluginError


def refusal(plugin: object) -> str:
    with pytest.raises(PluginError) as caught:
        Alembic(plugins=[plugin])
    assert caught.value.advice
    return str(caught.value)


def forgetful(hook: str) -> Implementing:
    """Return a plugin with a generator that is not marked as a wrapper."""

    def forgotten(app: Any) -> Wrapper:
        yield

    functions: dict[str, Any] = {hook: forgotten}
    return Implementing(**functions)


class Quiet:
    """A plugin that does nothing."""

    @hookimpl
    def after_command(self) -> None:
        """Do nothing."""


def test_a_class_is_refused() -> None:
    text = refusal(Quiet)
    assert "'Quiet' is a class" in text
    assert "Quiet()" in text


def test_an_unknown_hook_is_refused_with_the_nearest_name() -> None:
    class Plugin:
        @hookimpl
        def before_upgarde(self, run: Any) -> None: ...

    text = refusal(Plugin())
    assert "'before_upgarde', which is not a hook; did you mean 'before_upgrade'?" in (
        text
    )


def test_an_unknown_hook_like_no_other_is_refused() -> None:
    class Plugin:
        @hookimpl
        def zzz(self) -> None: ...

    text = refusal(Plugin())
    assert "implements 'zzz', which is not a hook." in text
    assert "optionalhook=True" in text


def test_an_unknown_name_given_with_specname_is_refused() -> None:
    class Plugin:
        @hookimpl(specname="after_upgrad")
        def anything(self) -> None: ...

    assert "did you mean 'after_upgrade'?" in refusal(Plugin())


def test_an_optional_hook_of_a_newer_version_is_accepted(tmp_path: Path) -> None:
    class Plugin:
        @hookimpl(optionalhook=True)
        def before_teatime(self, tea: Any) -> None: ...

    app = make_app(tmp_path, extension={"plugins": [Plugin()]})
    with app.app_context():
        own = extension_of(app).plugins[0]
        assert own.hooks == ("before_teatime",)
        extension_of(app).heads()


def test_specname_ties_any_function_to_a_hook(tmp_path: Path) -> None:
    heard = []

    class Plugin:
        @hookimpl(specname="after_command")
        def listen(self, report: Any) -> None:
            heard.append(report.command.name)

    app = make_app(tmp_path, extension={"plugins": [Plugin()]})
    with app.app_context():
        extension_of(app).heads()
    assert heard == ["heads"]


def test_an_unknown_argument_is_refused_with_the_nearest_name() -> None:
    class Plugin:
        @hookimpl
        def after_upgrade(self, app: Any, resutl: Any) -> None: ...

    text = refusal(Plugin())
    assert "there is no argument 'resutl'. Did you mean 'result'?" in text
    assert "app, run, result" in text


@pytest.mark.parametrize("kind", ["default", "keyword only", "star", "double star"])
def test_arguments_that_pluggy_does_not_pass_are_refused(kind: str) -> None:
    def default(app: Any, run: Any = None) -> None: ...
    def keyword_only(*, run: Any) -> None: ...
    def star(*arguments: Any) -> None: ...
    def double_star(**arguments: Any) -> None: ...

    functions: dict[str, Callable[..., Any]] = {
        "default": default,
        "keyword only": keyword_only,
        "star": star,
        "double star": double_star,
    }
    text = refusal(Implementing(before_upgrade=functions[kind]))
    if kind == "default":
        assert "argument 'run' has a default" in text
    else:
        assert "cannot be passed" in text
        assert "app, run" in text


def test_a_coroutine_is_refused() -> None:
    class Plugin:
        @hookimpl
        async def after_upgrade(self, run: Any) -> None: ...

    assert "a coroutine is never awaited" in refusal(Plugin())


def test_an_asynchronous_generator_is_refused() -> None:
    class Plugin:
        @hookimpl
        async def after_upgrade(self, run: Any) -> Any:
            yield

    assert "a coroutine is never awaited" in refusal(Plugin())


@pytest.mark.parametrize(
    "hook", ["before_upgrade", "after_upgrade", "lint_problems", "configure"]
)
def test_a_wrapper_is_refused_where_the_kind_takes_none(hook: str) -> None:
    def wrapper(app: Any) -> Wrapper:
        yield

    text = refusal(Implementing({hook: wrapper}))
    assert "takes no wrappers" in text
    assert hook in text


def test_an_old_style_wrapper_is_refused() -> None:
    class Plugin:
        @hookimpl(hookwrapper=True)
        def run_migrations(self) -> Wrapper:
            yield

    text = refusal(Plugin())
    assert "hookwrapper=True" in text
    assert "wrapper=True" in text


def test_a_wrapper_that_never_yields_is_refused() -> None:
    class Plugin:
        @hookimpl
        def run_migrations(self) -> None: ...

    plugin = Plugin()
    # pluggy's marker refuses it by itself where it is written as a decorator.
    options = Plugin.run_migrations.flask_alembic_impl  # type: ignore[attr-defined]
    options["wrapper"] = True
    assert "a wrapper must yield once" in refusal(plugin)


@pytest.mark.parametrize("hook", ["run_migrations", "rev_id"])
def test_a_generator_without_the_mark_of_a_wrapper_is_refused(hook: str) -> None:
    text = refusal(forgetful(hook))
    assert "not marked as a wrapper" in text
    assert "wrapper=True" in text


@pytest.mark.parametrize("hook", ["before_upgrade", "after_upgrade", "configure"])
def test_a_generator_that_would_never_run_is_refused(hook: str) -> None:
    """Calling a generator function runs none of its lines: a guard would agree."""
    text = refusal(forgetful(hook))
    assert "Take out the yield." in text


def test_what_cannot_be_hashed_is_refused() -> None:
    @dataclass
    class Plugin:
        names: list[str]

        @hookimpl
        def after_upgrade(self) -> None: ...

    text = refusal(Plugin([]))
    assert "cannot be hashed" in text
    assert "@dataclass(eq=False)" in text


@pytest.mark.parametrize("plugin", [object(), "slack", types.ModuleType("empty")])
def test_what_implements_no_hook_is_refused(plugin: object) -> None:
    text = refusal(plugin)
    assert "implements no hook" in text
    assert "@hookimpl" in text
