"""A plugin that writes down every hook, and receivers that write down every signal."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    version_rows,
    write_table_revision,
)
from flask import Flask

from flask_alembic import hookimpl
from flask_alembic.hooks.markers import kind_of
from flask_alembic.hooks.signals import SIGNALS, spec_functions

WITHOUT_ORDER = {
    "context_options",
    "include_name",
    "include_object",
    "compare_type",
    "compare_server_default",
    "render_item",
    "output_formats",
    "graph_formats",
    "revision_templates",
    "backends",
    "register_commands",
    "report_views",
    "progress",
}
"""Hooks that are asked whenever an answer is needed, and so left out; the order of
``progress`` is tested with what shows it."""

PAST_TENSE = {
    "revision_applied",
    "revision_generated",
    "after_upgrade",
    "after_downgrade",
    "after_stamp",
}
"""What says that something has been done."""

Look = Callable[[], str]


class Everything:
    """A plugin that implements every hook and keeps what it hears in a list.

    A hook is written by its name and the revision it is about; a ``wrapper`` hook
    before and after the work, or with ``!`` when the work raised; a signal by its
    name with dashes.

    :param look: Called with each past tense; what it returns is written beside it.
    """

    def __init__(self, look: Look | None = None) -> None:
        self.heard: list[str] = []
        self.look = look
        for name, spec in spec_functions().items():
            if name not in WITHOUT_ORDER:
                make = _around if kind_of(spec) == "wrapper" else _plain
                setattr(self, name, make(self, name))

    def write(self, name: str, subject: Any = None) -> None:
        """Write down an event."""
        words = [name]
        revision = getattr(subject, "revision", None)
        if revision is not None:
            words.append(revision)
        if self.look is not None and name.replace("-", "_") in PAST_TENSE:
            words.append(f"[{self.look()}]")
        self.heard.append(" ".join(words))

    @contextmanager
    def listening(self, app: Flask) -> Iterator[None]:
        """Write down the signals of an app too."""

        def receiver(name: str) -> Callable[..., None]:
            def receive(app: Flask, **arguments: Any) -> None:
                self.write(name, arguments.get("step"))

            return receive

        with ExitStack() as stack:
            for signal in SIGNALS.values():
                stack.enter_context(signal.connected_to(receiver(signal.name), app))
            yield


def _plain(plugin: Everything, name: str) -> Callable[..., None]:
    if name in {"before_statement", "revision_applied", "revision_failed"}:

        @hookimpl(specname=name)
        def with_step(step: Any) -> None:
            plugin.write(name, step)

        return with_step

    @hookimpl(specname=name)
    def implementation() -> None:
        plugin.write(name)

    return implementation


def _around(plugin: Everything, name: str) -> Callable[..., Any]:
    def wrapped(subject: Any) -> Generator[None, Any, Any]:
        plugin.write(f"{name} {{", subject)
        try:
            result = yield
        except BaseException:
            plugin.write(f"{name} !", subject)
            raise
        plugin.write(f"{name} }}", subject)
        return result

    if name == "apply_revision":

        @hookimpl(specname=name, wrapper=True)
        def around_step(step: Any) -> Generator[None, Any, Any]:
            return (yield from wrapped(step))

        return around_step

    @hookimpl(specname=name, wrapper=True)
    def around() -> Generator[None, Any, Any]:
        return (yield from wrapped(None))

    return around


Project = tuple[Flask, Everything]
"""An app, and what hears everything of it."""

PER_RUN = pytest.param(False, id="one transaction per run")
PER_REVISION = pytest.param(True, id="one transaction per revision")
both_modes = pytest.mark.parametrize("per_revision", [PER_RUN, PER_REVISION])

BEGIN = ["before_command", "before-command"]
"""How every command begins."""

CONNECT = ["open_connection {", "open_connection }"]
"""A connection is opened."""

END = ["after_command", "after-command"]
"""How every command ends."""


def project(
    folder: Path, url: str | None = None, per_revision: bool = False
) -> Project:
    """Return an app with revisions a1 and a2, and what hears everything of it."""

    def look() -> str:
        database = app.config["SQLALCHEMY_DATABASE_URI"]
        return ",".join(sorted(version_rows(database))) or "base"

    everything = Everything(look)
    app = make_app(
        folder,
        url,
        extension={"plugins": [everything]},
        ALEMBIC_CONTEXT={"transaction_per_migration": per_revision},
    )
    write_table_revision(migrations_of(app), "a1")
    write_table_revision(migrations_of(app), "a2", "a1")
    return app, everything


def heard(project: Project, *words: str, exit_code: int = 0) -> list[str]:
    """Run a command and return what was heard of it."""
    app, everything = project
    with app.app_context():
        extension_of(app).config  # noqa: B018 -- so that what happens once is done
    everything.heard.clear()
    with everything.listening(app):
        result = run_db(app, *words)
    assert result.exit_code == exit_code, result.output
    return list(everything.heard)
