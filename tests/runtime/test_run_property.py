"""A run that is killed, cut off or interrupted at a random moment says the truth.

Each round makes up a history, a way to stop and a moment; the run happens in a process of
its own, which writes down every event and its report. What it has said is then compared
with what another connection sees. The seed is part of every message.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
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
    tables,
    version_rows,
    write_revision,
)
from plugging import Implementing
from processes import start, wait
from sample import rounds

from flask_alembic.hooks import Report, Run, RunResult, Step
from flask_alembic.plugins.json_format import as_json

ROUNDS = max(4, rounds(40))

SIGNALS = {
    "kill": signal.SIGKILL,
    "terminate": signal.SIGTERM,
    "interrupt": signal.SIGINT,
}

CUTS = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mariadb": "SELECT id FROM information_schema.processlist "
    "WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}

SHAPES: dict[str, Callable[[str], list[str]]] = {
    "tables": lambda name: [
        f"op.create_table('t_{name}_1', sa.Column('id', sa.Integer))",
        f"op.create_table('t_{name}_2', sa.Column('id', sa.Integer))",
    ],
    "slow": lambda name: [
        f"op.create_table('t_{name}_1', sa.Column('id', sa.Integer))",
        "import time; time.sleep(0.01)",
        f"op.create_table('t_{name}_2', sa.Column('id', sa.Integer))",
    ],
    "block": lambda name: [
        f"op.create_table('t_{name}_1', sa.Column('id', sa.Integer))",
        "with op.get_context().autocommit_block():",
        f"    op.create_table('t_{name}_2', sa.Column('id', sa.Integer))",
    ],
    "fails": lambda name: [
        f"op.create_table('t_{name}_1', sa.Column('id', sa.Integer))",
        "op.execute('SELCT 1')",
        f"op.create_table('t_{name}_2', sa.Column('id', sa.Integer))",
    ],
    "commits": lambda name: [
        f"op.create_table('t_{name}_1', sa.Column('id', sa.Integer))",
        "cursor = op.get_bind().connection.cursor()",
        "cursor.execute('COMMIT')",
        "cursor.execute('BEGIN')",
        f"op.create_table('t_{name}_2', sa.Column('id', sa.Integer))",
    ],
}
WEIGHTS = {"tables": 6, "slow": 6, "block": 2, "fails": 1, "commits": 1}


class Witness:
    """Writes each event to a file at once, so that a killed process has told too."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, **event: Any) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(event) + "\n")
            file.flush()

    def plugin(self) -> Implementing:
        def revision_applied(step: Step) -> None:
            self.write(event="revision_applied", revision=step.revision)

        def revision_failed(step: Step) -> None:
            self.write(event="revision_failed", revision=step.revision)

        def run_failed(run: Run, result: RunResult, error: BaseException) -> None:
            applied = [done.step.revision for done in result.applied]
            self.write(event="run_failed", applied=applied, text=str(error))

        def after_upgrade(run: Run, result: RunResult) -> None:
            applied = [done.step.revision for done in result.applied]
            self.write(event="after_upgrade", applied=applied)

        def after_command(report: Report) -> None:
            self.write(event="after_command", document=as_json(report))

        return Implementing(
            revision_applied=revision_applied,
            revision_failed=revision_failed,
            run_failed=run_failed,
            after_upgrade=after_upgrade,
            after_command=after_command,
        )

    def events(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def cut(url: str, kind: str) -> None:
    """End the sessions of the run, as an administrator would."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            found = connection.execute(sa.text(CUTS[kind])).scalars().all()
            for id_ in found if kind == "mariadb" else ():
                try:
                    connection.execute(sa.text(f"KILL {id_}"))
                except sa.exc.DBAPIError:
                    continue  # it has just ended
    finally:
        engine.dispose()


def names(steps: list[dict[str, Any]]) -> set[str]:
    return {step["revision"] for step in steps}


def compare(url: str, events: list[dict[str, Any]], kind: str, seed: str) -> None:
    """Compare each word that was said with what another connection sees."""
    there, rows = tables(url), version_rows(url)
    at = max((int(row[1:]) for row in rows), default=0)
    durable = {f"r{number}" for number in range(1, at + 1)}

    def both(name: str) -> set[str]:
        return {f"t_{name}_1", f"t_{name}_2"}

    told = [each["revision"] for each in events if each["event"] == "revision_applied"]
    assert len(told) == len(set(told)), seed
    assert set(told) <= durable, seed
    for name in told:
        assert both(name) <= there, seed
    kinds = [each["event"] for each in events]
    assert kinds.count("run_failed") + kinds.count("after_upgrade") <= 2, seed
    assert kinds.count("run_failed") <= 1, seed
    if "after_command" not in kinds:
        return  # the process was killed: what it had told is compared, and no more
    document = json.loads(events[-1]["document"])
    assert kinds[-1] == "after_command", seed
    assert ("run_failed" in kinds) == (not document["ok"]), seed
    result = document["result"]
    if result is None:
        assert not told, seed
        assert not durable, seed
        return
    applied = names(result["applied"])
    failure = result["failure"]
    not_known = names(failure["not_known"]) if failure else set()
    assert applied <= durable, seed
    assert durable <= applied | not_known, seed
    assert set(told) <= applied, seed
    if not not_known:
        assert set(result["heads_after"]["default"]) == rows, seed
    absent = names(result["not_started"])
    if failure is None:
        assert document["ok"], seed
        return
    absent |= names(failure["rolled_back"])
    for name in absent:
        assert not both(name) & there, seed
    step = failure["step"]
    if step is None:
        return
    assert step["revision"] not in applied, seed
    said = [*failure["in_effect"], *failure["uncertain"]]
    for table in both(step["revision"]):
        is_said = any(f"TABLE {table} " in sql for sql in said)
        if table in there:
            assert is_said or not_known, (seed, table)
        elif not failure["uncertain"] and not not_known:
            assert not is_said, (seed, table)
    text = document["error"]["message"]
    if failure["version_table_right"] and not not_known:
        assert "Version table: correct" in text, seed


@pytest.mark.parametrize("number", range(ROUNDS))
def test_what_is_said_is_so(number: int, tmp_path: Path, database_url: str) -> None:
    kind = sa.make_url(database_url).get_backend_name().replace("mysql", "mariadb")
    rng = random.Random(f"{kind} {number}")
    count = rng.randint(2, 6)
    shapes = [rng.choices([*WEIGHTS], [*WEIGHTS.values()])[0] for _ in range(count)]
    ways = ["interrupt", "terminate", "kill"]
    ways += [] if kind == "sqlite" else ["cut", "cut"]
    way = rng.choice(ways)
    each = rng.random() < 0.5
    moment = rng.random() * 0.25
    seed = f"{kind} {number}: {way} after {moment:.3f} s, each={each}, {shapes}"
    witness = Witness(tmp_path / "events")
    app = make_app(
        tmp_path,
        database_url,
        models=no_models,
        extension={"plugins": [witness.plugin()]},
        ALEMBIC_CONTEXT={"transaction_per_migration": each},
    )
    for place, shape in enumerate(shapes, 1):
        down = f"r{place - 1}" if place > 1 else None
        write_revision(
            migrations_of(app), f"r{place}", down, SHAPES[shape](f"r{place}")
        )
    begun = tmp_path / "begun"

    def upgrade() -> None:
        with app.app_context():
            extension = extension_of(app)
            extension.script  # noqa: B018 -- the imports are no part of the moment
            begun.touch()
            extension.upgrade()

    pid = start(upgrade, tmp_path / "log")
    while not begun.exists():
        time.sleep(0.001)
    time.sleep(moment)
    if way == "cut":
        cutter = threading.Thread(target=cut, args=(database_url, kind))
        cutter.start()
        cutter.join()
    else:
        try:
            os.kill(pid, SIGNALS[way])
        except ProcessLookupError:
            pass
    code = wait(pid)
    log = (tmp_path / "log").read_text()
    assert code in {0, 3, 130, 98, -9, -15, -2}, f"{seed}\n{log}"
    settle(database_url, kind)
    compare(database_url, witness.events(), kind, f"{seed}\n{log}")


def settle(url: str, kind: str) -> None:
    """Wait until the server has noticed that the process is gone."""
    if kind == "sqlite":
        return
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with second_connection(url) as connection:
            query = {
                "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE "
                "datname = current_database() AND pid <> pg_backend_pid()",
                "mariadb": "SELECT count(*) FROM information_schema.processlist "
                "WHERE db = DATABASE() AND id <> CONNECTION_ID()",
            }[kind]
            if not connection.scalar(sa.text(query)):
                return
        time.sleep(0.01)
