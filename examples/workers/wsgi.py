"""What the server loads: each worker upgrades before it serves.

With a server that forks its workers before it loads the app, such as
``gunicorn -w 4 --chdir examples/workers wsgi:app``, each worker gets here: the first one
takes the lock and upgrades, the others wait and find nothing left to do.
"""

from app import alembic, create_app

app = create_app()
with app.app_context():
    result = alembic.upgrade()
    app.logger.warning("worker applied %d revisions", len(result.applied))
