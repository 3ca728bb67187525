"""Runs on an app that enforces foreign keys are one transaction, copies included."""

from __future__ import annotations

import sys
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
    url_of,
    version_rows,
    write_revision,
)
from flask import Flask

from flask_alembic import AlembicError

COPY = [
    "with op.batch_alter_table('parent') as batch:",
    "    batch.alter_column('name', type_=sa.String(30))",
]
FAMILY = [
    "op.execute('CREATE TABLE stock (n INTEGER)')",
    "op.execute('CREATE TABLE parent (id INTEGER PRIMARY KEY, name VARCHAR(10))')",
    "op.execute('CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER "
    "REFERENCES parent (id) ON DELETE CASCADE)')",
    "op.execute('INSERT INTO stock VALUES (100)')",
    "op.execute(\"INSERT INTO parent VALUES (1, 'a'), (2, 'b')\")",
    "op.execute('INSERT INTO child VALUES (1, 1), (2, 2)')",
]


def enforcing(folder: Path, **config: Any) -> Flask:
    """Make an app whose connections enforce foreign keys."""
    app = make_app(folder, models=no_models, **config)
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine

        @sa.event.listens_for(engine, "connect")
        def connect(driver: Any, record: object) -> None:
            driver.execute("PRAGMA foreign_keys = ON")

    return app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = enforcing(tmp_path)
    with app.app_context():
        write_revision(migrations_of(app), "a1", upgrade=FAMILY)
        extension_of(app).upgrade()
        yield app


def rows(app: Flask, query: str) -> list[tuple[Any, ...]]:
    with second_connection(url_of(app)) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_a_failure_after_a_copy_leaves_everything_as_it_was(app: Flask) -> None:
    write_revision(
        migrations_of(app),
        "b2",
        "a1",
        [
            "op.execute('UPDATE stock SET n = n + 1')",
            *COPY,
            "op.execute('INSERT INTO later VALUES (1)')",
        ],
    )
    with pytest.raises(AlembicError, match="no such table: later") as caught:
        extension_of(app).upgrade()
    assert "Committed before: nothing" in str(caught.value)
    assert "Rolled back: b2" in str(caught.value)
    assert rows(app, "SELECT n FROM stock") == [(100,)]
    assert version_rows(url_of(app)) == {"a1"}
    with second_connection(url_of(app)) as connection:
        connection.exec_driver_sql("CREATE TABLE later (n INTEGER)")
        connection.commit()
    extension_of(app).upgrade()
    assert rows(app, "SELECT n FROM stock") == [(101,)]
    assert rows(app, "SELECT id, parent_id FROM child") == [(1, 1), (2, 2)]
    assert version_rows(url_of(app)) == {"b2"}


def test_the_revisions_before_a_copy_roll_back_with_it(app: Flask) -> None:
    write_revision(
        migrations_of(app), "b2", "a1", "op.execute('UPDATE stock SET n = n + 1')"
    )
    write_revision(
        migrations_of(app), "c3", "b2", [*COPY, "raise RuntimeError('later')"]
    )
    with pytest.raises(AlembicError, match="later"):
        extension_of(app).upgrade()
    assert rows(app, "SELECT n FROM stock") == [(100,)]
    assert version_rows(url_of(app)) == {"a1"}


@pytest.mark.parametrize("dry", [False, True], ids=["run", "dry run"])
def test_a_copy_that_the_file_does_not_show(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dry: bool
) -> None:
    helper = tmp_path / "copying_helper.py"
    helper.write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n\n"
        "def widen(table):\n"
        "    with op.batch_alter_table(table) as batch:\n"
        "        batch.alter_column('name', type_=sa.String(30))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "copying_helper", raising=False)
    write_revision(
        migrations_of(app),
        "b2",
        "a1",
        [
            "from copying_helper import widen",
            "op.execute('UPDATE stock SET n = n + 1')",
            "widen('parent')",
        ],
    )
    extension_of(app).upgrade(mode="dry-run" if dry else "online")
    assert rows(app, "SELECT n FROM stock") == [(100 if dry else 101,)]
    assert rows(app, "SELECT id, parent_id FROM child") == [(1, 1), (2, 2)]
    assert version_rows(url_of(app)) == {"a1" if dry else "b2"}


