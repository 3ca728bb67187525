"""``prove``: revisions run up, down and up on scratch databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ...hooks.payloads import RevisionProof
from ...runtime.connections import heads_of
from ...runtime.databases import choose
from ...runtime.invocation import Invocation, invoked
from ...runtime.planner import pending
from ...runtime.version_rows import require_known_revisions
from ...schema.scratch_database import ScratchDatabase, scratch_at
from ...script.targets import chosen_scripts, describe
from ...script.view import real_heads
from .proof import RevisionProver, fields_of
from .rows import ProofRows, PutRows, putting, read_seed

if TYPE_CHECKING:
    from alembic.script import Script

    from ...runtime.databases import Database
    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What ``prove`` found.

    .. versionadded:: 4.0
    """

    revisions: tuple[RevisionProof, ...]
    """The revisions that were run, by database and in order."""

    not_reached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per database: the revisions after one that cannot be applied."""

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return all(each.ok for each in self.revisions)


@dataclass(frozen=True, slots=True)
class ProveOptions:
    """A proof as it was asked for."""

    revisions: Any = ()
    """Which revisions; those that a database does not have yet for none."""

    all: bool = False
    """Whether the whole history is proved."""

    databases: tuple[str, ...] = ()
    """Which databases; all for none."""

    seed_file: Path | None = None
    """SQL that puts rows in before the first revision."""

    data_before: Mapping[str, PutRows] = field(default_factory=dict)
    """By revision: what puts rows in before it."""

    scratch_url: str | None = None
    """Where to make the scratch databases."""

    x_arguments: tuple[str, ...] = ()
    """``key=value`` texts for ``get_x_argument()``."""


def prove(environment: Environment, options: ProveOptions) -> ProofResult:
    """Run revisions up, down and up on scratch databases.

    The live databases are asked which revisions they have, unless revisions are named,
    and nothing else.

    :param environment: The app's environment; an app context must be active.
    :param options: What was asked for.
    :raises UsageError: When the revisions, the seed file or the options are wrong.
    :raises HistoryNotBuilt: When the revisions before them cannot be run.
    :raises DatabaseError: When no scratch database can be made.
    """
    named = describe(options.revisions)
    with invoked(
        environment,
        "prove",
        revisions=named,
        all=options.all,
        databases=options.databases,
        seed_file=options.seed_file and str(options.seed_file),
    ) as call:
        if options.all and named:
            raise UsageError(
                "Revisions and --all exclude each other.", "Use one of them."
            )
        scripts = environment.scripts()
        rows = _rows(scripts, options)
        proved: list[RevisionProof] = []
        not_reached: dict[str, tuple[str, ...]] = {}
        with putting(rows):
            for database in choose(environment.databases(), options.databases):
                ids = _chosen(call, scripts, database, options)
                work = HistoryProof(call, scripts, database, options, rows)
                proved += work.prove(ids)
                if work.not_reached:
                    not_reached[database.name] = work.not_reached
        result = ProofResult(tuple(proved), not_reached)
        call.ok = result.ok
        call.data = {
            "ok": result.ok,
            "revisions": [fields_of(each) for each in result.revisions],
            "not_reached": {name: list(ids) for name, ids in not_reached.items()},
        }
        return result


def _rows(scripts: AppScriptDirectory, options: ProveOptions) -> ProofRows:
    known = scripts.known_ids()
    for id_ in options.data_before:
        if id_ not in known:
            raise UsageError(
                f"data_before names the revision {id_!r}, which does not exist.",
                "Use whole ids; flask db log lists them.",
            )
    seed = read_seed(options.seed_file)
    return ProofRows(seed, str(options.seed_file or ""), options.data_before)


def _chosen(
    call: Invocation,
    scripts: AppScriptDirectory,
    database: Database,
    options: ProveOptions,
) -> frozenset[str]:
    """Return the ids to prove in one database."""
    if options.all or describe(options.revisions):
        found = chosen_scripts(scripts, () if options.all else options.revisions)
        return frozenset(script.revision for script in found)
    heads = heads_of(call.environment, call.hooks, [database.name])[database.name]
    require_known_revisions(scripts, database.name, heads)
    return frozenset(pending(scripts, heads, tuple(real_heads(scripts))))


def needed_by(scripts: AppScriptDirectory, script: Script) -> list[str]:
    """Return the ids that a revision follows or depends on.

    :param scripts: The history.
    :param script: The revision.
    """
    names: list[str] = []
    for value in (script.down_revision, script.dependencies):
        names += [value] if isinstance(value, str) else list(value or ())
    return [scripts.get_revision(name).revision for name in names]


def in_order(
    scripts: AppScriptDirectory, ids: frozenset[str] | None = None
) -> list[Script]:
    """Return revisions and all that they need, in the order in which they run.

    :param scripts: The history.
    :param ids: The revisions; all for ``None``.
    """
    downward = list(scripts.iterate_revisions("heads", (), implicit_base=True))
    if ids is None:
        return downward[::-1]
    wanted = set(ids)
    order: list[Script] = []
    for script in downward:
        if script.revision in wanted:
            wanted.update(needed_by(scripts, script))
            order.append(script)
    return order[::-1]


def parted(
    scripts: AppScriptDirectory, order: Sequence[Script], ids: frozenset[str]
) -> tuple[list[Script], list[Script]]:
    """Return what can be applied before the first of some revisions, and the rest.

    :param scripts: The history.
    :param order: Revisions in the order in which they run.
    :param ids: Those to prove.
    """
    before: list[Script] = []
    rest: list[Script] = []
    later: set[str] = set()
    for script in order:
        if script.revision in ids or later.intersection(needed_by(scripts, script)):
            later.add(script.revision)
            rest.append(script)
        else:
            before.append(script)
    return before, rest


class HistoryProof:
    """The proof of several revisions in one database.

    :param call: The running command.
    :param scripts: The history.
    :param database: The live database.
    :param options: What was asked for.
    :param rows: What is put in.
    """

    def __init__(
        self,
        call: Invocation,
        scripts: AppScriptDirectory,
        database: Database,
        options: ProveOptions,
        rows: ProofRows,
    ) -> None:
        self.call = call
        self.scripts = scripts
        self.database = database
        self.options = options
        self.rows = rows
        self.not_reached: tuple[str, ...] = ()
        self.proofs: list[RevisionProof] = []

    def prove(self, ids: frozenset[str]) -> list[RevisionProof]:
        """Prove revisions in their order.

        After one that cannot be reverted the scratch database is built anew; after one
        that cannot be applied nothing can follow.

        :param ids: The revisions.
        """
        if not ids:
            return []
        self._heads = real_heads(self.scripts)
        # The last one meets the models where nothing is left out.
        order = in_order(self.scripts, None if self._heads <= ids else ids)
        before, rest = parted(self.scripts, order, ids)
        while rest:
            rest, before = self._some(before, rest, ids)
        return self.proofs

    def _some(
        self, before: list[Script], rest: list[Script], ids: frozenset[str]
    ) -> tuple[list[Script], list[Script]]:
        """Prove revisions up to one that fails; return the rest and what is before it."""
        self.rows.seeded.discard(self.database.name)
        with scratch_at(
            self.call.environment,
            self.database,
            self.scripts,
            before,
            self.options.scratch_url,
            self.options.x_arguments,
        ) as scratch:
            prover = RevisionProver(self.call, self.scripts, scratch)
            applied = list(before)
            for number, script in enumerate(rest):
                if script.revision not in ids:
                    scratch.upgrade(self.scripts, script.revision)
                    prover.before = None
                    applied.append(script)
                    continue
                proof = self._one(prover, scratch, script)
                self.proofs.append(proof)
                if proof.ok:
                    applied.append(script)
                    continue
                if proof.failed == "up":
                    if prover.is_clean:
                        self._keep(prover, scratch, applied)
                    self.not_reached = tuple(
                        each.revision for each in rest[number + 1 :]
                    )
                    return [], []
                return rest[number + 1 :], [*before, *rest[: number + 1]]
            self._keep(prover, scratch, applied)
        return [], []

    def _keep(
        self, prover: RevisionProver, scratch: ScratchDatabase, applied: list[Script]
    ) -> None:
        """Keep what was built for the next proof, unless rows were put in."""
        if applied and not prover.is_shared and self.rows.is_empty:
            scratch.keep_all(applied)

    def _one(
        self, prover: RevisionProver, scratch: ScratchDatabase, script: Script
    ) -> RevisionProof:
        needed = set(needed_by(self.scripts, script))
        reached = (set(scratch.heads) - needed) | {script.revision}
        has_models = any(metadata.tables for metadata in self.database.metadata)
        return prover.prove(script, models=has_models and reached == self._heads)
