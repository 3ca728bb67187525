"""The hooks: what is told when.

Finished
    From ``after_upgrade``, ``after_downgrade`` and ``after_stamp``: the change is
    durable, the lock released and the connections closed, so a slow Slack keeps
    nothing waiting in the database. They are not called in ``sql``, ``plan`` and
    ``dry-run`` mode.
Failed
    From ``after_command``, for the same reason not from ``revision_failed``, where the
    lock is still held; it also tells of runs that stopped before the first revision.
Generated
    From ``revision_generated``: the files are in place.

With ``ALEMBIC_SLACK["outbox"]`` notices of runs that are done come from
:mod:`flask_alembic_slack.outbox` instead, which ``flask-alembic-outbox`` calls.

Each of these is a hook whose errors change nothing: a notice that cannot be sent is
logged and kept in the report, and the run ends as it did.
"""

from __future__ import annotations

import getpass
import os
import socket
from typing import TYPE_CHECKING

from flask_alembic.hooks import hookimpl

from .errors import SettingsError
from .settings import Settings, load

if TYPE_CHECKING:
    import click
    from alembic.script import Script
    from flask import Flask

    from flask_alembic.hooks import Report, RevisionRequest, Run, RunResult


@hookimpl
def after_upgrade(app: Flask, run: Run, result: RunResult) -> None:
    """Tell that an upgrade is done."""
    _finished(app, run, result)


@hookimpl
def after_downgrade(app: Flask, run: Run, result: RunResult) -> None:
    """Tell that a downgrade is done."""
    _finished(app, run, result)


@hookimpl
def after_stamp(app: Flask, run: Run, result: RunResult) -> None:
    """Tell that a stamp is done."""
    _finished(app, run, result)


@hookimpl
def after_command(app: Flask, report: Report) -> None:
    """Tell that a run failed; a target that was only mistyped is not told."""
    from .failures import RUNS, failed
    from .sending import send

    error = report.error
    if report.command.name not in RUNS or error is None or report.exit_code == 2:
        return
    mode = report.run.mode if report.run else report.command.options.get("mode")
    if mode != "online":
        return
    settings = load(app)
    rule = settings.rules.get("failed") if settings else None
    if settings is None or rule is None:
        return
    result = report.result
    if result is not None and result.failure is not None:
        databases: tuple[str, ...] = (result.failure.database,)
    else:
        databases = report.run.databases if report.run else ()
    if rule.allows(settings.environment, databases):
        send(settings, failed(app, settings, report, who(settings)))


@hookimpl
def revision_generated(
    app: Flask, request: RevisionRequest, scripts: tuple[Script, ...]
) -> None:
    """Tell that revision files were written."""
    from .messages import generated
    from .sending import send

    settings = load(app)
    rule = settings.rules.get("generated") if settings else None
    if settings is not None and rule and rule.allows(settings.environment, ()):
        send(settings, generated(settings, request, scripts, who(settings)))


@hookimpl
def register_commands(app: Flask, cli: click.Group) -> None:
    """Add ``flask db slack-test``."""
    import click
    from flask.cli import with_appcontext

    @cli.command("slack-test", cls=click.Command)
    @with_appcontext
    def slack_test() -> None:
        """Send a test notice to Slack.

        Ends with 2 where ALEMBIC_SLACK is not set or wrong, and with 3 where Slack
        did not take the notice.
        """
        from flask import current_app

        from .messages import trial
        from .sending import send

        settings = load(current_app)
        if settings is None:
            raise SettingsError(
                "ALEMBIC_SLACK has no url and no token, so nothing is ever sent.",
                "Set ALEMBIC_SLACK = {'url': ...} to the URL of an incoming webhook.",
            )
        send(settings, trial(settings, who(settings)))
        place = settings.channel if settings.token else "the webhook's channel"
        click.echo(f"Sent a test notice to {place}.")


def _finished(app: Flask, run: Run, result: RunResult) -> None:
    from .messages import finished
    from .sending import send

    settings = load(app)
    if settings is None or run.mode != "online":
        return
    if settings.outbox and result.applied:
        return  # the outbox has it, and brings it
    touched = tuple(dict.fromkeys(one.step.database for one in result.applied))
    rule = settings.rules.get("finished" if touched else "nothing")
    if rule and rule.allows(settings.environment, touched or run.databases):
        send(settings, finished(settings, rule, result, who(settings)))


def who(settings: Settings) -> str:
    """Return who runs the command: as it is set, or by user and host.

    In a pipeline the user is the same robot every time, so the person who started it
    is asked for first, where the pipeline says so.

    :param settings: Their ``by`` goes over everything.
    """
    if settings.by:
        return settings.by
    host = socket.gethostname()
    for variable in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR"):
        if os.environ.get(variable):
            return f"{os.environ[variable]} on {host}"
    try:
        user = getpass.getuser()
    except Exception:  # KeyError, ImportError or OSError, by platform and version
        user = f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    return f"{user}@{host}"
