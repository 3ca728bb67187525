"""Tables that a library adds when mappers are configured."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import sqlalchemy as sa
from apps import make_app, run_db, tables
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event, orm


def note(db: SQLAlchemy) -> None:
    """Define a model, and a table of its versions as soon as it is configured."""

    class Note(db.Model):  # type: ignore[name-defined,misc]
        id = sa.Column(sa.Integer, primary_key=True)

    @event.listens_for(Note, "mapper_configured")
    def add_table(mapper: object, class_: object) -> None:
        column = sa.Column("id", sa.Integer, primary_key=True)
        sa.Table("note_version", db.metadata, column)

    db.metadata.info["kept"] = Note  # as its module would


def test_tables_of_configured_mappers_are_compared(
    tmp_path: Path, sqlite_url: str
) -> None:
    for words in (("revision", "notes"), ("upgrade",), ("check",)):
        result = run_db(make_app(tmp_path, sqlite_url, models=note), *words)
        assert result.exit_code == 0, result.output
    assert tables(sqlite_url) == {"note", "note_version"}


def test_a_mapper_that_cannot_be_configured(
    tmp_path: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(db: SQLAlchemy) -> None:
        class Part(db.Model):  # type: ignore[name-defined,misc]
            id = sa.Column(sa.Integer, primary_key=True)
            whole = orm.relationship("Missing")

        db.metadata.info["kept"] = Part

    try:
        with caplog.at_level(logging.WARNING):
            app = make_app(tmp_path, sqlite_url, models=broken)
            result = run_db(app, "revision", "parts")
    finally:
        app.extensions["sqlalchemy"].Model.registry.dispose()
    assert result.exit_code == 0, result.output
    assert "The mappers of the models cannot be configured" in caplog.text
