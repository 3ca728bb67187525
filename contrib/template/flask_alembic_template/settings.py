"""What the plugin reads from ``app.config``."""

from __future__ import annotations

from typing import cast

from flask import Flask
from flask_alembic.hooks import AlembicError

SETTING = "ALEMBIC_TEMPLATE"


class SettingError(AlembicError):
    """The setting is wrong: one sentence that says what, and one what to do."""


def limit(app: Flask) -> int | None:
    """Return how many revisions one upgrade may apply; None when it is not set.

    :param app: The application.
    :raises SettingError: When the setting is no such number.
    """
    value = cast("dict[str, object]", app.config).get(SETTING)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingError(
            f"{SETTING} must be a whole number, 1 or more, not {value!r}.",
            "Fix app.config.",
        )
    return value
