"""A squashed revision drafted, and proved to build what the old ones build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DatabaseError, Refused
from ...runtime.databases import choose
from ...schema.diff import Difference, compare, lines
from ...schema.not_compared import column_orders, kinds_too
from ...schema.operations import operations, restoring_statements, unmakeable
from ...schema.operations import statement as executing
from ...schema.revision_draft import Content, add_squashes, draft, run_draft
from ...schema.scratch_database import ScratchDatabase, scratch_database
from ...schema.snapshot import Schema, part_of, reflect, remaining, row_counts

if TYPE_CHECKING:
    from alembic.script import Script

    from ...hooks.payloads import RevisionRequest
    from ...runtime.databases import Database
    from ...runtime.invocation import Invocation
    from ...schema.revision_draft import DraftWorkspace, HistoryOverlay
    from .range import RevisionRange
    from .squash_options import SquashOptions

OLD, NEW = "the old", "the new history"


def losing(what: Sequence[str]) -> Refused:
    """Return the refusal to lose what the old revisions do beside the schema.

    :param what: What would be lost, a line for each.
    """
    listed = "\n".join(f"  - {each}" for each in what)
    return Refused(
        "The revisions do more than change the schema, and a squashed one would not do "
        f"that; no file was touched:\n{listed}",
        "Put what new databases need into a revision of its own, then squash with "
        "--allow-data-loss.",
    )


@dataclass
class _Before:
    """What the old revisions build in one database."""

    stretch: Schema
    heads: Schema
    rows: dict[str, int]


class SquashBuilder:
    """One running squash: drafting the revision, and proving it.

    :param call: The running command.
    :param wish: What was asked for.
    :param stretch: The revisions to squash.
    :param table: Where the draft is written.
    :param request: What the new revision is.
    """

    def __init__(
        self,
        call: Invocation,
        wish: SquashOptions,
        stretch: RevisionRange,
        table: DraftWorkspace,
        request: RevisionRequest,
    ) -> None:
        self.call = call
        self.wish = wish
        self.stretch = stretch
        self.table = table
        self.request = replace(request, path=table.folder)
        self.patterns = kinds_too(wish.leave_out)
        self.rows: list[str] = []
        self.left_out: list[str] = []
        self.downgrade = ""

    def draft_and_prove(self) -> Script:
        """Return the draft, proved to build the same in every database.

        :raises Refused: When it does not, or when rows or objects would be lost.
        """
        databases = choose(self.call.environment.databases(), ())
        old = {database.name: self._old(database) for database in databases}
        starts: dict[str, Schema] = {}
        script, repairs = self._attempt(databases, old, starts, {})
        if any(repairs.values()):
            Path(script.path).unlink()
            script, _ = self._attempt(databases, old, starts, repairs)
        after = self.table.history(self.stretch.scripts)
        if self.rows and not self.wish.allow_data_loss:
            raise losing([f"rows in {each}" for each in self.rows])
        for database in databases:
            # After the others: there may be only one scratch database at a time.
            with self._building(database) as scratch:
                self.downgrade = self.downgrade or self._back(
                    scratch, after, starts[database.name]
                )
        return script

    def _attempt(
        self,
        databases: Sequence[Database],
        old: Mapping[str, _Before],
        starts: dict[str, Schema],
        repairs: Mapping[str, Sequence[str]],
    ) -> tuple[Script, dict[str, list[str]]]:
        """Write a draft and prove it; or return the statements that it lacks.

        SQLAlchemy reflects less than the server tells. What it has lost shows when the
        draft was run, and is given back by the server's own words.
        """
        # Without what follows, which would miss its parent while there is no draft.
        before = self.table.history([*self.stretch.scripts, *self.stretch.after])
        with self._scratches(databases) as scratches:
            script = self._draft(scratches, before, old, starts, repairs)
            after = self.table.history(self.stretch.scripts)
            lacking = {
                name: self._run(scratch, after, old[name])
                for name, scratch in scratches.items()
            }
            if repairs or not any(lacking.values()):
                for name, scratch in scratches.items():
                    self._prove(name, scratch, after, old[name])
        return script, lacking

    @contextmanager
    def _scratches(
        self, databases: Sequence[Database]
    ) -> Iterator[dict[str, ScratchDatabase]]:
        with ExitStack() as stack:
            yield {
                database.name: stack.enter_context(self._building(database))
                for database in databases
            }

    def _draft(
        self,
        scratches: Mapping[str, ScratchDatabase],
        before: HistoryOverlay,
        old: Mapping[str, _Before],
        starts: dict[str, Schema],
        repairs: Mapping[str, Sequence[str]],
    ) -> Script:
        """Write the draft, with statements that an earlier one was found to lack."""
        contents: dict[str, Content] = {}
        for name, scratch in scratches.items():
            scratch.upgrade(before, self.stretch.needed(before))
            starts[name] = self._reflect(scratch, before)
            self._require_makeable(starts[name], old[name].stretch)
            contents[name] = self._content(
                scratch, before, starts[name], old[name].stretch
            )
            contents[name].upgrade.ops += map(executing, repairs.get(name, ()))
        script = draft(
            self.call,
            before,
            self.request,
            self.stretch.last,
            contents,
            force=self.wish.force,
        )
        add_squashes(Path(script.path), self.stretch.stands_for)
        return script

    def _require_makeable(self, start: Schema, old: Schema) -> None:
        """Refuse what no statement is known for, and what is not read at all."""
        missing = unmakeable(self._wanted(start), self._wanted(old))
        found = [f"{each.kind} {each.name}" for each in missing]
        found += [each.text for each in remaining(old.unread, self.patterns)]
        if found:
            listed = "\n".join(f"  - {each}" for each in found)
            raise Refused(
                "There is something that the new revision would not create, or that "
                f"cannot be compared; no file was touched:\n{listed}",
                "Squash a shorter range, or leave it out by kind or by name: "
                "--leave-out policy, --leave-out 'policy:author.*'.",
            )

    def _run(
        self, scratch: ScratchDatabase, scripts: HistoryOverlay, old: _Before
    ) -> list[str]:
        """Run the draft; return the statements that give parts what they lack."""
        run_draft(scratch, scripts, self.stretch.last)
        new = self._reflect(scratch, scripts)
        return restoring_statements(self._wanted(old.stretch), new)

    def _building(self, database: Database) -> Any:
        return scratch_database(
            self.call.environment,
            database,
            self.wish.scratch_url,
            self.wish.x_arguments,
        )

    def _reflect(self, scratch: ScratchDatabase, scripts: HistoryOverlay) -> Schema:
        return reflect(
            self.call.environment, scripts, scratch.database, scratch.connection
        )

    def _wanted(self, schema: Schema) -> Schema:
        """Return a schema without what is left out on request; its tables stay."""
        return replace(part_of(schema, self.patterns), tables=schema.tables)

    def _old(self, database: Database) -> _Before:
        """Build the history as it is, up to the stretch's end and to its heads."""
        history = self.table.history()
        with self._building(database) as scratch:
            scratch.upgrade(history, self.stretch.last)
            stretch = self._reflect(scratch, history)
            rows = row_counts(self._wanted(stretch), scratch.connection)
            scratch.upgrade(history, "heads")
            return _Before(stretch, self._reflect(scratch, history), rows)

    def _content(
        self,
        scratch: ScratchDatabase,
        scripts: HistoryOverlay,
        before: Schema,
        after: Schema,
    ) -> Content:
        configured = self.call.environment.environment_context(
            scratch.database, scripts, scratch.connection
        )
        context = configured.get_context()
        backend = scratch.database.backend
        wanted = (self._wanted(each) for each in (before, after))
        content = Content(context, *operations(context, backend, *wanted))
        scratch.connection.rollback()
        return content

    def _prove(
        self,
        name: str,
        scratch: ScratchDatabase,
        scripts: HistoryOverlay,
        old: _Before,
    ) -> None:
        """Build the new history, and compare it with the old one on the way."""
        new = self._reflect(scratch, scripts)
        self._require_same(name, old.stretch, new, self.stretch.last)
        counts = row_counts(self._wanted(old.stretch), scratch.connection)
        self.rows += [
            f"{table} [{name}]: {count} with the old revisions, "
            f"{counts.get(table, 0)} with the new one"
            for table, count in old.rows.items()
            if counts.get(table, 0) != count
        ]
        scratch.upgrade(scripts, "heads")
        new = self._reflect(scratch, scripts)
        self._require_same(name, old.heads, new, "the heads")
        self.left_out += [
            *(f"{each.text} [{name}]" for each in self._differences(old.heads, new)),
            *(
                f"{each.kind} {one} [{name}]"
                for each in old.stretch.unread
                for one in each.names
            ),
        ]

    def _back(
        self, scratch: ScratchDatabase, scripts: HistoryOverlay, start: Schema
    ) -> str:
        """Do the revision and undo it; return why that does not lead back."""
        scratch.upgrade(scripts, self.stretch.last)
        # Of several parents the others stay as they are.
        target = self.stretch.parents[0] if self.stretch.parents else "base"
        try:
            scratch.downgrade(scripts, target)
        except DatabaseError as error:
            return error.message.splitlines()[0]
        back = self._reflect(scratch, scripts)
        return lines(
            compare(start, back, "the schema before it", "the schema after it"),
            indent="",
        )

    def _require_same(self, name: str, old: Schema, new: Schema, where: str) -> None:
        found = [
            each
            for each in self._differences(old, new)
            if not each.matches(self.patterns)
        ]
        if found:
            raise Refused(
                f"Up to {where}, one revision in place of {len(self.stretch.ids)} would "
                f"not build the same in database {name!r}; no file was touched:\n"
                f"{lines(found)}",
                "Squash a shorter range, or leave it out by kind or by name: "
                "--leave-out index, --leave-out 'index:author.*'.",
            )

    def _differences(self, old: Schema, new: Schema) -> list[Difference]:
        return [*compare(old, new, OLD, NEW), *column_orders(old, new, OLD, NEW)]
