"""Alembic's two ways to compare, each told only of what is not proved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .bulk import in_bulk
from .narrowing import narrowed
from .proof import prove

if TYPE_CHECKING:
    from alembic.autogenerate.api import RevisionContext
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData


def produce_migrations(
    context: MigrationContext, metadata: Sequence[MetaData], proving: bool
) -> MigrationScript:
    """Return what ``alembic.autogenerate.produce_migrations`` returns.

    :param context: A context that is connected to the database.
    :param metadata: The models.
    :param proving: Whether tables may be proved to be equal first.
    """
    from alembic.autogenerate import produce_migrations
    from alembic.operations.ops import DowngradeOps, MigrationScript, UpgradeOps

    models: Any = list(metadata)
    proof = prove(context, models) if proving else None
    if proof is None:
        return produce_migrations(context, models)
    if not proof.busy:
        return MigrationScript(None, UpgradeOps([]), DowngradeOps([]))
    with narrowed(context, proof), in_bulk(context, proof.catalog):
        return produce_migrations(context, models)


def run_autogenerate(
    revisions: RevisionContext, revision: Any, context: MigrationContext, proving: bool
) -> None:
    """Do what ``RevisionContext.run_autogenerate`` does.

    :param revisions: Collects what is found.
    :param revision: The revisions that the database is at.
    :param context: A context that is connected to the database.
    :param proving: Whether tables may be proved to be equal first.
    """
    scripts = revisions.script_directory
    target = context.opts.get("target_metadata") or ()
    metadata = list(target) if isinstance(target, (list, tuple)) else [target]
    at_head = set(scripts.get_revisions(revision)) == set(
        scripts.get_revisions("heads")
    )
    proof = prove(context, metadata) if proving and at_head else None
    if proof is None:
        revisions.run_autogenerate(revision, context)
    elif not proof.busy:
        # The rest of Alembic's work: the tokens, and who edits what was found.
        revisions.run_no_autogenerate(revision, context)
    else:
        with narrowed(context, proof), in_bulk(context, proof.catalog):
            revisions.run_autogenerate(revision, context)
