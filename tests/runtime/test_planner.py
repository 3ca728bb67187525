"""Steps as plugins see them, and files that cannot be loaded for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    url_of,
    version_rows,
    write_chain,
    write_revision,
)
from flask import Flask

from flask_alembic.errors import MigrationFailed, UsageError
from flask_alembic.hooks import Run, RunResult, hookimpl
from flask_alembic.hooks.signals import before_stamp


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


def test_a_stamp_of_base_is_a_step_to_base(app: Flask) -> None:
    write_chain(migrations_of(app), "a1", "a2")
    runs: list[Run] = []

    def keep(app: Flask, run: Run, **extra: Any) -> None:
        runs.append(run)

    with app.app_context():
        extension_of(app).upgrade()
        with before_stamp.connected_to(keep, sender=app):
            extension_of(app).stamp("base")
    (step,) = runs[0].plan
    assert (step.revision, step.direction) == ("base", "stamp")
    assert (step.down_revisions, step.doc, step.path) == (("a2",), "", None)
    assert version_rows(url_of(app)) == set()


def test_an_interrupt_while_a_file_is_loaded_is_an_interrupt(app: Flask) -> None:
    path = write_revision(migrations_of(app), "a1", None, ["pass"])
    text = path.read_text("utf-8")
    path.write_text(f"{text}\n\nraise KeyboardInterrupt\n", "utf-8")
    result = run_db(app, "upgrade")
    assert result.exit_code == 130
    assert "a1" not in result.stderr
    path.write_text(text, "utf-8")
    assert run_db(app, "upgrade").exit_code == 0


class Swallowing:
    """Returns something else than what the work raised."""

    @hookimpl(wrapper=True)
    def run_migrations(self, run: Run) -> Any:
        try:
            return (yield)
        except MigrationFailed:
            return RunResult(run)


def test_a_failure_that_a_wrapper_swallows_is_the_failure(tmp_path: Path) -> None:
    app = make_app(tmp_path, extension={"plugins": [Swallowing()]})
    write_revision(migrations_of(app), "a1", None, ["raise ValueError('broken')"])
    with app.app_context(), pytest.raises(MigrationFailed, match="broken") as caught:
        extension_of(app).upgrade()
    assert caught.value.result.failure.step.revision == "a1"


def test_steps_back_from_several_heads_are_ambiguous(app: Flask) -> None:
    write_chain(migrations_of(app), "a1", "a2")
    write_revision(migrations_of(app), "b2", "a1", ["pass"])
    with app.app_context():
        extension_of(app).upgrade()
        with pytest.raises(UsageError, match="-1 is ambiguous"):
            extension_of(app).downgrade("-1")
        assert version_rows(url_of(app)) == {"a2", "b2"}
        extension_of(app).downgrade("base")
    assert version_rows(url_of(app)) == set()
