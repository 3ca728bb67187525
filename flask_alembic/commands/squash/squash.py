"""One revision in place of several, written when it was proved to build the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Refused
from ...hooks import specs
from ...hooks.payloads import RevisionRequest
from ...runtime.connections import heads_of
from ...runtime.invocation import Invocation, invoked
from ...schema.revision_draft import (
    announce,
    temporary_history,
)
from ...script.source_analysis import DataStep, data_steps
from .file_swap import check_keep, replace_files
from .proved_draft import SquashBuilder, losing
from .range import RevisionRange, parse_range
from .squash_options import SquashOptions

if TYPE_CHECKING:
    from ...runtime.environment import Environment


@dataclass(frozen=True, slots=True)
class SquashResult:
    """What a squash did.

    .. versionadded:: 4.0
    """

    revision: str
    """The id of the revision, which is that of the last one squashed."""

    path: Path
    """Its file."""

    squashed: tuple[str, ...]
    """The ids that it stands for, in order."""

    data_steps: tuple[DataStep, ...] = ()
    """What the old revisions did to data and the new one does not."""

    rows: tuple[str, ...] = ()
    """Tables whose rows the old revisions made and the new one does not."""

    kept: Path | None = None
    """Where the old files are; ``None`` when they were removed."""

    downgrade: str = ""
    """Why ``downgrade()`` does not lead back; empty when it was proved to."""

    left_out: tuple[str, ...] = ()
    """What the old revisions create and the new one does not, as it was asked for."""


def squash(environment: Environment, wish: SquashOptions) -> SquashResult:
    """Write one revision in place of a stretch of the history.

    It keeps the id of the last one, so that databases which are there need nothing. What
    it does is found out by building the schema before and after the stretch on scratch
    databases; then both histories are built to their heads and compared. Only when they
    are equal are files changed, all of them or none.

    :param environment: The app's environment; an app context must be active.
    :param wish: What was asked for.
    :raises UsageError: When the stretch is none: it branches, or is too short.
    :raises Refused: When a database is inside the stretch, when data steps would be
        lost, or when both histories do not build the same.
    """
    with invoked(
        environment, "squash", range=wish.range, keep=wish.keep and str(wish.keep)
    ) as call:
        scripts = environment.scripts()
        stretch = parse_range(scripts, wish.range)
        keep = check_keep(environment, wish.keep, stretch.scripts)
        _refuse_inside(call, stretch)
        steps = tuple(data_steps(stretch.scripts, _shared_objects(environment)))
        if steps and not wish.allow_data_loss:
            raise losing([str(step) for step in steps])
        request = _request(stretch, wish)
        call.hooks.guard(specs.before_revision, request=request)
        with temporary_history(environment, stretch.folder) as table:
            work = SquashBuilder(call, wish, stretch, table, request)
            script = work.draft_and_prove()
            path = replace_files(script, stretch, keep)
        old = tuple(Path(script.path) for script in stretch.scripts)
        call.hooks.event(
            specs.files_changed,
            command="squash",
            created=() if path in old else (path,),
            changed=(path,) if path in old else (),
            removed=tuple(each for each in old if each != path),
        )
        announce(call, environment, request, stretch.last)
        result = SquashResult(
            stretch.last,
            path,
            stretch.ids,
            steps,
            tuple(work.rows),
            keep,
            work.downgrade,
            tuple(work.left_out),
        )
        call.data = {
            "revision": result.revision,
            "path": str(path),
            "squashed": list(result.squashed),
            "data_steps": [str(step) for step in steps],
            "rows": list(result.rows),
            "kept": None if keep is None else str(keep),
            "downgrade": result.downgrade,
            "left_out": list(result.left_out),
        }
        return result


def _shared_objects(environment: Environment) -> frozenset[str] | None:
    """Return what is outside of the databases, if everything inside is known."""
    shared = [d.backend.shared_objects for d in environment.databases().values()]
    if any(each is None for each in shared):
        return None
    return frozenset().union(*(each or () for each in shared))


def _refuse_inside(call: Invocation, stretch: RevisionRange) -> None:
    """Refuse while a database is in the middle of the stretch."""
    for name, ids in heads_of(call.environment, call.hooks).items():
        inside = [id_ for id_ in ids if id_ in stretch.ids and id_ != stretch.last]
        if inside:
            raise Refused(
                f"The database {name!r} is at {', '.join(inside)}, in the middle of "
                f"what is to be squashed: it would be at a revision that is gone.",
                f"Bring it to the end first: flask db upgrade {stretch.last}. So must "
                "every other database be, if it is not before the beginning.",
            )


def _request(stretch: RevisionRange, wish: SquashOptions) -> RevisionRequest:
    text = wish.message or f"squash of {stretch.ids[0]} to {stretch.last}"
    return RevisionRequest(
        "revision",
        text,
        autogenerate=True,
        parents=stretch.parents,
        splice=True,
        branch_labels=stretch.labels,
        depends_on=stretch.depends_on,
        path=stretch.folder,
        options={"squashes": list(stretch.ids)},
    )
