"""Installed plugins that did not load are a finding of ``doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask

    from ..hooks.payloads import Finding


@hookimpl(trylast=True)
def diagnose(app: Flask, database: str | None) -> list[Finding]:
    """Find plugins that did not load, or are named and not installed."""
    from ..commands.doctor.plugin_findings import broken_plugins
    from ..runtime.environment import environment_of

    return broken_plugins(environment_of(app)) if database is None else []
