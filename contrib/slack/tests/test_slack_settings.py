"""What is told where: settings, right ones and wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import MakeApp, Slack, db, write
from flask_alembic_slack.errors import SettingsError
from flask_alembic_slack.settings import load


def test_url_alone_is_enough(make_app: MakeApp, slack: Slack) -> None:
    assert db(make_app(slack.url), "upgrade").exit_code == 0
    assert "*shop upgraded*" in slack.words


def test_notify_chooses(make_app: MakeApp, slack: Slack, folder: Path) -> None:
    app = make_app({"url": slack.url, "notify": ["failed"]})
    db(app, "upgrade")
    db(app, "revision", "--empty", "more")
    assert slack.bodies == []
    write(folder, "z9", "b2", upgrade="raise ValueError('no')")
    assert db(app, "upgrade", "z9").exit_code == 3
    assert "upgrade failed" in slack.words


def test_environments_choose(make_app: MakeApp, slack: Slack) -> None:
    settings = {"url": slack.url, "environments": ["production", "staging"]}
    assert db(make_app({**settings, "environment": "dev"}), "upgrade").exit_code == 0
    assert slack.bodies == []
    app = make_app({**settings, "environment": "staging"})
    assert db(app, "downgrade", "base", "-y").exit_code == 0
    assert "*shop (staging) downgraded*" in slack.words


def test_each_notice_has_limits_of_its_own(make_app: MakeApp, slack: Slack) -> None:
    app = make_app(
        {
            "url": slack.url,
            "environment": "dev",
            "environments": ["production"],
            "notify": {"generated": {"environments": ["dev"]}, "finished": True},
        }
    )
    db(app, "upgrade")
    assert slack.bodies == []
    db(app, "revision", "--empty", "more")
    assert "New revision" in slack.words


def test_databases_choose(
    make_app: MakeApp, slack: Slack, tmp_path: Path, folder: Path
) -> None:
    config: dict[str, Any] = {
        "SQLALCHEMY_BINDS": {"stats": f"sqlite:///{tmp_path / 'stats.db'}"},
        "ALEMBIC": {"databases": ["default", "stats"]},
    }
    app = make_app({"url": slack.url, "databases": ["default"]}, **config)
    assert db(app, "upgrade", "--database", "stats").exit_code == 0
    assert slack.bodies == []
    assert db(app, "upgrade").exit_code == 0
    assert "2 revisions applied" in slack.words
    assert "stats" not in slack.words
    slack.bodies.clear()
    write(folder, "z9", "b2", upgrade="raise ValueError('no')")
    assert db(app, "upgrade", "--database", "stats").exit_code == 3
    assert slack.bodies == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["https://x/s3cr3t"], "must be a dict, not list"),
        ({"url": 5}, "must be text, not int"),
        ({"url": "hooks.slack.com/x"}, "does not begin with https://"),
        ({"url": "https://x", "chanel": "#a"}, "Did you mean 'channel'?"),
        ({"url": "https://x", "notify": ["fail"]}, "Did you mean 'failed'?"),
        ({"url": "https://x", "notify": {"failed": 3}}, "must be True or a dict"),
        ({"url": "https://x", "databases": [1]}, "must be a list of names"),
        ({"url": "https://x", "timeout": "5"}, "a number of seconds"),
        ({"url": "https://x", "timeout": 0}, "more than 0 seconds"),
        ({"url": "https://x", "timeout": float("inf")}, "more than 0 seconds"),
        ({"url": "https://x", "retries": -1}, "a whole number, 0 or more"),
        ({"url": "https://x", "token": "xoxb-1"}, "both a url and a token"),
        ({"token": "xoxb-1"}, "no channel"),
        ({"url": "https://x", "environments": ["a"]}, "which one this is"),
    ],
)
def test_wrong_settings(make_app: MakeApp, settings: Any, words: str) -> None:
    app = make_app(settings)
    with pytest.raises(SettingsError) as caught:
        load(app)
    assert words in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    result = db(app, "slack-test")
    assert result.exit_code == 2
    assert words in result.stderr


def test_wrong_settings_do_not_fail_a_run(make_app: MakeApp, caplog: Any) -> None:
    app = make_app({"url": "https://x", "chanel": "#a"})
    assert db(app, "upgrade").exit_code == 0
    assert "Did you mean 'channel'?" in caplog.text
