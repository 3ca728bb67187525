"""New revisions proved before their files are left in the folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...errors import DatabaseError, NestedRun, ProofFailed
from ...hooks.payloads import RevisionProof
from ...hooks.redaction import first_line, hide_secrets
from ...runtime.connections import connected
from ...runtime.databases import choose
from ...schema.diff import compare
from ...schema.revision_draft import temporary_history
from ...schema.scratch_database import HistoryNotBuilt, scratch_at
from ...schema.snapshot import Schema, reflect
from ...script.irreversible_mark import irreversible
from .proof import RevisionProver, fields_of, not_proved, sentences
from .prove import in_order

if TYPE_CHECKING:
    from alembic.script import Script

    from ...runtime.databases import Database
    from ...runtime.invocation import Invocation
    from ...schema.scratch_database import ScratchDatabase
    from ...script.loader import AppScriptDirectory

_ELSEWHERE: Final = re.compile(
    r"extension \S+ is not available|could not open extension control file"
    r"|permission denied to create extension",
    re.IGNORECASE,
)
# What the live server may have, or its administrator may have made, all the same.

_OF_THE_FILE: Final = (
    "AttributeError",
    "ImportError",
    "IndentationError",
    "ModuleNotFoundError",
    "NameError",
    "SyntaxError",
    "TypeError",
    "ValueError",
)
# Errors that the file has with every database.


class NewRevisionProver:
    """Proves the revisions that one command writes, in every database.

    :param call: The running command.
    :param folder: The folder that the files go to.
    :param encoding: The encoding of the files.
    :param last: The id of the last revision: after it the models have to match.
    :param keep: Whether a file that does not hold is written all the same, marked.
    """

    def __init__(
        self, call: Invocation, folder: Path, encoding: str, last: str, *, keep: bool
    ) -> None:
        self.call = call
        self.folder = folder
        self.encoding = encoding
        self.last = last
        self.keep = keep
        self.proofs: list[RevisionProof] = []
        self._proved: dict[str, str] = {}

    def databases(self) -> list[Database]:
        """Return the databases whose revisions are proved."""
        environment = self.call.environment
        return [
            database
            for database in choose(environment.databases(), ())
            if environment.settings.of("prove_revisions", database.name)
        ]

    def before_write(self, id_: str, source: str, path: Path) -> str | None:
        """Prove a revision that is about to be written.

        :param id_: Its id.
        :param source: The text of its file.
        :param path: The file to be.
        :return: Another text for the file, if it is kept although it does not hold.
        :raises ProofFailed: When it does not hold; nothing is to be written.
        """
        proofs = self._prove(id_, source, path.name)
        self._proved[id_] = source
        self.proofs += proofs
        failed = [each for each in proofs if each.failed]
        if not failed:
            return None
        if not self.keep:
            self.report()
            raise failure(failed, kept=False)
        return marked(source, failed)

    def after_write(self, scripts: Iterable[Script]) -> None:
        """Prove again what a post-write hook has made something else of.

        :param scripts: What was written.
        :raises ProofFailed: When one does not hold any more.
        """
        for script in scripts:
            proved = self._proved.get(script.revision)
            source = Path(script.path).read_text(self.encoding)
            if proved is None or same_code(proved, source):
                continue
            if any(e.failed for e in self.proofs if e.revision == script.revision):
                continue  # kept, and marked
            self.proofs = [e for e in self.proofs if e.revision != script.revision]
            name = Path(script.path).name
            self.proofs += self._prove(script.revision, source, name, [script])
            failed = [each for each in self.proofs if each.failed]
            if failed and not self.keep:
                self.report()
                raise failure(failed, kept=False)

    def report(self) -> None:
        """Put the proofs into the report of the command."""
        data: dict[str, Any] = dict(self.call.data or {})
        data["proof"] = [fields_of(each) for each in self.proofs]
        data.setdefault("operations", {})
        self.call.data = data

    def _prove(
        self, id_: str, source: str, name: str, hidden: Sequence[Script] = ()
    ) -> list[RevisionProof]:
        with temporary_history(self.call.environment, self.folder) as desk:
            (desk.folder / name).write_bytes(source.encode(self.encoding))
            history = desk.history(hidden)
            proofs = [
                self._in_database(database, history, id_, source)
                for database in self.databases()
            ]
        # The file of the proof is gone; the one that is named is still to be written.
        return [
            replace(each, path=self.folder / name) if each.path else each
            for each in proofs
        ]

    def _in_database(
        self, database: Database, history: AppScriptDirectory, id_: str, source: str
    ) -> RevisionProof:
        from sqlalchemy.exc import DBAPIError

        script = history.get_revision(id_)
        before = [each for each in in_order(history) if each.revision != id_]
        try:
            with scratch_at(
                self.call.environment, database, history, before
            ) as scratch:
                prover = RevisionProver(self.call, history, scratch)
                proof = prover.prove(script, models=id_ == self.last)
                if not proof.failed:
                    self._keep(prover, scratch, history, [*before, script])
                elif prover.is_clean and not prover.is_shared:
                    scratch.keep_parents()
        except HistoryNotBuilt as error:
            reason = "the revisions before it cannot be run on an empty database"
            return not_proved(
                database, id_, f"{reason}: {error.message}", "flask db prove --all"
            )
        except (DatabaseError, NestedRun) as error:
            return not_proved(database, id_, error.message, error.advice)
        except DBAPIError as error:
            reason = f"the scratch database failed: {first_line(error.orig)}"
            return not_proved(database, id_, hide_secrets(reason), "flask db prove")
        return self._explained(database, history, prover, proof, source)

    def _keep(
        self,
        prover: RevisionProver,
        scratch: ScratchDatabase,
        history: AppScriptDirectory,
        scripts: Sequence[Script],
    ) -> None:
        """Keep what the new revision builds, for the next one."""
        if prover.is_shared or not scratch.is_worth_keeping:
            return
        if not self.call.environment.settings.sections.get("post_write_hooks"):
            scratch.keep_all(scripts)
        elif not irreversible(scripts[-1]):
            # The content of the file is not known yet, and it is a part of the key.
            scratch.step(history, scripts[-1].revision, "downgrade")
            scratch.keep_parents()

    def _explained(
        self,
        database: Database,
        history: AppScriptDirectory,
        prover: RevisionProver,
        proof: RevisionProof,
        source: str,
    ) -> RevisionProof:
        """Return a proof that failed as unknown, where something else is the cause."""
        if proof.failed != "up" and proof.failed != "models":
            return proof
        if _ELSEWHERE.search(proof.reason):
            reason = f"on {proof.server}: {proof.reason}"
            return not_proved(database, proof.revision, reason, proof.advice)
        if prover.start is None or proof.reason.startswith(_OF_THE_FILE):
            return proof
        if self._proved:  # it follows one of these, which the database does not have
            return proof
        found = self._drift(database, history, prover.start, source)
        if not found:
            return proof
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return not_proved(
            database,
            proof.revision,
            "the revisions build another schema than the database "
            f"{database.name!r} has: {found[0]}{more}",
            "flask db drift shows all of it; the new file fits this database only.",
        )

    def _drift(
        self,
        database: Database,
        history: AppScriptDirectory,
        start: Schema,
        source: str,
    ) -> list[str]:
        """Return in what the database differs from its revisions, where it matters."""
        call = self.call
        with connected(call.environment, call.hooks, database) as connection:
            live = reflect(call.environment, history, database, connection)
        tables = [".".join(filter(None, n)) for n in (*start.tables, *live.tables)]
        found = []
        for each in compare(start, live, "the revisions", "the database"):
            owner = next(
                (t for t in tables if f"{each.name}.".startswith(f"{t}.")), each.name
            )
            if re.search(rf"\b{re.escape(owner.rpartition('.')[2])}\b", source):
                found.append(each.text)
        return found


def same_code(one: str, other: str) -> bool:
    """Return whether two texts are the same but for their format.

    :param one: The text of a file.
    :param other: Another one.
    """
    if one == other:
        return True
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError):
        return False


def failure(failed: Sequence[RevisionProof], *, kept: bool) -> ProofFailed:
    """Return the error for revisions that do not hold.

    :param failed: The proofs that failed.
    :param kept: Whether the file is there all the same.
    """
    lines = [line for each in failed for line in sentences(each)]
    lines.append(
        "The file is left, marked in its docstring."
        if kept
        else "No file was written; no live database was touched."
    )
    advice = next((each.advice for each in failed if each.advice), "")
    more = "" if kept else " --keep leaves the file, to be fixed by hand."
    return ProofFailed(
        "\n".join(lines), f"{advice or 'Fix the models.'}{more}", proofs=tuple(failed)
    )


def marked(source: str, failed: Sequence[RevisionProof]) -> str:
    """Return the text of a file with a docstring that says what does not hold.

    :param source: The text; it has a docstring, or gets one.
    :param failed: The proofs that failed.
    """
    text = sentences(failed[0])[0].replace("\\", "\\\\").replace('"', "'")
    note = f"NOT PROVED: {text}"
    tree = ast.parse(source)
    first = tree.body[0] if tree.body else None
    lines = source.splitlines(keepends=True)
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
        and source.splitlines()[(first.end_lineno or 1) - 1].rstrip().endswith('"""')
    ):
        at = (first.end_lineno or 1) - 1
        end = lines[at].rstrip()
        lines[at] = f'{end[:-3].rstrip()}\n\n{note}\n"""\n'
        return "".join(lines).replace("\n\n\nNOT PROVED", "\n\nNOT PROVED")
    return f'"""{note}\n"""\n\n{source}'
