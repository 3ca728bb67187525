"""When revision files are executed, and how changes to them are seen."""

from __future__ import annotations

import io
import os
import shutil
import sys
from contextlib import redirect_stdout
from pathlib import Path

import alembic
import pytest
from alembic.script import Script
from alembic.util import CommandError
from histories import File, Files, write
from history_answers import directory

from flask_alembic.script.index import RevisionIndex
from flask_alembic.script.loader import IndexedScriptDirectory, LazyScript

PAIR = (File("a1a1"), File("b1b1", ("a1a1",)))


@pytest.fixture(autouse=True)
def _write_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is kept where and when compiled files are."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def executed(root: Path) -> list[str]:
    """Return the names of the scripts that left a mark when they were executed."""
    return sorted(path.name for path in root.glob("*.mark"))


def marked(file: File, root: Path) -> None:
    mark = (
        f"\nimport pathlib\npathlib.Path({str(root)!r}, '{file.revision}.mark').touch()"
    )
    write(root / file.path, file.source + mark)


def test_a_file_is_executed_when_its_module_is_asked_for(tmp_path: Path) -> None:
    for file in (*PAIR, File("c1c1", ("b1b1",))):
        marked(file, tmp_path)
    history = IndexedScriptDirectory(str(tmp_path))
    for script in history.walk_revisions():
        assert isinstance(script, LazyScript)
        assert script.doc == "first line"
        assert script.cmd_format(True)
    assert [script.revision for script in history.get_all_current(("b1b1",))] == [
        "b1b1"
    ]
    assert executed(tmp_path) == []
    (step,) = history._upgrade_revs("b1b1", "a1a1")
    assert step.migration_fn.__name__ == "upgrade"
    assert executed(tmp_path) == ["b1b1.mark"]
    (tmp_path / "b1b1.mark").unlink()
    assert history.get_revision("b1b1").module.revision == "b1b1"
    assert executed(tmp_path) == []


def test_a_broken_file_matters_when_it_runs(tmp_path: Path) -> None:
    Files(PAIR).write(tmp_path)
    broken_file = tmp_path / PAIR[1].path
    write(broken_file, PAIR[1].source + "\nimport nothing_of_that_name\n")
    history = IndexedScriptDirectory(str(tmp_path))
    assert history.get_heads() == ["b1b1"]
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        history._upgrade_revs("heads", "a1a1")
    broken_file.unlink()
    # A compiled file in its place would do.
    shutil.rmtree(broken_file.parent / "__pycache__")
    with pytest.raises(ImportError, match="Can't find Python file"):
        history._upgrade_revs("heads", "a1a1")


def test_a_file_that_became_another_does_not_run(tmp_path: Path) -> None:
    """Even where its time and size tell nothing."""
    Files(PAIR).write(tmp_path)
    path = tmp_path / PAIR[1].path
    before = path.stat()
    assert IndexedScriptDirectory(str(tmp_path)).get_heads() == ["b1b1"]
    path.write_text(PAIR[1].source.replace("b1b1", "b2b2"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(CommandError, match=r"Run the command again\."):
        IndexedScriptDirectory(str(tmp_path))._upgrade_revs("heads", "a1a1")
    (step,) = IndexedScriptDirectory(str(tmp_path))._upgrade_revs("heads", "a1a1")
    assert step.revision.revision == "b2b2"


# -- a long life ------------------------------------------------------------------


def test_a_refresh_sees_what_happened_to_the_files(tmp_path: Path) -> None:
    files = Files(PAIR)
    files.write(tmp_path)
    history = directory(IndexedScriptDirectory, tmp_path, files)
    assert isinstance(history, IndexedScriptDirectory)
    assert not history.refresh()
    assert history.get_heads() == ["b1b1"]
    assert not history.refresh()

    new = tmp_path / "versions/c1c1.py"
    write(new, File("c1c1", ("b1b1",)).source)
    assert history.get_heads() == ["b1b1"]
    assert history.refresh()
    assert history.get_heads() == ["c1c1"]
    assert not history.refresh()

    write(new, File("d1d1", ("b1b1",)).source, age=60)
    assert history.refresh()
    assert history.get_heads() == ["d1d1"]

    new.unlink()
    assert history.refresh()
    assert history.get_heads() == ["b1b1"]


def test_a_refresh_forgets_modules(tmp_path: Path) -> None:
    Files(PAIR).write(tmp_path)
    history = IndexedScriptDirectory(str(tmp_path))
    assert not hasattr(history.get_revision("b1b1").module, "changed")
    write(tmp_path / PAIR[1].path, PAIR[1].source + "\nchanged = True\n", age=60)
    assert history.refresh()
    assert history.get_revision("b1b1").module.changed


def test_a_refresh_brings_a_broken_history_back(tmp_path: Path) -> None:
    Files(PAIR).write(tmp_path)
    history = IndexedScriptDirectory(str(tmp_path))
    assert history.get_heads() == ["b1b1"]
    write(tmp_path / "versions/c1c1.py", File("c1c1", form="syntax").source)
    assert history.refresh()
    for _ in range(2):
        with pytest.raises(SyntaxError):
            history.get_heads()
        assert not history.refresh()
    write(tmp_path / "versions/c1c1.py", File("c1c1").source, age=60)
    assert history.get_heads() == ["b1b1", "c1c1"]


def test_a_written_revision_is_there_at_once_and_after_a_refresh(
    tmp_path: Path,
) -> None:
    Files(PAIR).write(tmp_path)
    template = Path(alembic.__file__).parent / "templates/generic/script.py.mako"
    shutil.copy(template, tmp_path)
    history = IndexedScriptDirectory(str(tmp_path))
    with redirect_stdout(io.StringIO()):
        script = history.generate_revision("c1c1", "a new one", branch_labels="main")
    assert isinstance(script, Script)
    assert history.get_heads() == ["c1c1"]
    assert history.refresh()
    found = history.get_revision("c1c1")
    assert found.down_revision == "b1b1"
    assert found.branch_labels == {"main"}
    assert found.doc == "a new one"
    assert history.get_revision("main@head").revision == "c1c1"


def test_an_index_may_be_shared(tmp_path: Path) -> None:
    Files(PAIR).write(tmp_path)
    index = RevisionIndex([tmp_path / "versions"])
    history = IndexedScriptDirectory(str(tmp_path))
    history.index = index
    assert history.index is index
    assert history.get_heads() == ["b1b1"]
    write(tmp_path / "versions/c1c1.py", File("c1c1", ("b1b1",)).source)
    index.scan()
    assert history.refresh()
    assert history.get_heads() == ["c1c1"]
