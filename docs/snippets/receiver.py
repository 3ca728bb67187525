from app import create_app

from flask_alembic.signals import after_upgrade

app = create_app()


@after_upgrade.connect_via(app)
def tell_the_team(app, run, result, **extra):
    for done in result.applied:
        print(f"{done.step.doc} is in effect in {done.step.database}")
