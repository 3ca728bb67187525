"""The first revision of a history, made from a database that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Refused, UsageError
from ...hooks import specs
from ...hooks.payloads import RevisionRequest
from ..generating import new_id
from ..placing import place
from .building import building
from .differences import compare, lines
from .operations import operations
from .reflecting import Schema, part_of, reflect
from .rewriting import Desk, desk
from .writing import Content, announce, draft, put_in_place, run_draft

if TYPE_CHECKING:
    from alembic.script import Script

    from ..invocation import Invocation
    from .adopt import Wish


def generate_baseline(
    call: Invocation, wish: Wish, schemas: Mapping[str, Schema]
) -> Script:
    """Write the revision that builds what the databases hold.

    It is drafted, run on a scratch database and compared before it is put in place.

    :param call: The command at work.
    :param wish: What was asked for.
    :param schemas: What the databases hold, by name.
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
    where = place(scripts, environment.locations)
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
    with desk(environment, where.folder) as table:
        drafted = _drafted(call, wish, table, request, id_, wanted)
        put_in_place(drafted, where.folder)
    return announce(call, environment, request, id_)


def _drafted(
    call: Invocation,
    wish: Wish,
    table: Desk,
    request: RevisionRequest,
    id_: str,
    schemas: Mapping[str, Schema],
) -> Path:
    """Draft the revision and prove it on scratch databases."""
    environment = call.environment
    history = table.history()
    with ExitStack() as stack:
        scratches = {
            name: stack.enter_context(
                building(
                    environment,
                    environment.databases()[name],
                    wish.scratch_url,
                    wish.x_arguments,
                )
            )
            for name in schemas
        }
        contents: dict[str, Content] = {}
        for name, scratch in scratches.items():
            configured = environment.environment_context(
                scratch.database, history, scratch.connection
            )
            context = configured.get_context()
            nothing = reflect(
                environment, history, scratch.database, scratch.connection
            )
            contents[name] = Content(
                context, *operations(context, nothing, schemas[name])
            )
            scratch.connection.rollback()
        script = draft(
            call,
            history,
            replace(request, path=table.folder),
            id_,
            contents,
            force=wish.force,
        )
        for name, scratch in scratches.items():
            run_draft(scratch, table.history(), id_)
            built = reflect(environment, history, scratch.database, scratch.connection)
            found = compare(built, schemas[name], "the revision", "the database")
            if found:
                raise Refused(
                    f"A revision made from database {name!r} would not build the same; "
                    f"no file was written:\n{lines(found)}",
                    "Write the baseline by hand, and run flask db adopt to have it "
                    "compared.",
                )
    return Path(script.path)
