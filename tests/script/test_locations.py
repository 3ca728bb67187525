"""``flask_alembic.script.locations``: folders found, told apart and made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from apps import write_revision
from flask import Flask

from flask_alembic.config import Settings, load
from flask_alembic.errors import ConfigurationError, ScriptLocationError
from flask_alembic.plugins.settings import escape, fill_config
from flask_alembic.script.locations import Locations, locate, make_directory, resolve


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    root = tmp_path / "root"
    root.mkdir()
    return Flask("shop", root_path=str(root), instance_path=str(tmp_path / "instance"))


def located(app: Flask, **keys: Any) -> Locations:
    return locate(app, load({"ALEMBIC": keys}))


def test_migrations_under_the_root_path_is_the_default(app: Flask) -> None:
    assert located(app).script == Path(app.root_path, "migrations")


@pytest.mark.parametrize("there", [[], ["instance"], ["root"], ["instance", "root"]])
@pytest.mark.parametrize("pinned", [None, "instance", "root"])
def test_a_relative_path_starts_at_the_instance_folder(
    app: Flask, tmp_path: Path, there: list[str], pinned: str | None
) -> None:
    """If nothing is there and something is under the root path, it starts there."""
    for name in there:
        (tmp_path / name / "my").mkdir(parents=True)
    expected = pinned or ("root" if there == ["root"] else "instance")
    found = located(app, script_location="my", relative_to=pinned)
    assert found.script == tmp_path / expected / "my"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("/a/b/../c", "/a/c"),
        ("/a/c:d", "/a/c:d"),
        ("/a/100%", "/a/100%"),
        ("/a//b/", "/a/b"),
    ],
)
def test_an_absolute_path_is_taken_as_it_is(
    app: Flask, written: str, expected: str
) -> None:
    assert resolve(app, Settings(), written) == Path(expected)


def test_a_package_is_looked_up(app: Flask) -> None:
    import flask_alembic

    here = Path(flask_alembic.__file__).parent
    assert resolve(app, Settings(), "flask_alembic:templates") == here / "templates"
    assert resolve(app, Settings(), "flask_alembic:a:b") == here / "a" / "b"


@pytest.mark.parametrize(
    "written", ["nosuch:a", "os:a", ":a", "a b:c", ".x:a", "a.b:c"]
)
def test_what_is_no_package_is_named(app: Flask, written: str) -> None:
    with pytest.raises(ConfigurationError, match="not there") as caught:
        resolve(app, Settings(), written)
    assert repr(written) in caught.value.message


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], "."),
        (["versions/"], "versions"),
        (["versions/", "env.py"], "versions"),
        (["versions/", "alembic.ini"], "versions"),
        (["versions/a.py", "b.py"], "versions"),
        (["versions/", "b.py"], "."),
        (["versions/", "helper.py"], "versions"),
        (["versions", "b.py"], "."),
        (["env.py", "b.py"], "."),
    ],
)
def test_a_folder_of_another_tool_is_told_by_what_is_in_it(
    app: Flask, files: list[str], expected: str
) -> None:
    folder = Path(app.root_path, "migrations")
    folder.mkdir()
    for name in files:
        path = folder / name
        if name.endswith("/"):
            path.mkdir()
        elif name in {"env.py", "helper.py"}:
            path.write_text("print('not a revision')")
        elif name.endswith(".py"):
            write_revision(path.parent, "aaaa1", name=path.name)
        else:
            path.touch()
    found = located(app)
    assert found.versions == folder / expected
    assert found.is_foreign is (expected == "versions")


def test_folders_of_branches_are_found_by_their_label(app: Flask) -> None:
    found = located(app, version_locations=[("users", "/u"), "/more", ("users2", "/u")])
    assert found.of_branch("users") == Path("/u")
    assert found.of_branch("nosuch") is None
    assert found.paths == (found.versions, Path("/u"), Path("/more"))


def test_a_folder_is_made_once(app: Flask, tmp_path: Path) -> None:
    locations = located(app, version_locations=[str(tmp_path / "b")])
    made = make_directory(locations, package=True)
    names = [str(path.relative_to(tmp_path)) for path in made]
    assert names == [
        "root/migrations",
        "b",
        "root/migrations/script.py.mako",
        "root/migrations/__init__.py",
        "b/__init__.py",
    ]
    template = locations.script / "script.py.mako"
    template.write_text("mine")
    assert make_directory(locations, package=True) == []
    assert template.read_text() == "mine"


def test_what_cannot_be_made_is_named(app: Flask) -> None:
    path = Path(app.root_path, "migrations")
    path.write_text("a file")
    with pytest.raises(ScriptLocationError, match="migrations") as caught:
        make_directory(located(app))
    assert caught.value.advice
    assert path.read_text() == "a file"


@pytest.mark.parametrize("text", ["100%", "%(here)s", "a%%b", "%", "plain", "50%%"])
def test_a_percent_sign_survives_the_configuration(text: str, tmp_path: Path) -> None:
    """One that is doubled already, as in an alembic.ini, means a single one."""
    settings = load({"ALEMBIC": {"mine": text, "section": {"key": text}}})
    config = Config()
    fill_config(config, settings, Locations(tmp_path / "a%b:c", tmp_path / "a%b:c"))
    single = text.replace("%%", "%")
    assert config.get_main_option("mine") == single
    assert config.get_section_option("section", "key") == single
    assert config.get_main_option("script_location") == str(tmp_path / "a%b:c")
    assert escape(text).replace("%%", "") == text.replace("%", "")
