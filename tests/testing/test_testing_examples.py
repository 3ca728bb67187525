"""The ready tests on the apps in ``examples/``, whatever their databases are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from suites import Suite

EXAMPLES = Path(__file__).parents[2] / "examples"

CONFTEST = """
import sys
import pytest

sys.path.insert(0, {folder!r})
import {module} as example

@pytest.fixture(scope="session")
def app():
    return example.app if hasattr(example, "app") else example.create_app()
"""

# On SQLite the batch operations have to read a table.
BODY = """
from flask_alembic.testing import MigrationTests

class TestMigrations(MigrationTests):
    test_offline_sql = None

def test_inside_an_app_context(app, request):
    with app.app_context():
        assert request.getfixturevalue("migrated_db").current()
"""


@pytest.mark.parametrize(
    ("folder", "module"),
    [
        ("plain", "app"),
        ("lite", "app"),
        ("two_databases", "app"),
        ("async_engine", "app"),
        (".", "blueprints"),
    ],
)
def test_an_example_passes_the_ready_tests(
    suite: Suite, tmp_path: Path, folder: str, module: str
) -> None:
    name = module if folder == "." else folder
    ignored = shutil.ignore_patterns("instance", "__pycache__")
    shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=ignored)
    where = str(tmp_path / folder)
    suite.write(conftest=CONFTEST.format(folder=where, module=module))
    suite.write(test_it=BODY)
    suite.run().assert_outcomes(passed=8)
    assert not list((tmp_path / name).rglob("*.db"))
