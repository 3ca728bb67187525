"""What is known of the app that ``flask db`` has made, without running any of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...runtime.environment import Environment


@dataclass(frozen=True, slots=True)
class AppFacts:
    """What an ``env.py`` is compared with."""

    root: Path
    """The folder of the app."""

    script: Path
    """The folder of revisions that the app finds by itself."""

    has_flask_sqlalchemy: bool
    """Whether Flask-SQLAlchemy is on the app."""

    has_engines: bool
    """Whether the extension finds an engine, or was given one."""

    db: object = None
    """Flask-SQLAlchemy's object."""

    def is_imported(self, module: str) -> bool:
        """Return whether a module has been imported.

        :param module: Its name.
        """
        return module in sys.modules

    def is_db(self, module: str, name: str) -> bool | None:
        """Return whether a name of a module is the app's Flask-SQLAlchemy object.

        :param module: The module.
        :param name: The name.
        :return: ``None`` where the module has not been imported.
        """
        if module not in sys.modules:
            return None
        return vars(sys.modules[module]).get(name) is self.db


def facts_of(environment: Environment) -> AppFacts:
    """Return what is known of an app.

    :param environment: The app's environment.
    """
    app = environment.app
    db = app.extensions.get("sqlalchemy")
    return AppFacts(
        root=Path(app.root_path),
        script=environment.locations.script,
        has_flask_sqlalchemy=hasattr(db, "metadatas"),
        has_engines=environment.given.engines is not None or db is not None,
        db=db,
    )
