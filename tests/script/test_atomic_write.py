"""Files that are written as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flask_alembic.script.atomic_write import replace


def test_a_new_file_is_written(tmp_path: Path) -> None:
    replace(tmp_path / "new", b"all of it\r\n")
    assert (tmp_path / "new").read_bytes() == b"all of it\r\n"
    assert os.listdir(tmp_path) == ["new"]


@pytest.mark.parametrize("mode", [0o600, 0o755])
@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == mode


def test_a_name_that_is_too_long_is_the_error(tmp_path: Path) -> None:
    """What is written beside it has a longer name, which cannot be removed either."""
    path = tmp_path / ("x" * 250)
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="name too long") as caught:
        replace(path, b"new")
    assert caught.value.__context__ is None
    assert path.read_bytes() == b"old"


def test_nothing_is_left_of_what_failed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        replace(tmp_path / "folder", b"x")
    assert os.listdir(tmp_path) == ["folder"]


def test_nothing_is_left_of_what_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: object, target: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
