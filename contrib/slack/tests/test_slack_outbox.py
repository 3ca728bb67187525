"""Notices through the outbox: they commit with the run, and none is lost."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeApp, Slack, db, words_of

pytest.importorskip("flask_alembic_outbox")

BOTH = {"ALEMBIC_PLUGINS": ["slack", "outbox"], "ALEMBIC_OUTBOX": True}


def settings(slack: Slack, **more: Any) -> dict[str, Any]:
    return {"url": slack.url, "by": "ann@web-1", "outbox": True, "retries": 0, **more}


def test_an_upgrade_is_told_once(make_app: MakeApp, slack: Slack) -> None:
    app = make_app(settings(slack), **BOTH)
    assert db(app, "upgrade").exit_code == 0
    head, steps, footer = words_of(slack.message)
    assert head.startswith(
        ":white_check_mark: *shop upgraded*\n2 revisions applied in "
    )
    assert [line[:6] for line in steps.splitlines()] == ["• `a1`", "• `b2`"]
    assert footer.startswith("`flask db upgrade heads` · run `")
    assert db(app, "upgrade").exit_code == 0
    assert len(slack.bodies) == 1


def test_what_slack_did_not_take_is_sent_again(
    make_app: MakeApp, slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(settings(slack), **BOTH)
    slack.answers = [500]
    assert db(app, "upgrade").exit_code == 0
    assert "flask db outbox deliver" in caplog.text
    assert slack.taken == 0
    assert db(app, "outbox", "deliver").exit_code == 0
    assert slack.taken == 1


def test_it_receives_nothing_where_it_is_off(make_app: MakeApp, slack: Slack) -> None:
    app = make_app(settings(slack, outbox=False), **BOTH)
    assert db(app, "upgrade").exit_code == 0
    assert len(slack.bodies) == 1
    assert "nobody receives" in db(app, "outbox", "deliver").stderr


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"ALEMBIC_PLUGINS": ["slack"], "ALEMBIC_OUTBOX": True}, "is not active"),
        ({**BOTH, "ALEMBIC_OUTBOX": None}, "ALEMBIC_OUTBOX is not set"),
    ],
)
def test_an_outbox_that_is_off_is_refused(
    make_app: MakeApp, slack: Slack, config: dict[str, Any], words: str
) -> None:
    result = db(make_app(settings(slack), **config), "slack-test")
    assert result.exit_code == 2
    assert words in result.stderr
