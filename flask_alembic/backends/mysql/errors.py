"""What the errors of MySQL and MariaDB say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..statements import driver_error

if TYPE_CHECKING:
    pass


def errno(error: BaseException) -> int | None:
    """Return the number that the server gives every error, if it is there."""
    original = driver_error(error)
    code = getattr(original, "errno", None)  # mysql-connector, mariadb
    if not isinstance(code, int):
        arguments = getattr(original, "args", ())
        code = arguments[0] if arguments else None
    return code if isinstance(code, int) else None
