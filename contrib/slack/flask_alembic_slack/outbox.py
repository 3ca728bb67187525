"""Notices that come from the outbox, so that none is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask_alembic.hooks import Mode, Run, RunResult

from .messages import finished
from .plugin import who
from .sending import send
from .settings import load

if TYPE_CHECKING:
    from flask import Flask
    from flask_alembic_outbox import Message


def receiver(app: Flask) -> Callable[[Flask, Message], None] | None:
    """Return what takes messages, where ``ALEMBIC_SLACK["outbox"]`` is on.

    :param app: The application.
    """
    settings = load(app)
    return receive if settings is not None and settings.outbox else None


def receive(app: Flask, message: Message) -> None:
    """Tell that a run has reached its target in one database.

    :param app: The application.
    :param message: What was committed with the run.
    :raises NotSent: When Slack did not take it; the outbox keeps the message.
    """
    from flask_alembic_outbox.message import RUN_FINISHED, step_results

    settings = load(app)
    rule = settings.rules.get("finished") if settings else None
    if settings is None or rule is None:
        return
    database = message.database
    if message.kind != RUN_FINISHED or not rule.allows(
        settings.environment, (database,)
    ):
        return
    steps = step_results(message)
    run = Run(
        message.run_id,
        message.body["operation"],
        message.body["target"],
        Mode.ONLINE,
        tuple(step.step for step in steps),
        {database: ()},
    )
    elapsed = sum(step.elapsed for step in steps)
    result = RunResult(run, steps, elapsed=elapsed)
    send(settings, finished(settings, rule, result, who(settings)))
