"""``app.config`` turned into one typed, validated object.

``ALEMBIC`` holds our own keys, listed in :class:`Settings`, and every key of
``alembic.ini``; a dict value there is a section of its own. ``ALEMBIC_CONTEXT``
holds arguments of ``EnvironmentContext.configure``.
"""

from __future__ import annotations

from .fields import READERS
from .key_names import CONTEXT_KEYS, OPTION_KEYS
from .model import Location, PerDatabase, Settings
from .settings import load

__all__ = [
    "CONTEXT_KEYS",
    "OPTION_KEYS",
    "READERS",
    "Location",
    "PerDatabase",
    "Settings",
    "load",
]
