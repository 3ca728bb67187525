"""Runs of migrations: environment, connections, planner, runner, executor, recorder."""

from __future__ import annotations
