"""``ALEMBIC["protected"]``: no downgrade, stamp or purge without ``--force``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import Refused
from ..hooks.markers import hookimpl
from ..hooks.payloads import Mode

if TYPE_CHECKING:
    from flask import Flask

    from ..hooks.payloads import Run


@hookimpl(trylast=True)
def before_downgrade(app: Flask, run: Run) -> None:
    """Refuse a downgrade of a protected app."""
    _refuse(app, run)


@hookimpl(trylast=True)
def before_stamp(app: Flask, run: Run) -> None:
    """Refuse a stamp of a protected app."""
    _refuse(app, run)


def why_needed(config: Mapping[str, Any]) -> str:
    """Return why the plugin cannot be disabled; empty where it can.

    :param config: ``app.config``.
    """
    given = config.get("ALEMBIC")
    if isinstance(given, Mapping) and given.get("protected"):
        return "ALEMBIC['protected'] is set"
    return ""


def _refuse(app: Flask, run: Run) -> None:
    from ..runtime.environment import environment_of

    executed = run.mode in {Mode.ONLINE, Mode.DRY_RUN}
    if executed and environment_of(app).settings.protected and not run.options["force"]:
        raise Refused(
            f"{run.operation} is refused: ALEMBIC['protected'] is set.",
            "Use --force if you are sure.",
        )
