"""A squashed revision drafted, and proved to build what the old ones build."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...environment.databases import choose
from ...errors import DatabaseError, Refused
from .building import Building, building
from .differences import Difference, compare, lines
from .operations import operations
from .reflecting import Schema, reflect, row_counts
from .writing import Content, add_squashes, draft, run_draft

if TYPE_CHECKING:
    from alembic.script import Script

    from ...environment.databases import Database
    from ...hooks.payloads import RevisionRequest
    from ..invocation import Invocation
    from .rewriting import Desk, Rewritten
    from .squash import SquashWish
    from .stretches import Stretch


def losing(what: Sequence[str]) -> Refused:
    """Return the refusal to lose what the old revisions do beside the schema.

    :param what: What would be lost, a line for each.
    """
    listed = "\n".join(f"  - {each}" for each in what)
    return Refused(
        "The revisions do more than change the schema, and a squashed one would not do "
        f"that; no file was touched:\n{listed}",
        "Put what new databases need into a revision of its own, then squash with "
        "--accept-data-loss.",
    )


@dataclass
class _Before:
    """What the old revisions build in one database."""

    stretch: Schema
    heads: Schema
    rows: dict[str, int]


class Squashing:
    """One squash at work: drafting the revision, and proving it.

    :param call: The command at work.
    :param wish: What was asked for.
    :param stretch: The revisions to squash.
    :param table: Where the draft is written.
    :param request: What the new revision is.
    """

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
        """Return the draft, proved to build the same in every database.

        :raises Refused: When it does not, or when rows would be lost.
        """
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
            raise losing([f"rows in {each}" for each in self.rows])
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
