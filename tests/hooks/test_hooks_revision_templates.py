"""The hook ``revision_templates``: templates that a plugin brings, what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from apps import make_app, migrations_of, run_db
from flask import Flask
from plugging import Implementing, app_with

from flask_alembic.hooks import RevisionTemplate

pytestmark = pytest.mark.filterwarnings("error")

PLAIN = Path(__file__).parents[2] / "flask_alembic" / "templates" / "script.py.mako"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a template, of a name that no other test uses."""
    folder = tmp_path / "site" / "strange_templates"
    (folder / "ours").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    text = "# Strange.\n" + PLAIN.read_text("utf-8")
    (folder / "ours" / "script.py.mako").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(folder.parent))
    return folder


def app_offering(folder: Path, *templates: Any) -> Flask:
    return app_with(folder, revision_templates=lambda: list(templates))


@pytest.mark.parametrize("given", ["resource", "resource file", "folder", "file"])
def test_hook_revision_templates(tmp_path: Path, package: Path, given: str) -> None:
    path = {
        "resource": "strange_templates:ours",
        "resource file": "strange_templates:ours/script.py.mako",
        "folder": package / "ours",
        "file": package / "ours" / "script.py.mako",
    }[given]
    app = app_offering(tmp_path, RevisionTemplate("ours", path, "with our header"))
    listed = run_db(app, "list-templates").stdout
    assert "ours" in listed
    assert "with our header" in listed
    assert run_db(app, "init", "-t", "ours").exit_code == 0
    found = json.loads(run_db(app, "list-templates", "--format", "json").stdout)
    used = [each for each in found["data"]["templates"] if each["is_used"]]
    assert [each["name"] for each in used] == ["ours"]
    assert used[0]["file"] == str(path)
    assert run_db(app, "revision", "--empty", "first").exit_code == 0
    (file,) = migrations_of(app).glob("*first.py")
    assert file.read_text("utf-8").startswith("# Strange.")
    # As a plugin gives it, so that it may be exchanged for another one.
    assert run_db(app, "init", "-t", "multidb").exit_code == 0


def test_the_names_of_a_plugin_are_told(tmp_path: Path, package: Path) -> None:
    app = app_offering(tmp_path, RevisionTemplate("ours", package / "ours"))
    result = run_db(app, "init", "-t", "nonsense")
    assert result.exit_code == 2
    assert "single or multidb or ours" in result.stderr
    assert "strange_templates" not in sys.modules


def test_the_former_name_works_and_is_deprecated(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    with pytest.warns(DeprecationWarning, match="'several' is called 'multidb'"):
        assert run_db(app, "init", "-t", "several").exit_code == 0
    assert "engine_name" in (migrations_of(app) / "script.py.mako").read_text("utf-8")


def test_ours_are_a_plugin_that_can_be_disabled(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["revision_templates"])
    assert run_db(app, "init", "-t", "single").exit_code == 2
    assert run_db(app, "init").exit_code == 0


@pytest.mark.parametrize(
    ("offered", "message"),
    [
        ("ours", "which is not a RevisionTemplate"),
        (RevisionTemplate("ours", "/no/such/folder"), "there is no file"),
        (RevisionTemplate("ours", "relative"), "there is no file 'relative'"),
        (RevisionTemplate("ours", "no_such_package:x"), "there is no file"),
        (RevisionTemplate("ours", "flask:no-such-folder"), "there is no file"),
        (RevisionTemplate("single", PLAIN), "both offer the template 'single'"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, offered: Any, message: str
) -> None:
    result = run_db(app_offering(tmp_path, offered), "init", "-t", "ours")
    assert result.exit_code == 3
    shown = " ".join(result.stderr.split())
    assert "lugin" in shown
    assert "'Implementing'" in shown
    assert message in shown
    assert "Traceback" not in result.stderr


def test_two_plugins_with_one_template_are_refused(tmp_path: Path) -> None:
    plugins = [
        Implementing(revision_templates=lambda: [RevisionTemplate("ours", PLAIN)])
        for _ in range(2)
    ]
    result = run_db(
        make_app(tmp_path, extension={"plugins": plugins}), "init", "-t", "x"
    )
    assert result.exit_code == 3
    assert "'Implementing' and 'Implementing_2' both" in " ".join(result.stderr.split())
