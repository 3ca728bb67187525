"""Refuse upgrades and downgrades during a change freeze."""

from flask import Flask

from flask_alembic.hooks import Run, Veto, hookimpl


class Freeze:
    """Refuse to run while ``app.config["FREEZE"]`` contains a reason."""

    @hookimpl
    def before_upgrade(self, app: Flask, run: Run) -> None:
        reason = app.config.get("FREEZE")
        if reason and run.mode == "online" and run.plan:
            raise Veto(f"{reason} (pending revisions: {len(run.plan)})")

    @hookimpl
    def before_downgrade(self, app: Flask) -> None:
        if app.config.get("FREEZE"):
            raise Veto(app.config["FREEZE"])
