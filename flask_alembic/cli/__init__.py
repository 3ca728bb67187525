"""Integration with command-line libraries: Click and Flask-Script.

Integration with Click, done automatically for ``app.cli``::

    from flask_alembic import alembic_click
    app.cli.add_command(alembic_click, "db")

Integration with Flask-Script::

    from flask_alembic import alembic_script
    manager.add_command("db", alembic_script)

Each Click command is an attribute of this package too (``flask_alembic.cli.upgrade``)
and can be added to a group whose ``ctx.obj`` is the extension.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    # Asked for our own modules too, whenever one is imported for the first time.
    if not name.startswith("_"):
        from .group import MODULES, builtin_commands

        for module, names in MODULES.items():
            for each in {name, name.replace("_", "-")}.intersection(names):
                command = builtin_commands([module]).get(each)
                if command is not None:
                    globals()[name] = command
                    return command
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
