"""A health endpoint for load balancers and orchestrators, to be registered by hand.

::

    from flask_alembic.health import health_blueprint

    app.register_blueprint(health_blueprint(alembic), url_prefix="/health")

.. versionadded:: 4.0
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from .extension import Alembic


def health_blueprint(alembic: Alembic, path: str = "/migrations") -> Blueprint:
    """Return a blueprint with one endpoint that says whether databases are ready.

    It answers 200 when every database is at head or ahead of the code, as it is
    while an older version is still being served, and 503 when one is behind, empty
    or cannot be reached. No revision file is executed, and each database gets one
    small query, so it can be asked each second.

    :param alembic: The extension of the app.
    :param path: Where the endpoint is, below the blueprint's prefix.
    """
    blueprint = Blueprint("flask_alembic_health", __name__)

    @blueprint.get(path)
    def migrations() -> tuple[Response, int]:
        found = alembic.readiness()
        body = jsonify(ready=found.ready, databases=found.states)
        return body, 200 if found.ready else 503

    return blueprint
