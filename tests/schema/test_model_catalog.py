"""The catalog of the models: made once, kept, and trusted no further than its key."""

from __future__ import annotations

import concurrent.futures
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from proving_cases import connection, context_of, kind, shop, source_of

from flask_alembic.schema import model_catalog as module
from flask_alembic.schema.model_catalog import ScratchSource
from flask_alembic.schema.unchanged_tables import Unchanged, compare_catalogs

pytestmark = pytest.mark.costly

__all__ = ["connection", "kind"]


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that another test has made is remembered; files may be written."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    module._memory.clear()
    yield
    module._memory.clear()


class Counted:
    """A source that counts how often it is used."""

    def __init__(self, connection: sa.Connection, path: Path | None) -> None:
        self.made = 0
        self.source = source_of(context_of(connection))
        self.path = str(path) if path is not None else None

    @contextmanager
    def scratch(self) -> Iterator[Any]:
        self.made += 1
        with self.source.scratch() as engine:
            yield engine

    def unchanged(self, connection: sa.Connection, *metadata: sa.MetaData) -> Unchanged:
        source = ScratchSource(self.source.backend, self.scratch, self.path)
        result = compare_catalogs(context_of(connection), metadata, source)
        connection.rollback()
        assert result.unchanged is not None, result.reason
        return result.unchanged


def test_it_is_kept_in_memory_and_in_a_file(
    connection: sa.Connection, tmp_path: Path
) -> None:
    shop(3).create_all(connection)
    connection.commit()
    counted = Counted(connection, tmp_path / "kept" / "catalog")
    for _ in range(2):
        assert len(counted.unchanged(connection, shop(3)).keys) == 3
        assert counted.made == 1
    module._memory.clear()
    assert len(counted.unchanged(connection, shop(3)).keys) == 3
    assert counted.made == 1
    # Other models are something else.
    assert len(counted.unchanged(connection, shop(4)).keys) == 3
    assert counted.made == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "nonsense",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("t1", "t9"),
        lambda text: "0" + text[1:] if text[0] != "0" else "1" + text[1:],
        lambda text: "\n".join(["[" * 100_000] * 4),
        lambda text: text + "\n",
    ],
)
@pytest.mark.one_database
def test_a_damaged_file_is_ignored(
    connection: sa.Connection, tmp_path: Path, damage: Any
) -> None:
    shop(3).create_all(connection)
    connection.commit()
    path = tmp_path / "catalog"
    counted = Counted(connection, path)
    counted.unchanged(connection, shop(3))
    kept = path.read_text("utf-8")
    path.write_text(damage(kept), "utf-8")
    module._memory.clear()
    assert len(counted.unchanged(connection, shop(3)).keys) == 3
    assert counted.made == 2
    assert path.read_text("utf-8").partition("\n")[0] == kept.partition("\n")[0]


@pytest.mark.one_database
def test_bytes_that_are_no_text(connection: sa.Connection, tmp_path: Path) -> None:
    path = tmp_path / "catalog"
    path.write_bytes(b"\xff\xfe\x00")
    counted = Counted(connection, path)
    counted.unchanged(connection, shop(1))
    assert counted.made == 1


@pytest.mark.one_database
def test_a_place_that_cannot_be_written(
    connection: sa.Connection, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    counted = Counted(connection, tmp_path / "file" / "catalog")
    shop(2).create_all(connection)
    connection.commit()
    assert len(counted.unchanged(connection, shop(2)).keys) == 2


@pytest.mark.one_database
def test_nothing_is_written_where_python_writes_no_bytecode(
    connection: sa.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    counted = Counted(connection, tmp_path / "kept" / "catalog")
    counted.unchanged(connection, shop(1))
    assert not (tmp_path / "kept").exists()


def test_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = str(tmp_path / "catalog")
    catalogs = [
        module.ModelCatalog({(None, "t"): str(number) * 4000}, "[]")
        for number in range(8)
    ]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            saved = list(pool.map(lambda each: module.save(path, "k", each), catalogs))
            assert all(saved)
            kept = module.load(path, "k")
            assert kept is not None
            assert kept.digests in [each.digests for each in catalogs]
    assert os.listdir(tmp_path) == ["catalog"]
    assert module.load(path, "another key") is None


@pytest.mark.one_database
def test_it_holds_nothing_of_the_url(connection: sa.Connection, tmp_path: Path) -> None:
    path = tmp_path / "catalog"
    Counted(connection, path).unchanged(connection, shop(1))
    url = connection.engine.url
    text = path.read_text("utf-8")
    for secret in (url.password, url.host, url.username, url.database):
        assert not secret or str(secret) not in text
    assert stat.S_ISREG(path.stat().st_mode)


def test_what_cannot_be_made_is_left_to_alembic(connection: sa.Connection) -> None:
    """A default that calls a function which only the live database has."""
    metadata = shop(2)
    sa.Table(
        "odd",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, sa.CheckConstraint("no_such_function(a) > 0")),
        sa.Column("t", sa.Integer, sa.ForeignKey("t0.id")),
    )
    sa.Table(
        "behind",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("odd_id", sa.Integer, sa.ForeignKey("odd.id"), index=True),
    )
    shop(2).create_all(connection)
    connection.commit()
    counted = Counted(connection, None)
    if connection.dialect.name == "sqlite":  # it looks for functions later
        assert counted.unchanged(connection, metadata).keys == {
            (None, "t0"),
            (None, "t1"),
        }
        return
    found = counted.unchanged(connection, metadata)
    assert found.keys == {(None, "t0"), (None, "t1")}
    assert found.busy == {None}
    assert not found.models


def test_listeners_of_the_app_are_not_called(connection: sa.Connection) -> None:
    called: list[str] = []
    metadata = shop(1)
    for target in (metadata, metadata.tables["t0"]):
        sa.event.listen(target, "before_create", lambda *a, **k: called.append("no"))
    Counted(connection, None).unchanged(connection, metadata)
    assert called == []
