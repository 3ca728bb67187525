from app import alembic, create_app

from flask_alembic.errors import AlembicError, MigrationFailed

with create_app().app_context():
    try:
        alembic.upgrade()
    except MigrationFailed as error:
        print("in effect:", [done.step.revision for done in error.result.applied])
        print("stopped at:", error.result.failure.step)
    except AlembicError as error:
        print(error.message)
        print(error.advice)
