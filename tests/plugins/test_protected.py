"""``ALEMBIC["protected"]``: guards that refuse, and that cannot be disabled unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import extension_of, make_app, migrations_of, run_db, url_of, version_rows
from apps import write_chain as chain
from flask import Flask

from flask_alembic import Veto, hookimpl
from flask_alembic.errors import ConfigurationError, Refused, Vetoed
from flask_alembic.hooks import Run


def protected(folder: Path, *plugins: object, **config: Any) -> Flask:
    app = make_app(
        folder,
        ALEMBIC={"protected": True},
        extension={"plugins": list(plugins)},
        **config,
    )
    chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    return app


@pytest.mark.parametrize("words", [("downgrade", "base", "-y"), ("stamp", "base")])
def test_what_can_lose_data_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    app = protected(tmp_path)
    refused = run_db(app, *words)
    assert refused.exit_code == 3
    assert f"{words[0]} is refused: ALEMBIC['protected'] is set." in refused.stderr
    assert "Use --force if you are sure." in refused.stderr
    assert version_rows(url_of(app)) == {"a1"}
    assert run_db(app, *words, "--force").exit_code == 0
    assert version_rows(url_of(app)) == set()


def test_what_executes_nothing_is_allowed(tmp_path: Path) -> None:
    app = protected(tmp_path)
    with app.app_context():
        assert extension_of(app).downgrade("base", mode="plan").run.plan
        assert extension_of(app).downgrade("a1:base", mode="sql").sql
        with pytest.raises(Refused):
            extension_of(app).downgrade("base", mode="dry-run")


def test_force_is_visible_to_other_guards(tmp_path: Path) -> None:
    seen: list[bool] = []

    class Plugin:
        @hookimpl
        def before_downgrade(self, run: Run) -> None:
            seen.append(run.options["force"])

    app = protected(tmp_path, Plugin())
    assert run_db(app, "downgrade", "base", "-y").exit_code == 3
    assert run_db(app, "downgrade", "base", "-y", "--force").exit_code == 0
    assert seen == [False, True]


def test_vetoes_of_plugins_are_shown_beside_it(tmp_path: Path) -> None:
    class Plugin:
        @hookimpl
        def before_downgrade(self) -> None:
            raise Veto("It is Friday")

    app = protected(tmp_path, Plugin())
    with app.app_context(), pytest.raises(Vetoed) as caught:
        extension_of(app).downgrade("base")
    assert [who for who, _ in caught.value.refusals] == [
        "plugin 'Plugin'",
        "plugin 'protected'",
    ]


def test_it_cannot_be_disabled_while_it_protects(tmp_path: Path) -> None:
    app = protected(tmp_path)
    other = make_app(
        tmp_path,
        url_of(app),
        ALEMBIC={"protected": True},
        ALEMBIC_PLUGINS_DISABLED=["protected"],
    )
    with other.app_context(), pytest.raises(ConfigurationError) as caught:
        extension_of(other).downgrade("base", force=True)
    assert "ALEMBIC['protected'] is set" in str(caught.value)
    assert run_db(other, "upgrade").exit_code == 3
    assert version_rows(url_of(app)) == {"a1"}


def test_it_can_be_disabled_where_nothing_is_protected(tmp_path: Path) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=["protected"])
    chain(migrations_of(app), "a1")
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "downgrade").exit_code == 0


@pytest.mark.parametrize("name", ["connection", "settings"])
def test_what_everything_needs_cannot_be_disabled(tmp_path: Path, name: str) -> None:
    app = make_app(tmp_path, ALEMBIC_PLUGINS_DISABLED=[name])
    result = run_db(app, "current")
    assert result.exit_code == 3
    assert f"The built-in plugin {name!r} cannot be disabled" in result.stderr
