"""Which plugins did not load, as findings."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ...hooks.payloads import Finding

if TYPE_CHECKING:
    from ...runtime.environment import Environment


def broken_plugins(environment: Environment) -> list[Finding]:
    """Return a finding for each plugin that cannot be used.

    :param environment: The app's environment.
    """
    registry = environment.registry
    findings = [
        Finding(
            "broken-plugin",
            f"The {registry.origin(record)} did not load: {record.reason.rstrip('.')}. "
            "Its guards refuse nothing, and its revisions are missing.",
            f"flask db plugins {shlex.quote(record.name)}",
            None,
            "Fix or uninstall it, or disable it with ALEMBIC_PLUGINS_DISABLED.",
        )
        for record in registry.failed
    ]
    if registry.refusal is not None and not findings:
        findings.append(
            Finding(
                "missing-plugin",
                registry.refusal.message,
                "flask db plugins",
                None,
                registry.refusal.advice,
            )
        )
    return findings
