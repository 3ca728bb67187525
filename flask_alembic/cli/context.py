"""What a command works with: the extension of the app, and its revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click
from flask import current_app

from ..errors import UsageError

if TYPE_CHECKING:
    from flask import Flask

    from ..runtime.environment import Environment
    from .extension_api import ExtensionAPI


def get_extension() -> ExtensionAPI:
    """Return the extension that the command works on.

    It is the ``ctx.obj`` of a group, the one that made the group, or the one that is
    registered on the current app.

    :raises UsageError: When there is none.
    """
    context = click.get_current_context(silent=True)
    while context is not None:
        for candidate in (context.obj, getattr(context.command, "extension", None)):
            if hasattr(candidate, "environment_for"):
                return cast("ExtensionAPI", candidate)
        context = context.parent
    try:
        extension: ExtensionAPI = current_app.extensions["alembic"]
    except KeyError:
        raise UsageError(
            "Flask-Alembic is not registered on this app.",
            "Add Alembic(app) where the app is created.",
        ) from None
    return extension


def get_environment() -> Environment:
    """Return the environment of the current app: its settings, plugins and history.

    :raises UsageError: When the extension is not registered on the app.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return get_extension().environment_for(app)


def require_revisions(*, allow_new: bool = False) -> bool:
    """Refuse to go on without revision files: a folder that was forgotten.

    As :meth:`flask_alembic.Alembic.require_revisions` of the current app.

    :param allow_new: Accept a project that has no revisions anywhere yet.
    :return: Whether there are revision files.
    :raises UsageError: When there is no revision file.
    """
    return get_extension().require_revisions(allow_new=allow_new)
