"""The setting ``ALEMBIC_HEADFILE``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .errors import SettingError

SETTING: Final = "ALEMBIC_HEADFILE"


def is_on(config: Mapping[str, Any]) -> bool:
    """Return whether an app keeps ``HEAD`` files.

    :param config: ``app.config``.
    :raises SettingError: When the setting is neither true nor false.
    """
    value = config.get(SETTING)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise SettingError(
        f"{SETTING} must be True or False, not {value!r}.", "Fix app.config."
    )
