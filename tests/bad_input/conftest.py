"""Fixtures for wrong input."""

from __future__ import annotations

from pathlib import Path

import pytest
from apps import write_table_revision
from sandbox import Sandbox, accepted


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """An app with models and an empty SQLite database."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return Sandbox(folder)


@pytest.fixture
def chain(sandbox: Sandbox) -> Sandbox:
    """The app with five revisions in a row, ``aa1`` to ``ab5``, three applied."""
    ids = ["aa1", "aa2", "ab3", "ab4", "ab5"]
    for down, revision in zip([None, *ids], ids, strict=False):
        write_table_revision(sandbox.migrations, revision, down)
    accepted(sandbox, "upgrade", "ab3")
    return sandbox


@pytest.fixture
def fork(sandbox: Sandbox) -> Sandbox:
    """The app with two heads, ``left`` and ``right``, on ``root``; none applied."""
    write_table_revision(sandbox.migrations, "root", labels="default")
    write_table_revision(sandbox.migrations, "left", "root")
    write_table_revision(sandbox.migrations, "right", "root")
    return sandbox
