"""One revision run up, down and up on a scratch database, and what that shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...errors import AlembicError, HookError
from ...hooks import specs
from ...hooks.payloads import RevisionProof, RevisionRequest, Step
from ...hooks.redaction import headline, hide_secrets
from ...runtime.planner import parents
from ...runtime.request import StepFailed
from ...schema.alembic_diff import in_words
from ...schema.autogenerate import compare_one, revision_context
from ...schema.catalog_state import CatalogState, catalog_state
from ...schema.diff import compare_restored
from ...schema.snapshot import Schema, reflect
from ...schema.unmanaged_tables import leave_unmanaged
from ...script.irreversible_mark import irreversible
from .known_fixes import known_fix
from .operation import operation_at

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.script import Script

    from ...runtime.databases import Database
    from ...runtime.invocation import Invocation
    from ...schema.scratch_database import ScratchDatabase
    from ...script.loader import AppScriptDirectory

Failed = Literal["", "up", "models", "down", "schema", "up again", "again"]

_Known = tuple[Schema, "CatalogState | None"]
"""A schema, and what the catalog said of it where it tells all."""

OWN = frozenset({"proof_rows"})
"""The built-in plugins around a proof; they change no schema."""


class RevisionProver:
    """Proves revisions, one after another, on one scratch database.

    :param call: The running command.
    :param scripts: The history.
    :param scratch: The scratch database, at the parents of the first revision.
    """

    def __init__(
        self, call: Invocation, scripts: AppScriptDirectory, scratch: ScratchDatabase
    ) -> None:
        self.call = call
        self.scripts = scripts
        self.scratch = scratch
        self.before: Schema | None = None
        """What the database holds, where that is known."""
        self.start: Schema | None = None
        """What the database held before the revision that was proved last."""
        self.is_clean = False
        """Whether the database is as it was before a proof that failed."""
        plugins = set(call.hooks.implementations(specs.prove_revision))
        self.is_shared = bool(plugins - OWN)
        """Whether a plugin takes part, which may have put rows in."""

    def prove(self, script: Script, *, models: bool) -> RevisionProof:
        """Run a revision up, down and up, inside the ``prove_revision`` wrappers.

        :param script: The revision; its parents are applied.
        :param models: Whether models and database have to be equal afterwards.
        :raises HookError: When a wrapper returned something else than a proof.
        """
        step = Step(
            revision=script.revision,
            down_revisions=parents(script),
            direction="upgrade",
            doc=script.doc,
            path=Path(script.path),
            database=self.scratch.database.name,
            branch_labels=tuple(sorted(script.branch_labels)),
            irreversible=irreversible(script),
        )
        if self.is_shared:
            self.before = None
        proof = self.call.hooks.wrapper(
            specs.prove_revision,
            lambda: self._proved(script, models),
            step=step,
            connection=self.scratch.connection,
        )
        if not isinstance(proof, RevisionProof):
            raise HookError(
                f"A wrapper of prove_revision returned {proof!r}.",
                "A wrapper must end with: return (yield).",
                hook="prove_revision",
            )
        return proof

    def _proved(self, script: Script, models: bool) -> RevisionProof:
        """Do the work; nothing is left open on the connection."""
        self.is_clean = False
        self.scratch.connection.commit()
        before = self.before or self._reflect()
        self.before, self.start = None, before
        before_state = self._state()
        proof = RevisionProof(
            script.revision,
            self.scratch.database.name,
            doc=script.doc,
            path=Path(script.path),
            server=self.scratch.server,
        )
        failure = self._step(proof, "upgrade", "up")
        if failure is not None:
            return failure
        proof = replace(proof, steps=("up",))
        after = self._reflect()
        differences = self._remaining(script) if models else []
        one_way = bool(irreversible(script))
        if differences:
            # Back, so that the database can be used again; the reason is another one.
            if not one_way and self._step(proof, "downgrade", "down") is None:
                self.is_clean = not self._differences(before, self._reflect())
            return _differing(proof, "models", differences)
        if one_way:
            self.before = after
            return replace(proof, irreversible=True)
        return self._back_and_up(proof, (before, before_state), (after, self._state()))

    def _back_and_up(
        self, proof: RevisionProof, before: _Known, after: _Known
    ) -> RevisionProof:
        failure = self._step(proof, "downgrade", "down")
        if failure is not None:
            return failure
        proof = replace(proof, steps=("up", "down"))
        if not self._is_at(before):
            differences = self._differences(before[0], self._reflect())
            if differences:
                return _differing(proof, "schema", differences)
        failure = self._step(proof, "upgrade", "up again")
        if failure is not None:
            return failure
        again = after[0]
        if not self._is_at(after):
            again = self._reflect()
            names = "the first upgrade", "the second one"
            found = compare_restored(after[0], again, *names)
            if found:
                return _differing(proof, "again", [each.text for each in found])
        self.before = again
        return replace(proof, steps=("up", "down", "up"))

    def _state(self) -> CatalogState | None:
        backends = self.call.environment.backends
        connection = self.scratch.connection
        state = catalog_state(backends.backend_for(connection.dialect), connection)
        connection.rollback()
        return state

    def _is_at(self, known: _Known) -> bool:
        """Return whether the catalog shows what it did; then nothing is compared."""
        return known[1] is not None and self._state() == known[1]

    def _reflect(self) -> Schema:
        scratch = self.scratch
        return reflect(
            self.call.environment, self.scripts, scratch.database, scratch.connection
        )

    def _differences(self, before: Schema, back: Schema) -> list[str]:
        found = compare_restored(
            before, back, "the schema before it", "the schema after its downgrade"
        )
        return [each.text for each in found]

    def _step(
        self,
        proof: RevisionProof,
        direction: Literal["upgrade", "downgrade"],
        failed: Failed,
    ) -> RevisionProof | None:
        """Run the revision in one direction; return a failed proof if it fails."""
        try:
            self.scratch.step(self.scripts, proof.revision, direction)
        except StepFailed as stopped:
            if isinstance(stopped.error, KeyboardInterrupt):
                raise stopped.error from stopped
            failure = stopped.failure
            self.is_clean = not (failure.in_effect or failure.uncertain)
            operation = operation_at(proof.path, failure.line)
            advice = known_fix(stopped.error, direction)
            if not advice and isinstance(stopped.error, AlembicError):
                advice = stopped.error.advice
            return replace(
                proof,
                failed=failed,
                reason=hide_secrets(failure.error),
                operation=hide_secrets(operation),
                line=failure.line,
                statement=failure.statement or "",
                advice=advice,
            )
        except AlembicError as error:
            # It could not even begin: no function, a file that cannot be loaded.
            return replace(
                proof, failed=failed, reason=error.message, advice=error.advice
            )
        return None

    def _remaining(self, script: Script) -> list[str]:
        """Return what the next revision would hold, in words.

        Statements that a plugin adds to each revision are no difference.
        """
        call, database = self.call, self.scratch.database
        request = RevisionRequest(
            "revision",
            script.doc,
            autogenerate=True,
            parents=tuple(self.scratch.heads),
            splice=True,
            path=Path(script.path).parent,
        )
        id_ = f"{script.revision}_next"
        context = revision_context(
            call.environment,
            self.scripts,
            request,
            id_,
            self._leave_unmanaged,
        )
        several = len(call.environment.databases()) > 1
        connection = self.scratch.connection
        compare_one(
            call.environment, self.scripts, context, database, connection, several
        )
        connection.rollback()
        found = [
            difference.text
            for directive in context.generated_revisions
            for operations in directive.upgrade_ops_list
            for difference in in_words(
                [each for each in operations.as_diffs() if each[0] != "execute"]
            )
        ]
        return sorted(found)

    def _leave_unmanaged(self, directive: MigrationScript) -> None:
        leave_unmanaged(directive, self.scripts)


def _differing(
    proof: RevisionProof, failed: Failed, differences: Sequence[str]
) -> RevisionProof:
    advice = {
        "models": (
            "Change the models so that they say what the database stores, or compare "
            "without it: ALEMBIC_CONTEXT (compare_type, compare_server_default, "
            "include_object) takes what shall not count."
        ),
        "schema": (
            "Let downgrade() revert everything that upgrade() does, or say "
            "irreversible = True in the file."
        ),
        "again": "Let downgrade() revert everything that upgrade() does.",
    }[failed]
    return replace(proof, failed=failed, differences=tuple(differences), advice=advice)


_WHAT: dict[str, str] = {
    "up": "cannot be applied",
    "down": "cannot be reverted",
    "up again": "cannot be applied again after its downgrade",
    "models": "leaves models and database different",
    "schema": "does not restore the schema when it is reverted",
    "again": "makes another schema when it is applied again",
}


def sentences(proof: RevisionProof) -> list[str]:
    """Return what does not hold as lines for a person.

    :param proof: A proof that failed.
    """
    doc = headline(proof.doc)
    doc = f" ({doc})" if doc else ""
    reason = f": {proof.reason.rstrip('.')}" if proof.reason else ""
    where = f" on {proof.server}" if proof.server else ""
    lines = [f"{proof.revision}{doc} {_WHAT[proof.failed]}{where}{reason}."]
    if proof.operation:
        at = f", line {proof.line}" if proof.line else ""
        lines.append(f"Operation{at}: {proof.operation}")
    if proof.statement:
        lines.append(f"Statement: {' '.join(proof.statement.split())[:300]}")
    lines += [f"  - {each}" for each in proof.differences]
    return lines


def steps_in_words(proof: RevisionProof) -> str:
    """Return what holds: ``up, down, up, no difference``.

    :param proof: A proof that holds.
    """
    if proof.irreversible:
        return "up, irreversible"
    return f"{', '.join(proof.steps)}, no difference"


def fields_of(proof: RevisionProof) -> dict[str, Any]:
    """Return a proof as the report has it.

    :param proof: The proof.
    """
    return {
        "revision": proof.revision,
        "database": proof.database,
        "doc": proof.doc,
        "path": None if proof.path is None else str(proof.path),
        "server": proof.server,
        "ok": proof.ok,
        "steps": list(proof.steps),
        "irreversible": proof.irreversible,
        "failed": proof.failed or None,
        "reason": proof.reason,
        "operation": proof.operation,
        "line": proof.line,
        "statement": proof.statement,
        "differences": list(proof.differences),
        "advice": proof.advice,
        "not_proved": proof.not_proved,
    }


def not_proved(
    database: Database, revision: str, reason: str, advice: str = ""
) -> RevisionProof:
    """Return that a revision could not be run.

    :param database: The database.
    :param revision: The id.
    :param reason: Why.
    :param advice: What to do.
    """
    return RevisionProof(
        revision, database.name, reason=reason, advice=advice, not_proved=True
    )
