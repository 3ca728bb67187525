"""A health endpoint for load balancers and orchestrators, to be registered by hand.

::

    from flask_alembic.health import health_blueprint

    app.register_blueprint(health_blueprint(alembic), url_prefix="/health")

.. versionadded:: 4.0
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, jsonify

from .errors import HookError
from .extension import Alembic

logger = logging.getLogger("flask_alembic.health")


def health_blueprint(alembic: Alembic, path: str = "/migrations") -> Blueprint:
    """Return a blueprint with one endpoint that says whether databases are ready.

    It answers 200 when every database is at head and no plugin has a problem with it,
    and else 503: also where the version table has a row that matches no revision
    file. No revision file is executed, and each database gets a small query or two, so
    it can be asked each second.

    :param alembic: The extension of the app.
    :param path: Where the endpoint is, below the blueprint's prefix.
    """
    blueprint = Blueprint("flask_alembic_health", __name__)

    @blueprint.get(path)
    def migrations() -> tuple[Response, int]:
        try:
            found = alembic.readiness()
        except HookError as error:
            logger.error("%s", error)
            return jsonify(ready=False, databases={}, problems={}), 503
        codes = {
            name: [problem.code for problem in problems]
            for name, problems in found.problems.items()
        }
        body = jsonify(ready=found.ready, databases=found.states, problems=codes)
        return body, 200 if found.ready else 503

    return blueprint
