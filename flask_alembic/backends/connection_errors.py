"""Sentences for everything that can go wrong before there is a connection.

No password may show, in whatever form the driver repeats the URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, quote_plus

from ..errors import ConfigurationError, DatabaseError
from .mysql.drivers import DRIVERS as MYSQL_DRIVERS
from .postgresql.drivers import DRIVERS as POSTGRESQL_DRIVERS
from .statements import driver_error

if TYPE_CHECKING:
    from sqlalchemy import URL


class Destination(Protocol):
    """What an error says of the backend that was connected to."""

    @property
    def drivers(self) -> Mapping[str, str]:
        """Modules of drivers, and the packages that have them."""

    def where(self, url: URL) -> str:
        """Return which database a URL means, without user and password."""


_ADVICE = (
    (
        r"access denied for user .* to database|permission denied",
        "Check what the user is permitted to do.",
    ),
    (
        r"password|access denied|authentication|role .* does not exist",
        "Check the user name and the password.",
    ),
    (
        r"unknown database|database .* does not exist",
        "Create the database, or correct its name.",
    ),
    (
        r"resolve|getaddrinfo|name or service|nodename|unknown mysql server host"
        r"|name resolution",
        "Check the name of the host.",
    ),
    (
        r"unable to open database file",
        "Check that its folder exists and that it may be written.",
    ),
    (
        r"refused|unreachable|no route|no such file|can't connect|connect call failed",
        "Check host and port, and that the server is running.",
    ),
    (
        r"too many|connection slots|queuepool limit",
        "Wait until other connections are closed, or raise their number.",
    ),
    (r"file is not a database", "Check that the URL names a SQLite file."),
)


def where(url: URL) -> str:
    """Return which database on a server a URL means: name, host and port.

    Never who or with what.
    """
    host = (url.host or "").rpartition("@")[2]  # "@" in a password that was not quoted
    if not host:
        first = url.query.get("host") or url.query.get("unix_socket") or ""
        host = first if isinstance(first, str) else ", ".join(first)
    port = f":{url.port}" if url.port else ""
    at = f" at {host}{port}" if host or port else ""
    return f"database {url.database or ''!r}{at}"


def scrub(text: str, url: URL) -> str:
    """Return the text with everything that may be part of a password replaced."""
    if url.host and "@" in url.host:
        # First, for it may hold what follows it, and would not be found afterwards.
        before, _, host = url.host.rpartition("@")
        text = text.replace(f"{before}@{host}", host).replace(before, "***")
    password = str(url.password or "")
    for form in sorted({password, quote(password), quote_plus(password)}, key=len):
        if form:
            text = text.replace(form, "***")
    return text


def no_answer(
    backend: Destination, url: URL, seconds: float, asked: bool
) -> DatabaseError:
    """Return the error for a server that takes the connection and stays silent.

    :param backend: Of the database.
    :param url: What was connected to.
    :param seconds: How long it was waited.
    :param asked: Whether the driver was called; else the pool, or the app's own way
        to connect, kept us waiting.
    """
    if not asked:
        return DatabaseError(
            f"There was no connection to {backend.where(url)} within {seconds:g} seconds.",
            "Check whether others hold all connections of the engine's pool.",
        )
    return DatabaseError(
        f"The {backend.where(url)} did not answer within {seconds:g} seconds.",
        "Check host and port, and that the server behind them works.",
    )


def not_connected(
    backend: Destination, url: URL, error: Exception
) -> tuple[DatabaseError, bool]:
    """Return the error for a failed connect, and whether the cause must stay hidden.

    :param backend: Of the database.
    :param url: What was connected to.
    :param error: What SQLAlchemy or the driver raised.
    """
    if isinstance(error, ImportError):
        drivers = {**own_drivers(), **backend.drivers}
        return DatabaseError(*_missing(url, error, drivers)), False
    original = " ".join(str(driver_error(error)).split())
    text = scrub(original, url) or type(error).__name__
    advice = "Check the database's URL, and that the server is running."
    for pattern, found in _ADVICE:
        if re.search(pattern, text, re.IGNORECASE):
            advice = found
            break
    problem = f"Cannot connect to {backend.where(url)}: {text.rstrip('.')}."
    return DatabaseError(problem, advice), text != original


def unusable_url(url: str | URL, error: Exception) -> ConfigurationError:
    """Return the error for a URL from which no engine can be made.

    :param url: What the app gave; only its dialect is shown.
    :param error: What ``make_url`` or ``create_engine`` raised.

    .. versionadded:: 4.0
    """
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    scheme = str(url).partition("://")[0] if "://" in str(url) else ""
    if isinstance(error, ImportError):
        return ConfigurationError(*_missing(url, error, own_drivers()))
    if isinstance(error, NoSuchModuleError):
        better = scheme.replace("postgres", "postgresql", 1)
        known = scheme.partition("+")[0] == "postgres"
        return ConfigurationError(
            f"SQLAlchemy has no dialect {scheme!r}.",
            f"Write {better}:// in the URL."
            if known
            else "Correct the URL, or install the package with that dialect.",
        )
    if isinstance(error, (ArgumentError, ValueError)):
        return ConfigurationError(
            f"The database URL{f' ({scheme}://...)' if scheme else ''} is not valid.",
            "The format is dialect+driver://user:password@host:port/database; escape special"
            " characters in user and password as %XX, such as %40 for @.",
        )
    return ConfigurationError(
        f"No engine can be made from the database URL: {type(error).__name__}.",
        "Correct the URL.",
    )


def own_drivers() -> Mapping[str, str]:
    """Return modules of drivers and their packages, of the databases that we support.

    For errors before there is an app, whose plugins may know more.
    """
    return {**MYSQL_DRIVERS, **POSTGRESQL_DRIVERS}


def _missing(
    url: str | URL, error: ImportError, drivers: Mapping[str, str]
) -> tuple[str, str]:
    """Return sentence and advice for a driver that is not installed."""
    module = (error.name or "").partition(".")[0]
    scheme = str(url).partition("://")[0]
    what = f"The Python module {module!r}" if module else "A Python module"
    package = drivers.get(module, module)
    advice = f"Install it: pip install {_quoted(package)}" if package else str(error)
    return f"{what} that {scheme}:// needs is missing.", advice


def _quoted(package: str) -> str:
    return f'"{package}"' if "[" in package else package
