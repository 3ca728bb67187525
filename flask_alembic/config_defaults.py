"""What ``init_app`` writes into ``app.config`` for those who read or extend it.

Released versions fill ``ALEMBIC`` and ``ALEMBIC_CONTEXT``, and plugin systems append to
``app.config["ALEMBIC"]["version_locations"]``. What nobody has changed afterwards is
treated as not set: the defaults of the settings hold.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


class Default(str):
    """A text that stands in the configuration although nobody has set it."""

    __slots__ = ()


FILLED = "alembic_filled"
"""Where ``app.extensions`` holds the arguments of the context that were filled in."""


def fill(app: Flask) -> None:
    """Fill what is not set into ``ALEMBIC`` and ``ALEMBIC_CONTEXT``.

    Something else than a dict is left to the command that refuses it.

    :param app: The application.
    """
    for key in ("ALEMBIC", "ALEMBIC_CONTEXT"):
        if app.config.get(key) is None:
            app.config[key] = {}
    settings, context = app.config["ALEMBIC"], app.config["ALEMBIC_CONTEXT"]
    if isinstance(settings, MutableMapping):
        settings.setdefault("script_location", Default("migrations"))
        settings.setdefault("version_locations", [])
        settings.setdefault("path_separator", Default("os"))
    if isinstance(context, MutableMapping) and "compare_server_default" not in context:
        context["compare_server_default"] = True
        app.extensions.setdefault(FILLED, set()).add("compare_server_default")


def is_set(value: object) -> bool:
    """Return whether somebody has set a value of ``ALEMBIC``.

    :param value: The value.
    """
    return not isinstance(value, Default)


def context_without(app: Flask, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``ALEMBIC_CONTEXT`` without what was filled in and is as it was.

    It goes over what plugins give, and a default must not.

    :param app: The application.
    :param context: The arguments.
    """
    filled = app.extensions.get(FILLED, ())
    return {
        key: value
        for key, value in context.items()
        if not (key in filled and value is True)
    }
