"""``flask db drift``, and the scratch databases that it and others build."""

from __future__ import annotations

import json
import runpy
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    second_connection,
    tables,
    version_rows,
    write_revision,
    write_table_revision,
)
from backends import backend_for
from databases import MakeDatabase
from flask import Flask
from plugging import Implementing

from flask_alembic.backends import scratch
from flask_alembic.errors import (
    ConfigurationError,
    DatabaseError,
    Refused,
)
from flask_alembic.hooks import Report
from flask_alembic.hooks.signals import after_command

pytestmark = [pytest.mark.costly, pytest.mark.one_database]

SHOP = [
    "op.create_table('author', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('name', sa.String(80), nullable=False))",
    "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('title', sa.String(200), nullable=False),"
    " sa.Column('author_id', sa.Integer,"
    " sa.ForeignKey('author.id', name='book_author')))",
]


def execute(url: str, *statements: str) -> None:
    with second_connection(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()


def shop(folder: Path, url: str, **config: Any) -> Flask:
    """An app whose models, revision and database agree."""
    app = make_app(folder, url, **config)
    write_revision(migrations_of(app), "a1", None, SHOP)
    assert run_db(app, "upgrade").exit_code == 0
    return app


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Flask:
    return shop(tmp_path, database_url)


def url_of(app: Flask) -> str:
    return str(app.config["SQLALCHEMY_DATABASE_URI"])


def drift(app: Flask, **options: Any) -> dict[str, list[str]]:
    with app.app_context():
        (one,) = extension_of(app).drift(**options).databases
    return {pair: [each.text for each in found] for pair, found in one.pairs.items()}


# Three ways ----------------------------------------------------------------------


def test_no_drift(app: Flask) -> None:
    result = run_db(app, "drift")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Database 'default' at a1:",
        "  models and revisions: the same",
        "  revisions and database: the same",
        "  models and database: the same",
    ]


def test_a_change_by_hand_is_in_the_database_only(app: Flask) -> None:
    execute(
        url_of(app),
        "ALTER TABLE author ADD COLUMN nick VARCHAR(7)",
        "CREATE TABLE extra (id INTEGER)",
        "CREATE VIEW names AS SELECT id FROM author",
    )
    column = "column author.nick (VARCHAR(7)) is missing from the "
    assert drift(app) == {
        "models and revisions": [],
        "revisions and database": [
            f"{column}revisions",
            "table extra is missing from the revisions",
            "view names is missing from the revisions",
        ],
        "models and database": [
            f"{column}models",
            "table extra is missing from the models",
        ],
    }
    result = run_db(app, "drift")
    assert result.exit_code == 1
    assert "There is drift." in result.stderr


def test_a_changed_model_differs_from_both(tmp_path: Path, database_url: str) -> None:
    app = shop(tmp_path, database_url)
    app.extensions["sqlalchemy"].metadata.tables["author"].c.name.nullable = True
    said = "nullability of column author.name is NULL in the models, NOT NULL in the "
    assert drift(app) == {
        "models and revisions": [f"{said}revisions"],
        "revisions and database": [],
        "models and database": [f"{said}database"],
    }


def test_a_deleted_revision_file_is_drift(tmp_path: Path, database_url: str) -> None:
    """What its table leaves behind, while an upgrade finds nothing to do."""
    app = shop(tmp_path, database_url)
    path = write_table_revision(migrations_of(app), "a2", "a1", table="orphan")
    assert run_db(app, "upgrade").exit_code == 0
    path.unlink()
    execute(database_url, "UPDATE alembic_version SET version_num = 'a1'")
    app = make_app(tmp_path, database_url)
    assert run_db(app, "upgrade").exit_code == 0
    assert drift(app)["revisions and database"] == [
        "table orphan is missing from the revisions"
    ]


def test_a_database_that_is_behind_is_compared_with_its_own_revisions(
    tmp_path: Path, database_url: str
) -> None:
    app = shop(tmp_path, database_url)
    write_table_revision(migrations_of(app), "a2", "a1", table="later")
    result = run_db(app, "drift")
    assert "models and database: not compared; there are pending revisions" in (
        result.stdout
    )
    assert drift(app) == {
        "models and revisions": ["table later is missing from the models"],
        "revisions and database": [],
        "models and database": [],
    }


