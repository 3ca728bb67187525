"""The hook ``revision_arguments``: what revisions are called with, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import (
    make_app,
    migrations_of,
    no_models,
    run_db,
    url_of,
    version_rows,
    write_revision,
)
from plugging import Implementing


def test_hook_revision_arguments(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"revision_arguments": {"row": 2}}
    plugin = Implementing(revision_arguments=lambda app: {"name": app.name})
    app = make_app(
        tmp_path, models=no_models, ALEMBIC=settings, extension={"plugins": [plugin]}
    )
    line = f"assert arguments == {{'row': 2, 'name': {app.name!r}}}"
    write_revision(migrations_of(app), "a1", None, line, line)
    for words in (["show", "a1", "--sql"], ["prove", "a1"], ["upgrade"]):
        result = run_db(app, *words)
        assert result.exit_code == 0, (words, result.output)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"row": 3}, "both give revisions the argument 'row'"),
        (["row"], "gave ['row'] to revision_arguments"),
        ({"a b": 1}, "gave {'a b': 1} to revision_arguments"),
    ],
)
def test_hook_revision_arguments_that_is_refused(
    tmp_path: Path, given: object, says: str
) -> None:
    settings: dict[str, Any] = {"revision_arguments": {"row": 2}}
    plugin = Implementing(revision_arguments=lambda: given)
    app = make_app(
        tmp_path, models=no_models, ALEMBIC=settings, extension={"plugins": [plugin]}
    )
    write_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert says in result.stderr
    assert version_rows(url_of(app)) == set()
