from flask import Flask

from flask_alembic import Alembic
from flask_alembic.health import health_blueprint

alembic = Alembic()


def add_health(app: Flask) -> None:
    app.register_blueprint(health_blueprint(alembic), url_prefix="/health")