def test_rows_that_refer_to_nothing_fail_the_revision(app: Flask) -> None:
    """With foreign keys off, ON DELETE CASCADE does nothing."""
    write_revision(
        migrations_of(app),
        "b2",
        "a1",
        [*COPY, "op.execute('DELETE FROM parent WHERE id = 2')"],
    )
    with pytest.raises(AlembicError) as caught:
        extension_of(app).upgrade()
    text = str(caught.value)
    assert "1 row of 'child' (rowid 2) refers to rows of 'parent'" in text
    assert "transaction_per_migration" in text
    assert "Rolled back: b2" in text
    assert rows(app, "SELECT id FROM parent") == [(1,), (2,)]
    assert version_rows(url_of(app)) == {"a1"}


def test_rows_that_referred_to_nothing_before_are_left_alone(app: Flask) -> None:
    with second_connection(url_of(app)) as connection:
        connection.exec_driver_sql("INSERT INTO child VALUES (9, 9)")
        connection.commit()
    write_revision(
        migrations_of(app),
        "b2",
        "a1",
        [*COPY, "op.rename_table('child', 'kid')", *COPY],
    )
    extension_of(app).upgrade()
    assert rows(app, "SELECT id, parent_id FROM kid") == [(1, 1), (2, 2), (9, 9)]
    assert version_rows(url_of(app)) == {"b2"}


def test_without_a_copy_foreign_keys_are_enforced(app: Flask) -> None:
    write_revision(
        migrations_of(app), "b2", "a1", "op.execute('DELETE FROM parent WHERE id = 2')"
    )
    extension_of(app).upgrade()
    assert rows(app, "SELECT id FROM child") == [(1,)]


def test_with_a_transaction_each_the_other_revisions_enforce_them(
    app: Flask, tmp_path: Path
) -> None:
    options = {"transaction_per_migration": True}
    other = enforcing(tmp_path, ALEMBIC_CONTEXT=options)
    write_revision(
        migrations_of(app), "b2", "a1", "op.execute('DELETE FROM parent WHERE id = 2')"
    )
    write_revision(migrations_of(app), "c3", "b2", COPY)
    with other.app_context():
        extension_of(other).upgrade()
    assert rows(app, "SELECT id FROM child") == [(1,)]
    assert version_rows(url_of(app)) == {"c3"}


def test_a_copy_in_an_attached_database_keeps_its_children(
    app: Flask, tmp_path: Path
) -> None:
    engine = app.extensions["sqlalchemy"].engine

    @sa.event.listens_for(engine, "connect")
    def connect(driver: Any, record: object) -> None:
        driver.execute(f"ATTACH '{tmp_path / 'aux.db'}' AS aux")

    with engine.connect() as connection:
        for sql in (
            "CREATE TABLE aux.owner (id INTEGER PRIMARY KEY, name VARCHAR(10))",
            "CREATE TABLE aux.pet (id INTEGER PRIMARY KEY, owner_id INTEGER "
            "REFERENCES owner (id) ON DELETE CASCADE)",
            "INSERT INTO aux.owner VALUES (1, 'a')",
            "INSERT INTO aux.pet VALUES (1, 1)",
        ):
            connection.exec_driver_sql(sql)
        connection.commit()
    write_revision(
        migrations_of(app),
        "b2",
        "a1",
        [
            "batch_ = getattr(op, 'batch_' + 'alter_table')",
            "with batch_('owner', schema='aux') as batch:",
            "    batch.alter_column('name', type_=sa.String(30))",
        ],
    )
    extension_of(app).upgrade()
    with second_connection(f"sqlite:///{tmp_path / 'aux.db'}") as connection:
        found = connection.exec_driver_sql("SELECT id, owner_id FROM pet").all()
    assert [tuple(row) for row in found] == [(1, 1)]
