"""The first revision of a history, made from a database that is there already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Refused, UsageError
from ...hooks import specs
from ...hooks.payloads import RevisionRequest
from ...schema.diff import lines
from ...schema.not_compared import compare_live, without_environment
from ...schema.operations import operations, restoring_statements, statement
from ...schema.revision_draft import (
    Content,
    DraftWorkspace,
    announce,
    draft,
    put_in_place,
    run_draft,
    temporary_history,
)
from ...schema.scratch_database import ScratchDatabase, scratch_database
from ...schema.snapshot import Schema, part_of, reflect
from ..revision.generator import new_id
from ..revision.placement import resolve_placement

if TYPE_CHECKING:
    from alembic.script import Script

    from ...backends.schema_objects import UncomparedObjects
    from ...runtime.invocation import Invocation
    from .options import AdoptOptions


def generate_baseline(
    call: Invocation, wish: AdoptOptions, schemas: Mapping[str, Schema]
) -> dict[str, tuple[UncomparedObjects, ...]]:
    """Write the revision that builds what the databases hold.

    It is drafted, run on a scratch database and compared before it is put in place.

    :param call: The running command.
    :param wish: What was asked for.
    :param schemas: What the databases hold, by name.
    :return: What was not compared, by database.
    :raises UsageError: When there is nothing to make it from, or a history already.
    :raises Refused: When what it builds would not be the same.
    """
    environment = call.environment
    scripts = environment.scripts()
    if scripts.known_ids():
        raise UsageError(
            "There are revisions already, so the database is compared with them.",
            "Leave out --generate.",
        )
    if not schemas:
        raise UsageError(
            "There is no database with tables and without versions to make a revision "
            "from.",
            "Make the first revision from the models: flask db revision 'first'",
        )
    where = resolve_placement(scripts, environment.locations)
    request = RevisionRequest(
        "revision",
        wish.message,
        autogenerate=True,
        parents=where.parents,
        branch_labels=where.labels,
        path=where.folder,
        options={"baseline": True},
    )
    call.hooks.guard(specs.before_revision, request=request)
    id_ = new_id(call, request, scripts, wish.rev_id)
    patterns = wish.patterns(environment)
    wanted = {name: part_of(schema, patterns) for name, schema in schemas.items()}
    not_compared: dict[str, tuple[UncomparedObjects, ...]] = {}
    with temporary_history(environment, where.folder) as table:
        drafted = _drafted(call, wish, table, request, id_, wanted, not_compared)
        put_in_place(drafted, where.folder)
    announce(call, environment, request, id_)
    return not_compared


def _drafted(
    call: Invocation,
    wish: AdoptOptions,
    table: DraftWorkspace,
    request: RevisionRequest,
    id_: str,
    schemas: Mapping[str, Schema],
    not_compared: dict[str, tuple[UncomparedObjects, ...]],
) -> Path:
    """Draft the revision and prove it on scratch databases.

    What SQLAlchemy has not reflected shows when the first draft was run; the second one
    has the server's own words for it.
    """
    repairs: dict[str, list[str]] = {}
    with _scratches(call, wish, schemas) as scratches:
        script = _draft(call, wish, table, request, id_, schemas, scratches, repairs)
        for name, scratch in scratches.items():
            built = _built(call, table, scratch, id_)
            repairs[name] = restoring_statements(schemas[name], built)
            if not repairs[name]:
                not_compared[name] = _compared(name, built, schemas[name])
    if any(repairs.values()):
        Path(script.path).unlink()
        with _scratches(call, wish, schemas) as scratches:
            script = _draft(
                call, wish, table, request, id_, schemas, scratches, repairs
            )
            for name, scratch in scratches.items():
                built = _built(call, table, scratch, id_)
                not_compared[name] = _compared(name, built, schemas[name])
    return Path(script.path)


@contextmanager
def _scratches(
    call: Invocation, wish: AdoptOptions, names: Iterable[str]
) -> Iterator[dict[str, ScratchDatabase]]:
    environment = call.environment
    databases = environment.databases()
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                scratch_database(
                    environment, databases[name], wish.scratch_url, wish.x_arguments
                )
            )
            for name in names
        }


def _draft(
    call: Invocation,
    wish: AdoptOptions,
    table: DraftWorkspace,
    request: RevisionRequest,
    id_: str,
    schemas: Mapping[str, Schema],
    scratches: Mapping[str, ScratchDatabase],
    repairs: Mapping[str, Sequence[str]],
) -> Script:
    environment = call.environment
    history = table.history()
    contents: dict[str, Content] = {}
    for name, scratch in scratches.items():
        configured = environment.environment_context(
            scratch.database, history, scratch.connection
        )
        context = configured.get_context()
        nothing = reflect(environment, history, scratch.database, scratch.connection)
        wanted = without_environment(schemas[name])
        backend = scratch.database.backend
        content = Content(context, *operations(context, backend, nothing, wanted))
        content.upgrade.ops += map(statement, repairs.get(name, ()))
        contents[name] = content
        scratch.connection.rollback()
    request = replace(request, path=table.folder)
    return draft(call, history, request, id_, contents, force=wish.force)


def _built(
    call: Invocation, table: DraftWorkspace, scratch: ScratchDatabase, id_: str
) -> Schema:
    """Run the draft, and return what it builds."""
    history = table.history()
    run_draft(scratch, history, id_)
    return reflect(call.environment, history, scratch.database, scratch.connection)


def _compared(name: str, built: Schema, live: Schema) -> tuple[UncomparedObjects, ...]:
    """Return what was not compared; refuse when the rest differs."""
    comparison = compare_live(built, live, "the revision", "the database")
    if comparison.differences:
        raise Refused(
            f"A revision made from database {name!r} would not build the same; "
            f"no file was written:\n{lines(comparison.differences)}",
            "Write the baseline by hand, and run flask db adopt to have it compared.",
        )
    return comparison.not_compared
