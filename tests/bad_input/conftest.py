"""Fixtures for wrong input."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
    """The app with five revisions in a row, ``alpha1`` to ``betas5``, three applied."""
    ids = ["alpha1", "alpha2", "betas3", "betas4", "betas5"]
    for down, revision in zip([None, *ids], ids, strict=False):
        write_table_revision(sandbox.migrations, revision, down)
    accepted(sandbox, "upgrade", "betas3")
    return sandbox


@pytest.fixture
def fork(sandbox: Sandbox) -> Sandbox:
    """The app with two heads, ``left`` and ``right``, on ``root``; none applied."""
    write_table_revision(sandbox.migrations, "root", labels="default")
    write_table_revision(sandbox.migrations, "left", "root")
    write_table_revision(sandbox.migrations, "right", "root")
    return sandbox


@pytest.fixture
def open_sandbox() -> Iterator[Sandbox]:
    """A folder that every user of this machine may enter and write to."""
    with tempfile.TemporaryDirectory(prefix="flask-alembic-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        try:
            yield Sandbox(folder)
        finally:
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o777)


@pytest.fixture
def held_back(tmp_path: Path) -> Callable[[], AbstractContextManager[None]]:
    """A context in which permissions of files hold this process back.

    Root may read and write everything, so root becomes another user for a while, who may
    not be able to read our modules: commands that work, and one that fails, import them
    before.
    """
    if os.name != "posix":
        pytest.skip("permissions of files mean something else here")
    folder = tmp_path / "imports"
    folder.mkdir()
    other = Sandbox(folder)
    accepted(other, "revision", "--empty", "message")
    accepted(other, "upgrade")
    accepted(other, "downgrade")
    accepted(other, "heads")
    other.db("upgrade", "missing")

    @contextmanager
    def hold() -> Iterator[None]:
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # "nobody"
        try:
            yield
        finally:
            if root:
                os.seteuid(0)

    return hold
