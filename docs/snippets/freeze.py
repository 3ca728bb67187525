"""No upgrade and no downgrade while there is a change freeze."""

from flask import Flask

from flask_alembic.hooks import Run, Veto, hookimpl


class Freeze:
    """Refuse to run while ``app.config["FREEZE"]`` holds a reason."""

    @hookimpl
    def before_upgrade(self, app: Flask, run: Run) -> None:
        reason = app.config.get("FREEZE")
        if reason and run.mode == "online" and run.plan:
            raise Veto(f"revisions that have to wait: {len(run.plan)}; {reason}")

    @hookimpl
    def before_downgrade(self, app: Flask) -> None:
        if app.config.get("FREEZE"):
            raise Veto(f"nothing is taken back: {app.config['FREEZE']}")
