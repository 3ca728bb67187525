"""The example with tenants: a schema, a database or a file for each of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

pytestmark = [pytest.mark.costly, pytest.mark.one_database]

EXAMPLE = Path(__file__).parent.parent / "examples" / "tenants"
FIRST, HEAD = "2c7e9a40d5b1", "8b15f3d07ac4"

Flask = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def flask(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Run a command of a copy of the example, on an empty database."""
    shutil.copytree(EXAMPLE, tmp_path / "tenants")
    environment = {
        **os.environ,
        "FLASK_APP": "tenants",
        "TENANTS_DATABASE_URL": database_url,
    }

    def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "flask", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    yield run
    engine = sa.create_engine(database_url)
    if engine.dialect.name == "mysql":
        with engine.begin() as connection:
            for name in ("acme", "zoo"):
                database = f"{engine.url.database}_{name}"
                connection.execute(sa.text(f"DROP DATABASE IF EXISTS `{database}`"))
    engine.dispose()


@pytest.fixture
def engine(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., sa.Engine]:
    """Return the engine of a tenant, as the example makes it."""
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    from tenants import places  # type: ignore[import-not-found]

    shared = sa.create_engine(database_url, poolclass=sa.NullPool)
    return lambda name: places.engine_of(shared, name)  # type: ignore[no-any-return]


@pytest.fixture
def two_tenants(flask: Flask) -> None:
    assert "Applied" in flask("db", "upgrade").stdout
    for name in ("zoo", "acme"):
        assert flask("tenants", "add", name).stdout == f"{name} is here.\n"


@pytest.mark.usefixtures("two_tenants")
def test_each_tenant_has_tables_of_its_own(
    flask: Flask, engine: Callable[..., sa.Engine]
) -> None:
    assert flask("tenants", "list").stdout == "acme\nzoo\n"
    assert flask("db", "check").stdout == "No changes detected.\n"
    status = flask("db", "status").stdout.splitlines()
    assert [line.split()[0] for line in status[1:4]] == ["default", "acme", "zoo"]
    with engine("acme").begin() as connection:
        assert sa.inspect(connection).get_table_names().count("tenants") == 0
        connection.execute(sa.text("INSERT INTO invoices (customer) VALUES ('Ada')"))
    with engine("zoo").connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM invoices")) == 0


@pytest.mark.usefixtures("two_tenants")
def test_one_tenant_alone_or_all_of_them(
    flask: Flask, engine: Callable[..., sa.Engine]
) -> None:
    flask("db", "downgrade", FIRST, "--database", "acme", "--yes")
    columns = sa.inspect(engine("acme")).get_columns("invoices")
    assert "paid_on" not in {column["name"] for column in columns}
    said = flask("tenants", "upgrade").stdout
    assert said == "default: 0 applied\nacme: 1 applied\nzoo: 0 applied\n"
    flask("db", "downgrade", FIRST, "--yes")
    assert flask("db", "upgrade", "-q").stdout.count(HEAD) == 3
    assert flask("tenants", "upgrade", "zoo").stdout == "zoo: 0 applied\n"


@pytest.mark.usefixtures("two_tenants")
def test_a_tenant_that_fails_does_not_stop_the_others(
    flask: Flask, engine: Callable[..., sa.Engine]
) -> None:
    flask("db", "downgrade", FIRST, "--yes")
    with engine("acme").begin() as connection:
        connection.execute(sa.text("ALTER TABLE invoices ADD COLUMN paid_on DATE"))
    together = flask("db", "upgrade", code=3)
    assert "in database 'acme'" in together.stderr
    assert f"Not started: {HEAD} [zoo]" in together.stderr
    one_by_one = flask("tenants", "upgrade", code=1)
    assert one_by_one.stdout == "default: 0 applied\nzoo: 1 applied\n"
    assert "Error: These failed: acme." in one_by_one.stderr
    with engine("acme").begin() as connection:
        connection.execute(sa.text("ALTER TABLE invoices DROP COLUMN paid_on"))
    if connection.dialect.name == "mysql":
        # The journal knows that nothing of the revision is in effect.
        flask("db", "upgrade", "--database", "acme", "--resume")
    assert "acme: " in flask("tenants", "upgrade").stdout
    assert flask("db", "check").stdout == "No changes detected.\n"


@pytest.mark.usefixtures("two_tenants")
def test_a_new_revision_is_written_once_for_all(flask: Flask, tmp_path: Path) -> None:
    models = tmp_path / "tenants" / "models.py"
    text = models.read_text("utf-8")
    models.write_text(
        text + "    note: Mapped[str | None] = mapped_column(String(200))\n", "utf-8"
    )
    flask("db", "revision", "notes", "--rev-id", "0123abcd4567")
    written = (
        tmp_path / "tenants" / "migrations" / "0123abcd4567_notes.py"
    ).read_text()
    shared, own = written.split("def upgrade_tenant")
    assert "note" not in shared.split("def upgrade_shared")[1]
    assert own.split("def downgrade_tenant")[0].count("add_column") == 1
    assert flask("db", "upgrade", "-q").stdout.count("0123abcd4567") == 3
    assert flask("db", "check").stdout == "No changes detected.\n"


@pytest.mark.parametrize("name", ["default", "Acme", "a'; DROP", "public", ""])
def test_a_name_that_is_none(
    name: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    from tenants import create_app

    app = create_app(sqlite_url)
    done = app.test_cli_runner().invoke(args=["tenants", "add", name])
    assert done.exit_code == 2
    assert "no name for a tenant" in done.output


def test_the_host_chooses_the_tenant(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    from tenants import create_app, places

    app = create_app(sqlite_url)
    with app.app_context():
        app.extensions["alembic"].upgrade()
    places.add(app.extensions["shared_engine"], "acme")
    with (new := create_app(sqlite_url)).app_context():
        new.extensions["alembic"].upgrade()
    client = new.test_client()
    assert client.get("/", base_url="http://acme.example.org").get_json() == []
    assert client.get("/", base_url="http://zoo.example.org").status_code == 404
