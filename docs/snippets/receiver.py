from app import create_app

from flask_alembic.signals import after_upgrade

app = create_app()


@after_upgrade.connect_via(app)
def notify_team(app, run, result, **extra):
    for item in result.applied:
        print(f"{item.step.doc}: applied to {item.step.database}")
