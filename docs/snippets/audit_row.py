"""A row for each revision, in the transaction of the revision."""

from collections.abc import Generator

import sqlalchemy as sa

from flask_alembic.hooks import Run, Step, StepResult, hookimpl

metadata = sa.MetaData()
migration_log = sa.Table(
    "migration_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.String(12)),
    sa.Column("revision", sa.String(255)),
    sa.Column("direction", sa.String(10)),
)


@hookimpl
def include_name(name: str | None, type_: str) -> bool | None:
    # The table is no model of the app's: autogenerate must not drop it.
    return False if type_ == "table" and name == migration_log.name else None


@hookimpl(wrapper=True)
def apply_revision(
    run: Run, step: Step, connection: sa.Connection | None
) -> Generator[None, StepResult, StepResult]:
    result = yield
    if connection is not None:
        metadata.create_all(connection)
        row = {"run": run.id, "revision": step.revision, "direction": step.direction}
        connection.execute(migration_log.insert(), row)
    return result
