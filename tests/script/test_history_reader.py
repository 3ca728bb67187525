"""Commands see the same history through the index and through Alembic's map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.script import Script
from histories import Files, written
from history_strategies import healthy
from hypothesis import HealthCheck, given, settings
from projects import dispose, make_app, write_chain, write_revision
from sample import examples

from flask_alembic.runtime.environment import history_reader, is_empty
from flask_alembic.runtime.planner import pending
from flask_alembic.script.graph import NeedsMap, RevisionGraph
from flask_alembic.script.index import RevisionIndex
from flask_alembic.script.irreversible_mark import irreversible
from flask_alembic.script.loader import AppScriptDirectory
from flask_alembic.script.view import AlembicHistory, IndexedHistory, IndexedScript

PROPERTY = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=examples(60),
    suppress_health_check=list(HealthCheck),
)


def described(script: Any) -> tuple[Any, ...]:
    """All that a revision tells without its module."""
    return (
        script.revision,
        script.down_revision,
        script.dependencies,
        frozenset(script.branch_labels),
        script.doc,
        script.longdoc,
        irreversible(script),
        Path(script.path).name,
        script.is_head,
        script.is_base,
        script.is_branch_point,
        script.is_merge_point,
        script.nextrev,
        script._all_nextrev,
    )


def views(files: Files, root: Path) -> tuple[IndexedHistory, AlembicHistory] | None:
    locations = [str(root / path) for path in files.locations]
    index = RevisionIndex(locations, recursive=files.recursive)
    try:
        graph = RevisionGraph(index.scan())
    except NeedsMap:
        return None
    scripts = AppScriptDirectory(
        str(root),
        version_locations=locations,
        recursive_version_locations=files.recursive,
    )
    return IndexedHistory(index, graph), AlembicHistory(scripts)


@PROPERTY
@given(files=healthy())
def test_both_answer_alike(files: Files) -> None:
    with written(files) as root:
        found = views(files, root)
        if found is None:
            return
        quick, slow = found
        ids = [file.revision for file in files.files]
        assert all(id_ in quick and id_ in slow for id_ in ids)
        assert "nothing" not in quick
        assert quick.real_heads() == slow.real_heads()
        for resolve in (False, True):
            assert [described(one) for one in quick.heads(resolve)] == [
                described(one) for one in slow.heads(resolve)
            ]
        assert [described(one) for one in quick.branch_points()] == [
            described(one) for one in slow.branch_points()
        ]
        for id_ in ids:
            assert [one.revision for one in quick.current([id_])] == [
                one.revision for one in slow.current([id_])
            ]
            assert set(quick.labels(id_)) == set(slow.labels(id_))
        for at in ((), *((id_,) for id_ in ids), tuple(quick.real_heads())):
            ahead = quick.pending(at)
            if ahead is not None:
                heads = tuple(slow.real_heads())
                assert ahead == pending(slow.scripts, at, heads)


def no_map() -> None:
    raise AssertionError("the map was built")


@pytest.fixture
def project(sqlite_url: str, tmp_path: Path):
    folder = tmp_path / "migrations"
    write_chain(folder, 4)
    app, alembic = make_app(sqlite_url, folder)
    with app.app_context():
        yield alembic, alembic.environment_for(app), folder
    dispose(app)


def test_a_line_is_walked_without_a_map(project, monkeypatch) -> None:
    alembic, environment, _ = project
    monkeypatch.setattr(environment, "scripts", no_map)
    assert isinstance(history_reader(environment), IndexedHistory)
    assert [one.revision for one in alembic.log()] == ["r001", "r002", "r003", "r004"]
    assert [one.revision for one in alembic.log("r002", "r003")] == ["r002", "r003"]
    assert [one.revision for one in alembic.show(["head", "r001"])] == ["r004", "r001"]
    assert [one.revision for one in alembic.heads()] == ["r004"]
    assert alembic.current() == []
    assert alembic.branches() == []
    assert alembic.needs_upgrade()


def test_an_upgrade_at_head_needs_no_map(project, monkeypatch) -> None:
    alembic, environment, _ = project
    alembic.upgrade()
    monkeypatch.setattr(environment, "scripts", no_map)
    assert alembic.upgrade().applied == ()


def test_status_of_a_line_needs_no_map(project, monkeypatch) -> None:
    alembic, environment, _ = project
    alembic.upgrade("r002")
    monkeypatch.setattr(environment, "scripts", no_map)
    (found,) = alembic.status()
    assert (found.state, found.pending) == ("behind", ("r003", "r004"))
    assert (found.current, found.heads) == (("r002",), ("r004",))


def test_an_empty_folder_is_told_apart(project) -> None:
    _, environment, folder = project
    assert is_empty(environment) is None
    for path in folder.glob("*.py"):
        path.unlink()
    assert is_empty(environment) == folder


def test_a_computed_id_takes_the_map(project) -> None:
    alembic, environment, folder = project
    path = write_revision(folder, "r005", "r004")
    path.write_text(path.read_text().replace("'r005'", "'r00' + str(5)"))
    assert isinstance(history_reader(environment), AlembicHistory)
    assert [one.revision for one in alembic.heads()] == ["r005"]


def test_a_shown_revision_can_be_executed(project) -> None:
    alembic, _, _ = project
    (script,) = alembic.show("r002")
    assert callable(script.module.upgrade)


def test_new_files_are_seen(project) -> None:
    alembic, _, folder = project
    alembic.heads()
    write_revision(folder, "r005", "r004")
    assert [one.revision for one in alembic.heads()] == ["r005"]
    (folder / "r005.py").unlink()
    assert [one.revision for one in alembic.heads()] == ["r004"]


def test_a_light_revision_passes_for_alembics(project) -> None:
    alembic, environment, folder = project
    path = write_revision(folder, "r005", "r003")
    path.write_text(path.read_text().replace("labels = None", "labels = 'side'"))
    real = environment.scripts().get_revision("r005")
    (light,) = alembic.show("r005")
    assert type(light) is IndexedScript
    assert isinstance(light, Script)
    assert light.__class__ is type(real)
    assert described(light) == described(real)
    assert (repr(light), str(light)) == (repr(real), str(real))
    assert light.log_entry == real.log_entry
    assert light.cmd_format(False, True, True) == real.cmd_format(False, True, True)
    public = {name for name in dir(real) if name[0] != "_"}
    assert public <= set(dir(light))
    assert light.module is light.module
    assert light.module.revision == "r005"
    light._db_current_indicator = True
    assert "(current)" in light.log_entry
    with pytest.raises(AttributeError, match="is_head"):
        light.is_head = True
    with pytest.raises(AttributeError, match="nothing"):
        light.nothing  # noqa: B018
    assert {light: 1}[light] == 1
    assert light == light
    assert light != real
    assert [one.revision for one in alembic.log(end=light)][-1] == "r005"
