"""``app.config`` turned into one typed, validated object.

``ALEMBIC`` holds our own keys, listed in :class:`Settings`, and every key of
``alembic.ini``; a dict value there is a section of its own. ``ALEMBIC_CONTEXT``
holds arguments of ``EnvironmentContext.configure``.
"""

from __future__ import annotations

from .loading import load
from .model import Location, PerDatabase, Settings
from .names import CONTEXT_KEYS, OPTION_KEYS
from .readers import READERS

__all__ = [
    "CONTEXT_KEYS",
    "OPTION_KEYS",
    "READERS",
    "Location",
    "PerDatabase",
    "Settings",
    "load",
]
