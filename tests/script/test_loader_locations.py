"""Where revision files are found: in all the places where Alembic finds them."""

from __future__ import annotations

import py_compile
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from histories import File, Files, write
from history_answers import assert_same

from flask_alembic.script.loader import IndexedScriptDirectory

PAIR = (File("a1a1"), File("b1b1", ("a1a1",)))


@pytest.fixture(autouse=True)
def _write_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is kept where and when compiled files are."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.mark.parametrize(
    "locations",
    [
        ("versions", "versions"),
        ("versions", "versions/below"),
        ("versions/below", "versions"),
        ("versions", "linked"),
        ("versions", "nowhere", "more"),
        ("nowhere",),
        ("linked",),
    ],
)
@pytest.mark.parametrize("recursive", [True, False])
def test_locations_may_overlap(
    locations: tuple[str, ...], recursive: bool, tmp_path: Path
) -> None:
    files = Files(
        (
            *PAIR,
            File("f1f1", ("b1b1",), folder="versions/above"),
            File("c1c1", ("b1b1",), folder="versions/below"),
            File("d1d1", ("b1b1",), folder="versions/below/deep"),
            File("e1e1", ("b1b1",), folder="more"),
        ),
        others={"versions/notes.txt": "", "versions/__init__.py": ""},
    )
    files.write(tmp_path)
    (tmp_path / "linked").symlink_to("versions")
    assert_same(replace(files, locations=locations, recursive=recursive), tmp_path)


def test_links_count_as_what_they_lead_to(tmp_path: Path) -> None:
    files = Files(
        (*PAIR, File("c1c1", ("b1b1",), folder="elsewhere", name="c")),
        others={"elsewhere/text.txt": "", "elsewhere/folder/d.py": "1 / 0"},
    )
    files.write(tmp_path)
    for name, target in {
        "linked.py": "../elsewhere/c.py",
        "linked.txt": "../elsewhere/c.py",
        "again.py": "a1a1.py",
        "text.py": "../elsewhere/text.txt",
        ".#lock.py": "somebody@somewhere.1",
        "folder": "../elsewhere/folder",
    }.items():
        (tmp_path / "versions" / name).symlink_to(target)
    assert_same(files, tmp_path)
    assert_same(replace(files, recursive=True), tmp_path)
    write(tmp_path / "elsewhere/c.py", File("c1c1", ("a1a1",)).source, age=60)
    assert_same(files, tmp_path)


def test_a_link_to_nowhere_is_reported_in_the_same_way(tmp_path: Path) -> None:
    files = Files(PAIR)
    files.write(tmp_path)
    (tmp_path / "versions/c.py").symlink_to("nowhere.py")
    assert_same(files, tmp_path, thorough=False)


@pytest.mark.parametrize("recursive", [True, False])
def test_compiled_files_count_without_their_sources(
    recursive: bool, tmp_path: Path
) -> None:
    scripts = (*PAIR, File("c1c1", ("b1b1",)), File("d1d1", ("b1b1",)))
    files = Files(scripts, recursive=recursive, sourceless=True)
    files.write(tmp_path)
    versions = tmp_path / "versions"
    for path in versions.glob("*.py"):
        py_compile.compile(str(path), doraise=True)
    assert_same(files, tmp_path)
    (versions / "b1b1.py").unlink()
    py_compile.compile(str(versions / "c1c1.py"), str(versions / "c1c1.pyc"))
    py_compile.compile(str(versions / "d1d1.py"), str(versions / "d1d1.pyo"))
    assert_same(files, tmp_path)
    (versions / "c1c1.py").unlink()
    assert_same(files, tmp_path)
    assert_same(replace(files, sourceless=False), tmp_path, thorough=False)


def test_a_location_may_be_in_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(PAIR, locations=("package_of_revisions/versions",))
    files = replace(
        files, files=tuple(replace(f, folder=files.locations[0]) for f in PAIR)
    )
    files.write(tmp_path)
    write(tmp_path / "package_of_revisions/__init__.py", "")
    monkeypatch.syspath_prepend(str(tmp_path))
    config = Config()
    config.set_main_option("script_location", "package_of_revisions:versions")
    config.set_main_option("version_locations", "package_of_revisions:versions")
    config.set_main_option("path_separator", "space")
    config.set_main_option("version_path_separator", "space")
    assert IndexedScriptDirectory.from_config(config).get_heads() == ["b1b1"]
    assert ScriptDirectory.from_config(config).get_heads() == ["b1b1"]


def test_versions_is_the_location_if_none_is_named(tmp_path: Path) -> None:
    Files(PAIR).write(tmp_path)
    assert IndexedScriptDirectory(str(tmp_path)).get_heads() == ["b1b1"]
    assert IndexedScriptDirectory(str(tmp_path)).index.locations == (
        str(tmp_path / "versions"),
    )


def test_the_configuration_is_read_as_alembic_reads_it(tmp_path: Path) -> None:
    Files(PAIR).write(tmp_path)
    config = Config()
    with pytest.raises(CommandError, match="No 'script_location' key"):
        IndexedScriptDirectory.from_config(config)
    config.set_main_option("script_location", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match="Path doesn't exist"):
        IndexedScriptDirectory.from_config(config)
    for name, value in {
        "script_location": str(tmp_path),
        "file_template": "%%(slug)s",
        "truncate_slug_length": "7",
        "timezone": "UTC",
        "output_encoding": "latin-1",
        "sourceless": "true",
    }.items():
        config.set_main_option(name, value)
    ours, theirs = (
        IndexedScriptDirectory.from_config(config),
        ScriptDirectory.from_config(config),
    )
    assert isinstance(ours, IndexedScriptDirectory)
    own = {"revision_map", "_index", "_scan"}
    assert {k: v for k, v in vars(ours).items() if k not in own} == {
        k: v for k, v in vars(theirs).items() if k not in own
    }
