"""Installed distributions for tests: real ``*.dist-info`` folders on ``sys.path``."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from apps import extension_of, make_app
from flask import Flask

from flask_alembic.hooks import discovery as loading
from flask_alembic.hooks.discovery import ENTRY_POINT_GROUP, Candidate, candidates


def write_distribution(
    site: Path,
    name: str,
    version: str = "1.0",
    *,
    entry_points: Mapping[str, str],
    modules: Mapping[str, str],
    metadata: bool = True,
) -> None:
    """Write a distribution as an installer leaves it.

    :param site: The folder that stands for ``site-packages``.
    :param name: The name of the distribution.
    :param version: Its version.
    :param entry_points: What it announces to us: names and ``module:attribute``.
    :param modules: The text of its modules by name.
    :param metadata: Whether the file ``METADATA`` is there.
    """
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    if metadata:
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        Path(info, "METADATA").write_text(text, "utf-8")
    lines = [f"{entry} = {target}" for entry, target in entry_points.items()]
    text = "\n".join([f"[{ENTRY_POINT_GROUP}]", *lines, ""])
    Path(info, "entry_points.txt").write_text(text, "utf-8")
    for module, source in modules.items():
        Path(site, f"{module}.py").write_text(dedent(source), "utf-8")


@contextmanager
def installed(site: Path) -> Iterator[None]:
    """Put a folder on ``sys.path``, and forget afterwards what was imported from it.

    Plugins that happen to be installed beside the tests are left out.

    :param site: The folder that stands for ``site-packages``.
    """
    known = set(sys.modules)
    sys.path.insert(0, str(site))
    importlib.invalidate_caches()
    candidates.cache_clear()
    here = tuple(one for one in candidates() if _is_in(site, one))
    loading.candidates = functools.cache(lambda: here)
    try:
        yield
    finally:
        loading.candidates = candidates
        sys.path.remove(str(site))
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(site):
                del sys.modules[name]
        importlib.invalidate_caches()
        candidates.cache_clear()


def _is_in(site: Path, candidate: Candidate) -> bool:
    distribution = candidate.entry_point.dist
    return distribution is not None and Path(str(distribution.locate_file(""))) == site


LISTENER = """
    from flask_alembic.hooks import hookimpl

    @hookimpl
    def after_command(app, report):
        app.extensions.setdefault("heard", []).append(__name__)
"""
"""A plugin that writes its name down when it hears of a command."""

IDLE = """
    from flask_alembic import hookimpl

    class Idle:
        @hookimpl
        def after_command(self, app):
            app.extensions.setdefault("heard", []).append("idle")

    plugin = Idle()
"""


def write_three(site: Path) -> None:
    """Write a good distribution, one with two broken plugins, and one to disable.

    :param site: The folder that stands for ``site-packages``.
    """
    write_distribution(
        site,
        "flask-alembic-good",
        "1.2",
        entry_points={"good": "plugin_good"},
        modules={"plugin_good": LISTENER},
    )
    write_distribution(
        site,
        "flask-alembic-broken",
        "0.3",
        entry_points={"broken": "plugin_broken", "gone": "plugin_gone:plugin"},
        modules={"plugin_broken": "import a_module_that_is_not_there"},
    )
    write_distribution(
        site,
        "flask-alembic-idle",
        "2.0",
        entry_points={"idle": "plugin_idle:plugin"},
        modules={"plugin_idle": IDLE},
    )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the three installed distributions, on ``sys.path``."""
    monkeypatch.delenv("FLASK_ALEMBIC_NO_PLUGINS", raising=False)
    folder = tmp_path / "site-packages"
    write_three(folder)
    with installed(folder):
        yield folder


def app_in(folder: Path, **config: Any) -> Flask:
    """Return an app that loads installed plugins."""
    return make_app(folder, **{"ALEMBIC_PLUGINS": None, **config})


def heard(app: Flask) -> list[str]:
    """Return who has heard of a command, and forget it."""
    found: list[str] = app.extensions.pop("heard", [])
    return found


def statuses(app: Flask) -> dict[str, str]:
    """Return how each plugin of an app is, those that are built in left out."""
    with app.app_context():
        records = extension_of(app).plugins
        return {one.name: one.status for one in records if one.source != "core"}
