"""Slack that answers well, badly, late, never: the run ends the same every time."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import MakeApp, Slack, db

PATIENCE = 20.0
"""Far more than any test needs: only to end one that would hang."""


def upgraded(make_app: MakeApp, settings: dict[str, Any]) -> Any:
    """Upgrade in another thread, so that a hang fails the test and not the suite."""
    app = make_app(settings)
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(db(app, "upgrade")))
    thread.start()
    thread.join(PATIENCE)
    assert results, "the run hangs"
    with app.app_context():
        assert [s.revision for s in app.extensions["alembic"].current()] == ["b2"]
    return results[0]


@pytest.fixture
def warnings_of_slack(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)  # what is logged at any level is seen
    return caplog


def test_sends_both_forms_once(make_app: MakeApp, slack: Slack) -> None:
    assert upgraded(make_app, {"url": slack.url}).exit_code == 0
    assert set(slack.message) == {"text", "blocks"}
    assert slack.headers[0]["Content-Type"].startswith("application/json")


def test_waits_as_long_as_slack_asks(make_app: MakeApp, slack: Slack) -> None:
    slack.answers = [(429, {"Retry-After": "1"}), 200]
    assert upgraded(make_app, {"url": slack.url, "retries": 1}).exit_code == 0
    assert slack.taken == 1
    assert slack.bodies[0] == slack.bodies[1]


def test_does_not_wait_longer_than_it_may(
    make_app: MakeApp, slack: Slack, warnings_of_slack: pytest.LogCaptureFixture
) -> None:
    slack.answers = [(429, {"Retry-After": "3600"}), 200]
    assert upgraded(make_app, {"url": slack.url}).exit_code == 0
    assert len(slack.bodies) == 1
    assert "HTTP 429" in warnings_of_slack.text


@pytest.mark.parametrize("header", [{}, {"Retry-After": "soon"}])
def test_rate_limit_without_a_time(
    make_app: MakeApp, slack: Slack, header: dict[str, str]
) -> None:
    slack.answers = [(429, header), 200]
    assert upgraded(make_app, {"url": slack.url}).exit_code == 0
    assert len(slack.bodies) == 2


@pytest.mark.parametrize("answer", [500, 503, "close"])
def test_tries_again(make_app: MakeApp, slack: Slack, answer: Any) -> None:
    slack.answers = [answer, answer, 200]
    assert upgraded(make_app, {"url": slack.url}).exit_code == 0
    assert len(slack.bodies) == 3
    assert slack.taken == 1


@pytest.mark.parametrize("answer", [500, "close"])
def test_gives_up(
    make_app: MakeApp,
    slack: Slack,
    answer: Any,
    warnings_of_slack: pytest.LogCaptureFixture,
) -> None:
    slack.answers = [answer] * 10
    assert upgraded(make_app, {"url": slack.url, "retries": 1}).exit_code == 0
    assert len(slack.bodies) == 2
    assert "Slack did not take the notice" in warnings_of_slack.text
    assert "flask-alembic-slack" in warnings_of_slack.text
    assert "s3cr3t" not in warnings_of_slack.text


def test_refusal_is_not_tried_again(
    make_app: MakeApp, slack: Slack, warnings_of_slack: pytest.LogCaptureFixture
) -> None:
    slack.answers = [400, 200]
    assert upgraded(make_app, {"url": slack.url}).exit_code == 0
    assert len(slack.bodies) == 1
    assert "HTTP 400, no_text" in warnings_of_slack.text


@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_costs_no_more_than_the_timeout(
    make_app: MakeApp,
    slack: Slack,
    answer: str,
    warnings_of_slack: pytest.LogCaptureFixture,
) -> None:
    slack.answers = [answer] * 10
    result = upgraded(make_app, {"url": slack.url, "timeout": 0.5})
    assert result.exit_code == 0
    # The server goes on for longer than the test waits, so the end of the run shows
    # that nobody waited for it.
    assert "did not take the notice within 0.5 s" in warnings_of_slack.text
    slack.released.set()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, kept for the test."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_nobody_there(
    make_app: MakeApp, closed_port: int, warnings_of_slack: pytest.LogCaptureFixture
) -> None:
    url = f"http://127.0.0.1:{closed_port}/services/T0/B0/s3cr3t"
    assert upgraded(make_app, {"url": url, "retries": 0}).exit_code == 0
    assert "ConnectionRefusedError" in warnings_of_slack.text
    assert "s3cr3t" not in warnings_of_slack.text


def test_a_notice_that_is_given_up_is_not_sent_later(
    make_app: MakeApp, slack: Slack
) -> None:
    slack.answers = [(429, {"Retry-After": "1"}), 200]
    assert upgraded(make_app, {"url": slack.url, "timeout": 0.5}).exit_code == 0
    time.sleep(1.2)
    assert len(slack.bodies) == 1


def test_failing_run_stays_the_same_failure(
    make_app: MakeApp, slack: Slack, folder: Any
) -> None:
    from conftest import write

    slack.answers = [400] * 10
    app = make_app({"url": slack.url})
    write(folder, "c3", "b2", upgrade="raise ValueError('the real reason')")
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert "the real reason" in result.stderr


def test_what_was_not_sent_is_in_the_report(make_app: MakeApp, slack: Slack) -> None:
    import json

    slack.answers = [400]
    result = db(make_app({"url": slack.url}), "upgrade", "--format", "json")
    assert result.exit_code == 0
    failures = json.loads(result.stdout)["hook_failures"]
    assert [failure["plugin"] for failure in failures] == ["slack"]
    assert failures[0]["hook"] == "after_upgrade"


def test_strict_apps_are_told_that_the_database_changed(
    make_app: MakeApp, slack: Slack
) -> None:
    slack.answers = [400]
    app = make_app({"url": slack.url}, ALEMBIC_HOOKS_STRICT=True)
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert "The database was changed" in result.stderr


def with_token(slack: Slack) -> dict[str, Any]:
    base = slack.url.partition("/services/")[0] + "/api"
    return {"token": "xoxb-s3cr3t", "channel": "#deployments", "base_url": base}


def test_bot_posts_to_the_channel(make_app: MakeApp, slack: Slack) -> None:
    assert upgraded(make_app, with_token(slack)).exit_code == 0
    assert slack.message["channel"] == "#deployments"
    assert "*shop upgraded*" in slack.words
    assert slack.headers[0]["Authorization"] == "Bearer xoxb-s3cr3t"


def test_bot_tries_again(make_app: MakeApp, slack: Slack) -> None:
    slack.answers = [(429, {"Retry-After": "1"}), 500, 200]
    assert upgraded(make_app, with_token(slack)).exit_code == 0
    assert len(slack.bodies) == 3
    assert slack.taken == 1


def test_bot_is_refused(
    make_app: MakeApp, slack: Slack, warnings_of_slack: pytest.LogCaptureFixture
) -> None:
    slack.answers = [("denied", {})] * 5
    assert upgraded(make_app, with_token(slack)).exit_code == 0
    assert len(slack.bodies) == 1
    assert "channel_not_found" in warnings_of_slack.text
    assert "s3cr3t" not in warnings_of_slack.text


def test_test_notice(make_app: MakeApp, slack: Slack) -> None:
    result = db(make_app({"url": slack.url, "by": "ann"}), "slack-test")
    assert (result.exit_code, result.stdout) == (
        0,
        "Sent a test notice to the webhook's channel.\n",
    )
    assert ":wave: *shop: this is a test*" in slack.words
    result = db(make_app(with_token(slack)), "slack-test")
    assert result.stdout == "Sent a test notice to #deployments.\n"


def test_test_notice_that_is_refused(make_app: MakeApp, slack: Slack) -> None:
    slack.answers = [400]
    result = db(make_app({"url": slack.url}), "slack-test")
    assert result.exit_code == 3
    assert "Slack did not take the notice: HTTP 400, no_text." in result.stderr


def test_test_notice_without_setting(make_app: MakeApp) -> None:
    result = db(make_app(), "slack-test")
    assert result.exit_code == 2
    assert "nothing is ever sent" in result.stderr
