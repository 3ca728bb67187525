"""What the terminal prints for our commands in the format ``table``: a view of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from ..hooks.interfaces import ReportWriter
    from ..hooks.payloads import Report

VIEWS: Final = {
    "current": "flask_alembic.commands.history.text:show_current",
    "heads": "flask_alembic.commands.history.text:show_heads",
    "branches": "flask_alembic.commands.history.text:show_branches",
    "log": "flask_alembic.commands.history.text:show_log",
    "history": "flask_alembic.commands.history.text:show_history",
    "show": "flask_alembic.commands.history.text:show_revisions",
    "edit": "flask_alembic.commands.history.text:show_edit",
    "check": "flask_alembic.commands.check.text:show_check",
    "lint": "flask_alembic.commands.lint.text:show_lint",
    "upgrade": "flask_alembic.commands.upgrade.text:show_run",
    "downgrade": "flask_alembic.commands.upgrade.text:show_run",
    "stamp": "flask_alembic.commands.upgrade.text:show_run",
    "plan": "flask_alembic.commands.upgrade.text:show_run",
    "mkdir": "flask_alembic.commands.init.text:show_mkdir",
    "init": "flask_alembic.commands.init.text:show_mkdir",
    "list-templates": "flask_alembic.commands.init.text:show_templates",
    "revision": "flask_alembic.commands.revision.text:show_revision",
    "migrate": "flask_alembic.commands.revision.text:show_revision",
    "merge": "flask_alembic.commands.revision.text:show_merge",
    "status": "flask_alembic.commands.status.text:show_status",
    "wait": "flask_alembic.commands.wait.text:show_wait",
    "graph": "flask_alembic.commands.graph.picture:show_graph",
    "prove": "flask_alembic.commands.prove.text:show_prove",
    "doctor": "flask_alembic.commands.doctor.text:show_doctor",
    "drift": "flask_alembic.commands.drift.text:show_drift",
    "adopt": "flask_alembic.commands.adopt.text:show_adopt",
    "squash": "flask_alembic.commands.squash.text:show_squash",
    "plugins": "flask_alembic.commands.plugins.text:show_plugins",
    "hooks": "flask_alembic.commands.plugins.text:show_hooks",
    "import-env": "flask_alembic.commands.import_env.text:show_import_env",
    "new-plugin": "flask_alembic.commands.new_plugin.text:show_new_plugin",
}
"""Where the view of each command is; it is imported when it is used."""


@hookimpl(trylast=True)
def report_views() -> Mapping[str, Callable[[Report, ReportWriter], None]]:
    """Return the view of each of our commands."""
    return {command: _lazy(target) for command, target in VIEWS.items()}


def _lazy(target: str) -> Callable[[Report, ReportWriter], None]:
    def view(report: Report, writer: ReportWriter) -> None:
        module, _, attribute = target.partition(":")
        getattr(import_module(module), attribute)(report, writer)

    return view
