"""What an ``env.py`` did around a run, as settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from apps import (
    make_app,
    migrations_of,
    no_models,
    run_db,
    version_rows,
    write_revision,
    write_table_revision,
)
from databases import MakeDatabase

ROLE = "flask_alembic_owner"


@pytest.fixture
def role(postgresql_url: str) -> Iterator[str]:
    """Return a role that may create tables."""
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        known = sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name")
        if not connection.scalar(known, {"name": ROLE}):
            connection.execute(sa.text(f"CREATE ROLE {ROLE}"))
        connection.execute(sa.text(f"GRANT ALL ON SCHEMA public TO {ROLE}"))
    yield ROLE
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP OWNED BY {ROLE}"))
    engine.dispose()


def test_session_statements_set_the_role(
    tmp_path: Path, postgresql_url: str, role: str
) -> None:
    settings = {"session_statements": [f"SET ROLE {role}", "SELECT ':x'::text"]}
    app = make_app(tmp_path, postgresql_url, models=no_models, ALEMBIC=settings)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 0, result.output
    owner = sa.text(
        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname='public'"
    )
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        with engine.connect() as connection:
            assert connection.scalars(owner).all() == [role]
            # The pool of the app has got no connection with the role.
            assert connection.scalar(sa.text("SELECT current_user")) != role
        engine.dispose()


def test_a_session_statement_that_fails_is_named(tmp_path: Path) -> None:
    settings = {"session_statements": {"default": ["SELECT 1", "SELECT secret FROM x"]}}
    app = make_app(tmp_path, models=no_models, ALEMBIC=settings)
    write_table_revision(migrations_of(app), "a1")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "Statement 2 of ALEMBIC['session_statements'] failed" in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.parametrize(
    ("kind", "take", "release"),
    [
        ("postgresql", "pg_advisory_lock({})", "pg_advisory_unlock({})"),
        ("mariadb", "get_lock('{}', 1)", "release_lock('{}')"),
    ],
)
def test_lock_id_is_the_lock_of_another_tool(
    tmp_path: Path, make_database: MakeDatabase, kind: str, take: str, release: str
) -> None:
    url, number = make_database(kind), 7022364301935869000
    settings = {"lock_id": number, "lock_timeout": 0.2}
    app = make_app(tmp_path, url, models=no_models, ALEMBIC=settings)
    write_table_revision(migrations_of(app), "a1")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as other:
        other.execute(sa.text(f"SELECT {take.format(number)}"))
        assert run_db(app, "upgrade").exit_code == 4
        other.execute(sa.text(f"SELECT {release.format(number)}"))
        assert run_db(app, "upgrade").exit_code == 0
    engine.dispose()
    assert version_rows(url) == {"a1"}


def test_revision_arguments_reach_every_revision(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"revision_arguments": {"shelf": "upper", "row": 2}}
    app = make_app(tmp_path, models=no_models, ALEMBIC=settings)
    line = "assert arguments == {'shelf': 'upper', 'row': 2}"
    write_revision(migrations_of(app), "a1", None, line, line)
    for words in (
        ["upgrade", "--sql"],
        ["show", "a1", "--sql"],
        ["prove", "a1"],
        ["upgrade"],
        ["downgrade", "base", "--yes"],
    ):
        result = run_db(app, *words)
        assert result.exit_code == 0, (words, result.output)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lock_id", "7"),
        ("lock_id", 2**63),
        ("session_statements", [1]),
        ("session_statements", {"default": [" "]}),
        ("revision_arguments", ["x"]),
        ("revision_arguments", {"a b": 1}),
    ],
)
def test_a_wrong_value_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    app = make_app(tmp_path, models=no_models, ALEMBIC={key: value})
    result = run_db(app, "heads")
    assert (result.exit_code, f"ALEMBIC['{key}'] must be" in result.stderr) == (3, True)
