"""OpenTelemetry spans and Prometheus metrics of what Flask-Alembic does.

Installing the package is all it takes to have it; it does nothing until
``app.config["ALEMBIC_METRICS"]`` says what to export and where to. See
:mod:`flask_alembic_metrics.tracing` for the spans and
:mod:`flask_alembic_metrics.figures` for the metrics.
"""

from __future__ import annotations

__version__ = "1.0.0"
