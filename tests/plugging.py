"""Plugins made of functions, and apps that have them, for tests of hooks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from apps import make_app
from flask import Flask

from flask_alembic import builtin, hookimpl
from flask_alembic.hooks.dispatcher import Hooks
from flask_alembic.hooks.manager import Registry

Wrapper = Generator[None, Any, Any]
"""What a hook that wraps some work returns."""


class _Nothing:
    """A built-in plugin that gives no answer, for hooks whose own needs an app."""

    @hookimpl(trylast=True)
    def rev_id(self) -> None: ...


NOTHING = _Nothing()


class Implementing:
    """A plugin made of functions: ``Implementing(after_upgrade=function)``.

    :param wrappers: Functions that are marked as wrappers.
    :param functions: Functions that are marked; those marked already stay as they are.
    """

    def __init__(
        self,
        wrappers: Mapping[str, Callable[..., Any]] = {},
        **functions: Callable[..., Any],
    ) -> None:
        for name, function in wrappers.items():
            setattr(self, name, hookimpl(wrapper=True)(function))
        for name, function in functions.items():
            marked = hasattr(function, "flask_alembic_impl")
            setattr(self, name, function if marked else hookimpl(function))


def app_with(folder: Path, url: str | None = None, **functions: Any) -> Flask:
    """Return an app with one plugin that implements hooks by these functions."""
    return make_app(folder, url, extension={"plugins": [Implementing(**functions)]})


def app_around(folder: Path, url: str | None = None, **wrappers: Any) -> Flask:
    """Return an app with one plugin that wraps hooks by these functions."""
    return make_app(folder, url, extension={"plugins": [Implementing(wrappers)]})


def hooks_with(*plugins: object, core: object = None) -> Hooks:
    """Return a dispatcher; the plugins are called a, b, c, ... and ``core`` core."""
    named = [(chr(ord("a") + place), plugin) for place, plugin in enumerate(plugins)]
    ours = builtin.plugins() if core is None else [("core", core)]
    return Hooks(Flask("shop"), Registry(ours, named, load_installed=False))


def saying(word: str, heard: list[str], answer: Any = None) -> Callable[..., Any]:
    def listen() -> Any:
        heard.append(word)
        return answer

    return listen


def raising(error: BaseException) -> Callable[..., Any]:
    def fail() -> None:
        raise error

    return fail
