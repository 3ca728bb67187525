"""What ``flask db prove`` prints, and what ``flask db revision`` prints of its proof."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...hooks.payloads import RevisionProof
from ...hooks.redaction import headline

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_prove(report: Report, writer: Writer) -> None:
    """Write for each revision whether it can be applied, reverted and applied again.

    :param report: Its ``data`` holds the ``revisions``, and by database those that were
        ``not_reached``.
    :param writer: What writes.
    """
    proofs = [_proof_of(fields) for fields in report.data["revisions"]]
    several = len({proof.database for proof in proofs}) > 1
    for proof in proofs:
        _show_proof(proof, several, writer)
    not_reached = report.data["not_reached"]
    for name, ids in not_reached.items():
        where = f" in database {name!r}" if len(not_reached) > 1 else ""
        writer.line(f"Not reached{where}: {', '.join(ids)}", fg="yellow")
    if not proofs:
        writer.line(
            "Nothing to prove: no revision is pending. (--all proves the history.)"
        )
    elif report.ok:
        writer.line(f"Proved {counted_on_servers(proofs)}.", fg="green")


def show_proof_of_new(proofs: Sequence[dict[str, Any]], writer: Writer) -> None:
    """Write what the proof of a revision that was just written has shown.

    :param proofs: What the report of ``revision`` holds as ``proof``.
    :param writer: What writes.
    """
    several = len({proof["database"] for proof in proofs}) > 1
    for proof in proofs:
        where = f" in database {proof['database']!r}" if several else ""
        if proof["not_proved"]:
            reason = proof["reason"].rstrip(".")
            writer.line(f"Not proved{where}: {reason}.", fg="yellow")
            if proof["advice"]:
                writer.line(textwrap.indent(proof["advice"], "  "))
        elif proof["ok"]:
            steps = "up, irreversible" if proof["irreversible"] else ""
            steps = steps or f"{', '.join(proof['steps'])}, no difference"
            writer.line(f"Proved{where} on {proof['server']}: {steps}", fg="green")


def counted_on_servers(proofs: Iterable[RevisionProof]) -> str:
    """Return how many revisions were run, and on which servers.

    :param proofs: What became of each revision.
    """
    servers = [proof.server for proof in proofs]
    noun = "revision" if len(servers) == 1 else "revisions"
    return f"{len(servers)} {noun} on {', '.join(dict.fromkeys(servers))}"


def _proof_of(fields: dict[str, Any]) -> RevisionProof:
    """Return a proof as it was before it became a part of the report."""
    values = {name: value for name, value in fields.items() if name != "ok"}
    path = fields["path"]
    values |= {
        "failed": fields["failed"] or "",
        "path": None if path is None else Path(path),
        "steps": tuple(fields["steps"]),
        "differences": tuple(fields["differences"]),
    }
    return RevisionProof(**values)


def _show_proof(proof: RevisionProof, several: bool, writer: Writer) -> None:
    from .proof import sentences, steps_in_words

    where = f" [{proof.database}]" if several else ""
    if proof.ok:
        doc = headline(proof.doc)
        doc = f" ({doc})" if doc else ""
        writer.line(f"{proof.revision}{doc}{where}: {steps_in_words(proof)}")
        return
    first, *rest = sentences(proof)
    writer.line(f"{first.rstrip('.')}{where}.", fg="red")
    for line in rest:
        writer.line(textwrap.indent(line, "  "))
    if proof.advice:
        writer.line(textwrap.indent(proof.advice, "  "))