def test_an_empty_database(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, database_url)
    write_revision(migrations_of(app), "a1", None, SHOP)
    assert run_db(app, "drift").exit_code == 0
    assert tables(database_url) == set()


def test_a_revision_that_no_file_has(app: Flask) -> None:
    execute(url_of(app), "UPDATE alembic_version SET version_num = 'gone9'")
    result = run_db(app, "drift")
    assert result.exit_code == 3
    assert "'gone9'" in result.stderr


PATTERNS = {
    "celery_*": {"celery_task"},
    "author": {"author.nick", "author.by_nick"},
    "author.nick": {"author.nick"},
    "author.*": {"author.nick", "author.by_nick"},
    "index:*": {"author.by_nick"},
    "view:names": {"names"},
    "nosuch": set(),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_leave_out_what_they_name(
    tmp_path: Path, sqlite_url: str, pattern: str
) -> None:
    app = shop(tmp_path, sqlite_url)
    execute(
        sqlite_url,
        "ALTER TABLE author ADD COLUMN nick VARCHAR(7)",
        "CREATE INDEX by_nick ON author (nick)",
        "CREATE TABLE celery_task (id INTEGER)",
        "CREATE VIEW names AS SELECT id FROM author",
    )
    with app.app_context():
        (one,) = extension_of(app).drift(ignore=[pattern]).databases
    left = {each.name for each in one.revisions_database}
    everything = {"author.nick", "author.by_nick", "celery_task", "names"}
    assert left == everything - PATTERNS[pattern]


def test_the_setting_and_the_option_add_up(tmp_path: Path, sqlite_url: str) -> None:
    app = shop(tmp_path, sqlite_url, ALEMBIC={"drift_ignore": "celery_*, extra"})
    execute(
        sqlite_url,
        "CREATE TABLE celery_task (id INTEGER)",
        "CREATE TABLE extra (id INTEGER)",
        "CREATE TABLE more (id INTEGER)",
    )
    assert run_db(app, "drift").exit_code == 1
    result = run_db(app, "drift", "--ignore", "more")
    assert result.exit_code == 0
    assert "6 differences ignored by the ignore list." in result.stderr


def test_drift_is_reported(tmp_path: Path, sqlite_url: str) -> None:
    seen: list[Report] = []
    told: list[str] = []
    plugin = Implementing(
        after_command=lambda report: seen.append(report),
        apply_revision=lambda step: told.append(step.revision),
        revision_applied=lambda step: told.append(step.revision),
        before_upgrade=lambda run: told.append(run.target),
    )
    app = shop(tmp_path, sqlite_url, extension={"plugins": [plugin]})
    execute(sqlite_url, "CREATE TABLE extra (id INTEGER)")
    told.clear()
    assert run_db(app, "drift").exit_code == 1
    assert told == [], "a scratch database is nobody's business"
    report = seen[-1]
    assert (report.command.name, report.ok, report.exit_code) == ("drift", False, 1)
    assert report.diffs == {
        "default": (
            "table extra is missing from the revisions",
            "table extra is missing from the models",
        )
    }
    document = json.loads(run_db(app, "drift", "--format", "json").stdout)
    (one,) = document["data"]["databases"]
    assert one["differences"]["revisions and database"][0]["name"] == "extra"


def test_the_receiver_in_the_docs_hears_of_it(
    tmp_path: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = shop(tmp_path, sqlite_url)
    path = Path(__file__).parents[3] / "docs" / "snippets" / "report_drift.py"
    told = runpy.run_path(str(path))["report_drift"]
    try:
        assert run_db(app, "drift").exit_code == 0
        assert "drift in" not in caplog.text
        execute(sqlite_url, "CREATE TABLE extra (id INTEGER)")
        assert run_db(app, "drift").exit_code == 1
    finally:
        after_command.disconnect(told)
    assert "drift in default: table extra is missing from the revisions" in caplog.text


# Scratch databases ---------------------------------------------------------------


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the scratch databases that a test has made.

    Others may be at work on the same server.
    """
    names: list[str] = []
    new_name = scratch.scratch_name

    def scratch_name() -> str:
        names.append(new_name())
        return names[-1]

    monkeypatch.setattr(scratch, "scratch_name", scratch_name)
    return names


def there(url: str, names: list[str]) -> set[str]:
    """Return which of some databases are on the server."""
    query = {
        "postgresql": "SELECT datname FROM pg_database",
        "mysql": "SHOW DATABASES",
    }.get(sa.make_url(url).get_backend_name())
    if query is None:
        return set()
    assert names, "none was made"
    with second_connection(url) as connection:
        return set(names) & set(connection.exec_driver_sql(query).scalars())


def everything(url: str) -> list[Any]:
    with second_connection(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        return [
            (table.name, *sorted(map(str, connection.execute(sa.select(table)))))
            for table in metadata.sorted_tables
        ]


def test_scratch_databases_are_gone_afterwards(app: Flask, made: list[str]) -> None:
    url = url_of(app)
    before = everything(url)
    assert run_db(app, "drift").exit_code == 0
    assert there(url, made) == set()
    assert everything(url) == before


def test_scratch_databases_are_gone_after_a_failure(
    tmp_path: Path, database_url: str, made: list[str]
) -> None:
    app = shop(tmp_path, database_url)
    path = write_revision(
        migrations_of(app), "a2", "a1", ["op.execute('INSERT INTO nosuch VALUES (1)')"]
    )
    before = everything(database_url)
    result = run_db(app, "drift")
    assert result.exit_code == 3
    assert "a2 (a2) fails on a scratch database" in result.stderr
    assert f"File: {path}, line 13" in result.stderr
    assert "INSERT INTO nosuch" in result.stderr
    assert "The database was not touched." in result.stderr
    assert there(database_url, made) == set()
    assert everything(database_url) == before
    assert version_rows(database_url) == {"a1"}


REACHING = {
    "session": "current_app.extensions['sqlalchemy'].session.execute(sa.text({sql!r}))",
    "engine": "with current_app.extensions['sqlalchemy'].engine.begin() as c:\n"
    "    c.execute(sa.text({sql!r}))",
    "another bind": "with current_app.extensions['sqlalchemy'].engines['side'].begin()"
    " as c:\n    c.execute(sa.text('CREATE TABLE reached (id INTEGER)'))",
}


@pytest.mark.parametrize("way", REACHING)
def test_a_revision_cannot_reach_the_live_database(
    tmp_path: Path, database_url: str, way: str
) -> None:
    """Some revisions use the app's session; on a scratch database that is refused."""
    side = f"sqlite:///{tmp_path}/side.db"
    app = shop(
        tmp_path,
        database_url,
        SQLALCHEMY_BINDS={"side": {"url": side, "poolclass": sa.NullPool}},
    )
    sql = "INSERT INTO author (id, name) VALUES (7, 'x')"
    body = [
        "from flask import current_app",
        *REACHING[way].format(sql=sql).splitlines(),
    ]
    write_revision(migrations_of(app), "a2", "a1", body)
    before = everything(database_url)
    result = run_db(app, "drift")
    assert result.exit_code == 3
    assert "connected to the live database; the statement was not sent" in result.stderr
    assert everything(database_url) == before
    assert everything(side) == []
    # Afterwards the engines work again.
    with app.app_context(), app.extensions["sqlalchemy"].engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM author")) == 0


FOREIGN = [
    "INSERT INTO {0}.author (id, name) VALUES (7, 'x')",
    "insert ignore into {0}.author (id, name) values (7, 'x')",
    "DROP TABLE IF EXISTS `{0}`.`book`",
    "CREATE TABLE {0}.more (id INTEGER)",
    "CREATE INDEX i ON {0}.author (name)",
    "ALTER TABLE author RENAME TO {0}.gone",
    "UPDATE author, {0}.author AS other SET other.name = 'x'",
    "DELETE FROM {0}.author",
    "SELECT count(*) FROM author JOIN {0}.book ON true",
    "TRUNCATE {0}.author",
    "USE {0}",
    "DROP DATABASE {0}",
    "ALTER SCHEMA {0} COLLATE utf8mb4_bin",
]


def test_a_statement_cannot_name_another_database(mariadb_url: str) -> None:
    name = sa.make_url(mariadb_url).database
    execute(
        mariadb_url,
        "CREATE TABLE author (id INTEGER, name VARCHAR(9))",
        "CREATE TABLE book (id INTEGER)",
    )
    before = everything(mariadb_url)
    engine = sa.create_engine(mariadb_url, poolclass=sa.NullPool)
    with backend_for(engine.dialect).scratch(engine) as other, other.connect() as one:
        one.exec_driver_sql("CREATE TABLE author (id INTEGER, name VARCHAR(9))")
        for statement in FOREIGN:
            with pytest.raises(Refused, match=f"names the database '{name}'"):
                one.exec_driver_sql(statement.format(name))
    assert everything(mariadb_url) == before


def test_a_revision_cannot_name_another_database(
    tmp_path: Path, mariadb_url: str
) -> None:
    app = shop(tmp_path, mariadb_url)
    name = sa.make_url(mariadb_url).database
    before = everything(mariadb_url)
    body = [
        f"op.bulk_insert(sa.table('author', sa.column('id'), schema={name!r}),",
        "    [{'id': 7}])",
    ]
    write_revision(migrations_of(app), "a2", "a1", body)
    result = run_db(app, "drift")
    assert result.exit_code == 3
    assert "not the scratch database; it was not sent" in result.stderr
    assert everything(mariadb_url) == before


def test_a_revision_may_name_a_table_like_a_database(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    url = make_database("mariadb")
    name = sa.make_url(url).database
    app = make_app(tmp_path, url)
    write_revision(
        migrations_of(app),
        "a1",
        None,
        [
            *SHOP,
            f"op.execute('CREATE TABLE {name} (id INTEGER)')",
            f"op.execute('UPDATE {name} JOIN author ON {name}.id = author.id"
            f" SET author.name = 1 WHERE {name}.id > 3')",
            f"op.execute('DROP TABLE {name}')",
        ],
    )
    assert run_db(app, "drift").exit_code == 0


def test_two_builds_at_once_do_not_meet(tmp_path: Path, sqlite_url: str) -> None:
    """``alembic.op`` is one object for the process."""
    apps = []
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        app = make_app(folder, sqlite_url)
        write_table_revision(migrations_of(app), f"a{number}", table=f"only_{number}")
        apps.append(app)
    outcomes: dict[int, Any] = {}

    def work(number: int) -> None:
        try:
            outcomes[number] = drift(apps[number])["models and revisions"]
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(3):
        only = f"table only_{number} is missing from the models"
        assert [text for text in outcomes[number] if "only_" in text] == [only]


def test_a_callback_of_the_app_is_not_called(tmp_path: Path, sqlite_url: str) -> None:
    called: list[Any] = []
    context = {"on_version_apply": lambda **arguments: called.append(arguments)}
    app = shop(tmp_path, sqlite_url, ALEMBIC_CONTEXT=context)
    called.clear()
    assert run_db(app, "drift").exit_code == 0
    assert called == []


def test_x_arguments_reach_the_revisions(tmp_path: Path, sqlite_url: str) -> None:
    app = make_app(tmp_path, sqlite_url)
    body = [*SHOP, "assert context.get_x_argument() == ['tenant=one']"]
    write_revision(migrations_of(app), "a1", None, body)
    assert run_db(app, "drift").exit_code == 3
    assert run_db(app, "drift", "-x", "tenant=one").exit_code == 0


# Where they are made -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_scratch_url_names_a_server(
    tmp_path: Path, make_database: MakeDatabase, kind: str, made: list[str]
) -> None:
    app = shop(tmp_path, make_database(kind))
    other = make_database(kind)
    execute(other, "CREATE TABLE in_use (id INTEGER)")
    result = run_db(app, "drift", "--scratch-url", other)
    assert result.exit_code == 0, result.output
    assert tables(other) == {"in_use"}
    assert there(other, made) == set()


def poor_user(url: str) -> str:
    """Make a user who owns this database and may create none; return its URL."""
    parsed = sa.make_url(url)
    name = f"{parsed.database}_poor"
    if parsed.get_backend_name() == "postgresql":
        execute(
            url,
            f"CREATE ROLE {name} LOGIN PASSWORD 'pw'",
            f"ALTER DATABASE {parsed.database} OWNER TO {name}",
            f"ALTER SCHEMA public OWNER TO {name}",
        )
    else:
        execute(
            url,
            f"CREATE USER '{name}'@'%%' IDENTIFIED BY 'pw'",
            f"GRANT ALL ON {parsed.database}.* TO '{name}'@'%%'",
        )
    changed = parsed.set(username=name, password="pw")
    return changed.render_as_string(hide_password=False)


def drop_user(url: str) -> None:
    parsed = sa.make_url(url)
    name = f"{parsed.database}_poor"
    if parsed.get_backend_name() == "postgresql":
        execute(
            url,
            f"REASSIGN OWNED BY {name} TO current_user",
            f"DROP OWNED BY {name}",
            f"DROP ROLE {name}",
        )
    else:
        execute(url, f"DROP USER '{name}'@'%%'")


@pytest.fixture(params=["postgresql", "mariadb"])
def poor(request: pytest.FixtureRequest, make_database: MakeDatabase) -> Any:
    """A live database, and the URL of an empty one of a user who may create none."""
    live, lent = make_database(request.param), make_database(request.param)
    yield live, poor_user(lent), lent
    drop_user(lent)


def test_an_empty_database_is_lent_and_emptied(tmp_path: Path, poor: Any) -> None:
    live, url, lent = poor
    app = shop(tmp_path, live, ALEMBIC={"scratch_url": url})
    write_revision(
        migrations_of(app),
        "a2",
        "a1",
        ["op.execute('CREATE VIEW names AS SELECT id FROM author')"],
        ["op.execute('DROP VIEW names')"],
    )
    assert run_db(app, "upgrade").exit_code == 0
    for _ in range(2):
        result = run_db(app, "drift")
        assert result.exit_code == 0, result.output
        with second_connection(lent) as connection:
            assert not backend_for(connection.dialect).occupied(connection)


@pytest.mark.parametrize("poor", ["postgresql"], indirect=True)
def test_a_catalog_that_may_not_be_read_is_named(tmp_path: Path, poor: Any) -> None:
    empty, url, lent = poor
    execute(lent, "REVOKE SELECT ON pg_catalog.pg_transform FROM PUBLIC")
    app = shop(tmp_path, url, ALEMBIC={"scratch_url": empty})
    result = run_db(app, "drift", "--format", "json")
    assert result.exit_code == 0, result.output
    (one,) = json.loads(result.stdout)["data"]["databases"]
    text = "1 catalog that this role may not read (pg_transform)"
    assert text in [each["text"] for each in one["not_compared"]]


def test_what_is_lent_must_be_empty(tmp_path: Path, poor: Any) -> None:
    live, url, lent = poor
    execute(lent, "CREATE TABLE precious (id INTEGER)")
    result = run_db(shop(tmp_path, live), "drift", "--scratch-url", url)
    assert result.exit_code == 3
    assert "is not empty; nothing was done to it" in result.stderr
    assert "pw" not in result.output.replace("password", "")
    assert tables(lent) == {"precious"}


def test_without_the_right_to_create_databases(tmp_path: Path, poor: Any) -> None:
    _, url, lent = poor
    app = shop(tmp_path, url)
    result = run_db(app, "drift")
    assert result.exit_code == 3
    assert "may not create databases" in result.stderr
    assert "--scratch-url" in result.stderr
    assert version_rows(lent) == {"a1"}
    live = run_db(app, "drift", "--scratch-url", url)
    assert live.exit_code == 3
    assert "The scratch database is the live database." in live.stderr
    assert version_rows(lent) == {"a1"}


def test_a_scratch_file_of_sqlite(tmp_path: Path, sqlite_url: str) -> None:
    app = shop(tmp_path, sqlite_url)
    file = tmp_path / "scratch.db"
    assert run_db(app, "drift", "--scratch-url", f"sqlite:///{file}").exit_code == 0
    assert not file.exists()
    execute(f"sqlite:///{file}", "CREATE TABLE precious (id INTEGER)")
    result = run_db(app, "drift", "--scratch-url", f"sqlite:///{file}")
    assert result.exit_code == 3
    assert tables(f"sqlite:///{file}") == {"precious"}
    result = run_db(app, "drift", "--scratch-url", sqlite_url)
    assert "The scratch database is the live database." in result.stderr


def test_a_scratch_database_of_another_kind(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    app = shop(tmp_path, make_database("sqlite"))
    with app.app_context(), pytest.raises(ConfigurationError, match="postgresql"):
        extension_of(app).drift(scratch_url=make_database("postgresql"))


def test_a_scratch_url_that_is_none(tmp_path: Path, sqlite_url: str) -> None:
    app = shop(tmp_path, sqlite_url)
    result = run_db(app, "drift", "--scratch-url", "nonsense secret")
    assert result.exit_code == 3
    assert "cannot be understood" in result.stderr
    assert "secret" not in result.output


def test_a_scratch_server_that_does_not_answer(
    tmp_path: Path, postgresql_url: str
) -> None:
    app = shop(tmp_path, postgresql_url)
    url = "postgresql+psycopg://me:topsecret@127.0.0.1:1/none"
    with app.app_context(), pytest.raises(DatabaseError, match=r"127\.0\.0\.1") as e:
        extension_of(app).drift(scratch_url=url)
    assert "topsecret" not in str(e.value)


def test_arguments_of_the_engine_go_along(tmp_path: Path, postgresql_url: str) -> None:
    """A certificate, say; here the name that the server shows."""
    options = {"connect_args": {"application_name": "shop"}, "poolclass": sa.NullPool}
    app = make_app(tmp_path, postgresql_url, SQLALCHEMY_ENGINE_OPTIONS=options)
    body = [
        *SHOP,
        "name = op.get_bind().scalar(sa.text(\"SELECT current_setting('application_name')\"))",
        "assert name == 'shop', name",
    ]
    write_revision(migrations_of(app), "a1", None, body)
    result = run_db(app, "drift")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("by", ["creator", "listener"])
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_an_engine_that_decides_itself_where_it_connects(
    tmp_path: Path, make_database: MakeDatabase, made: list[str], kind: str, by: str
) -> None:
    """Scratch databases are connected as it does, and are not the live one."""
    live = make_database(kind)
    url = sa.make_url(live)
    calls: list[int] = []

    def connect(*arguments: Any) -> Any:
        calls.append(1)
        if kind == "postgresql":
            import psycopg

            dsn = url.set(drivername="postgresql")
            return psycopg.connect(dsn.render_as_string(hide_password=False))
        import pymysql

        return pymysql.connect(
            host=url.host,
            port=url.port or 3306,
            user=url.username,
            password=url.password or "",
            database=url.database,
        )

    options: Any = {"creator": connect} if by == "creator" else {}
    nowhere = f"{url.drivername}://nobody:wrong@127.0.0.1:1/nowhere"
    engine = sa.create_engine(nowhere, poolclass=sa.NullPool, **options)
    if by == "listener":
        sa.event.listen(engine, "do_connect", connect)
    app = make_app(tmp_path, extension={"engines": engine})
    write_revision(migrations_of(app), "a1", None, SHOP)
    assert run_db(app, "upgrade").exit_code == 0
    before = everything(live)
    del calls[:]
    result = run_db(app, "drift")
    assert result.exit_code == 0, result.output
    assert len(calls) > 2
    assert everything(live) == before
    assert there(live, made) == set()


def test_a_kind_of_database_without_scratch(sqlite_url: str) -> None:
    from flask_alembic.backends.base import Backend

    engine = sa.create_engine(sqlite_url)
    backend = Backend(engine.dialect)
    with pytest.raises(DatabaseError, match="no way known"), backend.scratch(engine):
        pass


DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


@pytest.mark.parametrize("kind", DRIVERS)
def test_an_async_engine(
    tmp_path: Path, make_database: MakeDatabase, kind: str
) -> None:
    """Drift, squash, adopt and doctor in an event loop of their own."""
    from sqlalchemy.ext.asyncio import create_async_engine

    pytest.importorskip(DRIVERS[kind].partition("+")[2])
    url = make_database(kind)
    engine = create_async_engine(
        sa.make_url(url).set(drivername=DRIVERS[kind]), poolclass=sa.NullPool
    )
    metadata = sa.MetaData()
    for id_ in ("a1", "a2"):
        sa.Table(f"t_{id_}", metadata, sa.Column("id", sa.Integer, primary_key=True))
    given = {"engines": engine, "metadatas": metadata}
    app = make_app(tmp_path, extension=given)
    write_table_revision(migrations_of(app), "a1")
    write_table_revision(migrations_of(app), "a2", "a1")
    assert run_db(app, "upgrade").exit_code == 0
    for words in (
        ["drift"],
        ["doctor"],
        ["squash", ":"],
        ["drift"],
        ["stamp", "base"],
        ["adopt"],
        ["check"],
    ):
        result = run_db(app, *words)
        assert result.exit_code == 0, (words, result.output)
    execute(url, "CREATE TABLE extra (id INTEGER)")
    assert run_db(app, "drift").exit_code == 1
