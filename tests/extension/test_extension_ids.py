"""Revision ids: Alembic's own, assigned, overridden."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    write_revision,
)
from flask import Flask

from flask_alembic import Alembic
from flask_alembic.errors import (
    InvalidRevisionId,
)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path)


def test_rev_id_is_alembics_by_default(app: Flask) -> None:
    with app.app_context():
        (script,) = extension_of(app).revision("x", empty=True)
    assert len(script.revision) == 12
    assert int(script.revision, 16)


def test_rev_id_may_be_assigned(app: Flask) -> None:
    alembic = extension_of(app)
    before = datetime.utcnow().timestamp()
    alembic.rev_id = lambda: datetime.utcnow().timestamp()  # type: ignore[method-assign,assignment,return-value]
    with app.app_context():
        (first,) = alembic.revision("one", empty=True)
        (second,) = alembic.revision("two", empty=True)
        alembic.upgrade()
        assert [script.revision for script in alembic.current()] == [second.revision]
    assert before <= float(first.revision) <= float(second.revision)


def test_rev_id_may_be_a_static_method_that_was_assigned(app: Flask) -> None:
    def numbered() -> int:
        return 7

    extension_of(app).rev_id = numbered  # type: ignore[method-assign,assignment]
    with app.app_context():
        (script,) = extension_of(app).revision("x", empty=True)
    assert script.revision == "7"


def test_rev_id_may_be_overridden(tmp_path: Path) -> None:
    class Numbered(Alembic):
        def rev_id(self) -> str:
            return f"{len(self.script.get_revisions('heads')) + 1:04}"

    app = make_app(tmp_path, extension=None)
    alembic = Numbered(app)
    with app.app_context():
        (first,) = alembic.revision("x", empty=True)
        merged = alembic.revision("y", empty=True)
    assert [first.revision, merged[0].revision] == ["0001", "0002"]


def test_rev_id_is_asked_for_merges_too(app: Flask) -> None:
    write_revision(migrations_of(app), "a1")
    write_revision(migrations_of(app), "b1")
    extension_of(app).rev_id = lambda: "joined"  # type: ignore[method-assign]
    with app.app_context():
        script = extension_of(app).merge()
    assert script is not None
    assert script.revision == "joined"


def test_rev_id_is_checked(app: Flask) -> None:
    extension_of(app).rev_id = lambda: "../../etc"  # type: ignore[method-assign]
    with app.app_context(), pytest.raises(InvalidRevisionId):
        extension_of(app).revision("x", empty=True)
