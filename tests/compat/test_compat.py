"""Projects of the released tools run on this package, and end with the same schema.

They are made while the tests run, with the tools from PyPI in environments of their
own, so this is done only when ``FLASK_ALEMBIC_COMPAT=1`` is set.
``FLASK_ALEMBIC_COMPAT_FOLDER`` names a folder to keep the environments in.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from filelock import FileLock
from make_projects import PROJECTS, environment, make, run
from released import FLASK_MIGRATE, Project
from sqlalchemy.pool import NullPool

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(
        os.environ.get("FLASK_ALEMBIC_COMPAT") != "1",
        reason="installs released tools from PyPI; set FLASK_ALEMBIC_COMPAT=1",
    ),
]

OURS = Path(sys.executable)
IMPORT = "from flask_migrate import Migrate"
ONE_LINE_CHANGE = "from flask_alembic import Alembic as Migrate"


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where environments are kept, shared by the workers of pytest-xdist."""
    given = os.environ.get("FLASK_ALEMBIC_COMPAT_FOLDER")
    if given:
        return Path(given)
    folder = tmp_path_factory.getbasetemp()
    return (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "compat"


@pytest.fixture(scope="module", params=PROJECTS, ids=lambda project: project.name)
def made(
    request: pytest.FixtureRequest, target: Path, tmp_path_factory: Any
) -> tuple[Project, Path]:
    """A project as the released tool made it."""
    project: Project = request.param
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / "lock"):
        environment(target / "venvs", project.tool)
        folder = make(project, target)
        copy = tmp_path_factory.mktemp(project.name) / project.name
        shutil.copytree(folder, copy)
    return project, copy


@pytest.fixture
def ours(made: tuple[Project, Path], tmp_path: Path) -> tuple[Project, Path]:
    """A copy of a project that uses this package, by the change of one line at most."""
    project, folder = made
    copy = tmp_path / project.name
    shutil.copytree(folder, copy)
    shutil.rmtree(copy / "data")
    if project.tool == FLASK_MIGRATE:
        shop = copy / "shop.py"
        source = shop.read_text("utf-8")
        assert source.count(IMPORT) == 1
        shop.write_text(source.replace(IMPORT, ONE_LINE_CHANGE), "utf-8")
    return project, copy


def contents(data: Path, project: Project) -> dict[str, Any]:
    """Return what a project's databases hold: columns, keys, indexes, rows.

    The order of constraints is left out: where SQLite tables are copied, Alembic
    writes them in the order of a set.
    """
    found: dict[str, Any] = {}
    for name in project.databases:
        engine = sa.create_engine(f"sqlite:///{data / name}.db", poolclass=NullPool)
        with engine.connect() as connection:
            inspector = sa.inspect(connection)
            for table in inspector.get_table_names():
                found[f"{name}.{table}"] = {
                    "columns": list(map(str, inspector.get_columns(table))),
                    "primary key": inspector.get_pk_constraint(table),
                    "foreign keys": _sorted(inspector.get_foreign_keys(table)),
                    "unique": _sorted(inspector.get_unique_constraints(table)),
                    "checks": _sorted(inspector.get_check_constraints(table)),
                    "indexes": _sorted(inspector.get_indexes(table)),
                    "rows": _rows(connection, table),
                }
    return found


def _sorted(described: Iterable[Any]) -> list[str]:
    return sorted(map(str, described))


def _rows(connection: sa.Connection, table: str) -> list[str]:
    found = connection.exec_driver_sql(f'SELECT * FROM "{table}"')
    return sorted(str(tuple(row)) for row in found)


def last(project: Project, folder: Path) -> Path:
    return folder / f"after-{len(project.phases)}"


def on_ours(project: Project, folder: Path, data: Path, *commands: list[str]) -> str:
    return run(OURS, folder, data, len(project.phases), *commands)


def test_the_released_tool_made_what_is_to_be_compared(
    made: tuple[Project, Path],
) -> None:
    project, folder = made
    found = contents(last(project, folder), project)
    names = {name.partition(".")[2] for name in found}
    assert project.tables | {"alembic_version"} == names


def test_a_fresh_database_ends_with_the_same_schema_and_rows(
    made: tuple[Project, Path], ours: tuple[Project, Path], tmp_path: Path
) -> None:
    project, folder = ours
    on_ours(project, folder, tmp_path / "fresh", ["upgrade", "heads"])
    wanted = contents(last(project, made[1]), project)
    assert contents(tmp_path / "fresh", project) == wanted


def test_a_database_made_halfway_is_taken_to_the_same_end(
    made: tuple[Project, Path], ours: tuple[Project, Path], tmp_path: Path
) -> None:
    project, folder = ours
    wanted = contents(last(project, made[1]), project)
    for number in range(1, len(project.phases)):
        data = tmp_path / f"from-{number}"
        shutil.copytree(folder / f"after-{number}", data)
        on_ours(project, folder, data, ["upgrade", "heads"])
        assert contents(data, project) == wanted, f"from phase {number}"


def test_a_database_at_head_has_nothing_to_do(
    ours: tuple[Project, Path], tmp_path: Path
) -> None:
    project, folder = ours
    data = tmp_path / "done"
    shutil.copytree(last(project, folder), data)
    before = contents(data, project)
    commands = [["current", "--check-heads"], ["upgrade"], ["history"], ["branches"]]
    if project.name != "alembic-locations":  # its app has no models
        commands.append(["check"])
    written = on_ours(project, folder, data, *commands)
    assert "Already up to date" in written
    assert contents(data, project) == before


def test_everything_can_be_taken_back(
    ours: tuple[Project, Path], tmp_path: Path
) -> None:
    project, folder = ours
    data = tmp_path / "down"
    shutil.copytree(last(project, folder), data)
    on_ours(project, folder, data, ["downgrade", "base"])
    found = contents(data, project)
    assert {name.partition(".")[2] for name in found} == {"alembic_version"}
    assert all(one["rows"] == [] for one in found.values())


def test_the_released_tool_goes_on_with_a_revision_made_here(
    made: tuple[Project, Path], ours: tuple[Project, Path], target: Path, tmp_path: Path
) -> None:
    """Forward and back: nobody is locked in."""
    project, folder = ours
    data = tmp_path / "onward"
    shutil.copytree(last(project, folder), data)
    branch = ["--branch", "users"] if project.name == "alembic-locations" else []
    on_ours(
        project,
        folder,
        data,
        ["revision", "made here", "--empty", *branch],
        ["upgrade"],
    )
    here = contents(data, project)
    if project.tool == FLASK_MIGRATE:
        source = (folder / "shop.py").read_text("utf-8")
        (folder / "shop.py").write_text(source.replace(ONE_LINE_CHANGE, IMPORT))
    theirs = tmp_path / "theirs"
    shutil.copytree(last(project, folder), theirs)
    python = environment(target / "venvs", project.tool)
    run(python, folder, theirs, len(project.phases), ["upgrade", "heads"])
    assert contents(theirs, project) == here
    assert here != contents(last(project, folder), project)
