"""New revision files: written whole, checked first, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import dispose, make_app, write_chain

from flask_alembic.errors import AlembicError, TemplateError
from flask_alembic.script.loader import AppScriptDirectory


@pytest.fixture
def project(sqlite_url: str, tmp_path: Path):
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    app, alembic = make_app(sqlite_url, folder)
    with app.app_context():
        alembic.mkdir()
        yield app, alembic, folder
    dispose(app)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_alembic_writes_through_our_method(project, monkeypatch) -> None:
    """Alembic still renders a new revision through ``_generate_template``."""
    _, alembic, _ = project
    seen: list[Path] = []
    original = AppScriptDirectory._generate_template

    def spy(self, src, dest, **arguments):
        seen.append(Path(dest))
        return original(self, src, dest, **arguments)

    monkeypatch.setattr(AppScriptDirectory, "_generate_template", spy)
    (script,) = alembic.revision("new", empty=True)
    assert seen == [Path(script.path)]


def test_new_revision_is_known_at_once(project) -> None:
    _, alembic, _ = project
    (first,) = alembic.revision("first", empty=True)
    (second,) = alembic.revision("second", empty=True)
    assert second.down_revision == first.revision
    assert [script.revision for script in alembic.heads()] == [second.revision]


def test_template_that_does_not_compile(project) -> None:
    _, alembic, folder = project
    template = folder / "script.py.mako"
    template.write_text(template.read_text() + "\ndef broken(:\n")
    before = files(folder)
    with pytest.raises(TemplateError, match="would not compile"):
        alembic.revision("new", empty=True)
    assert files(folder) == before


def test_message_that_would_become_code(project) -> None:
    _, alembic, folder = project
    template = folder / "script.py.mako"
    template.write_text("# ${message}\n" + template.read_text())
    before = files(folder)
    with pytest.raises(TemplateError, match="would become code"):
        alembic.revision("one\nimport os", empty=True)
    assert files(folder) == before
    assert alembic.revision("one line", empty=True)


def test_write_hook_that_fails(sqlite_url: str, tmp_path: Path) -> None:
    """The file is whole or not there, whatever a formatter does."""
    folder = tmp_path / "migrations"
    write_chain(folder, 1)
    hook = {
        "hooks": "fail",
        "fail.type": "exec",
        "fail.executable": "no-such-formatter",
        "fail.options": "REVISION_SCRIPT_FILENAME",
    }
    app, alembic = make_app(sqlite_url, folder, ALEMBIC={"post_write_hooks": hook})
    with app.app_context():
        alembic.mkdir()
        before = files(folder)
        with pytest.raises(AlembicError):
            alembic.revision("new", empty=True)
        assert files(folder) == before
    dispose(app)


def test_nothing_temporary_stays(project) -> None:
    _, alembic, folder = project
    alembic.revision("new", empty=True)
    assert not [name for name in files(folder) if name.endswith(".tmp")]
