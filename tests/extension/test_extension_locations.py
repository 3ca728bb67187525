"""Where revisions are: packages, branches with folders of their own, old folders."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    tables,
    version_rows,
    write_table_revision,
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package ``shipped`` with a folder of revisions."""
    root = tmp_path / "site" / "shipped"
    root.mkdir(parents=True)
    (root / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(root.parent))
    importlib.invalidate_caches()
    sys.modules.pop("shipped", None)
    return root


def test_a_location_inside_a_package(tmp_path: Path, package: Path) -> None:
    write_table_revision(package / "revisions", "a1")
    app = make_app(tmp_path, ALEMBIC={"script_location": "shipped:revisions"})
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(f"sqlite:///{tmp_path}/app.db") == {"a1"}
    made = run_db(app, "revision", "more", "--empty", "--rev-id", "a2")
    assert made.exit_code == 0
    assert (package / "revisions" / "a2_more.py").is_file()


def test_further_locations_inside_a_package(tmp_path: Path, package: Path) -> None:
    write_table_revision(package / "revisions", "s1", labels="shipped")
    app = make_app(
        tmp_path, ALEMBIC={"version_locations": [("shipped", "shipped:revisions")]}
    )
    write_table_revision(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(f"sqlite:///{tmp_path}/app.db") == {"a1", "s1"}


def test_a_package_that_is_not_there_is_named(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC={"script_location": "nosuch:revisions"})
    result = run_db(app, "heads")
    assert result.exit_code == 3
    assert "a package 'nosuch' that is not there" in result.stderr


def test_pairs_name_branches_with_folders_of_their_own(tmp_path: Path) -> None:
    app = make_app(
        tmp_path,
        ALEMBIC={
            "version_locations": [("users", "users/migrations"), ("posts", "posts/m")]
        },
        ALEMBIC_CONTEXT={},
    )
    for branch in ("users", "posts"):
        words = ["revision", f"first of {branch}", "--empty", "--branch", branch]
        assert run_db(app, *words, "--rev-id", f"{branch}1").exit_code == 0
        assert run_db(app, *words, "--rev-id", f"{branch}2").exit_code == 0
    folders = {
        branch: sorted(
            path.name.split("_")[0]
            for path in Path(app.instance_path, folder).glob("*.py")
        )
        for branch, folder in (("users", "users/migrations"), ("posts", "posts/m"))
    }
    assert folders == {"users": ["users1", "users2"], "posts": ["posts1", "posts2"]}
    assert run_db(app, "upgrade", "users@head").exit_code == 0
    assert version_rows(f"sqlite:///{tmp_path}/app.db") == {"users2"}
    assert run_db(app, "upgrade", "heads").exit_code == 0
    assert version_rows(f"sqlite:///{tmp_path}/app.db") == {"users2", "posts2"}


def test_a_dict_is_a_section_of_the_configuration(tmp_path: Path) -> None:
    """Post-write hooks, as in ``alembic.ini``."""
    script = tmp_path / "tidy.py"
    script.write_text("import sys; open(sys.argv[1], 'a').write('# tidied\\n')")
    app = make_app(
        tmp_path,
        ALEMBIC={
            "post_write_hooks": {
                "hooks": "tidy",
                "tidy.type": "exec",
                "tidy.executable": sys.executable,
                "tidy.options": f"{script} REVISION_SCRIPT_FILENAME",
            }
        },
    )
    with app.app_context():
        (made,) = extension_of(app).revision("x", empty=True)
    assert Path(made.path).read_text("utf-8").endswith("# tidied\n")


@pytest.mark.parametrize("layout", ["flask-alembic", "alembic"])
def test_an_existing_folder_is_used_as_it_stands(tmp_path: Path, layout: str) -> None:
    folder = tmp_path / "migrations"
    versions = folder if layout == "flask-alembic" else folder / "versions"
    write_table_revision(versions, "a1")
    if layout == "alembic":
        (folder / "env.py").write_text("raise SystemExit('env.py was executed')")
        (folder / "alembic.ini").write_text("[alembic]\n")
        (folder / "helper.py").write_text("raise SystemExit('helper was executed')")
    app = make_app(tmp_path)
    assert run_db(app, "upgrade").exit_code == 0
    assert tables(f"sqlite:///{tmp_path}/app.db") == {"t_a1"}
    assert run_db(app, "revision", "x", "--empty", "--rev-id", "a2").exit_code == 0
    assert (versions / "a2_x.py").is_file()
