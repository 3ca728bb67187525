"""The id of a new revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask


@hookimpl(trylast=True)
def rev_id(app: Flask) -> str:
    """Ask the extension, whose ``rev_id`` an app may override or assign."""
    from ..errors import AlembicError, HookError
    from ..hooks.redaction import first_line

    try:
        revision_id: str = app.extensions["alembic"].rev_id()
    except AlembicError:
        raise
    except Exception as error:
        raise HookError(
            f"rev_id() of the extension failed: {type(error).__name__}: "
            f"{first_line(error)}.",
            "Fix the function that the app has assigned or overridden.",
            hook="rev_id",
        ) from error
    return revision_id
