"""Scratch databases that begin with what a history builds, and what is kept of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    second_connection,
    write_chain,
    write_revision,
    write_table_revision,
)
from databases import MakeDatabase
from flask import Flask

from flask_alembic.backends.scratch import PREFIX, scratch_name
from flask_alembic.backends.scratch_templates import (
    KEPT,
    LEFT,
    UNUSED,
    ScratchTemplates,
    Template,
    age_of,
    stale,
)
from flask_alembic.runtime.environment import Environment
from flask_alembic.schema import scratch_database
from flask_alembic.schema.scratch_template import (
    project_of,
    template_folder,
    template_keys,
)

pytestmark = [pytest.mark.costly, pytest.mark.one_database]


@pytest.fixture(autouse=True)
def _always_worth_keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch_database, "WORTH", -1.0)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    """An app with two revisions whose templates are dropped at the end."""
    app = make_app(tmp_path, database_url, models=no_models)
    write_chain(migrations_of(app), "a1", "b2")
    yield app
    with app.app_context():
        templates = templates_of(app)
        for each in own(templates):
            templates.drop(each)


def environment(app: Flask) -> Environment:
    found: Environment = extension_of(app).environment_for(app)
    return found


def templates_of(app: Flask) -> ScratchTemplates:
    known = environment(app)
    database = known.databases()["default"]
    found = database.backend.scratch_templates(
        database.engine, template_folder(known), project_of(known, database)
    )
    assert found is not None
    return found


def own(templates: ScratchTemplates) -> list[Template]:
    return [e for e in templates.templates() if e.project == templates.project]


def keys(app: Flask) -> set[str]:
    with app.app_context():
        return {each.key for each in own(templates_of(app))}


def expected(app: Flask) -> list[str]:
    with app.app_context():
        known = environment(app)
        scripts = known.scripts()
        order = list(scripts.walk_revisions())[::-1]
        server = templates_of(app).server_version()
        database = known.databases()["default"]
        return template_keys(known, database, server, order, ())


def prove(app: Flask, revision: str) -> Any:
    with app.app_context():
        (proof,) = extension_of(app).prove(revision).revisions
    return proof


def at_b2(app: Flask) -> None:
    """Put an app's history to work: what a1 and b2 build is kept then."""
    write_table_revision(migrations_of(app), "c3", "b2")
    assert prove(app, "c3").ok


def test_what_a_history_builds_is_kept(app: Flask) -> None:
    write_table_revision(migrations_of(app), "c3", "b2")
    built: list[str] = []
    original = scratch_database.ScratchDatabase.upgrade

    def upgrade(self: Any, scripts: Any, target: Any) -> None:
        before = set(self.heads)
        original(self, scripts, target)
        built.append(f"{sorted(before)} to {sorted(self.heads)}")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scratch_database.ScratchDatabase, "upgrade", upgrade)
        assert prove(app, "c3").ok
        assert built == ["[] to ['b2']"]
        assert expected(app)[2] in keys(app)
        write_table_revision(migrations_of(app), "d4", "c3")
        assert prove(app, "d4").ok
        assert prove(app, "d4").ok
        assert len(built) <= 2, built


def test_an_edited_file_is_another_history(app: Flask) -> None:
    at_b2(app)
    before = expected(app)
    write_table_revision(migrations_of(app), "b2", "a1", "other")
    after = expected(app)
    assert before[0] == after[0]
    assert set(before[1:]).isdisjoint(after[1:])
    write_revision(
        migrations_of(app),
        "c3",
        "b2",
        "assert sa.inspect(op.get_bind()).has_table('other')",
    )
    assert prove(app, "c3").ok


def test_a_failed_proof_leaves_the_template(app: Flask) -> None:
    at_b2(app)
    for _ in range(2):
        write_revision(migrations_of(app), "c3", "b2", "op.drop_table('nowhere')")
        assert prove(app, "c3").failed == "up"
    write_table_revision(migrations_of(app), "c3", "b2")
    assert prove(app, "c3").ok


def test_two_at_once(app: Flask) -> None:
    """Two processes that prove at the same time do not see each other."""
    folder = migrations_of(app)
    write_table_revision(folder, "c3", "b2")
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    code = PROGRAM.format(root=str(app.root_path), url=url, paths=sys.path)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert all("holds" in output for output in outputs)
    assert prove(app, "c3").ok


PROGRAM = """
import sys
sys.path[:] = {paths!r}
from pathlib import Path
from apps import make_app, no_models, extension_of
from flask_alembic.schema import scratch_database
scratch_database.WORTH = -1.0
app = make_app(Path({root!r}), {url!r}, models=no_models)
with app.app_context():
    result = extension_of(app).prove("c3")
print("holds" if result.ok else result)
"""


def test_a_kill_in_the_middle(app: Flask) -> None:
    """What a killed process leaves is dropped when it is old, and harms nobody."""
    at_b2(app)
    marker = Path(app.root_path, "running")
    write_revision(
        migrations_of(app),
        "c3",
        "b2",
        [
            "import pathlib, time",
            f"pathlib.Path({str(marker)!r}).touch()",
            "time.sleep(60)",
        ],
    )
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    code = PROGRAM.format(root=str(app.root_path), url=url, paths=sys.path)
    process = subprocess.Popen([sys.executable, "-c", code])
    while not marker.exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    write_table_revision(migrations_of(app), "c3", "b2")
    assert prove(app, "c3").ok
    with app.app_context():
        templates = templates_of(app)
        assert not templates.leftovers(), "it is not old yet"


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_leftovers(
    tmp_path: Path,
    make_database: MakeDatabase,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only what has such a name, is old and is not used counts as left over.

    It is old for this process alone, whose clock is ahead: tests that run at the same
    time drop what is old.
    """
    url = make_database(kind)
    app = make_app(tmp_path, url, models=no_models)
    now = time.time()
    old, young = (
        f"{PREFIX}{int(when):08x}_{os.getpid():08x}" for when in (now, now + LEFT)
    )
    monkeypatch.setattr(time, "time", lambda: now + LEFT + 2)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for name in (old, young):
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        with app.app_context():
            templates = templates_of(app)
            with second_connection(
                sa.make_url(url).set(database=old).render_as_string(False)
            ):
                assert old not in templates.leftovers()
            found = templates.leftovers()
            assert old in found
            assert young not in found
            templates.drop_leftover(old)
            assert old not in templates.leftovers()
    finally:
        with engine.connect() as connection:
            for name in (old, young):
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")


def test_stale_templates() -> None:
    now = 10 * UNUSED
    fresh = [Template(f"k{n}", "mine", f"n{n}", now - n) for n in range(KEPT + 2)]
    other = Template("k", "other", "n", now - 5)
    old = Template("k", "other", "n", now - UNUSED - 1)
    assert stale([*fresh, other, old], "mine", now) == [*fresh[KEPT:], old]


def test_the_age_is_in_the_name() -> None:
    name = scratch_name()
    assert abs(age_of(name, time.time()) or 0) < 60
    assert age_of("shop", 0) is None
    assert age_of(f"{PREFIX}shop", 0) is None


def test_a_stale_file_is_removed(tmp_path: Path) -> None:
    app = make_app(tmp_path, models=no_models)
    folder = migrations_of(app)
    for number in range(1, KEPT + 4):
        write_table_revision(
            folder, f"r{number}", f"r{number - 1}" if number > 1 else None
        )
        assert prove(app, f"r{number}").ok
    assert len(keys(app)) <= KEPT
