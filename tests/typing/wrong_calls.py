"""Calls that a type checker has to refuse; each marked line holds one mistake."""

from __future__ import annotations

from flask_alembic import Alembic


def wrong(alembic: Alembic) -> None:
    alembic.upgrade(mode="dry_run")  # WRONG: no such mode
    alembic.downgrade("base", mode="SQL")  # WRONG: no such mode
    alembic.stamp(mode="plan-only")  # WRONG: no such mode
    alembic.upgrade(purge=True)  # WRONG: of stamp
    alembic.upgrade(force=True)  # WRONG: of downgrade
    alembic.downgrade("base", purge=True, force=True)  # WRONG: of stamp
    alembic.stamp(resume=True)  # WRONG: of upgrade
    alembic.plan(mode="online")  # WRONG: a plan has one mode
    alembic.plan(direction="stamp")  # WRONG: nothing is executed
    alembic.upgrade(dryrun=True)  # WRONG: no such argument
    alembic.upgrade("heads", "online")  # WRONG: by name only
    alembic.upgrade(databases=1)  # WRONG: no names
    alembic.upgrade(databases=[1])  # WRONG: no names
    alembic.upgrade(x_arguments={1: 2})  # WRONG: no texts
    alembic.upgrade(1.5)  # WRONG: no revision
    alembic.upgrade(None)  # WRONG: no revision
    alembic.downgrade(lock="no")  # WRONG: no bool
    alembic.revision_sql("r1", direction="down")  # WRONG: no such direction
    alembic.revision("x", autogenerate=True)  # WRONG: no such argument
    alembic.revision(1)  # WRONG: no text
    alembic.squash(":r1", keeep=1)  # WRONG: no such argument
    alembic.adopt(baselin="r1")  # WRONG: no such argument
    alembic.drift(ignore=1)  # WRONG: no patterns
    alembic.wait("heads")  # WRONG: no such state
    alembic.check(databases=None)  # WRONG: no names
    alembic.run_migrations("heads")  # WRONG: no function
    Alembic(metadatas="models")  # WRONG: no models
    Alembic(engines="sqlite://")  # WRONG: no engine
