"""``squash``: one revision in place of many, proved before any file is touched."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...environment.databases import choose
from ...errors import DatabaseError, Refused
from ...hooks import specs
from ...hooks.payloads import RevisionRequest
from ..connecting import heads_of
from ..invocation import Invocation, invoked
from .building import Building, building
from .differences import Difference, compare, lines
from .operations import operations
from .reflecting import Schema, reflect, row_counts
from .replacing import check_keep, replace_files
from .rewriting import Desk, Rewritten, desk
from .sources import DataStep, data_steps
from .stretches import Stretch, stretch_of
from .writing import Content, add_squashes, announce, draft, run_draft

if TYPE_CHECKING:
    from alembic.script import Script

    from ...environment.databases import Database
    from ...environment.objects import Environment


@dataclass(frozen=True, slots=True)
class Squashed:
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


@dataclass(frozen=True, slots=True)
class SquashWish:
    """A squash as it was asked for."""

    range: str
    """``FROM:TO``, both ends squashed; either may be left out."""

    message: str | None = None
    """What the new revision is about."""

    keep: Path | None = None
    """The folder to move the old files to; they are removed without one."""

    accept_data_loss: bool = False
    """Whether to go on although the old revisions did something to data."""

    scratch_url: str | None = None
    """Where to make the scratch databases."""

    x_arguments: tuple[str, ...] = ()
    """``key=value`` texts for ``get_x_argument()``."""

    force: bool = False
    """Whether to write it in spite of lint errors."""


def squash(environment: Environment, wish: SquashWish) -> Squashed:
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
        stretch = stretch_of(scripts, wish.range)
        keep = check_keep(environment, wish.keep, stretch.scripts)
        _refuse_inside(call, stretch)
        steps = tuple(data_steps(stretch.scripts))
        if steps and not wish.accept_data_loss:
            raise _losing([str(step) for step in steps])
        request = _request(stretch, wish)
        call.hooks.guard(specs.before_revision, request=request)
        with desk(environment, stretch.folder) as table:
            work = _Squashing(call, wish, stretch, table, request)
            script = work.draft_and_prove()
            path = replace_files(script, stretch, keep)
        announce(call, environment, request, stretch.last)
        result = Squashed(
            stretch.last,
            path,
            stretch.ids,
            steps,
            tuple(work.rows),
            keep,
            work.downgrade,
        )
        call.data = {
            "revision": result.revision,
            "path": str(path),
            "squashed": list(result.squashed),
            "data_steps": [str(step) for step in steps],
            "rows": list(result.rows),
            "kept": None if keep is None else str(keep),
            "downgrade": result.downgrade,
        }
        return result


def _losing(what: Sequence[str]) -> Refused:
    listed = "\n".join(f"  - {each}" for each in what)
    return Refused(
        "The revisions do more than change the schema, and a squashed one would not do "
        f"that; no file was touched:\n{listed}",
        "Put what new databases need into a revision of its own, then squash with "
        "--accept-data-loss.",
    )


def _refuse_inside(call: Invocation, stretch: Stretch) -> None:
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


def _request(stretch: Stretch, wish: SquashWish) -> RevisionRequest:
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


@dataclass
class _Before:
    """What the old revisions build in one database."""

    stretch: Schema
    heads: Schema
    rows: dict[str, int]


class _Squashing:
    """One squash at work: drafting the revision, and proving it."""

    def __init__(
        self,
        call: Invocation,
        wish: SquashWish,
        stretch: Stretch,
        table: Desk,
        request: RevisionRequest,
    ) -> None:
        self.call = call
        self.wish = wish
        self.stretch = stretch
        self.table = table
        self.request = replace(request, path=table.folder)
        self.rows: list[str] = []
        self.downgrade = ""

    def draft_and_prove(self) -> Script:
        """Return the draft, proved to build the same in every database."""
        databases = choose(self.call.environment.databases(), ())
        old = {database.name: self._old(database) for database in databases}
        # Without what follows, which would miss its parent while there is no draft.
        before = self.table.history([*self.stretch.scripts, *self.stretch.after])
        with ExitStack() as stack:
            scratches = {
                database.name: stack.enter_context(self._building(database))
                for database in databases
            }
            contents: dict[str, Content] = {}
            starts: dict[str, Schema] = {}
            for name, scratch in scratches.items():
                scratch.upgrade(before, self.stretch.needed(before))
                starts[name] = self._reflect(scratch, before)
                contents[name] = self._content(
                    scratch, before, starts[name], old[name].stretch
                )
            script = draft(
                self.call,
                before,
                self.request,
                self.stretch.last,
                contents,
                force=self.wish.force,
            )
            add_squashes(Path(script.path), self.stretch.stands_for)
            after = self.table.history(self.stretch.scripts)
            for name, scratch in scratches.items():
                self._prove(name, scratch, after, old[name])
        if self.rows and not self.wish.accept_data_loss:
            raise _losing([f"rows in {each}" for each in self.rows])
        for database in databases:
            # After the others: there may be only one scratch database at a time.
            with self._building(database) as scratch:
                self.downgrade = self.downgrade or self._back(
                    scratch, after, starts[database.name]
                )
        return script

    def _building(self, database: Database) -> Any:
        return building(
            self.call.environment,
            database,
            self.wish.scratch_url,
            self.wish.x_arguments,
        )

    def _reflect(self, scratch: Building, scripts: Rewritten) -> Schema:
        return reflect(
            self.call.environment, scripts, scratch.database, scratch.connection
        )

    def _old(self, database: Database) -> _Before:
        """Build the history as it is, up to the stretch's end and to its heads."""
        history = self.table.history()
        with self._building(database) as scratch:
            scratch.upgrade(history, self.stretch.last)
            stretch = self._reflect(scratch, history)
            rows = row_counts(stretch, scratch.connection)
            scratch.upgrade(history, "heads")
            return _Before(stretch, self._reflect(scratch, history), rows)

    def _content(
        self, scratch: Building, scripts: Rewritten, before: Schema, after: Schema
    ) -> Content:
        configured = self.call.environment.environment_context(
            scratch.database, scripts, scratch.connection
        )
        context = configured.get_context()
        content = Content(context, *operations(context, before, after))
        scratch.connection.rollback()
        return content

    def _prove(
        self,
        name: str,
        scratch: Building,
        scripts: Rewritten,
        old: _Before,
    ) -> None:
        """Build the new history, and compare it with the old one on the way."""
        run_draft(scratch, scripts, self.stretch.last)
        self._require_same(
            name, old.stretch, self._reflect(scratch, scripts), self.stretch.last
        )
        counts = row_counts(old.stretch, scratch.connection)
        self.rows += [
            f"{table} [{name}]: {count} with the old revisions, "
            f"{counts.get(table, 0)} with the new one"
            for table, count in old.rows.items()
            if counts.get(table, 0) != count
        ]
        scratch.upgrade(scripts, "heads")
        self._require_same(
            name, old.heads, self._reflect(scratch, scripts), "the heads"
        )

    def _back(self, scratch: Building, scripts: Rewritten, start: Schema) -> str:
        """Do the revision and undo it; return why that does not lead back."""
        scratch.upgrade(scripts, self.stretch.last)
        # Of several parents the others stay as they are.
        target = self.stretch.parents[0] if self.stretch.parents else "base"
        try:
            scratch.downgrade(scripts, target)
        except DatabaseError as error:
            return error.message.splitlines()[0]
        back = self._reflect(scratch, scripts)
        return lines(compare(start, back, "the old", "the new history"), indent="")

    def _require_same(self, name: str, old: Schema, new: Schema, where: str) -> None:
        found: list[Difference] = compare(old, new, "the old", "the new history")
        if found:
            raise Refused(
                f"Up to {where}, one revision in place of {len(self.stretch.ids)} would "
                f"not build the same in database {name!r}; no file was touched:\n"
                f"{lines(found)}",
                "Squash a shorter stretch that leaves this out.",
            )
