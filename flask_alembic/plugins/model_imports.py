"""Modules of the app that define models and were not imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask

    from ..hooks.payloads import Problem


@hookimpl(trylast=True)
def project_problems(app: Flask, database: str | None) -> list[Problem]:
    """Find modules whose models are not compared."""
    from ..runtime.environment import environment_of
    from ..schema.model_discovery import model_problems

    return [] if database is not None else model_problems(environment_of(app))
