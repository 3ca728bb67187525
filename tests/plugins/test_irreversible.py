"""``irreversible`` in a revision file: refused on the way down, shown on the way up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from apps import (
    extension_of,
    make_app,
    migrations_of,
    no_models,
    run_db,
    tables,
    version_rows,
    write_table_revision,
)
from flask import Flask
from plugging import Implementing

from flask_alembic import Veto
from flask_alembic.errors import AlembicError, Refused, RevisionFileError, Vetoed
from flask_alembic.hooks import Step

REASON = "drops the payments archive"


def app_of(
    folder: Path, url: str | None = None, mark: str = f"{REASON!r}", **config: Any
) -> Flask:
    """Return an app with the revisions a, b and c, of which b is marked."""
    app = make_app(folder, url, models=no_models, **config)
    for down, revision in ((None, "a"), ("a", "b"), ("b", "c")):
        path = write_table_revision(migrations_of(app), revision, down)
        if revision == "b":
            path.write_text(f"{path.read_text()}\nirreversible = {mark}\n")
    return app


def upgraded(folder: Path, url: str, **options: Any) -> Flask:
    app = app_of(folder, url, **options)
    with app.app_context():
        extension_of(app).upgrade()
    return app


@pytest.mark.parametrize(
    "words",
    [
        ("base",),
        ("a",),
        ("-2",),
        ("base", "--dry-run"),
        ("base", "--plan"),
        ("c:base", "--sql"),
        ("base", "--force"),
    ],
    ids=" ".join,
)
def test_a_plan_with_it_is_refused_whole(
    words: tuple[str, ...], tmp_path: Path, database_url: str
) -> None:
    if "--dry-run" in words and database_url.startswith(("mysql", "mariadb")):
        words = words[:1]
    app = upgraded(tmp_path, database_url)
    there = tables(database_url)
    refused = run_db(app, "downgrade", *words, "-y")
    assert refused.exit_code == 3, refused.output
    assert f"b (b) is irreversible ({REASON}); nothing was run." in refused.stderr
    assert "b_.py says so" in refused.stderr
    assert not refused.stdout.strip()
    assert version_rows(database_url) == {"c"}
    assert tables(database_url) == there


def test_what_comes_after_it_is_reverted(tmp_path: Path, database_url: str) -> None:
    app = upgraded(tmp_path, database_url)
    assert run_db(app, "downgrade", "-1", "-y").exit_code == 0
    assert version_rows(database_url) == {"b"}
    refused = run_db(app, "downgrade", "-1", "-y")
    assert refused.exit_code == 3
    assert version_rows(database_url) == {"b"}


def test_python_gets_an_error_of_its_own(tmp_path: Path) -> None:
    app = upgraded(tmp_path, f"sqlite:///{tmp_path / 'x.db'}", mark="True")
    with app.app_context():
        with pytest.raises(Refused) as raised:
            extension_of(app).downgrade("base")
    assert raised.value.exit_code == 3
    assert raised.value.message == "b (b) is irreversible; nothing was run."


def test_a_function_that_plans_is_asked_too(tmp_path: Path) -> None:
    app = upgraded(tmp_path, f"sqlite:///{tmp_path / 'x.db'}")
    with app.app_context():
        extension = extension_of(app)
        with pytest.raises(Refused, match=r"b \(b\) is irreversible"):
            extension.run_migrations(
                lambda heads, context: extension.script._downgrade_revs("a", heads)
            )
    assert version_rows(f"sqlite:///{tmp_path / 'x.db'}") == {"c"}


def test_it_is_shown_before_it_runs(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    plan = run_db(app, "plan").stdout.splitlines()
    assert plan[1] == f"2. upgrade b, b (irreversible: {REASON})  b_.py"
    assert "irreversible" not in plan[0] + plan[2]
    status = run_db(app, "status").stdout
    assert f"  b  b (irreversible: {REASON})\n" in status
    assert status.count("irreversible") == 1
    assert f"Irreversible: {REASON}\n" in run_db(app, "show", "b").stdout
    assert "Irreversible" not in run_db(app, "show", "a").stdout


def test_a_mark_without_a_reason_is_shown_too(tmp_path: Path) -> None:
    app = app_of(tmp_path, mark="True")
    assert "upgrade b, b (irreversible)  b_.py" in run_db(app, "plan").stdout
    assert "  b  b (irreversible)\n" in run_db(app, "status").stdout
    assert "Irreversible: yes\n" in run_db(app, "show", "b").stdout


def test_json_has_it_everywhere(tmp_path: Path) -> None:
    app = app_of(tmp_path)

    def document(*words: str) -> Any:
        return json.loads(run_db(app, *words, "--format", "json").stdout)

    plan = document("plan")["run"]["plan"]
    assert [step["irreversible"] for step in plan] == [False, REASON, False]
    assert document("show", "b")["revisions"][0]["irreversible"] == REASON
    assert document("status")["data"]["databases"][0]["irreversible"] == {"b": REASON}
    applied = document("upgrade")["result"]["applied"]
    assert [step["irreversible"] for step in applied] == [False, REASON, False]
    assert document("status")["data"]["databases"][0]["irreversible"] == {}


def test_plugins_see_it(tmp_path: Path) -> None:
    seen: list[Step] = []

    def before_upgrade(run: Any) -> None:
        seen.extend(run.plan)

    def before_downgrade(run: Any) -> None:
        raise Veto("not on Fridays")

    plugin = Implementing(
        before_upgrade=before_upgrade, before_downgrade=before_downgrade
    )
    app = app_of(tmp_path, extension={"plugins": [plugin]})
    assert run_db(app, "upgrade").exit_code == 0
    assert [step.irreversible for step in seen] == [False, REASON, False]
    with app.app_context(), pytest.raises(Vetoed) as raised:
        extension_of(app).downgrade("base")
    text = str(raised.value)
    assert "not on Fridays" in text
    assert "b (b) is irreversible" in text


@pytest.mark.parametrize("mark", ["1", "''", "['x']", "1 < 2", "f'{1}'"])
def test_a_computed_value_is_executed_and_checked(mark: str, tmp_path: Path) -> None:
    app = app_of(tmp_path, mark=mark)
    with app.app_context():
        if mark in {"1 < 2", "f'{1}'"}:
            plan = extension_of(app).plan().run.plan
            assert plan[1].irreversible == eval(mark)
            assert list(run_status(app)) == ["b"]
            return
        with pytest.raises(RevisionFileError, match="irreversible = "):
            extension_of(app).plan()
    refused = run_db(app, "upgrade")
    assert refused.exit_code == 3
    assert "Traceback" not in refused.output


def run_status(app: Flask) -> Any:
    return extension_of(app).status()[0].irreversible


def test_no_file_is_executed_to_know_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(tmp_path)
    for path in migrations_of(app).glob("*.py"):
        path.write_text(f"{path.read_text()}\nraise SystemExit('executed')\n")
    monkeypatch.setattr(ScriptDirectory, "load_revisions", None, raising=False)
    with app.app_context():
        extension = extension_of(app)
        for _ in range(2):  # from the source, then from the index
            assert run_status(app) == {"b": REASON}
            (script,) = extension.show("b")
            assert script.irreversible == REASON  # type: ignore[attr-defined]
    # Another app reads the index that this one has written.
    again = make_app(tmp_path, models=no_models)
    with again.app_context():
        assert run_status(again) == {"b": REASON}


def test_a_changed_mark_is_noticed(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    url = f"sqlite:///{tmp_path / 'app.db'}"
    assert run_db(app, "upgrade").exit_code == 0
    path = migrations_of(app) / "b_.py"
    path.write_text(path.read_text().replace("irreversible", "was_irreversible"))
    assert run_db(app, "downgrade", "base", "-y").exit_code == 0
    assert version_rows(url) == set()


def test_the_plugin_can_be_disabled(tmp_path: Path) -> None:
    config = {"ALEMBIC_PLUGINS_DISABLED": ["irreversible"]}
    app = app_of(tmp_path, **config)
    assert run_db(app, "upgrade").exit_code == 0
    assert run_db(app, "downgrade", "base", "-y").exit_code == 0


def test_several_are_counted(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    path = migrations_of(app) / "c_.py"
    path.write_text(f"{path.read_text()}\nirreversible = True\n")
    assert run_db(app, "upgrade").exit_code == 0
    with app.app_context(), pytest.raises(AlembicError) as raised:
        extension_of(app).downgrade("base")
    assert raised.value.message == (
        "c (c) is irreversible, and 1 more of this plan; nothing was run."
    )


def test_a_reason_cannot_command_a_terminal(tmp_path: Path) -> None:
    app = app_of(tmp_path, mark=repr("one\n\x1b[31mtwo"))
    plan = run_db(app, "plan").stdout
    assert "(irreversible: one \\x1b[31mtwo)" in plan
    assert run_db(app, "upgrade").exit_code == 0
    refused = run_db(app, "downgrade", "base", "-y")
    assert refused.exit_code == 3
    assert "\x1b" not in refused.output
