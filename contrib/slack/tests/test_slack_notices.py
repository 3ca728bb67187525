"""What is told, when, and how it reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeApp, Slack, db, words_of, write
from flask_alembic_slack import plugin

from flask_alembic.testing import check_plugin

SETTINGS: dict[str, Any] = {"environment": "production", "by": "ann@web-1"}


def with_url(slack: Slack, **more: Any) -> dict[str, Any]:
    return {**SETTINGS, "url": slack.url, **more}


def test_entry_point_is_found(make_app: MakeApp) -> None:
    app = make_app()
    with app.app_context():
        plugins = {record.name: record for record in app.extensions["alembic"].plugins}
    assert plugins["slack"].status == "active"
    assert plugins["slack"].distribution == "flask-alembic-slack"


def test_silent_without_setting(make_app: MakeApp, slack: Slack) -> None:
    for settings in (None, {}, {"url": None, "environment": "dev"}, {"url": ""}):
        app = make_app(settings)
        assert db(app, "upgrade").exit_code == 0
        assert db(app, "downgrade", "base", "-y").exit_code == 0
    assert slack.bodies == []


def test_upgrade_is_told(make_app: MakeApp, slack: Slack) -> None:
    app = make_app(with_url(slack))
    assert db(app, "upgrade").exit_code == 0
    head, steps, footer = words_of(slack.message)
    assert head.startswith(":white_check_mark: *shop (production) upgraded*\n")
    assert "2 revisions applied in " in head
    assert "by `ann@web-1`." in head
    assert head.endswith("\nThe database is now at `b2`.")
    assert steps.splitlines()[0].startswith("• `a1` create users — ")
    assert steps.splitlines()[1].startswith("• `b2` add email — ")
    assert footer.startswith("`flask db upgrade heads` · run `")
    assert slack.message["text"].startswith(
        "shop (production) upgraded: 2 revisions applied in "
    )


def test_downgrade_and_stamp_are_told(make_app: MakeApp, slack: Slack) -> None:
    app = make_app(with_url(slack))
    db(app, "stamp", "b2")
    db(app, "downgrade", "a1", "-y")
    stamped, downgraded = (words_of(message)[0] for message in slack.bodies)
    assert stamped.startswith(":label: *shop (production) stamped*\n")
    assert downgraded.startswith(
        ":leftwards_arrow_with_hook: *shop (production) downgraded*\n1 revision reverted"
    )
    assert downgraded.endswith("is now at `a1`.")


def test_nothing_to_do_is_told_only_on_request(make_app: MakeApp, slack: Slack) -> None:
    db(make_app(), "upgrade")
    assert db(make_app(with_url(slack)), "upgrade").exit_code == 0
    assert slack.bodies == []
    app = make_app(with_url(slack, notify=["nothing"]))
    assert db(app, "upgrade").exit_code == 0
    assert "*shop (production)*: nothing to upgrade." in slack.words
    assert "now at `b2`" in slack.words


@pytest.mark.parametrize("words", ["upgrade --sql", "upgrade --plan", "plan"])
def test_silent_where_nothing_happens(
    make_app: MakeApp, slack: Slack, words: str
) -> None:
    app = make_app(with_url(slack, notify=["finished", "failed", "nothing"]))
    assert db(app, *words.split()).exit_code == 0
    assert slack.bodies == []


def test_silent_in_dry_run(make_app: MakeApp, slack: Slack, folder: Path) -> None:
    app = make_app(with_url(slack))
    assert db(app, "upgrade", "--dry-run").exit_code == 0
    write(folder, "c3", "b2", upgrade="raise ValueError('no')")
    assert db(app, "upgrade", "--dry-run").exit_code == 3
    assert slack.bodies == []


def test_failure_is_told(make_app: MakeApp, slack: Slack, folder: Path) -> None:
    app = make_app(with_url(slack, mention="<!here>"))
    db(app, "upgrade", "a1")
    slack.bodies.clear()
    write(folder, "c3", "b2", "fill in", "op.execute('SELECT * FROM missing')")
    write(folder, "d4", "c3")
    assert db(app, "upgrade").exit_code == 3
    head, error, state, footer = words_of(slack.message)
    assert head.startswith(
        ":x: <!here> *shop (production): upgrade failed*\n"
        "Revision `c3` fill in (`c3.py`, line "
    )
    assert ") stopped in database *default* after " in head
    assert head.endswith("run by `ann@web-1`.")
    assert error == "```OperationalError: no such table: missing```"
    assert state.splitlines() == [
        "• *Applied:* nothing",
        "• *Rolled back:* `b2`, `c3`",
        "• *Not started:* `d4`",
        "• *Now at:* `a1`, database default",
        "Fix the cause, then run flask db upgrade again.",
    ]
    assert footer.startswith("`flask db upgrade heads` · run `")
    assert slack.message["text"] == (
        "shop (production): upgrade failed at c3: OperationalError: no such table: "
        "missing"
    )


def test_what_stays_in_effect_is_told(
    make_app: MakeApp, slack: Slack, folder: Path
) -> None:
    app = make_app(with_url(slack), ALEMBIC_CONTEXT={"transaction_per_migration": True})
    write(folder, "c3", "b2", "fill in", "raise ValueError('bad <row> & more')")
    assert db(app, "upgrade").exit_code == 3
    _, error, state, _ = words_of(slack.message)
    assert error == "```ValueError: bad &lt;row&gt; &amp; more```"
    assert "• *Applied:* `a1`, `b2`" in state
    assert "• *Rolled back:* `c3`" in state


def test_run_that_cannot_begin_is_told(
    make_app: MakeApp, slack: Slack, tmp_path: Path
) -> None:
    uri = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"
    app = make_app(with_url(slack), SQLALCHEMY_DATABASE_URI=uri)
    assert db(app, "upgrade").exit_code == 3
    head, _, state, footer = words_of(slack.message)
    assert head.startswith(":x: *shop (production): upgrade failed*\nThe upgrade stop")
    assert state == "Nothing was changed."
    assert footer == "`flask db upgrade heads`"


def test_mistyped_target_is_not_told(make_app: MakeApp, slack: Slack) -> None:
    app = make_app(with_url(slack))
    assert db(app, "upgrade", "nosuch").exit_code == 2
    assert slack.bodies == []


def test_refusal_is_told(make_app: MakeApp, slack: Slack) -> None:
    from flask_alembic.hooks import Veto, hookimpl

    class Freeze:
        @hookimpl
        def before_upgrade(self) -> None:
            raise Veto("there is a change freeze")

    app = make_app(with_url(slack))
    app.extensions["alembic"].register(Freeze())
    assert db(app, "upgrade").exit_code == 3
    assert "*shop (production): upgrade refused*" in slack.words
    assert "there is a change freeze" in slack.words
    assert "Nothing was changed." in slack.words


def test_new_revisions_are_told(make_app: MakeApp, slack: Slack) -> None:
    app = make_app(with_url(slack))
    assert db(app, "revision", "--empty", "add <b> & co").exit_code == 0
    head, line = words_of(slack.message)
    assert head == (
        ":memo: *New revision for shop (production)*\nWritten by `ann@web-1`."
    )
    assert " add &lt;b&gt; &amp; co — after `b2`, file `" in line
    assert line.endswith(".py`")


def test_merge_is_told(make_app: MakeApp, slack: Slack, folder: Path) -> None:
    app = make_app(with_url(slack))
    write(folder, "c3", "a1")
    assert db(app, "merge", "-m", "join").exit_code == 0
    assert "*New merge revision for shop (production)*" in slack.words
    assert "join — merges `b2`, `c3`" in slack.words


def test_many_revisions_are_one_short_message(
    make_app: MakeApp, slack: Slack, folder: Path
) -> None:
    app = make_app(with_url(slack))
    for number in range(300):
        down = f"r{number - 1:03}" if number else "b2"
        write(folder, f"r{number:03}", down, "<&>" * 200)
    assert db(app, "upgrade").exit_code == 0
    texts = words_of(slack.message)
    assert "302 revisions applied" in texts[0]
    shown = [line for line in texts[1].splitlines() if line.startswith("• ")]
    assert texts[1].splitlines()[-1] == f"…and {302 - len(shown)} more"
    assert max(map(len, texts)) <= 3000
    assert sum(map(len, texts)) <= 10_000
    assert len(slack.message["blocks"]) <= 50
    left = re.sub("&(amp|lt|gt);", "", texts[1])
    assert not set(left) & set("&<>")


def test_databases_are_named(
    make_app: MakeApp, slack: Slack, folder: Path, tmp_path: Path
) -> None:
    binds = {"stats": f"sqlite:///{tmp_path / 'stats.db'}"}
    app = make_app(
        with_url(slack),
        SQLALCHEMY_BINDS=binds,
        ALEMBIC={"databases": ["default", "stats"]},
    )
    assert db(app, "upgrade").exit_code == 0
    assert "4 revisions applied" in slack.words
    assert "*default* is now at `b2`." in slack.words
    assert "*stats* is now at `b2`." in slack.words
    assert "• `a1` create users [stats] — " in slack.words


def test_half_a_revision_is_told(make_app: MakeApp, slack: Slack, folder: Path) -> None:
    app = make_app(with_url(slack))
    work = """with op.get_context().autocommit_block():
        op.execute("CREATE TABLE kept (id INTEGER)")
    raise ValueError("too late")"""
    write(folder, "c3", "b2", "half", work)
    assert db(app, "upgrade").exit_code == 3
    assert (
        "• :warning: *Partially applied:* `c3`. The database has committed 1 statement of it, "
        "which a rollback does not revert."
    ) in slack.words


def test_hooks_have_the_right_names_and_arguments() -> None:
    assert "after_upgrade" in check_plugin(plugin)
