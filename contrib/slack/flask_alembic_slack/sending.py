"""Bringing a message to Slack, in a time that is known beforehand."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .errors import NotSent

if TYPE_CHECKING:
    from .messages import Message
    from .settings import Settings

PAUSES: Final = (0.5, 1.0, 2.0)
"""How long to wait before another try where Slack does not say, in seconds."""

_ADVICE: Final = "flask db slack-test tries it again."

# slack_sdk writes the webhook's URL to its log at DEBUG, and each failed try as an
# error. This logger belongs to no tree and has no handler: nothing of it is seen.
_silent = logging.Logger("flask_alembic_slack.silent", logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack said to one try."""

    ok: bool
    """Whether the message is in the channel."""

    reason: str = ""
    """Why not."""

    again: bool = False
    """Whether another try may help."""

    after: float | None = None
    """How long Slack asks to wait before it, in seconds."""


class Delivery:
    """One message on its way, in a thread of its own.

    A socket's timeout bounds each wait of it, not their sum, and it does not bound
    looking up a name. Only a thread that is not waited for any longer does.

    :param settings: Where to and how long.
    :param message: What.
    """

    def __init__(self, settings: Settings, message: Message) -> None:
        self.settings = settings
        self.message = message
        self.deadline = time.monotonic() + settings.timeout
        self.answer: Answer | None = None
        self._given_up = threading.Event()

    def run(self) -> None:
        """Send, and wait for the answer until the time is over.

        :raises NotSent: When Slack did not take it.
        """
        thread = threading.Thread(target=self._try, name="slack", daemon=True)
        thread.start()
        thread.join(max(0.0, self.deadline - time.monotonic()))
        answer, self.answer = self.answer, None
        self._given_up.set()
        if thread.is_alive() or answer is None:
            last = f" ({answer.reason})" if answer is not None else ""
            raise NotSent(
                f"Slack did not take the notice within {self.settings.timeout:g} s"
                f"{last}.",
                _ADVICE,
            )
        if not answer.ok:
            raise NotSent(f"Slack did not take the notice: {answer.reason}.", _ADVICE)

    def _try(self) -> None:
        for number in range(self.settings.retries + 1):
            try:
                self.answer = post(self.settings, self.message, self._remaining())
            except Exception as error:
                self.answer = Answer(False, _words(error), again=True)
            answer = self.answer
            if answer.ok or not answer.again or number == self.settings.retries:
                return
            pause = answer.after
            if pause is None:
                pause = PAUSES[min(number, len(PAUSES) - 1)]
            if pause >= self._remaining() or self._given_up.wait(pause):
                return

    def _remaining(self) -> float:
        return self.deadline - time.monotonic()


def send(settings: Settings, message: Message) -> None:
    """Bring a message to Slack.

    :param settings: Where to, and what it may cost.
    :param message: What.
    :raises NotSent: When Slack did not take it in time; it is the only exception.
    """
    Delivery(settings, message).run()


def post(settings: Settings, message: Message, seconds: float) -> Answer:
    """Try once.

    :param settings: Where to.
    :param message: What.
    :param seconds: How long a socket may be silent.
    """
    timeout = max(1, math.ceil(seconds))  # the SDK takes whole seconds
    if settings.url:
        return _to_webhook(settings, message, timeout)
    return _to_channel(settings, message, timeout)


def _to_webhook(settings: Settings, message: Message, timeout: int) -> Answer:
    from slack_sdk.webhook import WebhookClient

    client = WebhookClient(
        settings.url, timeout=timeout, logger=_silent, retry_handlers=[]
    )
    response = client.send(text=message.text, blocks=message.blocks)
    return _judged(response.status_code, response.headers, response.body)


def _to_channel(settings: Settings, message: Message, timeout: int) -> Answer:
    from slack_sdk.errors import SlackApiError
    from slack_sdk.web import WebClient

    options: dict[str, Any] = {}
    if settings.base_url:
        options["base_url"] = settings.base_url.rstrip("/") + "/"
    client = WebClient(
        settings.token, timeout=timeout, logger=_silent, retry_handlers=[], **options
    )
    try:
        client.chat_postMessage(
            channel=settings.channel,
            text=message.text,
            blocks=message.blocks,
            unfurl_links=False,
        )
    except SlackApiError as error:
        response = error.response
        status = int(getattr(response, "status_code", 0) or 0)
        data = getattr(response, "data", response)
        body = data.get("error", "") if isinstance(data, Mapping) else ""
        return _judged(status, getattr(response, "headers", {}), body or "refused")
    return Answer(True)


def _judged(status: int, headers: Mapping[str, Any], body: str) -> Answer:
    """Return what a response means."""
    lines = str(body).strip().splitlines()
    said = f"HTTP {status}" + (f", {lines[0][:100]}" if lines else "")
    if status == 429 or body == "ratelimited":
        return Answer(False, said, again=True, after=_wait(headers))
    if status >= 500:
        return Answer(False, said, again=True)
    if status == 200 and str(body).strip() in ("ok", ""):
        return Answer(True)
    return Answer(False, said)


def _wait(headers: Mapping[str, Any]) -> float:
    """Return what ``Retry-After`` says, in seconds; 1 where it says nothing usable."""
    for name, value in headers.items():
        if str(name).lower() == "retry-after":
            given = value[0] if isinstance(value, (list, tuple)) and value else value
            try:
                return max(0.0, float(str(given)))
            except ValueError:
                break
    return 1.0


def _words(error: Exception) -> str:
    """Return what went wrong with a connection, without the address."""
    reason = getattr(error, "reason", None) or error
    said = getattr(reason, "strerror", None)
    kind = type(reason).__name__
    return f"{kind}: {said}" if said else kind
