"""A receiver that posts each message to a URL."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .errors import NotDelivered, SettingsError

if TYPE_CHECKING:
    from flask import Flask

    from .message import Message


class _NoRedirects(HTTPRedirectHandler):
    """Takes a redirect for an answer: a POST that is redirected becomes a GET."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


class Webhook:
    """Posts each message to a URL, as JSON; whatever is not answered with 2xx comes again.

    The body is an object with the attributes of :class:`Message`. The header
    ``Idempotency-Key`` holds its id, which is the same at every delivery.

    :param url: Where to; ``http`` or ``https``. It may be a secret: no message shows more
        of it than the host.
    :param timeout: How long the server may take, in seconds.
    :param headers: More headers, such as one with a token.
    :raises SettingsError: When the URL or the timeout cannot be used.

    .. versionadded:: 4.0
    """

    def __init__(
        self,
        url: str,
        timeout: float = 10.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        try:
            parts = urlsplit(url)
            self.host = parts.hostname if parts.scheme in ("http", "https") else None
        except (ValueError, AttributeError, TypeError):
            self.host = None
        if not self.host:
            raise SettingsError(
                "The URL of a webhook must begin with http:// or https:// and name a host.",
                "Fix what is given to Webhook(); a missing variable gives None.",
            )
        if not (math.isfinite(timeout) and timeout > 0):
            raise SettingsError(
                f"The timeout of a webhook must be more than 0 seconds, not {timeout!r}.",
                "Fix what is given to Webhook().",
            )
        self._url, self.timeout, self._headers = url, timeout, dict(headers or {})

    def __repr__(self) -> str:
        return f"<Webhook at {self.host}>"

    def __call__(self, app: Flask, message: Message) -> None:
        """Post a message.

        :param app: The application.
        :param message: The message.
        :raises NotDelivered: When the server cannot be reached or does not take it.
        """
        request = Request(
            self._url,
            json.dumps(_body(message)).encode(),
            {
                "Content-Type": "application/json",
                "Idempotency-Key": message.id,
                **self._headers,
            },
            method="POST",
        )
        try:
            with build_opener(_NoRedirects).open(request, timeout=self.timeout):
                return
        except HTTPError as error:
            reason = f"{self.host} answered {error.code}"
            error.close()
        except URLError as error:
            reason = f"{self.host} cannot be reached: {error.reason}"
        except OSError as error:
            reason = f"{self.host} did not answer: {type(error).__name__}"
        raise NotDelivered(
            reason, "See whether the server takes POST requests."
        ) from None


def _body(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "kind": message.kind,
        "database": message.database,
        "run_id": message.run_id,
        "created_utc": message.created_utc.isoformat(),
        "body": dict(message.body),
    }
