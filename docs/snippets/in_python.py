from app import alembic, create_app

app = create_app()

with app.app_context():
    alembic.needs_upgrade()  # True
    plan = alembic.plan()
    [step.doc for step in plan.run.plan]  # ["create notes"]

    result = alembic.upgrade()
    [done.step.revision for done in result.applied]  # ["ca107ccaed19"]

    alembic.current()  # a list of Alembic's Script objects
    alembic.compare_metadata()  # [], the models and the database agree
    alembic.upgrade().applied  # (), nothing was left to do
