"""What the plugin needs to know about an app, gathered in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .linting import Subject
from .settings import Settings, load, require_versions

if TYPE_CHECKING:
    from flask import Flask


def subject_of(app: Flask, **changes: Any) -> Subject:
    """Return what is known about an app.

    :param app: The application.
    :param changes: Settings that the command line gave instead.
    """
    import dataclasses

    settings: Settings = load(app.config)
    if settings.versions:
        require_versions(settings, dialects_of(app))
    given = {key: value for key, value in changes.items() if value is not None}
    if given:
        settings = dataclasses.replace(settings, **given)
    context = app.config.get("ALEMBIC_CONTEXT")
    return Subject(
        settings=settings,
        app_package=app.import_name.partition(".")[0],
        context=context if isinstance(context, Mapping) else None,
        naming=_metadata(app),
    )


def dialects_of(app: Flask) -> dict[str, str]:
    """Return the dialect of each database, without connecting to any.

    :param app: The application; its context must be active.
    """
    engines = getattr(app.extensions.get("sqlalchemy"), "engines", None)
    if isinstance(engines, Mapping) and engines:
        return {
            str(name or "default"): engine.dialect.name
            for name, engine in engines.items()
        }
    contexts = app.extensions["alembic"].migration_contexts
    return {name: context.dialect.name for name, context in contexts.items()}


def _metadata(app: Flask) -> Any:
    """Return the metadata of Flask-SQLAlchemy, for its naming convention."""
    extension = app.extensions.get("sqlalchemy")
    return getattr(extension, "metadata", None)
