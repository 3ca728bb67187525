from app import alembic, create_app

app = create_app()

with app.app_context():
    assert alembic.needs_upgrade()
    plan = alembic.plan()
    assert [step.doc for step in plan.run.plan] == ["create notes"]

    result = alembic.upgrade()
    assert [done.step.doc for done in result.applied] == ["create notes"]

    (current,) = alembic.current()  # one of Alembic's Script objects
    assert current.is_head
    assert alembic.compare_metadata() == []  # models and database agree
    assert not alembic.upgrade().applied  # nothing was left to do
