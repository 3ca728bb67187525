"""Backups that are taken before data is lost, and restored."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import MakeApp, connected, db, done, version, write
from flask import Flask
from flask_alembic_backup import plugin
from flask_alembic_backup.operations import losses

from flask_alembic.hooks import Step
from flask_alembic.testing import check_plugin


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def users(url: sa.URL) -> list[int]:
    with connected(url) as connection:
        return list(connection.execute(sa.text("SELECT id FROM users")).scalars())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def sqlite_url(tmp_path: Path) -> sa.URL:
    return sa.make_url(f"sqlite:///{tmp_path / 'shop.db'}")


def test_backup_and_restore(make_app: MakeApp, url: sa.URL, backups: Path) -> None:
    app = make_app(url, {"folder": str(backups)})
    done(app, "upgrade", "a1")
    assert files(backups) == [], "creating a table loses nothing"
    for words in (["--dry-run"], ["--sql"], ["--plan"]):
        db(app, "upgrade", *words)
    assert files(backups) == []
    result = done(app, "upgrade")
    (name,) = files(backups)
    assert name in result.stderr
    assert "drop_table in line" in result.stderr
    assert "2 tables" in result.stderr
    assert stat.S_IMODE((backups / name).stat().st_mode) == 0o600
    asked = db(app, "restore", input="n\n")
    assert asked.exit_code != 0
    assert version(url) == {"b2"}
    text = done(app, "restore", "-y").stdout
    assert "its version is a1" in text
    assert "2 tables" in text
    with connected(url) as connection:
        assert not sa.inspect(connection).has_table("extra")
    assert users(url) == [1, 2]
    assert version(url) == {"a1"}


def test_a_fresh_database_has_nothing_to_lose(
    make_app: MakeApp, url: sa.URL, backups: Path
) -> None:
    done(make_app(url, {"folder": str(backups)}), "upgrade")
    assert files(backups) == []


def test_only_the_newest_are_kept(
    make_app: MakeApp, tmp_path: Path, backups: Path
) -> None:
    backups.mkdir()
    for name in ("default-20200101T000000Z-0a", "default-20210101T000000Z-0a", "x"):
        (backups / f"{name}.sqlite").touch()
    app = make_app(sqlite_url(tmp_path), {"folder": str(backups), "keep": 2})
    done(app, "upgrade", "a1")
    done(app, "upgrade")
    kept = files(backups)
    assert len(kept) == 3
    assert "default-20200101T000000Z-0a.sqlite" not in kept
    assert "x.sqlite" in kept


@pytest.mark.parametrize(
    ("kind", "tool"), [("postgresql", "pg_dump"), ("mariadb", "mariadb-dump")]
)
@pytest.mark.parametrize(
    ("path", "words"), [("/no/such", "cannot be run"), ("/bin/false", "status 1")]
)
def test_no_run_without_its_backup(
    make_app: MakeApp, url: sa.URL, backups: Path, tool: str, path: str, words: str
) -> None:
    app = make_app(url, {"folder": str(backups), "tools": {tool: path}})
    done(app, "upgrade", "a1")
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert files(backups) == []
    assert users(url) == [1, 2]


@pytest.mark.parametrize(
    ("kind", "tool"), [("postgresql", "pg_dump"), ("mariadb", "mariadb-dump")]
)
def test_a_dump_that_is_cut_off_is_no_backup(
    make_app: MakeApp, url: sa.URL, backups: Path, tmp_path: Path, tool: str
) -> None:
    short = tmp_path / "short"
    short.write_text(f'#!/bin/sh\n{tool} "$@" | head -c 900\n')
    short.chmod(0o700)
    app = make_app(url, {"folder": str(backups), "tools": {tool: str(short)}})
    done(app, "upgrade", "a1")
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert "backup" in result.stderr
    assert files(backups) == []
    assert users(url) == [1, 2]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_passwords_are_in_no_argument(
    make_app: MakeApp, url: sa.URL, backups: Path, tmp_path: Path, kind: str
) -> None:
    tool = {"postgresql": "pg_dump", "mariadb": "mariadb-dump"}[kind]
    spy = tmp_path / "spy"
    spy.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/argv\necho hunter2 >&2\nexit 4\n'
    )
    spy.chmod(0o700)
    from flask_alembic_backup.dumps import _libpq, _my_options, run
    from flask_alembic_backup.errors import BackupError
    from flask_alembic_backup.settings import Settings

    secret = url.set(password="hunter2")
    settings = Settings(backups, tools={tool: str(spy)})
    with _my_options(secret) as option:
        mode = Path(option.partition("=")[2]).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
        with pytest.raises(BackupError) as caught:
            run(settings, tool, [option], secret, _libpq(secret))
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in (tmp_path / "argv").read_text()


def test_a_folder_that_cannot_be_written(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    app = make_app(sqlite_url(tmp_path), {"folder": str(tmp_path / "file" / "x")})
    done(app, "upgrade", "a1")
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert "cannot be written" in result.stderr
    assert users(sqlite_url(tmp_path)) == [1, 2]


def test_wal_mode(make_app: MakeApp, tmp_path: Path, backups: Path) -> None:
    url = sqlite_url(tmp_path)
    app = make_app(url, {"folder": str(backups)})
    done(app, "upgrade", "a1")
    writer = sqlite3.connect(tmp_path / "shop.db")
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("INSERT INTO users VALUES (3)")
    writer.commit()  # in the -wal file, as the connection is open
    done(app, "upgrade")
    assert len(files(backups)) == 1
    done(app, "restore", "-y")
    assert users(url) == [1, 2, 3]
    writer.close()


def test_killed_in_the_middle(
    make_app: MakeApp, tmp_path: Path, backups: Path, folder: Path
) -> None:
    url = sqlite_url(tmp_path)
    done(make_app(url, {"folder": str(backups)}), "upgrade", "a1")
    command = ["sh", "-c", "echo half > {file}; kill -9 $PPID"]
    program = (
        "import sys; from flask import Flask; from flask_sqlalchemy import SQLAlchemy\n"
        "from flask_alembic import Alembic\n"
        f"app = Flask('shop', root_path={str(tmp_path)!r})\n"
        f"app.config.update(SQLALCHEMY_DATABASE_URI={str(url)!r}, "
        f"ALEMBIC_BACKUP={{'folder': {str(backups)!r}, 'command': {command!r}}})\n"
        "SQLAlchemy(app); alembic = Alembic(app)\n"
        "with app.app_context(): alembic.upgrade()\n"
    )
    words = [sys.executable, "-W", "ignore", "-c", program]
    killed = subprocess.run(
        words, env=dict(os.environ), capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [name.endswith(".part") for name in files(backups)] == [True]
    result = db(make_app(url, {"folder": str(backups)}), "restore", "-y")
    assert "There is no backup" in result.stderr
    assert users(url) == [1, 2]


def test_protected_and_damaged(
    make_app: MakeApp, tmp_path: Path, backups: Path
) -> None:
    url = sqlite_url(tmp_path)
    given = {"folder": str(backups)}
    app = make_app(url, given)
    done(app, "upgrade", "a1")
    done(app, "upgrade")
    protected = make_app(url, given, ALEMBIC={"protected": True})
    refused = db(protected, "restore", "-y")
    assert refused.exit_code == 3
    assert "protected" in refused.stderr
    (tmp_path / "bad.sqlite").write_bytes(b"no database")
    result = db(app, "restore", "-y", str(tmp_path / "bad.sqlite"))
    assert result.exit_code == 3
    assert "is no SQLite database" in result.stderr
    assert version(url) == {"b2"}
    done(protected, "restore", "-y", "--force")
    assert users(url) == [1, 2]


@pytest.mark.parametrize(
    ("upgrade", "known"),
    [
        ("op.add_column('a', sa.Column('b', sa.Integer))", None),
        ("op.execute('INSERT INTO a VALUES (1)')", None),
        (
            "op.execute('INSERT INTO a VALUES (1) ON CONFLICT DO UPDATE SET b = 1')",
            True,
        ),
        ("op.execute(sa.text('DELETE FROM a'))", True),
        ("op.alter_column('a', 'b', nullable=False)", None),
        (
            "op.alter_column('a', 'b', existing_type=sa.String(5), type_=sa.String(9))",
            None,
        ),
        (
            "op.alter_column('a', 'b', existing_type=sa.String(9), type_=sa.String(5))",
            True,
        ),
        ("with op.batch_alter_table('a') as batch:\n    batch.drop_column('b')", True),
        ("op.get_bind().execute(text)", False),
        ("drop = op.drop_table\ndrop('a')", False),
        ("sa.Table('a', m).drop()", False),
        ("globals()['upgrade_%s' % engine_name]()", False),
    ],
)
def test_which_operations_lose_data(
    tmp_path: Path, upgrade: str, known: bool | None
) -> None:
    path = write(tmp_path, "x1", None, "", upgrade.replace("\n", "\n    "))
    step = Step("x1", (), "upgrade", "", path, "default")
    found = losses(step)
    assert [loss.known for loss in found][:1] == ([] if known is None else [known])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("yes", "must be True, False or a dict"),
        ({"folde": "x"}, "Did you mean 'folder'?"),
        ({"keep": 0}, "at least 1"),
        ({"command": "x"}, "a list of words"),
        ({"command": ["x"]}, "'{file}'"),
        ({"tools": {"pgdump": "x"}}, "Did you mean 'pg_dump'?"),
        ({"unknown": 1}, "'backup' or 'ignore'"),
    ],
)
def test_wrong_settings_refuse_the_run(
    make_app: MakeApp, tmp_path: Path, given: Any, words: str
) -> None:
    app: Flask = make_app(sqlite_url(tmp_path), given)
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert words in result.stderr


def test_the_plugin_is_sound() -> None:
    check_plugin(plugin)


def test_restore_is_refused_during_a_run(
    make_app: MakeApp, url: sa.URL, backups: Path
) -> None:
    given = {"folder": str(backups)}
    app = make_app(url, given)
    done(app, "upgrade", "a1")
    done(app, "upgrade")
    with app.app_context(), app.extensions["alembic"].connect(lock=True):
        result = db(make_app(url, given), "restore", "-y")
    assert result.exit_code == 3
    assert "Another run is changing database" in result.stderr
    assert version(url) == {"b2"}
    done(app, "restore", "-y")
