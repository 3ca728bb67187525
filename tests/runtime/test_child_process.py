"""A child process that a revision forks never works in the place of its parent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    tables,
    version_rows,
    write_chain,
    write_revision,
)
from processes import start, wait

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork() here")

TABLE = "op.create_table('t_b', sa.Column('id', sa.Integer, primary_key=True))"
BODIES = {
    "returns": ["child = os.fork()", "if not child: return"],
    "exits": ["child = os.fork()", "if not child: sys.exit(0)"],
    "raises": ["child = os.fork()", "if not child: raise ValueError('in the child')"],
    "uses the connection": [
        "child = os.fork()",
        "if not child: op.execute('DROP TABLE t_a')",
    ],
    "interrupts": ["child = os.fork()", "if not child: raise KeyboardInterrupt"],
}
STATUS = {"exits": 0}
SAYS = {
    "returns": "A child process of a revision has returned into the run",
    "raises": "ValueError: in the child",
    "uses the connection": "a child process has used the connection of the run",
}


@pytest.mark.parametrize("body", BODIES)
def test_the_child_is_ended(body: str, tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url, models=no_models)
    write_chain(migrations_of(app), "a")
    status = tmp_path / "status"
    lines = [
        "import os, pathlib, sys",
        *BODIES[body],
        "_, ended = os.waitpid(child, 0)",
        f"pathlib.Path({str(status)!r}).write_text(str(os.WEXITSTATUS(ended)))",
        TABLE,
    ]
    write_revision(migrations_of(app), "b", "a", lines)
    log = tmp_path / "log"

    def upgrade() -> None:
        with app.app_context():
            result = extension_of(app).upgrade()
        print([done.step.revision for done in result.applied], flush=True)

    # In a process of its own: a child of the test would go on testing.
    code = wait(start(upgrade, log))
    assert code == 0, log.read_text()
    said = log.read_text()
    assert said.count("['a', 'b']") == 1
    assert SAYS.get(body, "") in said
    assert status.read_text() == str(STATUS.get(body, 70))
    assert version_rows(database_url) == {"b"}
    assert tables(database_url) == {"t_a", "t_b"}


def test_a_process_that_ends_itself_is_none_of_ours(
    tmp_path: Path, database_url: str
) -> None:
    app = make_app(tmp_path, database_url, models=no_models)
    lines = [
        "import os",
        "child = os.fork()",
        "if not child: os._exit(7)",
        "assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 7",
        TABLE,
    ]
    write_revision(migrations_of(app), "b", None, lines)
    log = tmp_path / "log"

    def upgrade() -> None:
        with app.app_context():
            extension_of(app).upgrade()

    assert wait(start(upgrade, log)) == 0, log.read_text()
    assert tables(database_url) == {"t_b"}
