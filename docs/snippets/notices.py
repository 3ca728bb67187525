import json
import os
import urllib.request

from app import create_app

from flask_alembic.signals import after_downgrade, after_upgrade, run_failed

app = create_app()


def post(text):
    request = urllib.request.Request(
        os.environ["CHANNEL_WEBHOOK"],
        json.dumps({"text": text}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=5).close()


@after_upgrade.connect_via(app)
@after_downgrade.connect_via(app)
def tell_the_channel(app, run, result, **extra):
    for done in result.applied:
        step = done.step
        post(f"{app.name}: {step.direction} {step.doc} in {step.database}")


@run_failed.connect_via(app)
def tell_of_a_failure(app, run, result, error, **extra):
    changed = "the database was changed" if result.changed else "nothing was changed"
    post(f"{app.name}: {run.operation} failed, {changed}: {result.failure.error}")
